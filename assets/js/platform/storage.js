/** @typedef {import('../core/types.js').Storage} Storage */

/**
 * What the browser keeps for us across reloads. Where it keeps nothing (private windows of some browsers, a full
 * disk) the page works all the same and forgets.
 * @returns {Storage}
 */
export function browserStorage() {
  return {
    read(key) {
      try { return localStorage.getItem(key); } catch { return null; }
    },
    write(key, value) {
      try { localStorage.setItem(key, value); } catch { /* it is then forgotten at the next reload */ }
    },
    remove(key) {
      try { localStorage.removeItem(key); } catch { /* there was nothing */ }
    },
    keys(prefix) {
      try { return Object.keys(localStorage).filter((key) => key.startsWith(prefix)).sort(); } catch { return []; }
    },
  };
}
