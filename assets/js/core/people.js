/** @typedef {import('./types.js').Platform} Platform */
/** @typedef {import('./types.js').Person} Person */

import { value } from './value.js';

/** Of a room that has more members, the first so many pages are known by name. */
const PAGES = 10;

/**
 * The members of a room, read when they are first asked for: most rooms are read without anybody being named.
 * @param {Pick<Platform, 'http'>} platform
 * @param {number} roomId
 */
export function createPeople({ http }, roomId) {
  const list = value(/** @type {readonly Person[]} */ ([]));
  /** @type {Map<string, Person>} */
  const byName = new Map();
  let state = /** @type {'none' | 'loading' | 'ready'} */ ('none');

  async function load() {
    state = 'loading';
    try {
      /** @type {Person[]} */
      const all = [];
      for (let page = 0, more = true; page < PAGES && more; page += 1) {
        const after = all.length > 0 ? `&after=${all.at(-1)?.id}` : '';
        const answer = await http.get(`/api/rooms/${roomId}/members?limit=100${after}`);
        all.push(...answer.members);
        more = answer.has_more && answer.members.length > 0;
      }
      set(all);
      state = 'ready';
    } catch {
      state = 'none';
    }
  }

  /** @param {readonly Person[]} all */
  function set(all) {
    byName.clear();
    for (const person of all) byName.set(person.username.toLowerCase(), person);
    list.set(all);
  }

  return {
    list,
    /** Reads the members, unless they are known. */
    need() {
      if (state === 'none') void load();
    },

    /** @param {string} name */
    isMember(name) {
      if (state === 'none') void load();
      return byName.has(name.toLowerCase());
    },

    /** @param {Person} person */
    joined(person) {
      if (state === 'ready' && !byName.has(person.username.toLowerCase())) set([...list.get(), person]);
    },

    /** @param {Person} person */
    left(person) {
      if (state === 'ready') set(list.get().filter((one) => one.id !== person.id));
    },
  };
}
