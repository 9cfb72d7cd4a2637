/** @typedef {import('../core/chat.js').Chat} Chat */
/** @typedef {import('../core/types.js').Platform} Platform */
/** @typedef {import('../core/preferences.js').Preferences} Preferences */
/** @typedef {import('./toast.js').Toasts} Toasts */

import { words } from '../core/words.js';
import { appearance } from './appearance.js';
import { switchRow } from './controls.js';
import { devices } from './devices.js';
import { h, icon, perFrame } from './dom.js';
import { notificationSettings } from './notification_settings.js';
import { secretForms } from './secrets.js';
import { modKey } from './sidebar.js';
import { programKeys } from './tokens.js';

/**
 * @typedef {{ signOut(): Promise<void>, newCode(password: string): Promise<void>,
 *   renew(old: string, password: string): Promise<void>, lock(): void, shortcuts(): void }} Acts
 */

/**
 * Where one is signed in and the way out, how the page looks, the password, what is told of, and the keys.
 * @param {Chat} chat
 * @param {Platform} platform
 * @param {Preferences} preferences
 * @param {Toasts} toasts
 * @param {Acts} act
 * @returns {HTMLElement}
 */
export function createSettings(chat, platform, preferences, toasts, act) {
  /** Where another encryption key is made. */
  const toKeys = () => /** @type {HTMLElement | null} */ (pages.querySelector('#change-keys input'))?.focus();
  const sections = [
    section(words.devices, 'laptop', h('p', { class: 'lead' }, words.devicesLead), devices(platform, toasts, chat.me.hasKeys ? toKeys : null), signOut(chat, act.signOut)),
    section(words.appearance, 'sun', ...appearance(platform.storage, preferences)),
    chat.me.hasKeys
      ? section(words.passwordAndRecovery, 'key', ...secretForms(platform, chat.me, toasts, act))
      : section(words.programs, 'key', h('p', { class: 'lead' }, words.programsLead), programKeys(platform, toasts)),
    section(words.notifications, 'bell', ...notificationSettings(platform.notifier, preferences)),
    section(words.shortcuts, 'kbd',
      switchRow(words.paletteKey(modKey()), words.paletteKeyHelp, preferences.get().paletteKey, true, (on) => preferences.set({ paletteKey: on })).element,
      h('div', {}, h('button', { type: 'button', class: 'btn plain', onclick: act.shortcuts }, icon('kbd'), words.allShortcuts))),
  ];
  const pages = h('div', { class: 'pages', tabindex: '0', role: 'region', 'aria-label': words.settings }, ...sections.map((one) => one.element));
  /** The section that was chosen, until one goes on by oneself: one near the end never comes to the top. */
  let chosen = -1;
  const links = sections.map(({ element, name, picture }, at) => h('button', {
    type: 'button', onclick: () => {
      chosen = at;
      pages.scrollTo({ top: element.offsetTop - 12, behavior: 'smooth' });
      mark();
    },
  }, icon(picture), name));
  const mark = perFrame(() => point(links, chosen < 0 ? current(pages, sections.map((one) => one.element)) : chosen));
  for (const name of ['wheel', 'touchmove', 'keydown']) pages.addEventListener(name, () => { chosen = -1; }, { passive: true });
  pages.addEventListener('scroll', mark, { passive: true });
  mark();
  return h('div', { class: 'set' }, h('nav', { 'aria-label': words.settingsSections }, ...links), pages);
}

/**
 * @param {string} name
 * @param {string} picture
 * @param {...Node} parts
 */
function section(name, picture, ...parts) {
  return { name, picture, element: h('section', {}, h('h3', { class: 'display' }, name), ...parts) };
}

/**
 * The section that is read: the first one whose end is in view.
 * @param {HTMLElement} pages
 * @param {readonly HTMLElement[]} sections
 */
function current(pages, sections) {
  const top = pages.getBoundingClientRect().top + 40;
  return Math.max(0, sections.findIndex((one) => one.getBoundingClientRect().bottom > top));
}

/**
 * @param {readonly HTMLElement[]} links
 * @param {number} which
 */
function point(links, which) {
  links.forEach((link, at) => (at === which ? link.setAttribute('aria-current', 'true') : link.removeAttribute('aria-current')));
}

/**
 * The way out, which asks when something is not sent yet.
 * @param {Chat} chat
 * @param {() => Promise<void>} out
 */
function signOut(chat, out) {
  const element = h('div', { class: 'way-out' });

  function leave() {
    const unsent = chat.unsent();
    if (unsent === 0) return void out();
    element.replaceChildren(
      h('p', { class: 'grow', role: 'alert' }, words.signOutAnyway(unsent)),
      h('button', { type: 'button', class: 'btn plain', onclick: rest }, words.stay),
      h('button', { type: 'button', class: 'btn danger', onclick: () => { chat.discard(); void out(); } }, words.signOut));
  }
  function rest() {
    element.replaceChildren(h('button', { type: 'button', class: 'btn small danger-plain', onclick: leave }, icon('door', 'sm'), words.signOut));
  }
  rest();
  return element;
}
