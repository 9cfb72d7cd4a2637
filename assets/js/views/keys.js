import { h } from './dom.js';

/**
 * @typedef {{ find(): boolean, shortcuts(): void, step(by: 1 | -1, unreadOnly: boolean): void, escape(): boolean,
 *   hasDialog(): boolean }} Acts
 */

/** The areas that F6 goes through, and where the focus goes in each: the first of these that is there. */
const AREAS = [
  { area: '.side', inside: ['[aria-current="page"]', 'a', 'button'] },
  { area: '.cover', inside: ['h2'] },
  { area: '.feed', inside: ['[role=article][tabindex="0"]', '[role=article]:last-of-type'] },
  { area: '.compose', inside: ['textarea'] },
  { area: '.panel', inside: ['h2'] },
];

/**
 * The keys that work anywhere on the page.
 * @param {Acts} act
 * @returns {() => void} ends it
 */
export function listenToKeys(act) {
  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (event.isComposing || event.defaultPrevented) return;
    if (handled(event)) event.preventDefault();
  }

  /**
   * @param {KeyboardEvent} event
   * @returns {boolean}
   */
  function handled(event) {
    const mod = (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey;
    if (mod && event.key.toLowerCase() === 'k') return act.find();
    else if (mod && event.key === '/') act.shortcuts();
    else if (event.key === 'Escape') return act.escape();
    else if (act.hasDialog()) return false;
    else if (event.altKey && !event.ctrlKey && !event.metaKey && STEPS[event.key]) act.step(STEPS[event.key] ?? 1, event.shiftKey);
    else if (event.key === 'F6') toArea(event.shiftKey ? -1 : 1);
    else return false;
    return true;
  }

  document.addEventListener('keydown', pressed);
  return () => document.removeEventListener('keydown', pressed);
}

/** @type {Record<string, 1 | -1>} */
const STEPS = { ArrowUp: -1, ArrowDown: 1 };

/**
 * Goes to the next area that is on the screen.
 * @param {1 | -1} by
 */
function toArea(by) {
  const there = AREAS.flatMap(({ area, inside }) => {
    const place = /** @type {HTMLElement | null} */ (document.querySelector(area));
    return place?.offsetParent && getComputedStyle(place).visibility === 'visible' ? [{ place, inside }] : [];
  });
  const at = there.findIndex(({ place }) => place.contains(document.activeElement));
  const next = there[(at + by + there.length) % there.length];
  const target = next?.inside.map((one) => next.place.querySelector(one)).find((one) => one !== null);
  /** @type {HTMLElement | undefined} */ (target ?? next?.place)?.focus();
}

/** A way past the sidebar, for those who go through the page with the Tab key. @param {string} label */
export function skipLink(label) {
  const link = h('a', { class: 'skip', href: '#compose', onclick: (event) => {
    event.preventDefault();
    document.getElementById('compose')?.focus();
  } }, label);
  return link;
}
