/** @typedef {import('../core/room.js').Room} Room */
/** @typedef {import('../core/types.js').Platform} Platform */

import { words } from '../core/words.js';
import { createComposer } from './composer.js';
import { h, icon } from './dom.js';
import { createFeed } from './feed.js';
import { createNotices } from './notices.js';

/**
 * A room's messages and the box to write in: what stands below its header.
 * @param {Room} room
 * @param {Platform} platform
 * @param {import('../core/preferences.js').Preferences} preferences
 * @param {(close: () => void) => () => void} enter makes an entry of the history
 */
export function createConversation(room, platform, preferences, enter) {
  const pill = newestPill();
  const notices = createNotices(room);
  const feed = createFeed(room, platform, pill, () => composer.focus(), enter);
  const composer = createComposer(room, platform, preferences, { written: () => void feed.toNewest() });
  composer.element.prepend(pill.element, notices.element);
  return {
    feed: feed.element, composer: composer.element, focus: composer.focus, jump: feed.jump,
    /** Out of an edit or a reply; else to the newest message, with everything read. */
    escape() {
      const inside = feed.element.contains(document.activeElement);
      if (!room.cancel()) void feed.toNewest().then(() => room.readAll());
      if (inside) composer.focus();
    },
    stop() {
      feed.stop();
      composer.stop();
      notices.stop();
    },
  };
}

function newestPill() {
  const label = h('span');
  const element = h('button', { type: 'button', class: 'tolatest', hidden: true }, icon('arrowdown', 'sm'), label);
  return {
    element,
    /**
     * @param {number} unseen
     * @param {boolean} away
     */
    count(unseen, away) {
      element.hidden = unseen === 0 && !away;
      label.textContent = unseen > 0 ? words.newMessages(unseen) : words.newest;
    },
  };
}
