/** @typedef {import('./types.js').Message} Message */

import { placeOf } from './timeline.js';

/** At most so many messages are in the page at once. */
export const MOST = 200;
/** What a message is taken to be high until it has been measured. */
const ESTIMATE = 60;

/**
 * Which of a room's messages are in the page. It moves by blocks; it is known by the places of its first and last
 * message, so that pages that come before it do not move it.
 * @param {number} [most]
 * @param {number} [block]
 */
export function createWindow(most = MOST, block = 50) {
  let first = 0;
  let last = Infinity;
  /** @type {Map<number, number>} */
  const heights = new Map();

  /** @param {readonly Message[]} list */
  function range(list) {
    const from = placeOf(list, first);
    const to = last === Infinity ? list.length : placeOf(list, last + 1);
    return { from, to: Math.max(from, Math.min(to, from + most)) };
  }

  /**
   * @param {readonly Message[]} list
   * @param {number} from
   * @param {number} to
   */
  function set(list, from, to) {
    first = from <= 0 ? 0 : list[from]?.seq ?? 0;
    last = to >= list.length ? Infinity : list[to - 1]?.seq ?? Infinity;
  }

  return {
    range,

    /**
     * Keeps the newest messages in the page.
     * @param {readonly Message[]} list
     */
    follow(list) {
      const from = placeOf(list, first);
      // It gives way by a block at a time, so that not every new message moves its beginning.
      if (list.length - from > most || from >= list.length) set(list, list.length - (most - block), list.length);
      else last = Infinity;
    },

    /**
     * @param {readonly Message[]} list
     * @returns {boolean} whether there was more before
     */
    up(list) {
      const { from, to } = range(list);
      if (from === 0) return false;
      const next = Math.max(0, from - block);
      set(list, next, Math.min(to, next + most));
      return true;
    },

    /**
     * @param {readonly Message[]} list
     * @returns {boolean} whether there was more after
     */
    down(list) {
      const { from, to } = range(list);
      if (to >= list.length) return false;
      const next = Math.min(list.length, to + block);
      set(list, Math.max(from, next - most), next);
      return true;
    },

    /**
     * Goes to where this place is.
     * @param {readonly Message[]} list
     * @param {number} index
     */
    around(list, index) {
      const from = Math.max(0, Math.min(index - most / 2, list.length - most));
      set(list, from, from + most);
    },

    /** Fits what is there after pages have come at its open end. @param {readonly Message[]} list */
    fit(list) {
      const { from, to } = range(list);
      set(list, from, to);
    },

    /**
     * @param {number} seq
     * @param {number} height
     */
    measured(seq, height) {
      heights.set(seq, height);
    },

    /** Another width has other heights. */
    forget: () => heights.clear(),

    /**
     * How high the messages between two places are.
     * @param {readonly Message[]} list
     * @param {number} from
     * @param {number} to
     */
    height(list, from, to) {
      let sum = 0;
      for (let at = from; at < to; at += 1) sum += heights.get(list[at]?.seq ?? 0) ?? ESTIMATE;
      return sum;
    },

    /**
     * Which message stands at a height.
     * @param {readonly Message[]} list
     * @param {number} top
     */
    at(list, top) {
      let sum = 0;
      for (let at = 0; at < list.length; at += 1) {
        sum += heights.get(list[at]?.seq ?? 0) ?? ESTIMATE;
        if (sum > top) return at;
      }
      return Math.max(0, list.length - 1);
    },
  };
}
