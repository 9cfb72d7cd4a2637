/** @typedef {import('../core/room.js').Room} Room */
/** @typedef {import('../core/types.js').Clock} Clock */

import { words } from '../core/words.js';
import { h, perFrame } from './dom.js';

/** Nobody is read out as typing more often than this. */
const SPOKEN_EVERY = 60_000;

/**
 * The line that says who is typing, and at its end how long one has to wait where the room is slow. Its space is there always; to the ear it is said more rarely than it is shown.
 * @param {Room} room
 * @param {Clock} clock
 */
export function createTypingLine(room, clock) {
  const shown = h('span', { class: 'trunc', 'aria-hidden': 'true' });
  const dots = h('span', { class: 'dots', 'aria-hidden': 'true', hidden: true }, h('i'), h('i'), h('i'));
  const spoken = h('span', { class: 'sr', role: 'status' });
  /** @type {Map<string, number>} */
  const said = new Map();

  const pause = h('span', { class: 'pause num', role: 'timer' });
  const stopPause = room.pause.left.watch((left) => { pause.textContent = left > 0 ? words.writeAgainIn(left) : ''; });
  const stopPeople = room.typing.people.watch(perFrame(() => {
    const names = room.typing.people.get();
    dots.hidden = names.length === 0;
    shown.textContent = words.typing(names);
    const now = clock.now();
    const news = names.filter((name) => now - (said.get(name) ?? -Infinity) > SPOKEN_EVERY);
    for (const name of news) said.set(name, now);
    if (news.length > 0) spoken.textContent = words.typing(news);
    else if (names.length === 0) spoken.textContent = '';
  }));
  const stop = () => {
    stopPause();
    stopPeople();
  };
  return { element: h('div', { class: 'typing' }, dots, shown, spoken, pause), stop };
}
