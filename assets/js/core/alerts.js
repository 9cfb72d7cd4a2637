/** @typedef {import('./types.js').Platform} Platform */
/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Room} Room */
/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./preferences.js').Chosen} Chosen */

import { mentions } from './mentions.js';
import { titleOf } from './rooms.js';
import { oneLine } from './rows.js';
import { words } from './words.js';

/**
 * Whether the reader wants to hear of a message that has come.
 * @param {Message} message
 * @param {Room} room
 * @param {Person} me
 * @param {Chosen} chosen
 * @param {number} minutes of the day
 */
export function isWanted(message, room, me, chosen, minutes) {
  if (chosen.notify === 'none' || isQuiet(chosen, minutes)) return false;
  return chosen.notify === 'all' || room.kind === 'direct' || mentions(message.content ?? '', me.username);
}

/**
 * Whether these are the quiet hours, which may go over midnight.
 * @param {Chosen} chosen
 * @param {number} minutes of the day
 */
export function isQuiet({ quiet, quietFrom, quietTo }, minutes) {
  if (!quiet) return false;
  return quietFrom <= quietTo ? minutes >= quietFrom && minutes < quietTo : minutes >= quietFrom || minutes < quietTo;
}

/**
 * What a notification says. What stands on a locked screen is anybody's, so the text is in it only by choice.
 * @param {Message} message
 * @param {Room} room
 * @param {boolean} hideText
 * @returns {{ title: string, body: string }}
 */
export function alertText(message, room, hideText) {
  const direct = room.kind === 'direct';
  if (hideText) return { title: direct ? words.newMessageFrom(titleOf(room)) : words.newMessageIn(titleOf(room)), body: '' };
  return {
    title: direct ? message.username : words.personIn(message.username, titleOf(room)),
    body: oneLine(message.content ?? ''),
  };
}

/**
 * Tells of messages that come while nobody looks at the page.
 * @param {Pick<Platform, 'clock' | 'notifier'>} platform
 * @param {Person} me
 * @param {import('./preferences.js').Preferences} preferences
 * @param {(room: number) => void} go where a press on what is told leads
 */
export function createAlerts({ clock, notifier }, me, preferences, go) {
  return {
    /**
     * @param {Message} message
     * @param {Room} room
     */
    arrived(message, room) {
      if (notifier.isLooking() || notifier.permission() !== 'granted') return;
      const now = new Date(clock.now());
      const chosen = preferences.get();
      if (!isWanted(message, room, me, chosen, now.getHours() * 60 + now.getMinutes())) return;
      notifier.show({ ...alertText(message, room, chosen.hideText), tag: `room:${room.id}`, pressed: () => go(room.id) });
    },
  };
}
