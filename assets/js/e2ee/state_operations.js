import { fromB64u, toB64u, toHex } from './codec.js';
import { insist, orRefuse } from './errors.js';
import { addOwn, checkState, emptyState, mergeStates, parseState, pinUsers, renderState, withHead } from './state.js';

/**
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./custody.js').Custody} Custody
 * @typedef {import('./directory_copy.js').DirectoryCopy} DirectoryCopy
 * @typedef {import('./kept.js').Kept} Kept
 * @typedef {import('./state.js').AccountState} AccountState
 * @typedef {{ version: number, blob: string }} WireState
 */

/** So many records of the directory pass before the place that was reached is written down for other browsers. */
const HEADS_BETWEEN = 64;

/**
 * Whether the server should be given this one in the place of what it has.
 * @param {AccountState} state
 * @param {AccountState | null} stored
 */
function isNews(state, stored) {
  if (!stored || state.dir[0] - stored.dir[0] >= HEADS_BETWEEN) return true;
  return toHex(renderState({ ...state, dir: stored.dir })) !== toHex(renderState(stored));
}

/**
 * The open account's sealed state: read, checked and merged here; the page carries it to the server and back.
 * @param {{ custody: Custody, directory: DirectoryCopy, kept: Kept }} of
 */
export function createStateOperations({ custody, directory, kept }) {
  /** @type {AccountState | null} */
  let state = null;
  /** @type {AccountState | null} what the server has, as its version `version` */
  let stored = null;
  /** @type {AccountState | null} on its way to the server */
  let sent = null;
  let version = 0;

  /** @param {{ version: number, blob: Bytes }} sealed */
  function open({ version: of, blob }) {
    return orRefuse('bad_state', async () => parseState((await custody.openState({ version: of, blob })).plaintext));
  }

  /** The state that this browser saw last, against a server that shows an older one. Another identity began anew. */
  async function recall() {
    const [local, { own }] = [await kept.read('state'), custody.account];
    if (state || !local || local.userId !== own.userId || local.gen !== own.gen) return;
    [state, version] = [await open(local), local.version];
    stored = state;
  }

  /** @param {{ version: number, blob: Bytes }} sealed */
  async function take(sealed) {
    const theirs = await open(sealed);
    state = state ? mergeStates(state, theirs) : theirs;
    [stored, version] = [theirs, sealed.version];
    await keep(sealed);
  }

  /** @param {{ version: number, blob: Bytes }} sealed */
  async function keep(sealed) {
    const { userId, gen } = custody.stateOwner.own;
    await kept.write('state', { userId, gen, ...sealed });
  }

  /** Everything that is said in the own name is the owner's: there is nothing that says otherwise yet. */
  async function begin() {
    const installation = await kept.read('installation');
    insist(installation, 'bad_directory', 'no installation');
    const { own } = custody.account;
    state = addOwn(emptyState(installation), directory.current.knownOf(own.userId).map(({ hash }) => hash));
  }

  async function check() {
    const installation = await kept.read('installation');
    insist(state && installation, 'bad_directory', 'no state');
    checkState(state, directory.current, { key: installation.key, userId: custody.account.own.userId });
  }

  return {
    /** Whether the directory is as it was remembered, and says nothing in the own name that the owner has not said. */
    check,

    /** @param {readonly Bytes[]} hashes of statements that the owner is about to publish */
    willSay(hashes) {
      insist(state, 'locked');
      state = addOwn(state, hashes);
    },

    /** The keys are in other boxes now. */
    forget() {
      [state, stored, sent, version] = [null, null, null, 0];
    },

    operations: {
      /**
       * What the server has, merged with what is here.
       * @param {{ state: WireState | null }} from
       */
      async takeState({ state: given }) {
        await recall();
        insist((given?.version ?? 0) >= version, 'state_rollback');
        if (given && given.version > version) {
          await take({ version: given.version, blob: fromB64u(given.blob) });
        }
        if (!state) await begin();
        await check();
        return { version };
      },

      /** What the server does not have yet, sealed as its next version; null if there is nothing. */
      async nextState() {
        insist(state, 'locked');
        if (!isNews(state, stored)) return null;
        sent = withHead(state, directory.current);
        const { blob } = await custody.sealState({ version: version + 1, plaintext: renderState(sent) });
        return { version: version + 1, blob: toB64u(blob) };
      },

      /**
       * The server has it.
       * @param {WireState} given
       */
      async keptState({ version: of, blob }) {
        insist(sent && of === version + 1, 'state_rollback');
        [stored, sent, version] = [sent, null, of];
        await keep({ version: of, blob: fromB64u(blob) });
        return { version };
      },

      /**
       * Remembers the keys of people that one meets.
       * @param {{ users: readonly number[], now: number }} met
       */
      meet({ users, now }) {
        insist(state, 'locked');
        state = pinUsers(state, directory.current, users, now);
        return { news: isNews(state, stored) };
      },

      /** How far this browser has come. */
      standing: async () => ({ next: ((await directory.restore())?.newest ?? -1) + 1, version }),
    },
  };
}
