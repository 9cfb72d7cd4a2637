/** @typedef {import('../core/chat.js').Chat} Chat */
/** @typedef {import('../core/types.js').Storage} Storage */

import { words } from '../core/words.js';
import { h, icon } from './dom.js';

/**
 * A small dialog: the theme, and the way out.
 * @param {Chat} chat
 * @param {Storage} storage
 * @param {() => Promise<void>} signOut
 * @returns {HTMLDialogElement}
 */
export function settings(chat, storage, signOut) {
  const dialog = h('dialog', { class: 'settings', 'aria-labelledby': 'settings-title' });
  const foot = h('div', { class: 'dfoot' });
  dialog.append(
    h('div', { class: 'dhead' }, h('h2', { class: 'display grow', id: 'settings-title' }, words.settings),
      h('button', { type: 'button', class: 'ib', 'aria-label': words.close, onclick: () => dialog.close() }, icon('x'))),
    h('div', { class: 'dbody' }, themes(storage)), foot);

  const leave = () => {
    const unsent = chat.outbox.entries.get().length;
    if (unsent === 0) void signOut();
    else ask(unsent);
  };
  /** @param {number} unsent */
  function ask(unsent) {
    foot.replaceChildren(
      h('p', { class: 'grow', role: 'alert' }, words.signOutAnyway(unsent)),
      h('button', { type: 'button', class: 'btn plain', onclick: rest }, words.stay),
      h('button', { type: 'button', class: 'btn danger', onclick: () => { chat.outbox.clear(); void signOut(); } }, words.signOut));
  }
  function rest() {
    foot.replaceChildren(h('button', { type: 'button', class: 'btn danger-plain', onclick: leave }, icon('door'), words.signOut));
  }
  rest();
  dialog.addEventListener('close', () => dialog.remove());
  return dialog;
}

/** @param {Storage} storage */
function themes(storage) {
  const chosen = storage.read('theme') ?? 'system';
  const choice = (/** @type {'system' | 'light' | 'dark'} */ name) => h('label', {},
    h('input', { type: 'radio', name: 'theme', value: name, checked: name === chosen, onchange: () => apply(name, storage) }),
    words.themes[name]);
  return h('fieldset', { class: 'choices' }, h('legend', {}, words.theme), choice('system'), choice('light'), choice('dark'));
}

/**
 * @param {'system' | 'light' | 'dark'} name
 * @param {Storage} storage
 */
function apply(name, storage) {
  if (name === 'system') {
    delete document.documentElement.dataset['theme'];
    storage.remove('theme');
  } else {
    document.documentElement.dataset['theme'] = name;
    storage.write('theme', name);
  }
}
