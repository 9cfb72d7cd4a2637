/** @typedef {import('../core/rows.js').Row} Row */
/** @typedef {import('../core/rows.js').MessageRow} MessageRow */
/** @typedef {import('../core/rows.js').Quote} Quote */

import { words } from '../core/words.js';
import { avatar, h, hue, icon } from './dom.js';
import { elements } from './markdown.js';

/** Of many reactions these come first; the rest is one press away. */
const REACTIONS = 8;

/**
 * The element of a row, empty.
 * @param {Row} row
 * @returns {HTMLElement}
 */
export function shell(row) {
  return row.kind === 'message' ? h('article', { role: 'article', tabindex: '-1' }) : h('div', {});
}

/**
 * Fills a row's element, or fills it anew: the element stays the same, and with it the focus.
 * @param {HTMLElement} element
 * @param {Row} row
 * @param {string} me
 */
export function fill(element, row, me) {
  if (row.kind !== 'message') {
    element.className = row.kind === 'day' ? 'day' : 'newline';
    element.replaceChildren(h('span', {}, row.label));
    return;
  }
  element.className = classes(row);
  element.setAttribute('aria-label', label(row));
  element.setAttribute('aria-describedby', `said-${row.key}`);
  element.dataset['id'] = String(row.id ?? '');
  element.dataset['seq'] = String(row.seq ?? '');
  element.dataset['client'] = row.clientId ?? '';
  element.replaceChildren(...(row.own ? own(row, me) : other(row, me)));
}

/** @param {MessageRow} row */
function classes(row) {
  const parts = [
    'msg', row.own ? `own ${row.state}` : '', row.first ? '' : 'cont', row.mention ? 'mention' : '', row.editing ? 'editing' : '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

/** @param {MessageRow} row */
function label(row) {
  const parts = [row.own ? words.you : row.username, row.time];
  if (row.mention) parts.push(words.mentionsYou);
  return parts.join(', ');
}

/**
 * @param {MessageRow} row
 * @param {string} me
 */
function other(row, me) {
  const by = h('div', { class: 'by' }, h('b', { class: `n${hue(row.userId)}`, title: row.username }, h('bdi', {}, row.username)), time(row));
  return [
    row.first ? avatar({ id: row.userId, username: row.username }) : h('span', { class: 'at', 'aria-hidden': 'true' }, row.time),
    h('div', { class: 'body' }, row.first && by, quote(row.quote), content(row, me, true), reactions(row)),
  ];
}

/**
 * @param {MessageRow} row
 * @param {string} me
 */
function own(row, me) {
  const bubble = h('div', { class: 'bub' }, quote(row.quote), content(row, me, false));
  return [h('div', { class: 'body' }, bubble, reactions(row), h('div', { class: 'foot' }, ...foot(row)))];
}

/**
 * @param {MessageRow} row
 * @param {string} me
 * @param {boolean} marked whether it says here that the text was edited
 */
function content(row, me, marked) {
  if (row.text === null) return h('p', { class: 'gone', id: `said-${row.key}` }, words.deleted);
  const blocks = elements(row.blocks, me);
  const last = blocks.at(-1);
  if (row.edited && marked) {
    const mark = h('span', { class: 'edited' }, words.edited);
    if (last?.tagName === 'P') last.append(' ', mark);
    else blocks.push(mark);
  }
  return h('div', { class: 'text', id: `said-${row.key}` }, ...blocks);
}

/** @param {MessageRow} row */
function time(row) {
  return h('time', { datetime: new Date(row.at).toISOString(), title: row.full }, row.time);
}

/** @param {Quote | null} target */
function quote(target) {
  if (!target) return null;
  const { id, state, username, userId, text } = target;
  if (state === 'gone') return h('div', { class: 'quote' }, h('span', { class: 'gone' }, words.targetGone));
  const inside = state === 'there'
    ? [h('b', { class: `n${hue(userId)}`, title: username }, h('bdi', {}, username)), h('span', { class: 'trunc', dir: 'auto', title: text }, text)]
    : [h('span', {}, words.targetFar)];
  return h('button', { type: 'button', class: `quote q${hue(userId)}`, 'data-act': 'jump', 'data-to': String(id) },
    h('span', { class: 'sr' }, `${words.inReplyTo} `), ...inside);
}

/** @param {MessageRow} row */
function reactions(row) {
  if (row.reactions.length === 0) return null;
  const chips = row.reactions.map(({ emoji, count, own: mine }, at) => h('button', {
    type: 'button', 'data-act': 'react', 'data-emoji': emoji, 'aria-pressed': String(mine), tabindex: '-1',
    'aria-label': words.reactions(emoji, count, mine), hidden: at >= REACTIONS,
  }, h('span', { class: 'em', 'aria-hidden': 'true' }, emoji), h('span', { class: 'num', 'aria-hidden': 'true' }, String(count))));
  const hidden = row.reactions.length - REACTIONS;
  return h('div', { class: 'rx' }, ...chips,
    hidden > 0 && h('button', { type: 'button', 'data-act': 'allreactions' }, words.andMore(hidden)),
    h('button', { type: 'button', class: 'add', 'data-act': 'add', 'aria-label': words.addReaction, tabindex: '-1' }, icon('smile', 'sm')));
}

/**
 * What stands under one's own message: when, and how far it has come.
 * @param {MessageRow} row
 * @returns {(Node | string)[]}
 */
function foot(row) {
  const edited = row.edited ? [h('span', { class: 'edited' }, words.edited)] : [];
  switch (row.state) {
    case 'stored': return row.text === null ? [time(row)] : [
      ...edited, time(row), h('span', { class: 'ok', title: words.sent }, icon('check', 'xs')), h('span', { class: 'sr' }, words.sent)];
    // The word comes only when it takes a while.
    case 'sending': return [time(row), icon('clock', 'xs'), h('span', { class: 'slow' }, words.sending)];
    case 'queued': return [icon('clock', 'xs'), h('span', {}, row.fault ?? words.queued)];
    case 'failed': return [
      h('span', { class: 'bad', role: 'alert' }, `${words.notSent} ${row.fault ?? ''}`.trim()),
      h('button', { type: 'button', class: 'link', 'data-act': 'retry' }, words.tryAgain),
      h('button', { type: 'button', class: 'link', 'data-act': 'drop' }, words.remove),
    ];
  }
}
