/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./outbox.js').Outgoing} Outgoing */

/**
 * What the feed shows, one after the other. A row with the same key and the same version looks the same.
 * @typedef {{ kind: 'day', key: string, version: string, label: string }} DayRow
 * @typedef {{ kind: 'message', key: string, version: string, own: boolean, first: boolean, username: string,
 *   userId: number, text: string | null, at: number, time: string, full: string,
 *   state: 'stored' | 'queued' | 'sending' | 'failed', fault: string | null, clientId: string | null }} MessageRow
 * @typedef {DayRow | MessageRow} Row
 */

/** Messages of one person that follow each other within this time stand as one run. */
const RUN = 5 * 60_000;

/**
 * The rows of the feed: stored messages and then those that are on their way, parted by days and joined into runs.
 * @param {readonly Message[]} messages
 * @param {readonly Outgoing[]} outgoing
 * @param {{ id: number, username: string }} me
 * @param {ReturnType<typeof import('./dates.js').dates>} dates
 * @param {number} now
 * @returns {Row[]}
 */
export function rows(messages, outgoing, me, dates, now) {
  /** @type {Row[]} */
  const list = [];
  /** @type {MessageRow | null} */
  let before = null;
  let day = '';
  for (const row of [...messages.map((m) => stored(m, me, dates)), ...outgoing.map((o) => unsent(o, me, dates))]) {
    const today = dates.dayKey(row.at);
    if (today !== day) {
      const label = dates.dayLabel(row.at, now);
      list.push({ kind: 'day', key: `day:${today}`, version: label, label });
      before = null;
      day = today;
    }
    row.first = !(before && before.userId === row.userId && row.at - before.at < RUN);
    row.version = `${row.first}|${row.state}|${row.text === null}|${row.text?.length}|${row.fault}|${row.time}`;
    list.push(row);
    before = row;
  }
  return list;
}

/**
 * The key of a row outlives the way from writing to being stored, so that a message does not blink on its way.
 * @param {Message} message
 * @param {{ id: number }} me
 * @param {ReturnType<typeof import('./dates.js').dates>} dates
 * @returns {MessageRow}
 */
function stored(message, me, dates) {
  const at = Date.parse(message.created_at);
  const own = message.user_id === me.id;
  return {
    kind: 'message', key: own && message.client_id ? `c:${message.client_id}` : `m:${message.id}`, version: '',
    own, first: true, username: message.username, userId: message.user_id, text: message.content,
    at, time: dates.time(at), full: dates.full(at), state: 'stored', fault: null, clientId: message.client_id ?? null,
  };
}

/**
 * @param {Outgoing} entry
 * @param {{ id: number, username: string }} me
 * @param {ReturnType<typeof import('./dates.js').dates>} dates
 * @returns {MessageRow}
 */
function unsent(entry, me, dates) {
  return {
    kind: 'message', key: `c:${entry.clientId}`, version: '', own: true, first: true, username: me.username,
    userId: me.id, text: entry.content, at: entry.at, time: dates.time(entry.at), full: dates.full(entry.at),
    state: entry.state, fault: entry.fault, clientId: entry.clientId,
  };
}
