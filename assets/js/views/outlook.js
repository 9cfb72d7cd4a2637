import { words } from '../core/words.js';
import { h, outlook as standIn } from './dom.js';

/**
 * What stands in the place of messages while there are none.
 * @param {'loading' | 'ready' | 'failed'} history
 * @param {boolean} empty
 * @param {() => void} again
 * @returns {HTMLElement[]}
 */
export function outlook(history, empty, again) {
  if (history === 'failed') {
    return [standIn('cloudoff', words.loadFailed, words.loadFailedText,
      h('button', { type: 'button', class: 'btn primary', onclick: again }, words.tryAgain))];
  }
  if (!empty) return [];
  if (history === 'loading') return [h('div', {}, h('span', { class: 'sr', role: 'status' }, words.loading), skeleton('late'))];
  return [standIn('chats', words.emptyTitle, words.emptyText)];
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
