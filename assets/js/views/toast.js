/** @typedef {import('../core/types.js').Clock} Clock */

import { h } from './dom.js';

const SHOWN_FOR = 6_000;

/**
 * Says shortly what has happened, with a way to undo it where there is one. It goes by itself, but not while the
 * focus or the pointer is on it.
 * @param {Clock} clock
 */
export function createToasts(clock) {
  const element = h('div', { class: 'toasts', role: 'status' });

  /**
   * @param {string} text
   * @param {{ label: string, act: () => void }} [way]
   */
  function say(text, way) {
    let stop = () => {};
    const toast = h('div', { class: 'toast' }, h('span', { class: 'grow' }, text),
      way ? h('button', { type: 'button', class: 'btn small plain', onclick: () => { toast.remove(); way.act(); } }, way.label) : null);
    const stay = () => stop();
    const go = () => {
      stop();
      stop = clock.after(SHOWN_FOR, () => toast.remove());
    };
    for (const come of ['focusin', 'pointerenter']) toast.addEventListener(come, stay);
    for (const leave of ['focusout', 'pointerleave']) toast.addEventListener(leave, go);
    element.replaceChildren(toast);
    go();
  }

  return { element, say };
}

/** @typedef {ReturnType<typeof createToasts>} Toasts */
