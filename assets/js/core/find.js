/**
 * Whether a name answers to what was typed, and how well: at its start, at the start of a part, or anywhere.
 * @param {string} name
 * @param {string} typed
 * @returns {number} 0 if it does not
 */
export function fit(name, typed) {
  const [whole, part] = [fold(name), fold(typed)];
  if (part === '') return 1;
  const at = whole.indexOf(part);
  if (at < 0) return 0;
  if (at === 0) return 3;
  return /[\s_\-.]/.test(whole.charAt(at - 1)) ? 2 : 1;
}

/**
 * Those that fit, the best first; what fits alike stays in its order.
 * @template T
 * @param {readonly T[]} all
 * @param {string} typed
 * @param {(one: T) => string} nameOf
 * @param {number} most
 * @returns {readonly T[]}
 */
export function best(all, typed, nameOf, most) {
  return all
    .map((one) => ({ one, rank: fit(nameOf(one), typed) }))
    .filter(({ rank }) => rank > 0)
    .sort((a, b) => b.rank - a.rank)
    .slice(0, most)
    .map(({ one }) => one);
}

/**
 * Without case and accents.
 * @param {string} text
 */
function fold(text) {
  return text.trim().normalize('NFKD').replace(/\p{M}/gu, '').toLocaleLowerCase();
}
