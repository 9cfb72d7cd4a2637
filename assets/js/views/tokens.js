/** @typedef {import('../core/types.js').Platform} Platform */
/** @typedef {import('../core/types.js').ProgramKey} ProgramKey */
/** @typedef {import('./toast.js').Toasts} Toasts */

import { dates } from '../core/dates.js';
import { explain, problemOf } from '../core/problems.js';
import { words } from '../core/words.js';
import { h, icon, once } from './dom.js';

/** @type {readonly ('read' | 'write' | 'rooms')[]} */
const SCOPES = ['read', 'write', 'rooms'];

/**
 * The keys that one has made for programs: each can be revoked, and a new one be made.
 * @param {Platform} platform
 * @param {Toasts} toasts
 */
export function programKeys({ http, clock }, toasts) {
  const format = dates();
  const list = h('ul', { class: 'devs', hidden: true });
  const said = h('div', { role: 'alert' });
  const fresh = h('div', { role: 'status' });
  const name = h('input', { class: 'input', type: 'text', id: 'key-name', maxlength: '80', autocomplete: 'off' });
  const boxes = SCOPES.map((scope) => ({ scope, box: h('input', { type: 'checkbox', class: 'check', checked: scope === 'read' }) }));
  const button = h('button', { type: 'submit', class: 'btn plain' }, words.makeKey);
  const form = h('form', {
    class: 'stack-2', novalidate: true,
    onsubmit: (event) => { event.preventDefault(); void once(button, words.makingKey, make); },
  },
  h('div', { class: 'field' }, h('label', { for: 'key-name' }, words.keyName), name),
  h('fieldset', { class: 'scopes' }, h('legend', {}, words.keyScopes),
    ...boxes.map(({ scope, box }) => h('label', {}, box, words.scopes[scope]))),
  h('div', {}, button));

  /** @param {unknown} error */
  function fault(error) {
    said.replaceChildren(h('p', { class: 'err' }, icon('warn', 'sm'), explain(problemOf(error))));
  }

  async function make() {
    const scopes = boxes.filter(({ box }) => box.checked).map(({ scope }) => scope);
    said.replaceChildren();
    if (name.value.trim() === '' || scopes.length === 0) {
      said.replaceChildren(h('p', { class: 'err' }, icon('warn', 'sm'), words.keyIncomplete));
      return name.focus();
    }
    try {
      const { secret } = await http.post('/api/tokens', { name: name.value.trim(), scopes });
      name.value = '';
      fresh.replaceChildren(secretCard(secret));
      await load();
    } catch (error) {
      fault(error);
    }
  }

  async function load() {
    try {
      const tokens = /** @type {readonly ProgramKey[]} */ ((await http.get('/api/tokens')).tokens);
      list.hidden = tokens.length === 0;
      list.replaceChildren(...tokens.map(row));
    } catch (error) {
      fault(error);
    }
  }

  /** @param {ProgramKey} key */
  function row(key) {
    const may = words.all(key.scopes.map((scope) => words.scopes[scope]));
    return h('li', { class: 'dev' }, h('span', { class: 'ic' }, icon('kbd')),
      h('div', {}, h('b', { dir: 'auto' }, key.name), h('small', {}, words.where(may, words.active(format.ago(Date.parse(key.last_used_at), clock.now()))))),
      h('button', { type: 'button', class: 'btn small danger-plain', 'aria-label': words.revokeNamed(key.name), onclick: () => void revoke(key) }, words.revoke));
  }

  /** @param {ProgramKey} key */
  async function revoke(key) {
    try {
      await http.remove(`/api/tokens/${key.id}`);
      toasts.say(words.revoked(key.name));
      fresh.replaceChildren();
    } catch (error) {
      fault(error);
    }
    await load();
  }

  void load();
  return h('div', { class: 'stack-2' }, list, fresh, said, form);
}

/**
 * The key itself, this once.
 * @param {string} secret
 */
function secretCard(secret) {
  const field = h('input', { class: 'input mono', readonly: true, 'aria-label': words.newKey, onfocus: () => field.select() });
  field.value = secret;
  return h('div', { class: 'alert info' }, h('div', { class: 'grow stack-2' }, h('p', {}, words.newKeyOnce), field));
}
