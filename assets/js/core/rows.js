/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./outbox.js').Outgoing} Outgoing */
/** @typedef {import('./markdown.js').Block} Block */
/** @typedef {ReturnType<typeof import('./dates.js').dates>} Dates */

import { parse } from './markdown.js';
import { mentions } from './mentions.js';
import { words } from './words.js';

/**
 * What the feed shows, one after the other. A row with the same key and the same version looks the same.
 * @typedef {{ kind: 'day', key: string, version: string, label: string }} DayRow
 * @typedef {{ kind: 'new', key: string, version: string, label: string }} NewRow
 * @typedef {{ emoji: string, count: number, own: boolean }} ReactionRow
 * @typedef {{ id: number, state: 'there' | 'gone' | 'unknown', username: string, userId: number, text: string }} Quote
 * @typedef {{ kind: 'message', key: string, version: string, id: number | null, seq: number | null, own: boolean,
 *   first: boolean, mention: boolean, editing: boolean, edited: boolean, username: string, userId: number,
 *   text: string | null, blocks: Block[], quote: Quote | null, reactions: ReactionRow[], at: number, time: string,
 *   full: string, state: 'stored' | 'queued' | 'sending' | 'failed', fault: string | null,
 *   clientId: string | null }} MessageRow
 * @typedef {DayRow | NewRow | MessageRow} Row
 */

/**
 * What rows need to know beside the messages. `people` is another object whenever `isMember` may answer otherwise.
 * @typedef {{
 *   me: { id: number, username: string }, dates: Dates, now: number,
 *   isMember: (name: string) => boolean, people: unknown,
 *   target: (id: number) => Message | 'gone' | 'unknown',
 *   editing: number | null,
 *   line: { after: number, count: number, since: number | null } | null,
 *   before: Message | null,
 * }} Around
 */

/** Messages of one person that follow each other within this time stand as one run. */
const RUN = 5 * 60_000;
/** A quote is one line. */
const QUOTE = 120;

/**
 * The rows of the feed: stored messages and then those that are on their way, parted by days and joined into runs.
 * @param {readonly Message[]} messages
 * @param {readonly Outgoing[]} outgoing
 * @param {Around} around
 * @returns {Row[]}
 */
export function rows(messages, outgoing, around) {
  const { dates, now, line } = around;
  /** @type {Row[]} */
  const list = [];
  let before = around.before ? stored(around.before, around) : null;
  let day = before ? dates.dayKey(before.at) : '';
  let lineDue = line !== null && !(before?.seq && before.seq > line.after);
  for (const row of [...messages.map((m) => stored(m, around)), ...outgoing.map((o) => unsent(o, around))]) {
    const today = dates.dayKey(row.at);
    if (today !== day) {
      const label = dates.dayLabel(row.at, now);
      list.push({ kind: 'day', key: `day:${today}`, version: label, label });
      before = null;
      day = today;
    }
    if (line && lineDue && !row.own && (row.seq ?? 0) > line.after) {
      const label = line.since === null ? words.newMessages(line.count) : words.newSince(line.count, dates.time(line.since));
      list.push({ kind: 'new', key: 'new', version: label, label });
      before = null;
      lineDue = false;
    }
    row.first = !(before && before.userId === row.userId && row.at - before.at < RUN && !row.quote);
    row.version = version(row);
    list.push(row);
    before = row;
  }
  return list;
}

/**
 * @param {MessageRow} row
 * @returns {string}
 */
function version(row) {
  const { first, state, fault, time, text, edited, editing, mention, quote, reactions } = row;
  const named = text?.includes('@') ? row.blocks : null;
  return JSON.stringify([first, state, fault, time, text, edited, editing, mention, quote, reactions, named]);
}

/**
 * The key of a row outlives the way from writing to being stored, so that a message does not blink on its way.
 * @param {Message} message
 * @param {Around} around
 * @returns {MessageRow}
 */
function stored(message, around) {
  const { me } = around;
  const own = message.user_id === me.id;
  const text = message.deleted ? null : message.content;
  return {
    ...row(message, text, Date.parse(message.created_at), around),
    key: own && message.client_id ? `c:${message.client_id}` : `m:${message.id}`,
    id: message.id, seq: message.seq, own, mention: !own && text !== null && mentions(text, me.username),
    editing: around.editing === message.id, edited: text !== null && message.edited_at !== undefined,
    username: message.username, userId: message.user_id,
    quote: message.reply_to && text !== null ? quote(message.reply_to, around.target(message.reply_to)) : null,
    reactions: (message.reactions ?? []).map(({ emoji, user_ids: ids }) => ({ emoji, count: ids.length, own: ids.includes(me.id) })),
    state: 'stored', clientId: message.client_id ?? null,
  };
}

/**
 * @param {Outgoing} entry
 * @param {Around} around
 * @returns {MessageRow}
 */
function unsent(entry, around) {
  const { me } = around;
  return {
    ...row(entry, entry.content, entry.at, around),
    key: `c:${entry.clientId}`, own: true, username: me.username, userId: me.id,
    quote: entry.replyTo === null ? null : quote(entry.replyTo, around.target(entry.replyTo)),
    state: entry.state, fault: entry.fault, clientId: entry.clientId,
  };
}

/** What has been parsed, for as long as the message is the same. @type {WeakMap<object, { people: unknown, blocks: Block[] }>} */
const parsed = new WeakMap();

/**
 * @param {Message | Outgoing} said
 * @param {string | null} text
 * @param {Around} around
 * @returns {Block[]}
 */
function blocksOf(said, text, { isMember, people }) {
  if (text === null) return [];
  const known = parsed.get(said);
  if (known && known.people === people) return known.blocks;
  const blocks = parse(text, isMember);
  parsed.set(said, { people, blocks });
  return blocks;
}

/**
 * @param {Message | Outgoing} said
 * @param {string | null} text
 * @param {number} at
 * @param {Around} around
 * @returns {MessageRow}
 */
function row(said, text, at, around) {
  const { dates } = around;
  return {
    kind: 'message', key: '', version: '', id: null, seq: null, own: false, first: true, mention: false,
    editing: false, edited: false, username: '', userId: 0, text, blocks: blocksOf(said, text, around),
    quote: null, reactions: [], at, time: dates.time(at), full: dates.full(at), state: 'stored', fault: null,
    clientId: null,
  };
}

/**
 * @param {number} id
 * @param {Message | 'gone' | 'unknown'} target
 * @returns {Quote}
 */
function quote(id, target) {
  if (target === 'gone' || target === 'unknown') return { id, state: target, username: '', userId: 0, text: '' };
  return { id, state: 'there', username: target.username, userId: target.user_id, text: oneLine(target.content ?? '') };
}

/**
 * The beginning of a text in one line.
 * @param {string} text
 */
export function oneLine(text) {
  const line = text.slice(0, 4 * QUOTE).replace(/\s+/g, ' ').trim();
  return line.length > QUOTE ? `${line.slice(0, QUOTE)}…` : line;
}
