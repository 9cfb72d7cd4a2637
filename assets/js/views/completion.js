/** @typedef {import('../core/room.js').Room} Room */
/** @typedef {import('../core/types.js').Person} Person */

import { complete, matching, queryAt } from '../core/mentions.js';
import { words } from '../core/words.js';
import { avatar, h } from './dom.js';

/**
 * The list of people that opens after the sign for a name: the focus stays in the text, arrows choose, Enter or Tab take.
 * @param {Room} room
 * @param {HTMLTextAreaElement} textarea
 */
export function createCompletion(room, textarea) {
  const list = h('div', { class: 'pop', role: 'listbox', id: 'mentions', 'aria-label': words.mentionSomeone, hidden: true });
  const none = h('div', { class: 'pop none', hidden: true }, words.nobodyByThatName);
  const count = h('span', { class: 'sr', role: 'status' });
  /** @type {Person[]} */
  let found = [];
  let at = 0;
  /** Where the sign stands whose list was closed: it stays closed. */
  let closedAt = -1;

  const isOpen = () => !list.hidden;

  function update() {
    const query = document.activeElement === textarea ? queryAt(textarea.value, textarea.selectionStart) : null;
    if (!query || query.start === closedAt) {
      if (!query) closedAt = -1;
      return hide();
    }
    room.people.need();
    found = matching(room.people.list.get(), query.query);
    at = Math.min(at, Math.max(0, found.length - 1));
    if (found.length === 0) {
      hide();
      none.hidden = query.query === '' || room.people.list.get().length === 0;
      count.textContent = none.hidden ? '' : words.nobodyByThatName;
    } else show();
  }

  function show() {
    none.hidden = true;
    list.hidden = false;
    list.replaceChildren(...found.map(option));
    // A field of several lines may not be called a combobox; it has everything of one but the name.
    textarea.setAttribute('aria-haspopup', 'listbox');
    textarea.setAttribute('aria-controls', 'mentions');
    textarea.setAttribute('aria-autocomplete', 'list');
    count.textContent = words.found(found.length);
    mark();
  }

  function hide() {
    none.hidden = true;
    if (!isOpen()) return;
    list.hidden = true;
    at = 0;
    count.textContent = '';
    for (const name of ['aria-haspopup', 'aria-controls', 'aria-autocomplete', 'aria-activedescendant']) textarea.removeAttribute(name);
  }

  /**
   * @param {Person} person
   * @param {number} index
   */
  function option(person, index) {
    return h('div', { class: 'opt', role: 'option', id: `mention-${index}`, 'aria-selected': 'false' },
      avatar(person, 's28'), h('bdi', { class: 'grow trunc' }, person.username),
      person.id === room.me.id && h('span', { class: 'tag' }, words.you));
  }

  function mark() {
    for (const [index, one] of [...list.children].entries()) one.setAttribute('aria-selected', String(index === at));
    textarea.setAttribute('aria-activedescendant', `mention-${at}`);
  }

  /** @param {Person | undefined} person */
  function take(person) {
    if (!person) return;
    const next = complete(textarea.value, textarea.selectionStart, person.username);
    textarea.value = next.text;
    textarea.setSelectionRange(next.caret, next.caret);
    textarea.dispatchEvent(new Event('input'));
    hide();
  }

  list.addEventListener('pointerdown', (event) => {
    event.preventDefault();
    const one = event.target instanceof Element ? event.target.closest('.opt') : null;
    if (one) take(found[[...list.children].indexOf(one)]);
  });
  textarea.addEventListener('blur', hide);
  for (const name of ['click', 'keyup']) {
    textarea.addEventListener(name, (event) => {
      const key = event instanceof KeyboardEvent ? event.key : '';
      if (name === 'click' || key.startsWith('Arrow') || key === 'Home' || key === 'End') {
        if (!isOpen() || (key !== 'ArrowUp' && key !== 'ArrowDown')) update();
      }
    });
  }
  const stop = room.people.list.watch(() => { if (document.activeElement === textarea) update(); });

  return {
    list, none, count, update, stop,

    /**
     * @param {KeyboardEvent} event
     * @returns {boolean} whether the key was for the list
     */
    key(event) {
      if (!isOpen() || event.isComposing) return false;
      const { key } = event;
      if (key === 'ArrowDown') at = (at + 1) % found.length;
      else if (key === 'ArrowUp') at = (at + found.length - 1) % found.length;
      else if (key === 'Enter' || key === 'Tab') take(found[at]);
      else if (key === 'Escape') {
        closedAt = queryAt(textarea.value, textarea.selectionStart)?.start ?? -1;
        hide();
      } else return false;
      event.preventDefault();
      if (isOpen()) mark();
      return true;
    },
  };
}
