// The client of OpenAI for Node.js, unmodified: node openai.mjs BASE KEY
import assert from 'node:assert/strict';
import OpenAI, { toFile } from 'openai';

const [base, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL: `${base}/v1`, apiKey });

/** A grey BMP picture of 16 x 16. */
function picture() {
  const bytes = Buffer.alloc(54 + 16 * 16 * 3, 128);
  bytes.fill(0, 0, 54);
  bytes.write('BM', 'latin1');
  [[bytes.length, 2], [54, 10], [40, 14], [16, 18], [16, 22]].forEach(([value, at]) => bytes.writeUInt32LE(value, at));
  [[1, 26], [24, 28]].forEach(([value, at]) => bytes.writeUInt16LE(value, at));
  return bytes;
}

async function poll(video) {
  while (video.status === 'queued' || video.status === 'in_progress') {
    await new Promise(resume => setTimeout(resume, 100));
    video = await client.videos.retrieve(video.id);
  }

  return video;
}

// Create, with the fields that the client knows and one that it does not, and poll.
const first = await client.videos.create({ prompt: 'a red ball', seconds: '2', size: '1280x720', seed: 7 });
assert.equal(first.object, 'video');
assert.ok(['queued', 'in_progress', 'completed'].includes(first.status));
const video = await poll(first);
assert.deepEqual([video.status, video.progress, video.seconds, video.prompt, video.error], ['completed', 100, '2', 'a red ball', null]);

// A picture as a file of the form, which is what the client always sends.
const second = await client.videos.create({ prompt: 'a blue ball', input_reference: await toFile(picture(), 'first.bmp', { type: 'image/bmp' }) });
assert.equal((await poll(second)).status, 'completed');

// Download.
const bytes = Buffer.from(await (await client.videos.downloadContent(first.id)).arrayBuffer());
assert.equal(bytes.toString('latin1', 4, 8), 'ftyp');
for (const variant of ['thumbnail', 'spritesheet']) {
  const answer = await client.videos.downloadContent(first.id, { variant });
  assert.equal(Buffer.from(await answer.arrayBuffer()).toString('latin1', 1, 4), 'PNG');
}

// Remix.
const remix = await client.videos.remix(first.id, { prompt: 'a green ball' });
assert.equal(remix.remixed_from_video_id, first.id);

// List: page by page, as the client walks.
const ids = [];
for await (const item of client.videos.list({ limit: 2 })) {
  ids.push(item.id);
}

assert.deepEqual(ids, [remix.id, second.id, first.id]);

// Delete, and errors by their classes.
const deleted = await client.videos.delete(first.id);
assert.deepEqual([deleted.id, deleted.deleted, deleted.object], [first.id, true, 'video.deleted']);
await assert.rejects(client.videos.retrieve(first.id), error => error instanceof OpenAI.NotFoundError && error.code === 'not_found' && error.requestID.startsWith('req_'));
await assert.rejects(client.videos.create({ prompt: '' }), error => error instanceof OpenAI.BadRequestError && error.param === 'prompt');
await assert.rejects(client.videos.create({ prompt: 'a ball', size: 'large' }), error => error instanceof OpenAI.BadRequestError && error.param === 'size');
await assert.rejects(new OpenAI({ baseURL: `${base}/v1`, apiKey: 'wrong' }).videos.list(), error => error instanceof OpenAI.AuthenticationError && error.code === 'invalid_api_key');
console.log('openai: done');
