// The provider of ByteDance for the AI SDK, unmodified, an independent client of Ark: node bytedance.mjs BASE KEY
import assert from 'node:assert/strict';
import { createByteDance } from '@ai-sdk/bytedance';
import { experimental_generateVideo as generateVideo } from 'ai';

const [base, apiKey] = process.argv.slice(2);
const baseURL = `${base}/api/v3`;
const model = key => createByteDance({ baseURL, apiKey: key }).video('seedance-1-0-pro-250528');
const providerOptions = { bytedance: { watermark: false, pollIntervalMs: 200 } };

// Create, poll and download: all that the client does in one call. Its own download refuses loopback addresses, for which it takes another.
const download = async ({ url }) => ({ data: new Uint8Array(await (await fetch(url)).arrayBuffer()), mediaType: 'video/mp4' });
const { video, providerMetadata } = await generateVideo({ model: model(apiKey), download, prompt: 'a red ball', aspectRatio: '16:9', duration: 2, seed: 7, providerOptions });
assert.equal(Buffer.from(video.uint8Array).toString('latin1', 4, 8), 'ftyp');
const { taskId } = providerMetadata.bytedance;
assert.match(taskId, /^cgt-/);

// List and delete: the client has no calls for them, so that they are asked by hand.
const headers = { Authorization: `Bearer ${apiKey}` };
const list = await (await fetch(`${baseURL}/contents/generations/tasks?filter.status=succeeded`, { headers })).json();
assert.deepEqual(list.items.map(item => [item.id, item.seed, item.ratio, item.duration]), [[taskId, 7, '16:9', 2]]);
assert.ok((await fetch(`${baseURL}/contents/generations/tasks/${taskId}`, { method: 'DELETE', headers })).ok);
assert.equal((await fetch(`${baseURL}/contents/generations/tasks/${taskId}`, { headers })).status, 404);

// Errors, as the client tells them.
const fails = (key, request, says) => assert.rejects(generateVideo({ model: model(key), prompt: 'a ball', providerOptions, maxRetries: 0, ...request }), error => {
  assert.match(error.message, says);
  return true;
});
await fails(apiKey, { duration: 100 }, /duration must be/);
await fails('wrong', {}, /A valid API key must be given/);
console.log('bytedance: done');
