// The form: what it holds becomes a request, what a video was made of becomes what it holds, and errors stand at the parameter that they name.
import * as api from './api.js';
import { word } from './words.js';

const byId = id => document.getElementById(id);
const form = byId('make');
const inputs = { size: byId('size'), seed: byId('seed'), num_inference_steps: byId('steps'), guidance_scale: byId('guidance'), negative_prompt: byId('negative') };
const roles = { first_frame: 'input_reference', last_frame: 'last_frame' };
const images = { input_reference: null, last_frame: null };
let settings;

/** Sets the form up for a server. */
export function open(given) {
  settings = given;
  inputs.size.replaceChildren(...settings.sizes.map(size => new Option(size.replace('x', ' × '), size)));
  byId('images').hidden = !settings.takes_images;
  inputs.num_inference_steps.placeholder = settings.steps;
  inputs.guidance_scale.placeholder = settings.guidance;
  inputs.negative_prompt.placeholder = settings.negative_prompt;
  translate();
}

/** Puts words in that depend on more than the language. */
export function translate() {
  const usual = settings.default_frames, most = settings.max_frames, seconds = frames => +(frames / settings.fps).toFixed(1);
  byId('length-hint').textContent = byId('unit').value === 'seconds'
    ? word('length-seconds', { most: seconds(most), usual: seconds(usual) }) : word('length-frames', { some: [0, 1, 2].map(more => settings.least_frames + more * settings.frames_step).join(', '), most, usual });
  [...byId('shots').children].forEach((item, index) => {
    item.querySelector('label').textContent = word('shot', { n: index + 1 });
    const button = item.querySelector('button');
    button.textContent = word('remove');
    button.setAttribute('aria-label', word('remove-shot', { n: index + 1 }));
  });
  byId('add-shot').hidden = byId('shots').childElementCount >= settings.max_shots || settings.max_shots < 2;
  byId('prompt-hint').hidden = byId('shots').childElementCount === 0;
}

let shotNumber = 0;
function addShot(text = '') {
  const item = byId('shot').content.cloneNode(true).firstElementChild;
  const area = item.querySelector('textarea');
  area.id = item.querySelector('label').htmlFor = `shot-${++shotNumber}`;
  area.setAttribute('aria-describedby', 'prompt-error');
  area.value = text;
  item.querySelector('button').addEventListener('click', () => {
    (item.previousElementSibling?.querySelector('textarea') ?? byId('prompt')).focus();
    item.remove();
    translate();
  });
  byId('shots').append(item);
  translate();
  return area;
}

/** The prompt with its shots, as the server reads it. */
function prompt() {
  const shots = [...byId('shots').querySelectorAll('textarea')].map((area, index) => `[Shot ${index + 1}] ${area.value.trim()}`);
  return [byId('prompt').value.trim(), ...shots].filter(Boolean).join(' ');
}

function setPrompt(text) {
  const [common, ...shots] = settings.max_shots > 1 ? text.split(/\[Shot \d+\]/i) : [text];
  byId('prompt').value = common.trim();
  byId('shots').replaceChildren();
  shots.forEach(shot => addShot(shot.trim()));
  translate();
}

/** Shows an image that was chosen; null for none. */
function setImage(name, file) {
  const field = form.querySelector(`[data-param="${name}"]`), picture = field.querySelector('img');
  URL.revokeObjectURL(picture.src);
  images[name] = file;
  picture.hidden = !file;
  field.querySelector('.drop .hint').hidden = Boolean(file);
  field.querySelector('.remove').hidden = !file;
  field.querySelector('input').value = '';
  if (file) {
    picture.src = URL.createObjectURL(file);
    picture.alt = file.name || word('image-chosen');
  } else {
    picture.removeAttribute('src');
  }
}

function take(name, file) {
  const problem = !file.type.startsWith('image/') ? word('image-kind') : file.size > settings.max_image_mib << 20 ? word('image-large', { n: settings.max_image_mib }) : null;
  clearErrors();
  if (problem) {
    showErrors([{ param: name, message: problem }]);
  } else {
    setImage(name, file);
  }
}

/** The request that the form stands for. What is left empty is left to the server. */
export function read() {
  const request = new FormData();
  const add = (name, value) => value && request.append(name, value);
  add('prompt', prompt());
  Object.entries(inputs).forEach(([name, input]) => add(name, input.value.trim()));
  add(byId('unit').value, byId('length').value.trim());
  Object.entries(images).forEach(([name, file]) => file && request.append(name, file, file.name || 'image'));
  return request;
}

/** Fills the form with what a video was made of. */
export async function fill(video) {
  clearErrors();
  setPrompt(video.prompt);
  if (![...inputs.size.options].some(option => option.value === video.size)) {
    inputs.size.add(new Option(video.size.replace('x', ' × '), video.size));
  }

  Object.entries(inputs).forEach(([name, input]) => input.value = video[name] ?? '');
  byId('unit').value = 'num_frames';
  byId('length').value = video.num_frames;
  byId('more').open = true;
  translate();
  byId('prompt').focus();
  Object.values(roles).forEach(name => setImage(name, null));
  for (const role of video.images) {
    try {
      setImage(roles[role], await api.image(video.id, role));
    } catch {
      showErrors([{ param: roles[role], message: word('images-gone') }]);
    }
  }
}

export function clearErrors() {
  form.querySelectorAll('.error').forEach(place => place.textContent = '');
  form.querySelectorAll('[aria-invalid]').forEach(input => input.removeAttribute('aria-invalid'));
}

/** Puts errors where they belong, and the focus on the first. Parameters that have no place here are told above the button. */
export function showErrors(details) {
  for (const { param, message } of details) {
    const field = [...form.querySelectorAll('[data-param]')].find(field => field.dataset.param.split(' ').includes(param?.split(/[.[]/)[0]));
    const place = field?.querySelector('.error') ?? byId('form-error');
    place.textContent = `${place.textContent} ${message}`.trim();
    field?.querySelector('input, textarea, select').setAttribute('aria-invalid', 'true');
    if (field && byId('more').contains(field)) {
      byId('more').open = true;
    }
  }

  form.querySelector('[aria-invalid]')?.focus();
}

byId('add-shot').addEventListener('click', () => addShot().focus());
byId('unit').addEventListener('change', translate);
form.addEventListener('reset', () => {
  clearErrors();
  byId('shots').replaceChildren();
  Object.keys(images).forEach(name => setImage(name, null));
  queueMicrotask(translate);
});
form.querySelectorAll('.drop').forEach(drop => {
  const field = drop.parentElement, name = field.dataset.param, input = drop.querySelector('input');
  input.addEventListener('change', () => input.files[0] && take(name, input.files[0]));
  field.querySelector('.remove').addEventListener('click', () => {
    setImage(name, null);
    input.focus();
  });
  ['dragenter', 'dragover'].forEach(type => drop.addEventListener(type, event => {
    event.preventDefault();
    drop.classList.add('over');
  }));
  drop.addEventListener('dragleave', () => drop.classList.remove('over'));
  drop.addEventListener('drop', event => {
    event.preventDefault();
    drop.classList.remove('over');
    if (event.dataTransfer.files[0]) {
      take(name, event.dataTransfer.files[0]);
    }
  });
});
