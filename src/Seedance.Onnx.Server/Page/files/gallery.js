// The videos: one card each, which follows its video from its place in the queue to the end.
import * as api from './api.js';
import { word } from './words.js';

const byId = id => document.getElementById(id);
const cards = byId('cards');
const pageSize = 12;
const watched = 2; // a browser has six connections to a server, and each that watches takes one
const shortest = 1000, longest = 15000; // milliseconds to the next try
const videos = new Map();
let onRepeat;

const news = (name, video) => byId('news').textContent = word(name, { title: video.prompt });
const hasEnded = video => video.status === 'completed' || video.status === 'failed';

/** Shows the newest videos. */
export async function open(repeat) {
  onRepeat = repeat;
  await loadOlder();
}

async function loadOlder() {
  const page = await api.list(pageSize, cards.lastElementChild?.id);
  page.data.filter(video => !videos.has(video.id)).forEach(video => add(video, false));
  byId('older').hidden = !page.has_more;
  settle();
}

/** Shows a video that was just asked for. */
export function begin(video) {
  add(video, true);
  news('news-taken', video);
  settle();
}

export const translate = () => videos.forEach(draw);

function add(video, first) {
  const element = byId('card').content.cloneNode(true).firstElementChild;
  const card = { video, element, state: {}, urls: [], stop: null };
  element.id = video.id;
  videos.set(video.id, card);
  cards[first ? 'prepend' : 'append'](element);
  draw(card);
}

/** Watches the videos whose turn is next, and no others. */
function settle() {
  byId('empty').hidden = videos.size > 0;
  const waiting = [...videos.values()].filter(card => !hasEnded(card.video)).sort((a, b) => (a.video.status === 'queued') - (b.video.status === 'queued') || a.video.created_at - b.video.created_at);
  waiting.slice(0, watched).filter(card => !card.stop).forEach(watch);
}

async function watch(card) {
  card.stop = new AbortController();
  for (let wait = shortest; !hasEnded(card.video); wait = Math.min(wait * 2, longest)) {
    try {
      for await (const { name, data } of api.events(card.video.id, card.stop.signal)) {
        wait = shortest;
        told(card, name, data);
      }
    } catch (error) {
      if (error.name === 'AbortError') {
        return;
      }

      if (error.status === 404) {
        forget(card);
        return;
      }
    }

    if (!hasEnded(card.video)) {
      await new Promise(resume => setTimeout(resume, wait));
    }
  }

  settle();
}

function told(card, name, data) {
  switch (name) {
    case 'queued':
      card.state = { position: data.position };
      break;
    case 'progress':
      if (card.video.status === 'queued') {
        news('news-begins', card.video);
      }

      card.video = { ...card.video, status: 'in_progress', progress: data.progress };
      card.state = { ...card.state, ...data };
      break;
    case 'preview':
      card.state = { ...card.state, look: data.image_url };
      break;
    case 'video':
      card.video = data;
      if (hasEnded(data)) {
        news(`news-${data.status}`, data);
      }

      break;
  }

  draw(card);
}

function stateOf({ video, state }) {
  return video.status === 'queued' ? (state.position > 0 ? word('place', { n: state.position }) : word('queued'))
    : video.status === 'in_progress' && state.stage ? word(`stage-${state.stage}`, state) : word(video.status);
}

function draw(card) {
  const { video, element, state } = card, find = selector => element.querySelector(selector), title = video.prompt;
  element.classList.toggle('ended', hasEnded(video));
  find('.picture').hidden = video.status === 'failed';
  find('.picture').style.aspectRatio = video.size.replace('x', ' / ');
  find('.title').textContent = title;
  find('.title').title = title;
  find('.facts').textContent = word('facts', { size: video.size.replace('x', ' × '), seconds: +(video.num_frames / video.fps).toFixed(1), seed: video.seed });
  find('.state').textContent = stateOf(card);
  const progress = find('progress');
  progress.hidden = video.status !== 'in_progress';
  progress.value = video.progress;
  progress.setAttribute('aria-label', word('progress-of', { title }));
  find('.error').hidden = !video.error;
  find('.error').textContent = video.error?.message ?? '';
  if (state.look && !hasEnded(video)) {
    showPicture(card, state.look, 'look');
  } else if (video.status === 'completed' && !card.thumbnail) {
    card.thumbnail = true;
    api.content(video.id, 'thumbnail').then(blob => showPicture(card, urlOf(card, blob), 'thumbnail'), () => {});
  }

  const wanted = video.status === 'completed' ? ['play', 'sheet', 'download', 'again', 'delete'] : video.status === 'failed' ? ['again', 'delete'] : ['cancel'];
  const row = find('.actions'), there = [...row.children].map(button => button.dataset.action);
  if (there.join() !== wanted.join()) {
    const focused = row.contains(document.activeElement);
    row.replaceChildren(...wanted.map(action => buttonFor(card, action)));
    if (focused) {
      row.firstElementChild.focus();
    }
  }

  [...row.children].forEach(button => {
    button.textContent = word(button.dataset.action === 'sheet' && !find('.sheet').hidden ? 'hide-sheet' : button.dataset.action);
    button.setAttribute('aria-label', `${button.textContent}: ${title}`);
  });
}

function showPicture(card, url, kind) {
  const picture = card.element.querySelector('.picture img');
  picture.src = url;
  picture.alt = word(kind, { title: card.video.prompt });
  picture.hidden = false;
}

function urlOf(card, blob) {
  const url = URL.createObjectURL(blob);
  card.urls.push(url);
  return url;
}

const actions = { play, sheet, download, again: card => onRepeat(card.video), cancel: card => drop(card, 'news-cancelled'), delete: ask };

function buttonFor(card, action) {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = action === 'play' ? 'main' : 'quiet';
  button.dataset.action = action;
  if (action === 'sheet') {
    button.setAttribute('aria-expanded', 'false');
  }

  button.addEventListener('click', async () => {
    if (button.ariaBusy === 'true') {
      return; // not disabled: that would take the focus away
    }

    button.ariaBusy = 'true';
    try {
      await actions[action](card, button);
    } catch (error) {
      const place = card.element.querySelector('.error');
      place.hidden = false;
      place.textContent = error.message || word('offline');
    }

    button.ariaBusy = null;
  });
  return button;
}

async function load(card) {
  card.file ??= urlOf(card, await api.content(card.video.id, 'video'));
  return card.file;
}

async function play(card) {
  const picture = card.element.querySelector('.picture');
  let player = picture.querySelector('video');
  if (!player) {
    const url = await load(card);
    player = document.createElement('video');
    Object.assign(player, { controls: true, loop: true, muted: true, playsInline: true, src: url });
    player.setAttribute('aria-label', word('video-of', { title: card.video.prompt }));
    picture.append(player);
  }

  await player.play();
}

async function sheet(card, button) {
  const place = card.element.querySelector('.sheet');
  if (!place.firstChild) {
    const picture = new Image();
    picture.src = urlOf(card, await api.content(card.video.id, 'spritesheet'));
    picture.alt = word('sheet-of', { title: card.video.prompt });
    place.append(picture);
  }

  place.hidden = !place.hidden;
  button.setAttribute('aria-expanded', String(!place.hidden));
  draw(card);
}

async function download(card) {
  const link = document.createElement('a');
  link.href = await load(card);
  link.download = `${card.video.id}.mp4`;
  link.click();
}

function ask(card) {
  const dialog = byId('ask');
  dialog.returnValue = 'keep';
  dialog.showModal();
  return new Promise((done, failed) => dialog.addEventListener('close', () => {
    (dialog.returnValue === 'delete' ? drop(card, 'news-deleted') : Promise.resolve()).then(done, failed);
  }, { once: true }));
}

async function drop(card, said) {
  try {
    await api.remove(card.video.id);
  } catch (error) {
    if (error.status !== 404) {
      throw error;
    }
  }

  news(said, card.video);
  forget(card);
}

function forget(card) {
  card.stop?.abort();
  card.urls.forEach(url => URL.revokeObjectURL(url));
  videos.delete(card.video.id);
  const next = card.element.nextElementSibling ?? card.element.previousElementSibling;
  const focused = card.element.contains(document.activeElement) || document.activeElement === document.body;
  card.element.remove();
  if (focused) {
    (next?.querySelector('.title') ?? byId('videos')).focus();
  }

  settle();
}

byId('older').addEventListener('click', loadOlder);
