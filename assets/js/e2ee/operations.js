import { accountOperations } from './account_operations.js';
import { fromB64u } from './codec.js';
import { Directory } from './directory.js';
import { E2eeError, insist } from './errors.js';
import { apply, emptyLog, epochNumber, summarize } from './log.js';
import { receiveMessage, receiveTombstone, Seen } from './message.js';
import { equal } from './primitives.js';
import { needsRotation } from './rotation.js';

/**
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./custody.js').Custody} Custody
 * @typedef {import('./log.js').State} State
 * @typedef {import('./directory.js').SignedHead} SignedHead
 * @typedef {{ i: number, head: string, ts: number, sig: string }} WireHead
 * @typedef {{ state: State, seen: Seen }} Room
 * @typedef {{ ok: any } | { error: { code: string } }} Answer
 */

/**
 * What the page may ask for, by name. Keys stay in the custody; logs and the directory stay here beside it, so that the
 * page can show what was checked but never decides what was.
 * @param {Custody} custody
 * @returns {Readonly<Record<string, (args: any) => unknown>>}
 */
export function createOperations(custody) {
  /** @type {Directory | null} */
  let directory = null;
  /** @type {Map<number, Room>} */
  const rooms = new Map();

  function theDirectory() {
    insist(directory, 'bad_directory', 'none yet');
    return directory;
  }

  /** @param {number} room */
  function theRoom(room) {
    const held = rooms.get(room) ?? { state: emptyLog(theDirectory().instance, room), seen: new Seen() };
    rooms.set(room, held);
    return held;
  }

  /** @param {State} state */
  const secretsOf = (state) => ({
    /** @param {number} number */
    get(number) {
      const epoch = epochNumber(state, number);
      return epoch && custody.epoch({ epochHash: epoch.hash });
    },
  });

  /**
   * @param {Room} room
   * @param {string} text
   */
  async function receiveOne({ state, seen }, text) {
    const { header, msgHash, content } = await receiveMessage(text, { state, seen, secrets: secretsOf(state) });
    return { header, msgHash, content };
  }

  return Object.freeze({
    ...accountOperations(custody, (userId) => theDirectory().statementsOf(userId)),
    openWrap: (args) => custody.openWrap(args),
    openBacklink: (args) => custody.openBacklink(args),
    sealBacklink: (args) => custody.sealBacklink(args),
    drawEpoch: (args) => custody.drawEpoch(args),
    keepEpoch: (args) => custody.keepEpoch(args),
    wrapFor: (args) => custody.wrapFor(args),
    signEntry: (args) => custody.signEntry(args),
    sealMessage: (args) => custody.sealMessage(args),
    signBroadcast: (args) => custody.signBroadcast(args),
    sealState: (args) => custody.sealState(args),
    openState: (args) => custody.openState(args),

    lock() {
      rooms.clear();
      directory = null;
      return custody.lock();
    },

    /** @param {{ instance: Bytes, records: any[] }} args */
    async addRecords({ instance, records }) {
      directory ??= new Directory(instance);
      insist(equal(directory.instance, instance), 'bad_directory', 'another installation');
      for (const record of records) await directory.append(record);
      return { newest: directory.newest, head: directory.heads.at(-1) ?? null };
    },

    /**
     * A page of the directory as the server has sent it: what comes next, and whether that was all.
     * @param {{ instance_id: string, instance_key: string, records: any[], head: WireHead | null }} page
     */
    async readDirectory({ instance_id: id, instance_key: key, records, head }) {
      const instance = fromB64u(id, { size: 16 });
      directory ??= new Directory(instance);
      insist(equal(directory.instance, instance), 'bad_directory', 'another installation');
      // What another page has brought meanwhile is here already, and was checked.
      const newest = directory.newest;
      for (const record of records.filter(({ i }) => !(i <= newest))) await directory.append(record);
      const next = directory.newest + 1;
      if (!head) {
        insist(next === 0, 'bad_directory', 'no head');
        return { next, whole: true };
      }
      if (head.i >= next) {
        insist(records.length > 0, 'bad_directory', 'ends before its head');
        return { next, whole: false };
      }
      await directory.checkHead(fromB64u(key, { size: 32 }), {
        i: head.i, head: fromB64u(head.head, { size: 32 }), ts: head.ts, sig: fromB64u(head.sig, { size: 64 }),
      });
      return { next, whole: true };
    },

    /** @param {{ i: number, head: Bytes }} pin */
    checkPin({ i, head }) {
      theDirectory().checkPin(i, head);
      return {};
    },

    /** @param {{ instanceKey: Bytes } & SignedHead} signed */
    async checkHead({ instanceKey, ...signed }) {
      await theDirectory().checkHead(instanceKey, signed);
      return {};
    },

    /** @param {{ room: number, entries: { e: Bytes, s: Bytes }[] }} args */
    async applyEntries({ room, entries }) {
      const held = theRoom(room);
      for (const { e, s } of entries) held.state = await apply(held.state, e, s, theDirectory());
      return summarize(held.state);
    },

    /** @param {{ room: number } & import('./rotation.js').Circumstances} args */
    needsRotation: ({ room, ...circumstances }) => (
      needsRotation(theRoom(room).state, theDirectory(), circumstances)
    ),

    /**
     * Each message by itself: one that is refused does not hide the others.
     * @param {{ room: number, envelopes: string[] }} page
     */
    async receive({ room, envelopes }) {
      const held = theRoom(room);
      /** @type {Answer[]} */
      const answers = [];
      for (const text of envelopes) answers.push(await answerOf(() => receiveOne(held, text)));
      return answers;
    },

    /** @param {{ room: number, text: string }} args */
    async receiveTombstone({ room, text }) {
      const { header, msgHash, tombstone } = await receiveTombstone(text, theRoom(room));
      return { header, msgHash, by: tombstone.by, mid: tombstone.mid };
    },
  });
}

/**
 * @param {() => unknown} run
 * @returns {Promise<Answer>}
 */
export async function answerOf(run) {
  try {
    return { ok: await run() };
  } catch (fault) {
    return { error: { code: fault instanceof E2eeError ? fault.code : 'internal' } };
  }
}
