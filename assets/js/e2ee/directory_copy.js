import { fromB64u, toB64u } from './codec.js';
import { Directory } from './directory.js';
import { insist } from './errors.js';
import { equal } from './primitives.js';

/**
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./kept.js').Kept} Kept
 * @typedef {{ i: number, head: string, ts: number, sig: string }} WireHead
 * @typedef {{ instance_id: string, instance_key: string, records: any[], head: WireHead | null }} Page
 */

/** This browser's own copy of the directory, every statement and every link of it checked here. */
export class DirectoryCopy {
  #kept;
  /** @type {Directory | null} */
  #directory = null;
  /** @type {any[]} read, and not vouched for by a signed head yet */
  #unkept = [];

  /** @param {Kept} kept */
  constructor(kept) {
    this.#kept = kept;
  }

  get current() {
    insist(this.#directory, 'bad_directory', 'none yet');
    return this.#directory;
  }

  /**
   * What was read on earlier visits, if anything. It is checked again: a copy that was spoilt is read anew.
   * @returns {Promise<Directory | null>}
   */
  async restore() {
    const installation = await this.#kept.read('installation');
    if (this.#directory || !installation) return this.#directory;
    const instance = fromB64u(installation.id, { size: 16 });
    this.#directory = await Directory.replay(instance, await this.#kept.records()).catch(() => new Directory(instance));
    return this.#directory;
  }

  /**
   * The copy of this installation; a new one if there was none.
   * @param {Bytes} instance
   * @returns {Promise<Directory>}
   */
  async of(instance) {
    const directory = (await this.restore()) ?? new Directory(instance);
    insist(equal(directory.instance, instance), 'instance_changed');
    this.#directory = directory;
    return directory;
  }

  /**
   * A page of the directory as the server has sent it: what comes next, and whether that was all.
   * @param {Page} page
   */
  async read({ instance_id: id, instance_key: key, records, head }) {
    const directory = await this.of(fromB64u(id, { size: 16 }));
    const installation = await this.#kept.read('installation');
    insist(!installation || installation.key === key, 'instance_changed');
    const newest = directory.newest;
    if (!head) {
      insist(newest === -1, 'bad_directory', 'no head');
      return { next: 0, whole: true };
    }
    // What another page has brought meanwhile is here already, and was checked; what was appended after the head was
    // signed comes with the next one.
    for (const record of records.filter(({ i }) => !(i <= newest || i > head.i))) {
      await directory.append(record);
      this.#unkept.push(record);
    }
    const next = directory.newest + 1;
    if (head.i >= next) {
      insist(records.length > 0, 'bad_directory', 'ends before its head');
      return { next, whole: false };
    }
    insist(head.i === directory.newest, 'directory_fork', 'ends before what was seen');
    await directory.checkHead(fromB64u(key, { size: 32 }), {
      i: head.i, head: fromB64u(head.head, { size: 32 }), ts: head.ts, sig: fromB64u(head.sig, { size: 64 }),
    });
    await this.#keep({ id: toB64u(directory.instance), key });
    return { next, whole: true };
  }

  /** @param {import('./kept.js').Installation} installation */
  async #keep(installation) {
    await this.#kept.write('installation', installation);
    await this.#kept.addRecords(this.#unkept);
    this.#unkept = [];
  }

  forget() {
    this.#directory = null;
    this.#unkept = [];
  }
}
