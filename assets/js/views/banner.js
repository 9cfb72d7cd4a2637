/** @typedef {import('../core/chat.js').Chat} Chat */
/** @typedef {import('../core/types.js').Platform} Platform */

import { words } from '../core/words.js';
import { h, icon } from './dom.js';

/** Shorter losses are nobody's business. */
const CARD_AFTER = 2_000;
const BANNER_AFTER = 5_000;
const BACK_FOR = 2_000;

/**
 * Says how the connection stands: after two seconds in the user card, after five in a banner that counts down; and when
 * there is a newer page.
 * @param {Chat} chat
 * @param {Pick<Platform, 'clock' | 'shell'>} platform
 * @param {HTMLElement} card
 */
export function createBanner(chat, { clock, shell }, card) {
  const element = h('div', { role: 'status' });
  let wasShown = false;
  let stopTimer = () => {};

  function render() {
    stopTimer();
    const { phase, downSince, retryAt } = chat.connection.state.get();
    const down = downSince === null || phase === 'ended' ? 0 : clock.now() - downSince;
    const lost = down >= CARD_AFTER;
    card.className = `conn${lost ? (navigator.onLine ? ' wait' : ' off') : ''}`;
    setText(card, lost ? (navigator.onLine ? words.reconnecting : words.offline) : words.connected);
    if (down >= BANNER_AFTER) {
      show(retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - clock.now()) / 1_000)));
      wasShown = true;
    } else if (wasShown && phase === 'open') {
      wasShown = false;
      element.replaceChildren(h('div', { class: 'strip quiet' }, icon('check'), words.backOnline));
      stopTimer = clock.after(BACK_FOR, render);
      return;
    } else if (shell.isNewer()) {
      newer();
    } else {
      element.replaceChildren();
    }
    if (downSince !== null && phase !== 'ended') stopTimer = clock.after(500, render);
  }

  /** @param {number} seconds */
  function show(seconds) {
    const waiting = chat.waiting();
    const rest = `${words.reconnectingIn(seconds)}${waiting > 0 ? ` ${words.waiting(waiting)}` : ''}`;
    const text = element.querySelector('[data-rest]');
    if (text) {
      setText(/** @type {HTMLElement} */ (text), rest);
      return;
    }
    element.replaceChildren(h('div', { class: 'strip quiet' }, icon('cloudoff'),
      h('span', { class: 'grow' }, h('b', {}, words.offlineTitle), ' ', h('span', { 'data-rest': true, 'aria-live': 'off' }, rest)),
      h('button', { type: 'button', class: 'btn small plain', onclick: chat.connection.tryNow }, words.tryNow)));
  }

  function newer() {
    if (element.querySelector('[data-newer]')) return;
    element.replaceChildren(h('div', { class: 'strip quiet', 'data-newer': true }, icon('down2'),
      h('span', { class: 'grow' }, words.newerPage),
      h('button', { type: 'button', class: 'btn small plain', onclick: shell.renew }, words.reload)));
  }

  const stops = [chat.connection.state.watch(render), shell.watch(render)];
  return { element, stop: () => { stops.forEach((stop) => stop()); stopTimer(); } };
}

/**
 * Writing the same text again would make a screen reader say it again.
 * @param {HTMLElement} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
