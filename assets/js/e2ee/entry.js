import { fromUtf8, isZero, Reader, SUITE, Writer } from './codec.js';
import { E2eeError, insist } from './errors.js';

/**
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {{ user: number, gen: number, kem: number }} Listed
 * @typedef {{ join: number, add: number, history: number, rotMsgs: number, rotSecs: number, name: string }} Policy
 * @typedef {{ type: 1, kind: number, edPub: Bytes } & Policy} Create
 * @typedef {{ type: 2, user: number, gen: number, edPub: Bytes, role: number }} Add
 * @typedef {{ type: 3, gen: number, edPub: Bytes }} Join
 * @typedef {{ type: 4, user: number, ban: number, reason: string }} Remove
 * @typedef {{ type: 5 }} Leave
 * @typedef {{ type: 6, user: number, role: number }} RoleChange
 * @typedef {{ type: 7 } & Policy} PolicyChange
 * @typedef {{ type: 8, epoch: number, prevEpochHash: Bytes, esCommit: Bytes, history: number, reason: number,
 *   readers: Listed[] }} EpochStart
 * @typedef {Create | Add | Join | Remove | Leave | RoleChange | PolicyChange | EpochStart} Body
 * @typedef {{ suite: number, instance: Bytes, room: number, seq: number, prev: Bytes, actor: number,
 *   actorGen: number, dirSeq: number, dirHead: Bytes, ts: number, body: Body }} Entry
 */

export const TYPE = Object.freeze({ create: 1, add: 2, join: 3, remove: 4, leave: 5, role: 6, policy: 7, epoch: 8 });
export const MOST_MEMBERS = 2_000;
const MOST_BODY = 65_536;
const LEAST_MESSAGES = 100;
const LEAST_SECONDS = 3_600;
// What could hide, reverse or break a line of a name is not part of a name.
const unprintable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/**
 * @param {Reader} from
 * @param {number} most
 */
function readText(from, most) {
  const text = fromUtf8(from.lp(most), 'malformed');
  insist(!unprintable.test(text), 'malformed', 'control character');
  return text;
}

/** @param {Reader} from */
function readPace(from) {
  const [rotMsgs, rotSecs] = [from.u32(), from.u32()];
  insist(rotMsgs >= LEAST_MESSAGES && rotSecs >= LEAST_SECONDS, 'malformed', 'rotation');
  return { rotMsgs, rotSecs };
}

/** @param {Reader} from */
const readRules = (from) => ({ join: from.oneOf(0, 1), add: from.oneOf(0, 1), history: from.oneOf(0, 1) });

/**
 * @param {Reader} from
 * @returns {Create}
 */
function readCreate(from) {
  const kind = from.oneOf(0, 1);
  const rules = { ...readRules(from), ...readPace(from) };
  const edPub = from.raw(32);
  const name = readText(from, 80);
  const fits = kind === 0 ? name !== '' : rules.join === 0 && rules.add === 0 && name === '';
  insist(fits, 'malformed', 'name or rules of the kind');
  return { type: TYPE.create, kind, ...rules, edPub, name };
}

/**
 * @param {Reader} from
 * @returns {Join}
 */
function readJoin(from) {
  const join = { type: TYPE.join, gen: from.ordinal(), edPub: from.raw(32) };
  from.lp(0);
  return join;
}

/**
 * @param {Reader} from
 * @returns {Listed[]}
 */
function readReaders(from) {
  const count = from.u32();
  insist(count <= MOST_MEMBERS, 'malformed', 'too many readers');
  /** @type {Listed[]} */
  const readers = [];
  let last = -1;
  for (let i = 0; i < count; i += 1) {
    const listed = { user: from.u64(), gen: from.ordinal(), kem: from.ordinal() };
    insist(listed.user > last, 'malformed', 'readers out of order');
    last = listed.user;
    readers.push(listed);
  }
  return readers;
}

/**
 * @param {Reader} from
 * @returns {EpochStart}
 */
function readEpoch(from) {
  const epoch = from.ordinal();
  const prevEpochHash = from.raw(32);
  insist(isZero(prevEpochHash) === (epoch === 1), 'malformed', 'epoch before');
  return {
    type: TYPE.epoch, epoch, prevEpochHash, esCommit: from.raw(32), history: from.oneOf(0, 1),
    reason: from.oneOf(1, 7), readers: readReaders(from),
  };
}

/** @type {Readonly<Record<number, (from: Reader) => Body>>} */
const READERS = {
  [TYPE.create]: readCreate,
  [TYPE.add]: (from) => ({
    type: TYPE.add, user: from.u64(), gen: from.ordinal(), edPub: from.raw(32), role: from.oneOf(0, 0),
  }),
  [TYPE.join]: readJoin,
  [TYPE.remove]: (from) => ({
    type: TYPE.remove, user: from.u64(), ban: from.oneOf(0, 1), reason: readText(from, 200),
  }),
  [TYPE.leave]: () => ({ type: TYPE.leave }),
  [TYPE.role]: (from) => ({ type: TYPE.role, user: from.u64(), role: from.oneOf(0, 2) }),
  [TYPE.policy]: (from) => ({
    type: TYPE.policy, ...readRules(from), ...readPace(from), name: readText(from, 80),
  }),
  [TYPE.epoch]: readEpoch,
};

/**
 * @param {number} type
 * @param {Bytes} bytes
 * @returns {Body}
 */
function parseBody(type, bytes) {
  const read = READERS[type];
  if (!read) throw new E2eeError('malformed', 'type of entry');
  const from = new Reader(bytes);
  const body = read(from);
  from.end();
  return body;
}

/**
 * @param {Bytes} bytes
 * @returns {Entry}
 */
export function parseEntry(bytes) {
  const from = new Reader(bytes);
  const head = {
    suite: from.begin('room-entry'),
    instance: from.raw(16),
    room: from.u64(),
    seq: from.u64(),
    prev: from.raw(32),
    actor: from.u64(),
    actorGen: from.ordinal(),
    dirSeq: from.u64(),
    dirHead: from.raw(32),
    ts: from.u64(),
  };
  const type = from.u8();
  const body = from.lp(MOST_BODY);
  from.end();
  return { ...head, body: parseBody(type, body) };
}

/** @type {Readonly<Record<number, (to: Writer, body: any) => Writer>>} */
const WRITERS = {
  [TYPE.create]: (to, body) => writePolicy(to.u8(body.kind), body).fixed(body.edPub, 32).text(body.name),
  [TYPE.add]: (to, { user, gen, edPub, role }) => to.u64(user).u32(gen).fixed(edPub, 32).u8(role),
  [TYPE.join]: (to, { gen, edPub }) => to.u32(gen).fixed(edPub, 32).u32(0),
  [TYPE.remove]: (to, { user, ban, reason }) => to.u64(user).u8(ban).text(reason),
  [TYPE.leave]: (to) => to,
  [TYPE.role]: (to, { user, role }) => to.u64(user).u8(role),
  [TYPE.policy]: (to, body) => writePolicy(to, body).text(body.name),
  [TYPE.epoch]: writeEpoch,
};

/**
 * @param {Writer} to
 * @param {Policy} policy
 */
function writePolicy(to, { join, add, history, rotMsgs, rotSecs }) {
  return to.u8(join).u8(add).u8(history).u32(rotMsgs).u32(rotSecs);
}

/**
 * @param {Writer} to
 * @param {EpochStart} body
 */
function writeEpoch(to, { epoch, prevEpochHash, esCommit, history, reason, readers }) {
  to.u32(epoch).fixed(prevEpochHash, 32).fixed(esCommit, 32).u8(history).u8(reason).u32(readers.length);
  for (const { user, gen, kem } of readers) to.u64(user).u32(gen).u32(kem);
  return to;
}

/** @param {Body} body */
export function encodeBody(body) {
  const to = new Writer();
  WRITERS[body.type]?.(to, body);
  return to.done();
}

/** @param {Omit<Entry, 'suite'>} entry */
export function encodeEntry({ instance, room, seq, prev, actor, actorGen, dirSeq, dirHead, ts, body }) {
  return new Writer('room-entry').u16(SUITE).fixed(instance, 16).u64(room).u64(seq).fixed(prev, 32).u64(actor)
    .u32(actorGen).u64(dirSeq).fixed(dirHead, 32).u64(ts).u8(body.type).lp(encodeBody(body)).done();
}
