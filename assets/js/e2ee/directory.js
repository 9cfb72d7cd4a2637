import { fromB64u, Writer } from './codec.js';
import { insist } from './errors.js';
import { checkStatement, isClosed, parseStatement } from './identity.js';
import { verify } from './keys.js';
import { equal, hash } from './primitives.js';

/**
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./identity.js').Statement} Statement
 * @typedef {import('./identity.js').Known} Known
 * @typedef {{ i: number, ts: number, t: string, s: string, ps?: string }} FullRecord
 * @typedef {{ i: number, ts: number, h: string, user_id: number }} ErasedRecord of an account of which the hash is left
 * @typedef {{ i: number, head: Bytes, ts: number, sig: Bytes }} SignedHead
 */

const BEFORE_ALL = new Uint8Array(32);

/** @param {ErasedRecord} record */
function erasedHash({ h, user_id: userId }) {
  insist(Number.isSafeInteger(userId) && userId >= 0, 'malformed', 'user');
  return fromB64u(h, { size: 32 });
}

/** The list of all identity statements, of which every reader keeps and checks the whole. */
export class Directory {
  /** @type {Bytes[]} */
  #heads = [];
  /** @type {Map<number, { i: number, known: Known }[]>} */
  #statements = new Map();
  /** @type {Map<number, number>} user → the first record that says the account is erased */
  #erased = new Map();
  /** @type {Map<string, number>} */
  #owners = new Map();

  /** @param {Bytes} instance */
  constructor(instance) {
    this.instance = instance;
  }

  /**
   * @param {Bytes} instance
   * @param {Iterable<FullRecord | ErasedRecord>} records
   */
  static async replay(instance, records) {
    const directory = new Directory(instance);
    for (const record of records) await directory.append(record);
    return directory;
  }

  /** The number of the newest record, -1 when there is none. */
  get newest() {
    return this.#heads.length - 1;
  }

  get heads() {
    return /** @type {readonly Bytes[]} */ (this.#heads);
  }

  /**
   * Checks the next record and takes it; refuses it and stays as it is.
   * @param {FullRecord | ErasedRecord} record
   */
  async append(record) {
    const i = this.#heads.length;
    insist(record.i === i, 'bad_directory', 'gap');
    const known = 't' in record ? await this.#check(record) : null;
    const own = known ? known.hash : erasedHash(/** @type {ErasedRecord} */ (record));
    const head = await this.#link(i, own, record.ts);
    insist(this.#heads.length === i, 'bad_directory', 'two records at once');
    this.#heads.push(head);
    if (known) this.#keep(i, known);
    else this.#erase(i, /** @type {ErasedRecord} */ (record).user_id);
  }

  /** @param {FullRecord} record */
  async #check({ t, s, ps }) {
    const bytes = fromB64u(t);
    const signed = {
      instance: this.instance, t: bytes, s: fromB64u(s), ps: ps === undefined || ps === null ? null : fromB64u(ps),
    };
    const { userId, usr } = parseStatement(bytes);
    const known = await checkStatement(signed, this.latest(userId) ?? null);
    insist((this.#owners.get(usr) ?? userId) === userId, 'identity_conflict', 'name of another');
    insist(!this.#erased.has(userId), 'identity_conflict', 'erased account');
    return known;
  }

  /**
   * @param {number} i
   * @param {Known} known
   */
  #keep(i, known) {
    const { userId, usr } = known.statement;
    const all = this.#statements.get(userId) ?? [];
    all.push({ i, known });
    this.#statements.set(userId, all);
    this.#owners.set(usr, userId);
  }

  /**
   * @param {number} i
   * @param {number} userId
   */
  #erase(i, userId) {
    if (!this.#erased.has(userId)) this.#erased.set(userId, i);
  }

  /**
   * @param {number} i
   * @param {Bytes} statementHash
   * @param {number} ts
   */
  #link(i, statementHash, ts) {
    const before = this.#heads[i - 1] ?? BEFORE_ALL;
    return hash(new Writer('dir-record').fixed(this.instance, 16).u64(i).raw(before).raw(statementHash).u64(ts).done());
  }

  /**
   * The newest statement of a user as of a record, or of all.
   * @param {number} userId
   * @param {number} [upTo]
   */
  latest(userId, upTo = this.newest) {
    return this.#statements.get(userId)?.findLast(({ i }) => i <= upTo)?.known;
  }

  /**
   * Everything that a user has ever said of their keys, in order.
   * @param {number} userId
   * @returns {readonly Statement[]}
   */
  statementsOf(userId) {
    return this.knownOf(userId).map(({ statement }) => statement);
  }

  /**
   * The same with their hashes.
   * @param {number} userId
   * @returns {readonly Known[]}
   */
  knownOf(userId) {
    return (this.#statements.get(userId) ?? []).map(({ known }) => known);
  }

  /**
   * @param {number} userId
   * @param {number} [upTo]
   */
  isErased(userId, upTo = this.newest) {
    return (this.#erased.get(userId) ?? Infinity) <= upTo;
  }

  /**
   * Whether these are the keys that a user has as of a record, the account being open.
   * @param {number} upTo
   * @param {{ userId: number, gen: number, edPub: Bytes }} claimed
   */
  vouches(upTo, { userId, gen, edPub }) {
    if (this.isErased(userId, upTo)) return true;
    const latest = this.latest(userId, upTo)?.statement;
    return latest !== undefined && latest.gen === gen && equal(latest.edPub, edPub) && !isClosed(latest);
  }

  /**
   * @param {number} i
   * @param {Bytes} head
   */
  agrees(i, head) {
    const own = this.#heads[i];
    return own !== undefined && equal(own, head);
  }

  /**
   * What was remembered of an earlier reading has to be here still.
   * @param {number} i
   * @param {Bytes} head
   */
  checkPin(i, head) {
    insist(i <= this.newest, 'bad_directory', 'ends before the pin');
    const same = i === -1 ? equal(BEFORE_ALL, head) : this.agrees(i, head);
    insist(same, 'directory_fork');
  }

  /**
   * @param {Bytes} instanceKey
   * @param {SignedHead} signed
   */
  async checkHead(instanceKey, { i, head, ts, sig }) {
    const signedText = new Writer('dir-head').fixed(this.instance, 16).u64(i).fixed(head, 32).u64(ts).done();
    insist(await verify(instanceKey, signedText, sig), 'bad_signature');
    this.checkPin(i, head);
  }
}
