/** @typedef {import('../core/room.js').Room} Room */
/** @typedef {import('../core/types.js').Platform} Platform */

import { sends } from '../core/preferences.js';
import { titleOf } from '../core/rooms.js';
import { words } from '../core/words.js';
import { show } from './actions.js';
import { createCompletion } from './completion.js';
import { h, hue, icon } from './dom.js';
import { emojiGrid } from './emoji.js';
import { modKey } from './sidebar.js';
import { createTypingLine } from './typing.js';

/**
 * Where messages are written. Its border tells how the next one will travel. What is being written survives a reload.
 * @param {Room} room
 * @param {Platform} platform
 * @param {import('../core/preferences.js').Preferences} preferences
 * @param {{ written(): void }} act
 */
export function createComposer(room, platform, preferences, act) {
  const textarea = h('textarea', { rows: '1', id: 'compose', dir: 'auto' });
  const completion = createCompletion(room, textarea);
  const typing = createTypingLine(room, platform.clock);
  const bar = h('div', { class: 'replying', hidden: true });
  // A room that the server reads says so, whatever the connection does; the banner speaks of that.
  const lock = h('span', { class: 'lockline', title: words.notEncryptedWhy }, icon('unlock', 'xs'), words.notEncrypted);
  const send = h('button', { type: 'submit', class: 'send', 'aria-label': words.send, 'aria-disabled': 'true' }, icon('send'));
  const box = h('form', { class: 'box open', onsubmit: submit }, bar, textarea, h('div', { class: 'tools' },
    tool(words.insertEmoji, 'smile', chooseEmoji), tool(words.mentionSomeone, 'at', () => insert('@')),
    h('span', { class: 'grow' }), lock, send));
  const touch = matchMedia('(pointer: coarse)');
  const hint = h('span');
  const blocked = h('div', { class: 'blocked', hidden: true }, icon('eye'), words.readOnly);

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    const editing = room.draft.value.get().editing !== null;
    if (!room.submit()) return;
    if (!editing) act.written();
    textarea.focus();
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    if (completion.key(event)) return;
    if (sends(event, preferences.get().enterSends, touch.matches)) submit(event);
    else if (event.key === 'ArrowUp' && textarea.value === '' && !(event.altKey || event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      room.editLast();
    }
  }

  function input() {
    room.draft.type(textarea.value);
    if (!room.draft.value.get().editing) room.typing.wrote(textarea.value !== '');
    completion.update();
  }

  /** @param {string} text */
  function insert(text) {
    textarea.focus();
    const { selectionStart: at, value } = textarea;
    const gap = text === '@' && /\w$/.test(value.slice(0, at)) ? ' ' : '';
    textarea.setRangeText(gap + text, at, textarea.selectionEnd, 'end');
    input();
  }

  function chooseEmoji() {
    const dialog = h('dialog', { class: 'actions', 'aria-label': words.chooseEmoji });
    dialog.append(emojiGrid((emoji) => {
      dialog.close();
      insert(emoji);
    }));
    show(dialog, box, textarea);
  }

  /** Shows the draft: its text, and what it answers or changes. */
  function draw() {
    const { editing, replyTo } = room.draft.value.get();
    const text = room.draft.shown();
    if (textarea.value !== text) textarea.value = text;
    bar.hidden = !editing && !replyTo;
    bar.className = `replying q${editing || !replyTo ? 0 : hue(replyTo.userId)}`;
    if (editing) strip('edit', [words.editing], words.cancelEdit);
    else if (replyTo) strip('reply', [h('b', { class: `n${hue(replyTo.userId)}` }, words.replyingTo(replyTo.username)), ': ', replyTo.text], words.cancelReply);
    send.setAttribute('aria-disabled', String(text.trim() === '' || (!editing && room.pause.left.get() > 0)));
    send.setAttribute('aria-label', editing ? words.save : words.send);
    grow();
  }

  /**
   * @param {string} picture
   * @param {(Node | string)[]} says
   * @param {string} cancel
   */
  function strip(picture, says, cancel) {
    bar.replaceChildren(icon(picture, 'sm'), h('span', { class: 'grow trunc', dir: 'auto' }, ...says),
      h('button', { type: 'button', class: 'ib', 'aria-label': cancel, onclick: () => { room.cancel(); textarea.focus(); } }, icon('x')));
  }

  /** Where the browser does not grow the field by itself. */
  function grow() {
    if (CSS.supports('field-sizing', 'content')) return;
    textarea.style.height = 'auto';
    textarea.style.height = `${textarea.scrollHeight}px`;
  }

  /** What the box is called: by the room, which may get another name. */
  function call() {
    const { kind } = room.room.get();
    const title = titleOf(room.room.get());
    const label = kind === 'direct' ? words.writeTo(title) : words.messageTo(title);
    textarea.setAttribute('aria-label', label);
    textarea.placeholder = label;
  }

  /** Who may not write here sees why in the place of the box. */
  function permit() {
    const { read_only: readOnly, role } = room.room.get();
    const may = !readOnly || role === 'owner' || role === 'moderator' || room.me.is_admin;
    box.hidden = !may;
    blocked.hidden = may;
  }

  textarea.addEventListener('input', input);
  textarea.addEventListener('keydown', key);
  const ends = [
    room.draft.value.watch(draw), room.room.watch(permit), room.room.watch(call), room.pause.left.watch(draw), completion.stop,
    preferences.value.watch(({ enterSends }) => { hint.textContent = enterSends ? words.hint : words.hintLine; }), typing.stop,
    room.connected.watch((on) => box.classList.toggle('offline', !on)),
  ];

  const element = h('div', { class: 'compose' }, h('div', { class: 'in' },
    typing.element, h('div', { class: 'with-pop' }, completion.list, completion.none, box, blocked), completion.count,
    h('div', { class: 'hints' }, hint, h('span', {}, words.hintShortcuts(modKey())))));
  return { element, focus: () => textarea.focus(), stop: () => { for (const end of ends) end(); } };
}

/**
 * @param {string} label
 * @param {string} picture
 * @param {() => void} act
 */
function tool(label, picture, act) {
  return h('button', { type: 'button', class: 'ib', 'aria-label': label, title: label, onclick: act }, icon(picture));
}
