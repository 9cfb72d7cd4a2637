/** @typedef {import('./types.js').Person} Person */

/** How many people the list offers. */
const MOST = 8;

/**
 * The name that is being written before the caret, after its sign, or null.
 * @param {string} text
 * @param {number} caret
 * @returns {{ start: number, query: string } | null}
 */
export function queryAt(text, caret) {
  // No name is longer than 50 characters, so nothing before that matters.
  const from = Math.max(0, caret - 52);
  const match = /(^|[^A-Za-z0-9_@])@([A-Za-z0-9_]{0,50})$/.exec(text.slice(from, caret));
  if (!match) return null;
  const query = match[2] ?? '';
  return { start: caret - query.length - 1, query };
}

/**
 * The people that a query may mean: those whose names begin with it, then those that have it inside.
 * @template {{ username: string }} T
 * @param {readonly T[]} people
 * @param {string} query
 * @returns {T[]}
 */
export function matching(people, query) {
  const wanted = query.toLowerCase();
  const place = (/** @type {T} */ person) => person.username.toLowerCase().indexOf(wanted);
  return people
    .filter((person) => place(person) >= 0)
    .sort((a, b) => Math.min(place(a), 1) - Math.min(place(b), 1) || a.username.localeCompare(b.username))
    .slice(0, MOST);
}

/**
 * The text with the chosen name in place of what was written of it, and the caret after it.
 * @param {string} text
 * @param {number} caret
 * @param {string} username
 * @returns {{ text: string, caret: number }}
 */
export function complete(text, caret, username) {
  const query = queryAt(text, caret);
  const start = query ? query.start : caret;
  const rest = text.slice(caret);
  const name = `@${username}${rest.startsWith(' ') ? '' : ' '}`;
  return { text: text.slice(0, start) + name + rest, caret: start + `@${username} `.length };
}

/**
 * Whether this person is spoken to in a text. What is only quoted or shown as code may count too: a mention too many
 * is better than one too few.
 * @param {string} text
 * @param {string} username
 */
export function mentions(text, username) {
  const wanted = username.toLowerCase();
  for (const match of text.matchAll(/(?<![A-Za-z0-9_])@([A-Za-z0-9_]{3,50})/g)) {
    if (match[1]?.toLowerCase() === wanted) return true;
  }
  return false;
}
