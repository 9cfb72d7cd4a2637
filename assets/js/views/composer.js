/** @typedef {import('../core/room.js').RoomState} Chat */
/** @typedef {import('../core/types.js').Platform} Platform */

import { words } from '../core/words.js';
import { h, icon } from './dom.js';

/**
 * Where messages are written. Its border tells how the next one will travel. What is being written survives a reload.
 * @param {Chat} chat
 * @param {Platform} platform
 * @param {() => void} written
 */
export function createComposer(chat, platform, written) {
  const room = chat.room.get()?.name ?? '';
  const draft = `draft:${chat.me.id}:${chat.room.get()?.id ?? 0}`;
  const label = words.messageTo(room);
  const textarea = h('textarea', { rows: '1', id: 'compose', 'aria-label': label, placeholder: label, dir: 'auto' });
  const lock = h('span', { class: 'lockline', title: words.notEncryptedWhy });
  const send = h('button', { type: 'submit', class: 'send', 'aria-label': words.send, 'aria-disabled': 'true' }, icon('send'));
  const box = h('form', { class: 'box open', onsubmit: submit },
    textarea, h('div', { class: 'tools' }, h('span', { class: 'grow' }), lock, send));

  textarea.value = platform.storage.read(draft) ?? '';
  textarea.addEventListener('input', () => {
    platform.storage.write(draft, textarea.value);
    changed();
  });
  textarea.addEventListener('keydown', (event) => {
    // On touch the Enter key of the keyboard on the screen makes a line; and it never sends while an input method
    // is still composing.
    const sends = event.key === 'Enter' && !event.shiftKey && !event.isComposing && !matchMedia('(pointer: coarse)').matches;
    if (sends) submit(event);
  });

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    if (textarea.value.trim() === '') return;
    chat.write(textarea.value);
    textarea.value = '';
    platform.storage.remove(draft);
    changed();
    written();
    textarea.focus();
  }

  function changed() {
    send.setAttribute('aria-disabled', String(textarea.value.trim() === ''));
    // Where the browser does not grow the field by itself.
    if (!CSS.supports('field-sizing', 'content')) {
      textarea.style.height = 'auto';
      textarea.style.height = `${textarea.scrollHeight}px`;
    }
  }
  changed();

  // A room that the server reads says so, whatever the connection does; the banner speaks of that.
  lock.replaceChildren(icon('unlock', 'xs'), words.notEncrypted);

  const element = h('div', { class: 'compose' }, h('div', { class: 'in' },
    h('div', { class: 'typing', role: 'status' }), box,
    h('div', { class: 'hints' }, h('span', {}, words.hint))));
  return { element, focus: () => textarea.focus() };
}
