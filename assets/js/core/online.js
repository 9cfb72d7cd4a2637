/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Frame} Frame */

import { value } from './value.js';

const names = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true });

/**
 * Who is online: administrators first, then by name. The server names five hundred at most, and counts all.
 */
export function createOnline() {
  const online = value(/** @type {readonly Person[]} */ ([]));
  const count = value(0);

  /**
   * @param {readonly Person[]} came
   * @param {readonly Person[]} went
   */
  function move(came, went) {
    const moved = new Set([...came, ...went].map((person) => person.id));
    online.set(sorted([...online.get().filter((person) => !moved.has(person.id)), ...came]));
  }

  return {
    online,
    count,
    /** @param {number} id */
    isOnline: (id) => online.get().some((person) => person.id === id),

    /**
     * Who is there as one comes in.
     * @param {Frame} frame
     */
    welcome(frame) {
      online.set(sorted(frame.online ?? []));
      count.set(frame.online_count ?? online.get().length);
    },

    /**
     * @param {Frame} frame
     * @returns {boolean} whether it told of people
     */
    hear(frame) {
      switch (frame.type) {
        case 'user_joined': move([frame.user], []); break;
        case 'user_left': move([], [frame.user]); break;
        case 'presence': move(frame.joined, frame.left); break;
        default: return false;
      }
      count.set(frame.online_count ?? online.get().length);
      return true;
    },
  };
}

/** @typedef {ReturnType<typeof createOnline>} Online */

/**
 * @template {Person} T
 * @param {readonly T[]} people
 * @returns {readonly T[]} administrators first, then by name
 */
export function sorted(people) {
  return [...people].sort((a, b) => Number(b.is_admin) - Number(a.is_admin) || names.compare(a.username, b.username));
}
