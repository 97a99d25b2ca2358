// The words of the page, in the languages that it speaks. A word with {name} in it gets a value there.

const english = {
  'skip': 'Skip to the videos', 'docs': 'API', 'other-language': '中文', 'make': 'Make a video',
  'key-title': 'API key', 'key-hint': 'This server asks for a key. It stays in this tab until you close it.', 'key-use': 'Use it', 'key-wrong': 'The key must be one of this server’s, but is not.',
  'prompt': 'What the video shows', 'prompt-hint': 'With shots, this is said of all of them.', 'add-shot': 'Add a shot', 'shot': 'Shot {n}', 'remove-shot': 'Remove shot {n}', 'remove': 'Remove',
  'images': 'Images', 'first-frame': 'First frame', 'last-frame': 'Last frame', 'drop': 'Choose or drop an image', 'remove-first': 'Remove the first frame', 'remove-last': 'Remove the last frame',
  'image-kind': 'This must be an image, but is not.', 'image-large': 'An image must be at most {n} MiB, but this one is larger.', 'image-chosen': 'The chosen image',
  'size': 'Size', 'length': 'Length', 'unit': 'Unit of the length', 'seconds': 'seconds', 'frames': 'frames',
  'length-seconds': 'Up to {most} s; {usual} s if left empty.', 'length-frames': '{some} … up to {most}; {usual} if left empty.',
  'more': 'More settings', 'seed': 'Seed', 'seed-hint': 'Empty: any. The same seed makes the same video.', 'steps': 'Steps', 'steps-hint': 'More take longer.',
  'guidance': 'Guidance', 'guidance-hint': 'How closely it keeps to the words.', 'negative': 'What it should not show',
  'clear': 'Clear', 'submit': 'Make the video', 'videos': 'Videos', 'empty': 'Nothing here yet. What you make will appear here.', 'older': 'Show older ones',
  'facts': '{size}, {seconds} s, seed {seed}', 'queued': 'Waiting', 'place': 'Waiting, {n} before it', 'in_progress': 'Being made', 'completed': 'Ready', 'failed': 'Could not be made',
  'stage-waiting': 'Beginning', 'stage-text': 'Reading the words', 'stage-condition': 'Reading the images', 'stage-semantic': 'Planning what happens, step {step} of {steps}', 'stage-denoise': 'Denoising, step {step} of {steps}', 'stage-decode': 'Making the frames', 'stage-upscale': 'Making the frames larger', 'stage-judge': 'Judging the video', 'stage-encode': 'Writing the video',
  'progress-of': 'Progress of “{title}”', 'look': 'How “{title}” looks so far', 'thumbnail': 'The first frame of “{title}”', 'sheet-of': 'Frames of “{title}”', 'video-of': 'The video “{title}”',
  'play': 'Play', 'sheet': 'Frames', 'hide-sheet': 'Hide frames', 'download': 'Download', 'again': 'Repeat with changes', 'cancel': 'Cancel', 'delete': 'Delete', 'keep': 'Keep it',
  'delete-ask': 'Delete this video?', 'delete-hint': 'It cannot be brought back.',
  'news-taken': 'Taken: {title}', 'news-begins': 'Being made: {title}', 'news-completed': 'Ready: {title}', 'news-failed': 'Could not be made: {title}', 'news-cancelled': 'Cancelled: {title}', 'news-deleted': 'Deleted: {title}',
  'news-again': 'The form holds the settings of this video. Change what you like, and make it.', 'images-gone': 'The images of this video are not kept any more. Choose them again.',
  'offline': 'The server must be reachable, but is not. Is it running?', 'busy': 'The server is busy. Try again in {n} seconds.',
};

const chinese = {
  'skip': '跳到视频列表', 'docs': 'API 文档', 'other-language': 'English', 'make': '生成视频',
  'key-title': 'API 密钥', 'key-hint': '此服务器需要密钥。密钥只保存在当前标签页中，关闭后即清除。', 'key-use': '使用', 'key-wrong': '密钥无效，请检查后重试。',
  'prompt': '视频内容', 'prompt-hint': '分镜头时，这段话适用于所有镜头。', 'add-shot': '添加镜头', 'shot': '镜头 {n}', 'remove-shot': '删除镜头 {n}', 'remove': '删除',
  'images': '图片', 'first-frame': '首帧', 'last-frame': '尾帧', 'drop': '选择或拖入图片', 'remove-first': '移除首帧', 'remove-last': '移除尾帧',
  'image-kind': '这里只能放图片。', 'image-large': '图片最大 {n} MiB，这张超过了。', 'image-chosen': '已选图片',
  'size': '尺寸', 'length': '时长', 'unit': '时长单位', 'seconds': '秒', 'frames': '帧',
  'length-seconds': '最长 {most} 秒；留空为 {usual} 秒。', 'length-frames': '{some} … 最多 {most} 帧；留空为 {usual} 帧。',
  'more': '更多设置', 'seed': '种子', 'seed-hint': '留空为随机。种子相同，视频相同。', 'steps': '步数', 'steps-hint': '步数越多越慢。',
  'guidance': '引导强度', 'guidance-hint': '贴合文字的程度。', 'negative': '不希望出现的内容',
  'clear': '清空', 'submit': '生成视频', 'videos': '视频', 'empty': '还没有视频。生成的视频会显示在这里。', 'older': '显示更早的视频',
  'facts': '{size}，{seconds} 秒，种子 {seed}', 'queued': '排队中', 'place': '排队中，前面还有 {n} 个', 'in_progress': '生成中', 'completed': '已完成', 'failed': '生成失败',
  'stage-waiting': '准备中', 'stage-text': '读取文字', 'stage-condition': '读取图片', 'stage-semantic': '规划内容，第 {step} 步，共 {steps} 步', 'stage-denoise': '去噪，第 {step} 步，共 {steps} 步', 'stage-decode': '生成画面', 'stage-upscale': '放大画面', 'stage-judge': '评估视频', 'stage-encode': '写入视频',
  'progress-of': '“{title}”的进度', 'look': '“{title}”目前的样子', 'thumbnail': '“{title}”的首帧', 'sheet-of': '“{title}”的画面', 'video-of': '视频“{title}”',
  'play': '播放', 'sheet': '画面', 'hide-sheet': '收起画面', 'download': '下载', 'again': '修改后重做', 'cancel': '取消', 'delete': '删除', 'keep': '保留',
  'delete-ask': '删除这个视频？', 'delete-hint': '删除后无法恢复。',
  'news-taken': '已提交：{title}', 'news-begins': '开始生成：{title}', 'news-completed': '已完成：{title}', 'news-failed': '生成失败：{title}', 'news-cancelled': '已取消：{title}', 'news-deleted': '已删除：{title}',
  'news-again': '表单已填入这个视频的设置。修改后即可生成。', 'images-gone': '这个视频的图片已不再保存，请重新选择。',
  'offline': '无法连接服务器，请确认它正在运行。', 'busy': '服务器繁忙，请在 {n} 秒后重试。',
};

const languages = { en: english, zh: chinese };
const kept = 'seedance-language';

function find() {
  const wanted = [localStorage.getItem(kept), ...navigator.languages, navigator.language];
  return wanted.filter(Boolean).map(tag => tag.toLowerCase().split('-')[0]).find(tag => tag in languages) ?? 'en';
}

export let language = find();

/** The language that the page is not in. */
export const other = () => language === 'en' ? 'zh' : 'en';

export function choose(tag) {
  language = tag;
  localStorage.setItem(kept, tag);
}

/** A word in the language of the page. */
export const word = (name, values = {}) => languages[language][name].replace(/\{(\w+)\}/g, (_, key) => values[key]);
