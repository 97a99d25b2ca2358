// The page: asks the server what it makes, and joins the form with the videos. Everything else is in form.js, gallery.js, api.js and words.js.
import * as api from './api.js';
import * as form from './form.js';
import * as gallery from './gallery.js';
import { choose, language, other, word } from './words.js';

const byId = id => document.getElementById(id);

function translate() {
  document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en';
  document.querySelectorAll('[data-word]').forEach(element => element.textContent = word(element.dataset.word));
  byId('language').textContent = word('other-language');
  byId('language').lang = other();
  if (!byId('work').hidden) {
    form.translate();
    gallery.translate();
  }
}

const explain = error => error.retryAfter ? word('busy', { n: error.retryAfter }) : error.message || word('offline');

async function open() {
  try {
    const settings = await api.settings();
    byId('model').textContent = settings.model;
    byId('key-form').hidden = true;
    byId('work').hidden = false;
    form.open(settings);
    await gallery.open(async video => {
      byId('news').textContent = word('news-again');
      await form.fill(video);
    });
  } catch (error) {
    if (error.status === 401) {
      byId('key-form').hidden = false;
      byId('key').focus();
      return false;
    }

    byId('trouble').textContent = explain(error);
  }

  return true;
}

byId('language').addEventListener('click', () => {
  choose(other());
  translate();
});
byId('key-form').addEventListener('submit', async event => {
  event.preventDefault();
  api.setKey(byId('key').value.trim());
  byId('key-error').textContent = '';
  byId('key').removeAttribute('aria-invalid');
  if (!await open()) {
    byId('key-error').textContent = word('key-wrong');
    byId('key').setAttribute('aria-invalid', 'true');
  }
});
byId('make').addEventListener('submit', async event => {
  event.preventDefault();
  if (byId('submit').ariaBusy === 'true') {
    return;
  }

  form.clearErrors();
  byId('submit').ariaBusy = 'true';
  try {
    gallery.begin(await api.create(form.read()));
  } catch (error) {
    form.showErrors(error.details?.length && !error.retryAfter ? error.details : [{ param: null, message: explain(error) }]);
  }

  byId('submit').ariaBusy = null;
});

translate();
await open();
