/**
 * @template T
 * @typedef {{ get(): T, set(next: T): void, watch(act: (value: T) => void): () => void }} Value
 */

/**
 * A value that tells its watchers when it changes; they hear the present one at once.
 * @template T
 * @param {T} first
 * @returns {Value<T>}
 */
export function value(first) {
  let current = first;
  /** @type {Set<(value: T) => void>} */
  const watchers = new Set();
  return {
    get: () => current,
    set(next) {
      if (Object.is(next, current)) return;
      current = next;
      for (const act of [...watchers]) act(current);
    },
    watch(act) {
      watchers.add(act);
      act(current);
      return () => watchers.delete(act);
    },
  };
}
