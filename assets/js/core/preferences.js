/** @typedef {import('./types.js').Storage} Storage */

import { value } from './value.js';

/**
 * What somebody has chosen in this browser. The hours are minutes of the day.
 * @typedef {{
 *   enterSends: boolean, paletteKey: boolean, notify: 'all' | 'mentions' | 'none', hideText: boolean,
 *   quiet: boolean, quietFrom: number, quietTo: number,
 * }} Chosen
 */

const KEY = 'preferences';
const DAY = 24 * 60;

/** @type {Chosen} */
const FIRST = {
  enterSends: true, paletteKey: true, notify: 'none', hideText: true, quiet: false, quietFrom: 22 * 60, quietTo: 7 * 60,
};

/**
 * What was chosen here, which a reload keeps. What is kept in a form that is not known counts as not chosen.
 * @param {Storage} storage
 */
export function createPreferences(storage) {
  const chosen = value(read(storage.read(KEY)));
  return {
    value: chosen,
    get: chosen.get,
    /** @param {Partial<Chosen>} change */
    set(change) {
      chosen.set({ ...chosen.get(), ...change });
      storage.write(KEY, JSON.stringify(chosen.get()));
    },
  };
}

/** @typedef {ReturnType<typeof createPreferences>} Preferences */

/**
 * @param {string | null} kept
 * @returns {Chosen}
 */
function read(kept) {
  try {
    const found = JSON.parse(kept ?? '{}');
    const isHour = (/** @type {unknown} */ at) => typeof at === 'number' && Number.isInteger(at) && at >= 0 && at < DAY;
    const on = (/** @type {'enterSends' | 'paletteKey' | 'hideText' | 'quiet'} */ name) =>
      (typeof found[name] === 'boolean' ? found[name] : FIRST[name]);
    const hour = (/** @type {'quietFrom' | 'quietTo'} */ name) => (isHour(found[name]) ? found[name] : FIRST[name]);
    return {
      enterSends: on('enterSends'), paletteKey: on('paletteKey'), hideText: on('hideText'), quiet: on('quiet'),
      notify: ['all', 'mentions', 'none'].includes(found.notify) ? found.notify : FIRST.notify,
      quietFrom: hour('quietFrom'), quietTo: hour('quietTo'),
    };
  } catch {
    return FIRST;
  }
}

/**
 * Whether a key that was pressed in the message box sends what stands there. On touch the Enter key of the keyboard on
 * the screen makes a line; and nothing is sent while an input method is still composing.
 * @param {{ key: string, shiftKey: boolean, ctrlKey: boolean, metaKey: boolean, isComposing: boolean }} pressed
 * @param {boolean} enterSends
 * @param {boolean} touch
 */
export function sends(pressed, enterSends, touch) {
  if (pressed.key !== 'Enter' || pressed.isComposing) return false;
  if (pressed.ctrlKey || pressed.metaKey) return true;
  return !touch && pressed.shiftKey !== enterSends;
}
