import { accountOperations } from './account_operations.js';
import { DirectoryCopy } from './directory_copy.js';
import { E2eeError, insist } from './errors.js';
import { keptInMemory } from './kept.js';
import { apply, emptyLog, epochNumber, summarize } from './log.js';
import { receiveMessage, receiveTombstone, Seen } from './message.js';
import { needsRotation } from './rotation.js';
import { createStateOperations } from './state_operations.js';

/**
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./custody.js').Custody} Custody
 * @typedef {import('./log.js').State} State
 * @typedef {import('./directory.js').SignedHead} SignedHead
 * @typedef {{ state: State, seen: Seen }} Room
 * @typedef {{ ok: any } | { error: { code: string } }} Answer
 */

/**
 * What the page may ask for, by name. Keys stay in the custody; logs and the directory stay here beside it, so that the
 * page can show what was checked but never decides what was.
 * @param {Custody} custody
 * @param {import('./kept.js').Kept} [kept] what stays in this browser
 * @returns {Readonly<Record<string, (args: any) => unknown>>}
 */
export function createOperations(custody, kept = keptInMemory()) {
  const directory = new DirectoryCopy(kept);
  const states = createStateOperations({ custody, directory, kept });
  /** @type {Map<number, Room>} */
  const rooms = new Map();

  /** @param {number} room */
  function theRoom(room) {
    const held = rooms.get(room) ?? { state: emptyLog(directory.current.instance, room), seen: new Seen() };
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
    ...accountOperations({ custody, directory, kept, states }),
    ...states.operations,
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
      states.forget();
      return custody.lock();
    },

    /** @param {{ instance: Bytes, records: any[] }} args */
    async addRecords({ instance, records }) {
      const copy = await directory.of(instance);
      for (const record of records) await copy.append(record);
      return { newest: copy.newest, head: copy.heads.at(-1) ?? null };
    },

    /** @param {import('./directory_copy.js').Page} page */
    readDirectory: (page) => directory.read(page),

    /** @param {{ i: number, head: Bytes }} pin */
    checkPin({ i, head }) {
      directory.current.checkPin(i, head);
      return {};
    },

    /** @param {{ instanceKey: Bytes } & SignedHead} signed */
    async checkHead({ instanceKey, ...signed }) {
      await directory.current.checkHead(instanceKey, signed);
      return {};
    },

    /** @param {{ room: number, entries: { e: Bytes, s: Bytes }[] }} args */
    async applyEntries({ room, entries }) {
      const held = theRoom(room);
      for (const { e, s } of entries) held.state = await apply(held.state, e, s, directory.current);
      return summarize(held.state);
    },

    /** @param {{ room: number } & import('./rotation.js').Circumstances} args */
    needsRotation: ({ room, ...circumstances }) => (
      needsRotation(theRoom(room).state, directory.current, circumstances)
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
