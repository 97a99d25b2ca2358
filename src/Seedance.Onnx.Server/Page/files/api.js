// How the page asks the server: with the key, if there is one, and with errors as the server words them.

const kept = 'seedance-key';

/** What the server refused, or could not be asked. */
export class ServerError extends Error {
  /**
   * @param {number} status 0 where nothing came back
   * @param {{param: string|null, message: string}[]} details
   * @param {number|null} retryAfter seconds
   */
  constructor(status, details, retryAfter = null) {
    super(details.map(detail => detail.message).join(' '));
    Object.assign(this, { status, details, retryAfter });
  }
}

export const setKey = key => sessionStorage.setItem(kept, key);

async function ask(path, init = {}) {
  const key = sessionStorage.getItem(kept);
  const headers = { ...init.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  let response;
  try {
    response = await fetch(path, { ...init, headers });
  } catch (error) {
    throw error.name === 'AbortError' ? error : new ServerError(0, []);
  }

  if (response.ok) {
    return response;
  }

  const error = await response.json().then(body => body.error, () => null);
  throw new ServerError(response.status, error?.details ?? [{ param: null, message: error?.message ?? response.statusText }], Number(response.headers.get('retry-after')) || null);
}

const json = async (path, init) => (await ask(path, init)).json();
const videoPath = id => `v1/videos/${encodeURIComponent(id)}`;

export const document = () => json('openapi/v1.json');
export const settings = () => json('page/settings');
export const create = form => json('v1/videos', { method: 'POST', body: form });
export const get = id => json(videoPath(id));
export const list = (limit, after) => json(`v1/videos?limit=${limit}${after ? `&after=${encodeURIComponent(after)}` : ''}`);
export const remove = id => json(videoPath(id), { method: 'DELETE' });
export const content = async (id, variant) => (await ask(`${videoPath(id)}/content?variant=${variant}`)).blob();
export const image = async (id, role) => (await ask(`${videoPath(id)}/images/${role}`)).blob();

/** What becomes of a video, event by event: { name, data }. EventSource cannot send a key. */
export async function* events(id, signal) {
  const response = await ask(`${videoPath(id)}/events`, { signal, headers: { Accept: 'text/event-stream' } });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    const parts = (text + chunk.value).replaceAll('\r\n', '\n').split('\n\n');
    text = parts.pop();
    for (const part of parts) {
      const fields = Object.fromEntries(part.split('\n').map(line => line.split(/: ?(.*)/s, 2)));
      yield { name: fields.event ?? 'message', data: JSON.parse(fields.data) };
    }
  }
}
