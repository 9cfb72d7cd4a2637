/**
 * What stays in this browser between two visits: keys that cannot be read, the checked directory, the newest sealed state.
 * @typedef {import('./account.js').Account} Account
 * @typedef {import('./directory.js').FullRecord | import('./directory.js').ErasedRecord} DirectoryRecord
 * @typedef {{ userId: number, gen: number, version: number, blob: import('./codec.js').Bytes }} SealedState `gen`: under
 *   which identity of the user's it was sealed
 * @typedef {{ id: string, key: string }} Installation
 * @typedef {{ account: Account, state: SealedState, installation: Installation }} Things
 * @typedef {{
 *   read<N extends keyof Things>(name: N): Promise<Things[N] | null>,
 *   write<N extends keyof Things>(name: N, thing: Things[N]): Promise<boolean>,
 *   remove(name: keyof Things): Promise<void>,
 *   records(): Promise<DirectoryRecord[]>,
 *   addRecords(records: readonly DirectoryRecord[]): Promise<void>,
 *   clear(): Promise<void>,
 * }} Kept `write` says whether a reload will find it
 */

const DATABASE = 'secure-chat';
const THINGS = 'things';
const RECORDS = 'records';

/**
 * For where nothing can be kept: it lasts as long as the page does.
 * @returns {Kept}
 */
export function keptInMemory() {
  /** @type {Map<string, any>} */
  const things = new Map();
  /** @type {Map<number, DirectoryRecord>} */
  const directory = new Map();
  return {
    read: async (name) => things.get(name) ?? null,
    async write(name, thing) {
      things.set(name, thing);
      return false;
    },
    remove: async (name) => void things.delete(name),
    records: async () => [...directory.values()].sort((a, b) => a.i - b.i),
    async addRecords(records) {
      for (const record of records) if (!directory.has(record.i)) directory.set(record.i, record);
    },
    async clear() {
      things.clear();
      directory.clear();
    },
  };
}

/**
 * The browser's database, of which nothing can be read out of a key. A browser that has none, as some have in private
 * windows, forgets at the next reload.
 * @returns {Kept}
 */
export function keptByBrowser() {
  /** @type {Promise<IDBDatabase> | null} */
  let opened = null;
  const memory = keptInMemory();

  /**
   * @template T
   * @param {string} name
   * @param {'readonly' | 'readwrite'} mode
   * @param {(store: IDBObjectStore) => IDBRequest<T> | void} ask
   * @returns {Promise<T | undefined>}
   */
  async function within(name, mode, ask) {
    opened ??= open();
    const database = await opened;
    return new Promise((resolve, reject) => {
      const transaction = database.transaction(name, mode);
      const request = ask(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onabort = () => reject(transaction.error);
    });
  }

  /**
   * @template T
   * @param {() => Promise<T>} run
   * @param {() => Promise<T>} otherwise
   */
  async function or(run, otherwise) {
    try {
      return await run();
    } catch {
      return otherwise();
    }
  }

  return {
    read: (name) => or(async () => (await within(THINGS, 'readonly', (all) => all.get(name))) ?? null, () => memory.read(name)),
    write: (name, thing) => or(async () => {
      await within(THINGS, 'readwrite', (all) => all.put(thing, name));
      return true;
    }, () => memory.write(name, thing)),
    remove: (name) => or(async () => void await within(THINGS, 'readwrite', (all) => void all.delete(name)), () => memory.remove(name)),
    records: () => or(async () => (await within(RECORDS, 'readonly', (all) => all.getAll())) ?? [], () => memory.records()),
    addRecords: (records) => or(
      // What is there was checked already, and is not written over.
      async () => void await within(RECORDS, 'readwrite', (all) => {
        for (const record of records) all.add(record).onerror = (event) => { event.preventDefault(); event.stopPropagation(); };
      }),
      () => memory.addRecords(records),
    ),
    clear: () => or(async () => {
      await within(THINGS, 'readwrite', (all) => void all.clear());
      await within(RECORDS, 'readwrite', (all) => void all.clear());
    }, () => memory.clear()),
  };
}

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(DATABASE, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore(THINGS);
      asked.result.createObjectStore(RECORDS, { keyPath: 'i' });
    };
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new Error('blocked'));
  });
}
