import { words } from '../core/words.js';
import { h, icon, svg } from './dom.js';

/**
 * What stands in the place of messages while there are none.
 * @param {'loading' | 'ready' | 'failed'} history
 * @param {boolean} empty
 * @param {() => void} again
 * @returns {HTMLElement[]}
 */
export function outlook(history, empty, again) {
  if (history === 'failed') {
    return [notice('cloudoff', words.loadFailed, words.loadFailedText,
      h('button', { type: 'button', class: 'btn primary', onclick: again }, words.tryAgain))];
  }
  if (!empty) return [];
  if (history === 'loading') return [h('div', {}, h('span', { class: 'sr', role: 'status' }, words.loading), skeleton('late'))];
  return [notice('chats', words.emptyTitle, words.emptyText, null)];
}

/**
 * @param {string} picture
 * @param {string} title
 * @param {string} text
 * @param {HTMLElement | null} button
 */
function notice(picture, title, text, button) {
  return h('div', { class: 'empty' },
    h('div', { class: 'art' }, svg('seal', '#seal-s', '0 0 200 200'), icon(picture)),
    h('h3', { class: 'display' }, title), h('p', {}, text), button);
}

/**
 * Where messages will be.
 * @param {string} style
 */
export function skeleton(style) {
  const line = (/** @type {string} */ size) => h('div', { class: `sk ${size}` });
  const block = () => h('div', { class: 'sk-msg' }, line('a'), h('div', {}, line('l1'), line('l2'), line('l3')));
  return h('div', { class: `col ${style}`, 'aria-hidden': 'true' }, block(), block(), block());
}
