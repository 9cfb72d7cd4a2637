/** @typedef {import('./types.js').Message} Message */

import { fit } from './find.js';
import { oneLine } from './rows.js';

/** What stands before a hit, so that one sees what it is about. */
const BEFORE = 24;

/**
 * Messages that are held on this device and have in them what was typed, the newest first.
 * @template T
 * @param {readonly { room: T, messages: readonly Message[] }[]} held
 * @param {string} typed
 * @param {number} most
 * @returns {readonly { room: T, message: Message, text: string }[]}
 */
export function recall(held, typed, most) {
  if (typed.trim().length < 2) return [];
  return held
    .flatMap(({ room, messages }) => newest(messages, typed, most)
      .map((message) => ({ room, message, text: excerpt(message.content ?? '', typed) })))
    .sort((a, b) => Date.parse(b.message.created_at) - Date.parse(a.message.created_at))
    .slice(0, most);
}

/**
 * @param {readonly Message[]} messages
 * @param {string} typed
 * @param {number} most
 */
function newest(messages, typed, most) {
  /** @type {Message[]} */
  const found = [];
  for (let at = messages.length - 1; at >= 0 && found.length < most; at -= 1) {
    const message = messages[at];
    if (message && message.content !== null && !message.deleted && fit(message.content, typed) > 0) found.push(message);
  }
  return found;
}

/**
 * The part of a text in which what was typed stands.
 * @param {string} text
 * @param {string} typed
 */
function excerpt(text, typed) {
  const at = text.toLocaleLowerCase().indexOf(typed.trim().toLocaleLowerCase());
  return at > BEFORE ? `…${oneLine(text.slice(at - BEFORE))}` : oneLine(text);
}
