/** @typedef {import('./types.js').Storage} Storage */

import { value } from './value.js';

/**
 * What stands in the message box of a room: a text, the message that it answers, and the message that is being edited
 * in its place. While one is edited, `text` keeps what was written before.
 * @typedef {{ id: number, username: string, userId: number, text: string }} Target
 * @typedef {{ text: string, replyTo: Target | null, editing: { id: number, text: string } | null }} Draft
 */

/** @type {Draft} */
export const EMPTY = { text: '', replyTo: null, editing: null };

/**
 * The draft of a room, which survives a reload.
 * @param {Storage} storage
 * @param {number} userId
 * @param {number} roomId
 */
export function createDraft(storage, userId, roomId) {
  const key = `draft:${userId}:${roomId}`;
  const draft = value(read(storage.read(key)));

  /** @param {Partial<Draft>} change */
  function set(change) {
    const next = { ...draft.get(), ...change };
    if (next.text === '' && !next.replyTo && !next.editing) storage.remove(key);
    else storage.write(key, JSON.stringify(next));
    draft.set(next);
  }

  return {
    value: draft,
    set,

    /** What the box shows. */
    shown: () => draft.get().editing?.text ?? draft.get().text,

    /** @param {string} text */
    type(text) {
      const { editing } = draft.get();
      set(editing ? { editing: { ...editing, text } } : { text });
    },
  };
}

/**
 * @param {string | null} kept
 * @returns {Draft}
 */
function read(kept) {
  try {
    const { text, replyTo, editing } = JSON.parse(kept ?? '');
    if (typeof text !== 'string') return EMPTY;
    return {
      text,
      replyTo: replyTo && typeof replyTo.id === 'number' && typeof replyTo.text === 'string' ? replyTo : null,
      editing: editing && typeof editing.id === 'number' && typeof editing.text === 'string' ? editing : null,
    };
  } catch {
    return EMPTY;
  }
}
