/** @typedef {import('./types.js').Clock} Clock */

import { value } from './value.js';

/**
 * Slow mode: how many seconds are left until one may write again.
 * @param {Clock} clock
 */
export function createPause(clock) {
  const left = value(0);
  let until = 0;
  let stop = () => {};

  function tick() {
    stop();
    const rest = Math.max(0, until - clock.now());
    const seconds = Math.ceil(rest / 1_000);
    left.set(seconds);
    if (seconds > 0) stop = clock.after(rest - (seconds - 1) * 1_000, tick);
  }

  return {
    left,
    /** @param {number} seconds from now on; a longer pause that has begun stays */
    begin(seconds) {
      until = Math.max(until, clock.now() + seconds * 1_000);
      tick();
    },
    end() {
      until = 0;
      tick();
    },
  };
}
