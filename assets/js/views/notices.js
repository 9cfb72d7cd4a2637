/** @typedef {import('../core/room.js').Room} Room */

import { words } from '../core/words.js';
import { h } from './dom.js';

/**
 * What has just happened, in a corner, with a way to take it back.
 * @param {Room} room
 */
export function createNotices(room) {
  // The region is there before what it says, or it would not be read out.
  const element = h('div', { class: 'toasts', role: 'status' });
  const stop = room.notice.watch((notice) => {
    if (!notice) return element.replaceChildren();
    const { text, bad, undo } = notice;
    element.replaceChildren(h('div', { class: bad ? 'toast bad' : 'toast', ...(bad && { role: 'alert' }) },
      h('span', { class: 'grow' }, text),
      undo && h('button', { type: 'button', class: 'btn small plain', onclick: undo }, words.undo)));
  });
  return { element, stop };
}
