/** @typedef {import('../core/chat.js').Chat} Chat */
/** @typedef {import('../core/types.js').Room} Room */
/** @typedef {import('./toast.js').Toasts} Toasts */

import { may } from '../core/membership.js';
import { explain, problemOf } from '../core/problems.js';
import { words } from '../core/words.js';
import { h, icon, once } from './dom.js';
import { joinChoice, switchRow } from './controls.js';

/**
 * What a room is called and how it works. Who may not change something sees it and why it is still.
 * @param {Chat} chat
 * @param {number} id
 * @param {Toasts} toasts
 * @returns {HTMLElement}
 */
export function createRoomSettings(chat, id, toasts) {
  const room = /** @type {Room} */ (chat.rooms.get(id));
  const rights = may(room, chat.me);
  const name = field(words.roomName, 'room-name', room.name, 80, rights.rename, rights.rename ? '' : words.onlyOwners);
  const topic = field(words.topic, 'room-topic', room.topic ?? '', 250, rights.change, rights.change ? words.topicHelp : words.onlyModerators);
  const join = joinChoice(room.join, rights.close);
  const readOnly = switchRow(words.readOnlySwitch, words.readOnlyHelp, room.read_only, rights.change);
  const slow = slowMode(room.slow_mode, rights.change);
  const alert = h('div', { role: 'alert' });
  const button = h('button', { type: 'submit', class: 'btn primary' }, words.saveSettings);

  async function save() {
    const now = chat.rooms.get(id) ?? room;
    const change = {
      ...(rights.rename && name.input.value.trim() !== now.name && { name: name.input.value.trim() }),
      ...(rights.close && join.value() !== now.join && { join: join.value() }),
      ...(topic.input.value.trim() !== (now.topic ?? '') && { topic: topic.input.value.trim() }),
      ...(readOnly.value() !== now.read_only && { read_only: readOnly.value() }),
      ...(slow.value() !== now.slow_mode && { slow_mode: slow.value() }),
    };
    alert.replaceChildren();
    try {
      if (Object.keys(change).length > 0) await chat.membership.change(id, change);
      toasts.say(words.saved);
    } catch (error) {
      alert.replaceChildren(h('div', { class: 'alert' }, icon('warn'), h('span', {}, explain(problemOf(error)))));
    }
  }

  return h('form', {
    class: 'form', novalidate: true,
    onsubmit: (event) => { event.preventDefault(); void once(button, words.saving, save); },
  }, alert, name.element, topic.element, join.element, readOnly.element, slow.element,
  rights.change ? h('div', {}, button) : h('p', { class: 'help' }, words.notEditable));
}

/**
 * @param {string} label
 * @param {string} id
 * @param {string} value
 * @param {number} most
 * @param {boolean} open
 * @param {string} help
 */
function field(label, id, value, most, open, help) {
  const input = h('input', {
    class: 'input', type: 'text', id, dir: 'auto', autocomplete: 'off', maxlength: String(most), readonly: !open,
    'aria-describedby': `${id}-help`,
  });
  input.value = value;
  const element = h('div', { class: 'field' }, h('label', { for: id }, label), input, h('p', { class: 'help', id: `${id}-help` }, help));
  return { element, input };
}

/**
 * @param {number} seconds
 * @param {boolean} open
 */
function slowMode(seconds, open) {
  const known = Object.entries(words.slowModes);
  const all = known.some(([key]) => Number(key) === seconds) ? known : [...known, [String(seconds), words.slowModeOf(seconds)]];
  const select = h('select', { class: 'input', id: 'slow-mode', disabled: !open, 'aria-describedby': 'slow-mode-help' },
    ...all.map(([key, label]) => h('option', { value: key ?? '', selected: Number(key) === seconds }, label ?? '')));
  const element = h('div', { class: 'field' }, h('label', { for: 'slow-mode' }, words.slowMode), select,
    h('p', { class: 'help', id: 'slow-mode-help' }, words.slowModeHelp));
  return { element, value: () => Number(select.value) };
}
