/** @typedef {import('../core/room.js').Room} Room */
/** @typedef {import('../core/rows.js').Row} Row */
/** @typedef {import('../core/types.js').Platform} Platform */
/** @typedef {import('../core/types.js').Message} Message */

import { dates } from '../core/dates.js';
import { rows } from '../core/rows.js';
import { placeOf } from '../core/timeline.js';
import { createWindow } from '../core/window.js';
import { words } from '../core/words.js';
import { createActions } from './actions.js';
import { h, perFrame } from './dom.js';
import { fill, shell } from './message.js';
import { outlook, skeleton } from './outlook.js';

/** Nearer to the end than this counts as being there. */
const NEAR = 40;
/** So many screens before the reader comes to the end of what is in the page, or of what is held, there is more. */
const AHEAD = 2;
const AHEAD_HELD = 4;
/** After these, what lay over the messages may be gone. */
const LOOKS = ['visibilitychange', 'focusin', 'click'];
/** How long a message that was jumped to stands out. */
const FLASH = 2_000;

/**
 * The messages of the room, a window of them: at most so many elements, whatever the history, with space in place of
 * the others. Each row is one element that stays as long as its key does; nothing that is on the screen moves when
 * something comes before or after it.
 * @param {Room} room
 * @param {Platform} platform
 * @param {{ element: HTMLElement, count(unseen: number, away: boolean): void }} pill
 * @param {() => void} toComposer
 * @param {(close: () => void) => () => void} enter makes the next step Back lead to where the reader was
 */
export function createFeed(room, platform, pill, toComposer, enter) {
  const format = dates();
  const part = createWindow();
  const column = h('div', { class: 'col', role: 'feed', 'aria-busy': 'true' });
  const above = h('div', { class: 'spacer', 'aria-hidden': 'true' });
  const below = h('div', { class: 'spacer', 'aria-hidden': 'true' });
  const coming = h('div', { class: 'coming' }, skeleton(''), h('p', { class: 'muted', hidden: true }, words.beginning));
  const around = h('div', { class: 'feed-state' });
  const element = h('div', { class: 'feed', tabindex: '-1' }, around, above, coming, column, below);
  /** @type {Map<string, { node: HTMLElement, row: Row }>} */
  const shown = new Map();
  const actions = createActions(room, column, { toComposer, jump: (id) => void follow(id) });
  /** The newest stored message when the reader left the end. */
  let seenUpTo = 0;
  /** Whether the reader is at the newest message and wants to stay there; only scrolling up ends it. */
  let following = true;
  /** How to forget the ways back to where the reader was before a jump. @type {(() => void)[]} */
  const returns = [];
  let landed = false;
  let wasMore = false;
  let lastTop = 0;
  /** Which way the reader scrolls. */
  let heading = -1;
  let width = 0;
  /** The first message in view, and where it was. @type {{ node: HTMLElement, top: number } | null} */
  let held = null;

  const toEnd = () => element.scrollHeight - element.scrollTop - element.clientHeight;
  const inView = () => document.visibilityState === 'visible' && document.hasFocus() && element.clientHeight > 0
    && !element.closest('.covered') && !document.querySelector('dialog:modal');

  function render() {
    notice();
    // At the very top the place has to be kept by hand, which looks like a leap while it is still being scrolled to.
    if (!following && element.scrollTop === 0 && lastTop !== 0) {
      remember();
      return soon();
    }
    const list = room.messages();
    if (!landed && room.history.get() === 'ready') land(list);
    if (following && !room.isDetached()) part.follow(list);
    else part.fit(list);
    paint(list);
  }
  const soon = perFrame(render);

  /**
   * Puts the window into the page, without moving what is read.
   * @param {readonly Message[]} list
   */
  function paint(list) {
    const { from, to } = part.range(list);
    const anchor = following ? null : firstVisible();
    const all = rows(list.slice(from, to).map(room.shown), to >= list.length ? room.outbox.entries.get() : [], about(list, from));
    place(all);
    space(above, part.height(list, 0, from));
    space(below, part.height(list, to, list.length));
    number(list, from);
    top(from);
    outside(all.length === 0);
    keep(anchor);
    watchEnd();
  }

  /**
   * What the rows need to know.
   * @param {readonly Message[]} list
   * @param {number} from
   */
  function about(list, from) {
    return {
      me: room.me, dates: format, now: platform.clock.now(), isMember: room.people.isMember, people: room.people.list.get(),
      target: room.target, editing: room.draft.value.get().editing?.id ?? null, line: line(list), before: list[from - 1] ?? null,
    };
  }

  /** @param {readonly Message[]} list */
  function line(list) {
    const after = room.line();
    if (after === null) return null;
    const at = placeOf(list, after + 1);
    const count = list.slice(at).filter((message) => message.user_id !== room.me.id).length;
    const before = list[at - 1];
    return { after, count, since: before ? Date.parse(before.created_at) : null };
  }

  /**
   * Tells which message of how many each one is, as far as that is known: only when the oldest is held.
   * @param {readonly Message[]} list
   * @param {number} from
   */
  function number(list, from) {
    const size = room.hasOlder() || room.isDetached() ? -1 : list.length + room.outbox.entries.get().length;
    articles().forEach((article, at) => {
      article.setAttribute('aria-posinset', String(from + at + 1));
      article.setAttribute('aria-setsize', String(size));
    });
  }

  /**
   * Older messages are on their way, or this is where it all begins: both take the same space, so that nothing moves
   * when the first page is there.
   * @param {number} from
   */
  function top(from) {
    const more = room.hasOlder();
    wasMore ||= more;
    coming.hidden = from > 0 || !wasMore;
    for (const [at, child] of [...coming.children].entries()) child.toggleAttribute('hidden', more === (at === 1));
  }

  /** @param {readonly Row[]} all */
  function place(all) {
    const keys = new Set(all.map((row) => row.key));
    for (const [key, one] of shown) if (!keys.has(key)) drop(key, one);
    /** @type {ChildNode | null} */
    let next = column.firstChild;
    for (const row of all) {
      const known = shown.get(row.key);
      const node = known?.node ?? shell(row);
      if (known?.row.version !== row.version) actions.around(node, () => fill(node, row, room.me.username));
      shown.set(row.key, { node, row });
      if (node === next) next = next.nextSibling;
      else column.insertBefore(node, next);
    }
    stop();
  }

  /**
   * Takes a row out of the page; its height is known from now on.
   * @param {string} key
   * @param {{ node: HTMLElement, row: Row }} one
   */
  function drop(key, { node, row }) {
    if (row.kind === 'message' && row.seq !== null) part.measured(row.seq, node.offsetHeight);
    actions.leave(node);
    node.remove();
    shown.delete(key);
  }

  /** One message is in the tab order, always. */
  function stop() {
    if (column.querySelector('[role=article][tabindex="0"]')) return;
    articles().at(-1)?.setAttribute('tabindex', '0');
  }

  const articles = () => /** @type {HTMLElement[]} */ ([...column.querySelectorAll(':scope > [role=article]')]);

  /**
   * What stands in the place of messages while there are none, or before they could be read.
   * @param {boolean} empty
   */
  function outside(empty) {
    const history = room.history.get();
    column.setAttribute('aria-busy', String(history === 'loading'));
    column.setAttribute('aria-label', words.messagesIn(room.room.get().name));
    around.replaceChildren(...outlook(history, empty, room.reload));
    around.hidden = around.childElementCount === 0;
    column.hidden = empty;
  }

  /**
   * The first time there is something to see: where reading had stopped, or else at the newest.
   * @param {readonly Message[]} list
   */
  function land(list) {
    landed = true;
    const after = room.line();
    if (after === null || !list.some((message) => message.seq > after && message.user_id !== room.me.id)) return;
    part.around(list, placeOf(list, after + 1));
    following = false;
    paint(list);
    const start = column.querySelector('.newline');
    if (start) element.scrollTop += start.getBoundingClientRect().top - element.getBoundingClientRect().top - element.clientHeight / 4;
    following = toEnd() < NEAR && !room.isDetached();
    remember();
  }

  /**
   * The end stays the end; everything else stays where it is.
   * @param {{ node: HTMLElement, top: number } | null} anchor
   */
  function keep(anchor) {
    if (following) element.scrollTop = element.scrollHeight;
    else if (anchor?.node.isConnected) element.scrollTop += anchor.node.getBoundingClientRect().top - anchor.top;
    remember();
  }

  function remember() {
    lastTop = element.scrollTop;
    held = firstVisible();
  }

  function firstVisible() {
    const edge = element.getBoundingClientRect().top;
    for (const node of articles()) {
      const box = node.getBoundingClientRect();
      if (box.bottom > edge) return box.top < edge + element.clientHeight ? { node, top: box.top } : null;
    }
    return null;
  }

  /** Counts what has come below, and sees to what comes next. */
  function watchEnd() {
    const list = room.messages();
    if (following) seenUpTo = room.upTo();
    const unseen = list.filter((message) => message.seq > seenUpTo && message.user_id !== room.me.id).length;
    pill.count(room.isDetached() ? 0 : unseen, toEnd() > 2 * element.clientHeight || room.isDetached());
    if (room.history.get() !== 'ready') return;
    room.sees(following && inView());
    ahead(list);
  }

  /**
   * Moves the window the way the reader goes, and reads what comes next before it is needed.
   * @param {readonly Message[]} list
   */
  function ahead(list) {
    const { clientHeight: screen } = element;
    const { from, to } = part.range(list);
    const over = element.scrollTop - above.offsetHeight;
    const under = toEnd() - below.offsetHeight;
    if (heading < 0 && over < AHEAD * screen && part.up(list)) soon();
    if (heading > 0 && under < AHEAD * screen && part.down(list)) soon();
    if (from === 0 && over < AHEAD_HELD * screen && room.hasOlder()) void room.older();
    if (to >= list.length && under < AHEAD_HELD * screen && room.isDetached()) void room.newer();
  }

  /** What the reader has scrolled since the last look, which may be before the browser tells of it. */
  function notice() {
    const by = element.scrollTop - lastTop;
    if (by !== 0) heading = Math.sign(by);
    if (toEnd() < NEAR && below.offsetHeight === 0) following = !room.isDetached();
    else if (by < 0) following = false;
  }

  function scrolled() {
    notice();
    remember();
    if (!held && room.messages().length > 0 && !following) leap();
    else watchEnd();
  }

  /** The reader has pulled the scroll bar to where nothing is in the page. */
  function leap() {
    const list = room.messages();
    part.around(list, part.at(list, element.scrollTop));
    const wanted = element.scrollTop;
    paint(list);
    const { from } = part.range(list);
    const index = part.at(list, wanted);
    const node = articles()[index - from];
    if (node) element.scrollTop += node.getBoundingClientRect().top - element.getBoundingClientRect().top;
    remember();
  }

  async function toNewest() {
    for (const drop of returns.splice(0)) drop();
    following = true;
    await room.toNewest();
    render();
    element.scrollTop = element.scrollHeight;
    remember();
  }

  /**
   * Goes to a message, which may have to be read first, and points it out.
   * @param {number} id
   * @returns {Promise<boolean>} whether it is there
   */
  async function jump(id) {
    const node = await bring(id);
    if (node) point(node);
    else room.tell(words.targetGone);
    return node !== undefined;
  }

  /**
   * Puts a message into the page.
   * @param {number} id
   */
  async function bring(id) {
    if (!await room.find(id)) return undefined;
    const list = room.messages();
    const index = list.findIndex((message) => message.id === id);
    const { from, to } = part.range(list);
    landed = true;
    following = false;
    if (index < from || index >= to) part.around(list, index);
    paint(list);
    return articles().find((article) => article.dataset['id'] === String(id));
  }

  /**
   * Goes to what a message answers; the browser's Back leads to where the reader was.
   * @param {number} id
   */
  async function follow(id) {
    const from = held && !following && held.node.dataset['id'] ? { id: Number(held.node.dataset['id']), top: held.top } : null;
    if (!await jump(id)) return;
    let isMeant = true;
    const gone = enter(() => { if (isMeant) void comeBack(from); });
    returns.push(() => {
      isMeant = false;
      gone();
    });
  }

  /** @param {{ id: number, top: number } | null} from where the reader was, null for the newest */
  async function comeBack(from) {
    returns.pop();
    if (!element.isConnected) return;
    const node = from && await bring(from.id);
    if (!from || !node) return void toNewest();
    element.scrollTop += node.getBoundingClientRect().top - from.top;
    remember();
    focus(node);
  }

  /** @param {HTMLElement} node */
  function point(node) {
    const box = node.getBoundingClientRect();
    element.scrollTop += box.top - element.getBoundingClientRect().top - element.clientHeight / 3;
    remember();
    focus(node);
    node.classList.add('flash');
    platform.clock.after(FLASH, () => node.classList.remove('flash'));
  }

  /** @param {HTMLElement} node */
  function focus(node) {
    column.querySelector('[role=article][tabindex="0"]')?.setAttribute('tabindex', '-1');
    node.setAttribute('tabindex', '0');
    node.focus({ preventScroll: true });
    const box = node.getBoundingClientRect();
    const edge = element.getBoundingClientRect();
    if (box.top < edge.top + 48) element.scrollTop += box.top - edge.top - 48;
    else if (box.bottom > edge.bottom - 16) element.scrollTop += box.bottom - edge.bottom + 16;
  }

  /**
   * Arrows go from message to message.
   * @param {KeyboardEvent} event
   */
  function walk(event) {
    const list = articles();
    const at = list.findIndex((article) => article === document.activeElement);
    if (at < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const step = { ArrowUp: -1, ArrowDown: 1, PageUp: -Infinity, PageDown: Infinity, Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    if (event.key === 'End') void toNewest().then(() => { const last = articles().at(-1); if (last) focus(last); });
    else if (event.key === 'Home') toOldest();
    else focus(event.key.startsWith('Page') ? screen(list, at, step) : list[Math.max(0, Math.min(at + step, list.length - 1))] ?? list[at] ?? element);
  }

  /** To the oldest message that is held. */
  function toOldest() {
    const list = room.messages();
    part.around(list, 0);
    following = false;
    paint(list);
    const [first] = articles();
    if (first) focus(first);
  }

  /**
   * The message one screen further.
   * @param {HTMLElement[]} list
   * @param {number} at
   * @param {number} way
   */
  function screen(list, at, way) {
    const here = list[at]?.offsetTop ?? 0;
    const wanted = (/** @type {HTMLElement} */ one) => Math.abs(one.offsetTop - here) >= element.clientHeight * 0.8;
    const found = way < 0 ? list.slice(0, at).findLast(wanted) ?? list[0] : list.slice(at).find(wanted) ?? list.at(-1);
    return found ?? element;
  }

  const look = () => room.sees(following && inView());

  element.addEventListener('scroll', perFrame(scrolled), { passive: true });
  column.addEventListener('keydown', (event) => { if (!event.defaultPrevented) walk(event); });
  column.addEventListener('focusin', ({ target }) => {
    if (!(target instanceof HTMLElement) || target.getAttribute('role') !== 'article') return;
    for (const one of column.querySelectorAll('[role=article][tabindex="0"]')) if (one !== target) one.setAttribute('tabindex', '-1');
    target.setAttribute('tabindex', '0');
  });
  pill.element.addEventListener('click', () => void toNewest());
  for (const name of ['focus', 'blur']) addEventListener(name, look);
  for (const name of LOOKS) document.addEventListener(name, look);
  // The window, the composer, a font: all change where things are.
  const sizes = new ResizeObserver(() => {
    if (element.clientWidth !== width) part.forget();
    width = element.clientWidth;
    notice();
    // The reader may have scrolled since then, and this has not been heard of yet.
    keep(held && { node: held.node, top: held.top - (element.scrollTop - lastTop) });
  });
  sizes.observe(element);
  sizes.observe(column);

  const ends = [room.changes.watch(soon), room.history.watch(soon)];
  function end() {
    sizes.disconnect();
    for (const name of ['focus', 'blur']) removeEventListener(name, look);
    for (const name of LOOKS) document.removeEventListener(name, look);
    for (const one of ends) one();
    actions.stop();
  }
  return { element, toNewest, jump, stop: end };
}

/**
 * Takes the place of what is not in the page.
 * @param {HTMLElement} element
 * @param {number} height
 */
function space(element, height) {
  element.style.height = `${height}px`;
}
