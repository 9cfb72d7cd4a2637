/** @typedef {import('../core/types.js').Storage} Storage */
/** @typedef {import('../core/preferences.js').Preferences} Preferences */

import { words } from '../core/words.js';
import { switchRow } from './controls.js';
import { h, icon } from './dom.js';

/** @type {readonly { name: 'light' | 'dark' | 'system', picture: string }[]} */
const THEMES = [{ name: 'light', picture: 'sun' }, { name: 'dark', picture: 'moon' }, { name: 'system', picture: 'monitor' }];

/**
 * How the page looks, and what the Enter key does.
 * @param {Storage} storage
 * @param {Preferences} preferences
 * @returns {HTMLElement[]}
 */
export function appearance(storage, preferences) {
  return [
    themes(storage),
    h('div', {},
      switchRow(words.compact, words.compactHelp, isCompact(), true, (on) => applyCompact(on, storage)).element,
      switchRow(words.enterSends, words.enterSendsHelp, preferences.get().enterSends, true, (on) => preferences.set({ enterSends: on })).element),
  ];
}

/**
 * A card for each theme, with a drawing of it.
 * @param {Storage} storage
 */
function themes(storage) {
  const chosen = storage.read('theme') ?? 'system';
  return h('fieldset', { class: 'themes' }, h('legend', { class: 'sr' }, words.theme),
    ...THEMES.map(({ name, picture }) => h('label', {},
      h('input', { type: 'radio', name: 'theme', value: name, checked: name === chosen, onchange: () => applyTheme(name, storage) }),
      h('span', { class: 'pv', 'aria-hidden': 'true' }, ...drawings(name)),
      h('span', { class: 'nm' }, icon(picture, 'sm'), words.themes[name]))));
}

/** @param {'light' | 'dark' | 'system'} name */
function drawings(name) {
  const draw = (/** @type {string} */ theme, style = '') => h('span', { class: `scene ${style}`.trim(), 'data-theme': theme });
  return name === 'system' ? [draw('light'), draw('dark', 'half')] : [draw(name)];
}

/**
 * @param {'system' | 'light' | 'dark'} name
 * @param {Storage} storage
 */
export function applyTheme(name, storage) {
  if (name === 'system') {
    delete document.documentElement.dataset['theme'];
    storage.remove('theme');
  } else {
    document.documentElement.dataset['theme'] = name;
    storage.write('theme', name);
  }
}

/** Whether the page is dark now, by choice or as the system is. */
export function isDark() {
  const chosen = document.documentElement.dataset['theme'];
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

/** Whether messages are shown compactly. */
export function isCompact() {
  return document.documentElement.dataset['density'] === 'compact';
}

/**
 * @param {boolean} on
 * @param {Storage} storage
 */
export function applyCompact(on, storage) {
  if (on) {
    document.documentElement.dataset['density'] = 'compact';
    storage.write('density', 'compact');
  } else {
    delete document.documentElement.dataset['density'];
    storage.remove('density');
  }
}
