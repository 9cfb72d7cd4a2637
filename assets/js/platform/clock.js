/** @typedef {import('../core/types.js').Clock} Clock */

/**
 * The browser's clock and timers.
 * @returns {Clock}
 */
export function browserClock() {
  return {
    now: () => Date.now(),
    after(delay, act) {
      const timer = setTimeout(act, delay);
      return () => clearTimeout(timer);
    },
  };
}

/**
 * A number from 0 up to 1, for spreading retries; nothing secret hangs on it.
 * @returns {number}
 */
export function chance() {
  return Math.random();
}

/**
 * A name for a message that no other message has: 16 random bytes in base64url.
 * @returns {string}
 */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
