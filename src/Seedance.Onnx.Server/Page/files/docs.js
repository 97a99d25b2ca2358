// Writes the OpenAPI document as a page. Everything that is shown stands in the document; nothing is known here of any call.

import { document as ask } from './api.js';

const byId = id => document.getElementById(id);

function element(name, text = '', attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  return made;
}

/** Follows "#/components/schemas/X". */
const resolve = (whole, schema) => schema?.$ref ? schema.$ref.slice(2).split('/').reduce((at, part) => at[part], whole) : schema;

/** A schema in a few words: "text", "whole number, none", "list of OpenAiVideo". */
function kind(schema) {
  if (!schema) {
    return '';
  }

  if (schema.$ref) {
    return schema.$ref.split('/').pop();
  }

  const either = schema.oneOf ?? schema.anyOf;
  if (either) {
    return either.map(kind).join(' or ');
  }

  const types = [schema.type ?? 'anything'].flat().map(type => type === 'array' ? `list of ${kind(schema.items) || 'anything'}` : type);
  return types.join(' or ') + (schema.format ? ` (${schema.format})` : '') + (schema.enum ? `: ${schema.enum.join(', ')}` : '');
}

function table(caption, heads, rows) {
  const made = element('table');
  made.append(element('caption', caption));
  const head = made.createTHead().insertRow();
  heads.forEach(text => head.append(element('th', text, { scope: 'col' })));
  const body = made.createTBody();
  for (const [first, ...others] of rows) {
    const row = body.insertRow();
    row.append(element('th', first, { scope: 'row' }), ...others.map(text => element('td', text)));
  }

  const scroller = element('div', '', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption });
  scroller.append(made);
  return scroller;
}

function schemaTable(whole, caption, schema) {
  const { properties = {}, required = [] } = resolve(whole, schema) ?? {};
  return Object.keys(properties).length === 0 ? []
    : [table(caption, ['Name', 'Kind', 'Meaning'], Object.entries(properties).map(([name, value]) => [
      name, kind(value), [required.includes(name) ? 'Required.' : '', value.description ?? ''].join(' ').trim()]))];
}

function operation(whole, path, method, call) {
  const made = element('article', '', { class: 'panel', id: `${method}-${path}` });
  made.append(element('h3', `${method.toUpperCase()} ${path}`), element('p', call.summary ?? ''));
  if (call.parameters?.length) {
    made.append(table(`Parameters of ${method.toUpperCase()} ${path}`, ['Name', 'Where', 'Kind', 'Meaning'], call.parameters.map(one => [
      one.name, one.in, kind(one.schema), [one.required ? 'Required.' : '', one.description ?? ''].join(' ').trim()])));
  }

  const bodies = Object.entries(call.requestBody?.content ?? {});
  if (bodies.length) {
    made.append(...schemaTable(whole, `Body of ${method.toUpperCase()} ${path}: ${bodies.map(([type]) => type).join(' or ')}`, bodies[0][1].schema));
  }

  made.append(table(`Answers of ${method.toUpperCase()} ${path}`, ['Status', 'Kind', 'Meaning'], Object.entries(call.responses).map(([status, answer]) => [
    status, Object.entries(answer.content ?? {}).map(([type, { schema }]) => [type, kind(schema)].filter(Boolean).join(': ')).join('; '), answer.description ?? ''])));
  return made;
}

try {
  const whole = await ask();
  byId('version').textContent = whole.info.version;
  const calls = Object.entries(whole.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, call]) => ({ path, method, call, tag: call.tags?.[0] ?? 'Others' })));
  for (const [tag, group] of Map.groupBy(calls, one => one.tag)) {
    const list = element('ul');
    byId('contents').append(element('h2', tag), list);
    byId('operations').append(element('h2', tag));
    for (const { path, method, call } of group) {
      const item = element('li');
      item.append(element('a', `${method.toUpperCase()} ${path}`, { href: `#${encodeURIComponent(`${method}-${path}`)}` }));
      list.append(item);
      byId('operations').append(operation(whole, path, method, call));
    }
  }

  byId('operations').append(element('h2', 'Kinds'));
  for (const [name, schema] of Object.entries(whole.components?.schemas ?? {})) {
    byId('operations').append(...schemaTable(whole, name, schema));
  }
} catch (error) {
  byId('trouble').textContent = error.status === 401 ? 'This server asks for a key: open its page, give the key there, and come back in the same tab.' : `The document cannot be read: ${error.message}`;
}
