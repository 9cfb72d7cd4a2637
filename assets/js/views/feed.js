/** @typedef {import('../core/room.js').RoomState} Chat */
/** @typedef {import('../core/rows.js').Row} Row */
/** @typedef {import('../core/rows.js').MessageRow} MessageRow */
/** @typedef {import('../core/types.js').Platform} Platform */

import { dates } from '../core/dates.js';
import { rows } from '../core/rows.js';
import { words } from '../core/words.js';
import { avatar, h, hue, icon, perFrame, svg } from './dom.js';
import { paragraphs } from './links.js';

/** Nearer to the end than this counts as being there. */
const NEAR = 40;

/**
 * The messages of the room. Each row is one node that stays as long as its key does; nothing that is on the screen
 * moves when something comes before or after it.
 * @param {Chat} chat
 * @param {Platform} platform
 * @param {{ element: HTMLElement, count(unseen: number, away: boolean): void }} pill
 */
export function createFeed(chat, platform, pill) {
  const format = dates();
  const column = h('div', { class: 'col', role: 'feed', 'aria-busy': 'true' });
  const element = h('div', { class: 'feed', tabindex: '-1' }, column);
  const around = h('div', { class: 'feed-state' });
  /** @type {Map<string, { node: HTMLElement, version: string }>} */
  const shown = new Map();
  /** The newest stored message when the reader left the end. */
  let seenUpTo = 0;
  /** Whether the reader is at the newest message and wants to stay there; only scrolling up ends it. */
  let following = true;
  let lastTop = 0;

  const atEnd = () => element.scrollHeight - element.scrollTop - element.clientHeight < NEAR;

  const render = perFrame(() => {
    const list = rows(chat.messages(), chat.outbox.entries.get(), chat.me, format, platform.clock.now());
    const anchor = following ? null : firstVisible(element, column);
    place(list);
    if (following) toNewest();
    else if (anchor) element.scrollTop += anchor.node.getBoundingClientRect().top - anchor.top;
    state(list.length === 0);
    watchEnd();
  });

  /** @param {readonly Row[]} list */
  function place(list) {
    const keys = new Set(list.map((row) => row.key));
    for (const [key, { node }] of shown) {
      if (keys.has(key)) continue;
      node.remove();
      shown.delete(key);
    }
    /** @type {ChildNode | null} */
    let next = column.firstChild;
    for (const row of list) {
      const held = shown.get(row.key);
      let node = held?.node;
      if (!node || held?.version !== row.version) {
        node = row.kind === 'day' ? day(row.label) : message(row, chat);
        if (held) {
          if (next === held.node) next = held.node.nextSibling;
          held.node.replaceWith(node);
        }
        shown.set(row.key, { node, version: row.version });
      }
      if (node === next) next = next.nextSibling;
      else column.insertBefore(node, next);
    }
  }

  /** @param {boolean} empty */
  function state(empty) {
    const history = chat.history.get();
    column.setAttribute('aria-busy', String(history === 'loading'));
    column.setAttribute('aria-label', words.messagesIn(chat.room.get()?.name ?? ''));
    around.replaceChildren(...outlook(history, empty, chat));
    around.hidden = around.childElementCount === 0;
    column.hidden = empty;
  }

  function watchEnd() {
    const newest = chat.messages().at(-1)?.seq ?? 0;
    if (following) seenUpTo = newest;
    const unseen = chat.messages().filter((m) => m.seq > seenUpTo && m.user_id !== chat.me.id).length;
    const away = element.scrollHeight - element.scrollTop - element.clientHeight > 2 * element.clientHeight;
    pill.count(unseen, away);
    if (element.scrollTop < 2 * element.clientHeight && chat.hasOlder()) void chat.loadOlder();
  }

  function scrolled() {
    const top = element.scrollTop;
    if (atEnd()) following = true;
    else if (top < lastTop) following = false;
    lastTop = top;
    watchEnd();
  }

  element.addEventListener('scroll', perFrame(scrolled), { passive: true });
  column.addEventListener('keydown', (event) => walk(event, column));
  // The window, the composer, or a message that is laid out for the first time: all change where the end is.
  const sizes = new ResizeObserver(() => { if (following) toNewest(); });
  sizes.observe(element);
  sizes.observe(column);

  function toNewest() {
    following = true;
    element.scrollTop = element.scrollHeight;
    lastTop = element.scrollTop;
  }

  element.prepend(around);
  const stop = [chat.changes.watch(render), chat.outbox.entries.watch(render), chat.history.watch(render)];
  pill.element.addEventListener('click', toNewest);
  return { element, toNewest, stop: () => { sizes.disconnect(); stop.forEach((end) => end()); } };
}

/**
 * The first message that the reader sees, and where.
 * @param {HTMLElement} element
 * @param {HTMLElement} column
 */
function firstVisible(element, column) {
  const edge = element.getBoundingClientRect().top;
  for (const node of column.children) {
    const box = node.getBoundingClientRect();
    if (box.bottom > edge && node.getAttribute('role') === 'article') return { node, top: box.top };
  }
  return null;
}

/** @param {string} label */
function day(label) {
  return h('div', { class: 'day' }, h('span', {}, label));
}

/**
 * @param {MessageRow} row
 * @param {Chat} chat
 * @returns {HTMLElement}
 */
function message(row, chat) {
  const text = row.text === null ? [h('p', { class: 'gone' }, words.deleted)] : paragraphs(row.text);
  const time = h('time', { datetime: new Date(row.at).toISOString(), title: row.full }, row.time);
  const run = row.first ? '' : ' cont';
  if (row.own) {
    return h('article', {
      class: `msg own ${row.state}${run}`, role: 'article', tabindex: '-1', 'aria-label': `${words.you}, ${row.time}`,
    }, h('div', { class: 'body' }, h('div', { class: 'bub' }, ...text), h('div', { class: 'foot' }, ...foot(row, time, chat))));
  }
  return h('article', {
    class: `msg${run}`, role: 'article', tabindex: '-1', 'aria-label': `${row.username}, ${row.time}`,
  },
  row.first && avatar({ id: row.userId, username: row.username }),
  h('div', { class: 'body' },
    row.first && h('div', { class: 'by' }, h('b', { class: `n${hue(row.userId)}` }, h('bdi', {}, row.username)), time),
    h('div', {}, ...text)));
}

/**
 * What stands under one's own message: when, and how far it has come.
 * @param {MessageRow} row
 * @param {HTMLElement} time
 * @param {Chat} chat
 * @returns {(Node | string)[]}
 */
function foot(row, time, chat) {
  const clientId = row.clientId ?? '';
  switch (row.state) {
    case 'stored': return [time, h('span', { class: 'ok', title: words.sent }, icon('check', 'xs')), h('span', { class: 'sr' }, words.sent)];
    case 'sending': return [time, icon('clock', 'xs'), h('span', { class: 'sr' }, words.sending)];
    case 'queued': return [icon('clock', 'xs'), h('span', {}, words.queued)];
    case 'failed': return [
      h('span', { class: 'bad', role: 'alert' }, `${words.notSent} ${row.fault ?? ''}`.trim()),
      h('button', { type: 'button', class: 'link', onclick: () => chat.outbox.retry(clientId) }, words.tryAgain),
      h('button', { type: 'button', class: 'link', onclick: () => chat.outbox.remove(clientId) }, words.remove),
    ];
  }
}

/**
 * What stands in the place of messages while there are none.
 * @param {'loading' | 'ready' | 'failed'} history
 * @param {boolean} empty
 * @param {Chat} chat
 * @returns {HTMLElement[]}
 */
function outlook(history, empty, chat) {
  if (history === 'failed') {
    return [notice('cloudoff', words.loadFailed, words.loadFailedText,
      h('button', { type: 'button', class: 'btn primary', onclick: chat.reload }, words.tryAgain))];
  }
  if (!empty) return [];
  if (history === 'loading') return [skeleton()];
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

function skeleton() {
  const line = (/** @type {string} */ size) => h('div', { class: `sk ${size}` });
  const block = () => h('div', { class: 'sk-msg' }, line('a'), h('div', {}, line('l1'), line('l2'), line('l3')));
  return h('div', { class: 'col late' }, h('span', { class: 'sr', role: 'status' }, words.loading),
    h('div', { 'aria-hidden': 'true' }, block(), block(), block()));
}

/**
 * Arrows go from message to message; one of them at a time is in the tab order.
 * @param {KeyboardEvent} event
 * @param {HTMLElement} column
 */
function walk(event, column) {
  const articles = /** @type {HTMLElement[]} */ ([...column.querySelectorAll('[role=article]')]);
  const at = articles.findIndex((article) => article === document.activeElement);
  if (at < 0) return;
  const to = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: articles.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const next = articles[Math.max(0, Math.min(to, articles.length - 1))];
  articles[at]?.setAttribute('tabindex', '-1');
  next?.setAttribute('tabindex', '0');
  next?.focus();
}
