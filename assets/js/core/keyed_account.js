/**
 * Accounts whose password stays here. The keeper, a Worker, has the keys; this carries its texts to the server and
 * back, in the order of the protocol, and believes nothing that the keeper has not checked.
 * @typedef {import('./types.js').Http} Http
 * @typedef {import('./types.js').Person} Person
 * @typedef {import('./types.js').Frame} Frame
 * @typedef {import('./types.js').Platform} Platform
 * @typedef {{ ask(op: string, args?: object): Promise<any> }} Keeper
 * @typedef {{ user: Person, code: string }} WithCode somebody signed in, and the recovery code to be shown once
 * @typedef {{ user: Person, code: string | null }} SignedIn with a code if the account's keys were made just now
 * @typedef {{ instance_id: string, salt: string, kdf: { iterations: number } }} Derivation
 * @typedef {{ amk_pw: string, keyring: object, state: { version: number, blob: string } | null }} Sealed
 */

import { problemOf } from './problems.js';

const PAGE = 500;
/** So often is an encryption key changed for another without being asked. */
const KEY_LASTS = 90 * 24 * 3_600_000;
/** Everybody hears of a new record at once, and should not ask for it at once. */
const SPREAD = 3_000;
/** Two browsers that write at the same time take turns; more often than this they do not meet. */
const TRIES = 5;
const MAY_BE_EARLY = new Set(['state_rollback', 'foreign_identity', 'directory_fork']);

/** @param {Person} user */
const keptMark = ({ id }) => `keys:${id}`;
/** @param {string} username */
const derivationMark = (username) => `derivation:${username.toLowerCase()}`;

/**
 * @param {Pick<Platform, 'http' | 'clock' | 'storage' | 'chance'> & { keeper: Keeper }} platform
 */
export function createKeyedAccount({ http, clock, storage, chance, keeper }) {
  /** Whose keys are open. @type {number | null} */
  let opened = null;
  /** @type {{ instance_id: string, instance_key: string } | null} */
  let installation = null;
  let isFollowing = false;
  /** What reads and writes the account's state does so one after another. */
  let last = /** @type {Promise<unknown>} */ (Promise.resolve());

  /**
   * @template T
   * @param {() => Promise<T>} act
   * @returns {Promise<T>}
   */
  function inTurn(act) {
    const turn = last.then(act);
    last = turn.catch(() => {});
    return turn;
  }

  /** Reads what the directory has beyond what is known here, every statement and every link checked. */
  async function readDirectory() {
    installation ??= await http.get('/api/e2ee/instance');
    let read = { ...await keeper.ask('standing'), whole: false };
    while (!read.whole) {
      const { records, head } = await http.get(`/api/e2ee/directory?from=${read.next}&limit=${PAGE}`);
      const { instance_id: id, instance_key: key } = /** @type {NonNullable<typeof installation>} */ (installation);
      read = await keeper.ask('readDirectory', { instance_id: id, instance_key: key, records, head });
    }
  }

  /**
   * What proves a password for a name. The salt and the effort are the server's to say, within the protocol's limits;
   * that it is the server from before is asked before anything is derived.
   * @param {string} username
   * @param {string} password
   */
  async function prove(username, password) {
    const how = await http.post('/api/auth/prelogin', { username });
    const before = derivationOf(username);
    if (before && before.instance_id !== how.instance_id) throw refusal('instance_changed');
    const { auth_key: authKey } = await keeper.ask('prove', { ...how, username, password });
    return { authKey, how };
  }

  /**
   * @param {string} username
   * @returns {Derivation | null}
   */
  function derivationOf(username) {
    const kept = storage.read(derivationMark(username));
    return kept === null ? null : JSON.parse(kept);
  }

  /**
   * How the password of a name is derived, for the next time.
   * @param {string} username
   * @param {Derivation} how
   * @returns {boolean} whether it was otherwise before
   */
  function remember(username, { instance_id: instanceId, salt, kdf: { iterations } }) {
    const before = derivationOf(username);
    storage.write(derivationMark(username), JSON.stringify({ instance_id: instanceId, salt, kdf: { iterations } }));
    return before !== null && (before.salt !== salt || before.kdf.iterations !== iterations);
  }

  /**
   * What the server keeps, for who is signed in and types the password again.
   * @param {Person} user
   * @param {string} password
   * @returns {Promise<Sealed & { authKey: string, how: Derivation }>}
   */
  async function sealedOf(user, password) {
    const { authKey, how } = await prove(user.username, password);
    return { ...await http.post('/api/auth/unlock', { auth_key: authKey }), authKey, how };
  }

  /**
   * @param {Person} user
   * @param {Sealed} sealed
   * @param {boolean} stay
   * @returns {Promise<{ made: number }>} when the encryption key was
   */
  async function open(user, { amk_pw: amkPw, keyring, state }, stay) {
    await readDirectory();
    const account = await keeper.ask('unlock', { user_id: user.id, amk_pw: amkPw, keyring });
    await takeState(state);
    await arrived(user, stay);
    return account;
  }

  /**
   * The keys were made here: the directory has to say of the account what was made.
   * @param {Person} user
   * @param {boolean} stay
   */
  async function openMade(user, stay) {
    await readDirectory();
    await keeper.ask('checkOwn');
    await takeState(null);
    await arrived(user, stay);
  }

  /**
   * @param {Person} user
   * @param {boolean} stay
   */
  async function arrived(user, stay) {
    opened = user.id;
    if (stay) await keep(user);
    await saveState();
  }

  /**
   * What the server has of the account's state. It may have been read before what it is compared with: another browser, or
   * another tab of this one, has gone on meanwhile. So what contradicts is looked at once more, in the right order.
   * @param {Sealed['state']} state
   */
  async function takeState(state) {
    try {
      await keeper.ask('takeState', { state });
    } catch (fault) {
      if (!MAY_BE_EARLY.has(problemOf(fault).code)) throw fault;
      const { state: newest } = await http.get('/api/e2ee/state');
      await readDirectory();
      await keeper.ask('takeState', { state: newest });
    }
  }

  /** @param {Person} user */
  async function keep(user) {
    if ((await keeper.ask('keep')).kept) storage.write(keptMark(user), 'kept');
  }

  /** The keys have changed; what is kept of them has to be the new ones. @param {Person} user */
  async function keepAgain(user) {
    if (storage.read(keptMark(user)) !== null) await keep(user);
  }

  /** Gives the server what it does not have of the account's state yet. */
  async function saveState() {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const next = await keeper.ask('nextState');
      if (next === null) return;
      try {
        await http.put('/api/e2ee/state', next);
        await keeper.ask('keptState', next);
        return;
      } catch (fault) {
        const { code, version = 0, blob = '' } = problemOf(fault);
        if (code !== 'state_conflict') throw fault;
        await takeState(version > 0 ? { version, blob } : null);
      }
    }
  }

  /** Compares all that the server shows with all that is remembered, and brings both up to date. */
  async function sync() {
    if (opened === null) return;
    const { state } = await http.get('/api/e2ee/state');
    await readDirectory();
    await takeState(state);
    await keeper.ask('checkDirectory');
    await saveState();
  }

  /** The directory has grown. A statement in the own name may be one that the owner has just made in another browser. */
  async function follow() {
    if (isFollowing) return;
    isFollowing = true;
    await new Promise((resolve) => { clock.after(Math.round(chance() * SPREAD), () => resolve(null)); });
    isFollowing = false;
    await inTurn(async () => {
      if (opened === null) return;
      await readDirectory();
      try {
        await keeper.ask('checkDirectory');
      } catch (fault) {
        if (problemOf(fault).code !== 'foreign_identity') throw fault;
        await sync();
      }
    });
  }

  /**
   * The first sign-in to an account that somebody else has made: from here on its password is its owner's alone.
   * @param {Person} user
   * @param {string} authKey
   * @param {boolean} stay
   * @returns {Promise<WithCode>}
   */
  async function makeKeys(user, authKey, stay) {
    const { code, body } = await keeper.ask('makeKeys', { user_id: user.id, now: clock.now() });
    await http.put('/api/e2ee/identity', { auth_key: authKey, ...body });
    await openMade(user, stay);
    return { user, code };
  }

  /**
   * Another encryption key in the place of the one that others encrypt to; what was sealed to the old one stays readable.
   * @param {Person} user
   * @param {string} password
   */
  async function rotate(user, password) {
    const { authKey, amk_pw: amkPw } = await sealedOf(user, password);
    await readDirectory();
    const { body } = await keeper.ask('rotate', { amk_pw: amkPw, now: clock.now() });
    // Other browsers of this account must know the statement before they meet it in the directory.
    await saveState();
    await http.put('/api/e2ee/identity', { auth_key: authKey, ...body });
    await readDirectory();
    await keeper.ask('adopt');
    await keepAgain(user);
  }

  /**
   * Opens the account with the keys that were kept.
   * @param {Person} user
   * @returns {Promise<boolean>} whether they are there and still good
   */
  async function resume(user) {
    if (opened === user.id) return true;
    const { open: isOpen } = await keeper.ask('resume', { user_id: user.id });
    opened = isOpen ? user.id : null;
    if (!isOpen) storage.remove(keptMark(user));
    return isOpen;
  }

  return {
    resume,
    sync: () => inTurn(sync),

    /**
     * @param {Person} user
     * @param {string} password
     */
    rotate: (user, password) => inTurn(() => rotate(user, password)),

    /**
     * Whether the account's keys are open, or were kept here.
     * @param {Person} user
     */
    canResume: (user) => opened === user.id || storage.read(keptMark(user)) !== null,

    /**
     * The same again, when another tab may have kept newer keys.
     * @param {Person} user
     */
    reopen(user) {
      opened = null;
      return resume(user);
    },

    /**
     * Opens the account for who is signed in: after a lock, or where no keys are kept.
     * @param {Person} user
     * @param {string} password
     * @param {boolean} stay
     */
    unlock: (user, password, stay) => inTurn(async () => {
      const sealed = await sealedOf(user, password);
      await open(user, sealed, stay);
      remember(user.username, sealed.how);
    }),

    /**
     * Forgets the keys. One stays signed in, and needs the password to go on.
     * @param {Person} user
     */
    async lock(user) {
      opened = null;
      storage.remove(keptMark(user));
      await keeper.ask('release');
    },

    /** Forgets the keys of whoever was signed in here. */
    async release() {
      const marks = storage.keys('keys:');
      if (opened === null && marks.length === 0) return;
      opened = null;
      for (const mark of marks) storage.remove(mark);
      await keeper.ask('release');
    },

    /**
     * What the server tells over the socket about the account or the directory.
     * @param {Frame} frame
     */
    async heard(frame) {
      if (opened === null) return;
      const { next, version } = await keeper.ask('standing');
      if (frame.type === 'auth_ok') {
        if ((frame['state_version'] ?? 0) !== version) await inTurn(sync);
        else if (frame['dir'] && frame['dir'].i >= next) await follow();
        await inTurn(() => meet(frame['rooms'] ?? []));
      } else if (frame.type === 'state' && frame['version'] > version) await inTurn(sync);
      else if (frame.type === 'dir' && frame['head'].i >= next) await follow();
    },

    /**
     * @param {string} username
     * @param {string} password
     * @param {boolean} stay
     * @returns {Promise<WithCode>}
     */
    async signUp(username, password, stay) {
      const begun = await http.post('/api/auth/register/begin', { username });
      const { instance_id: id, user_id: userId, reg_token: token } = begun;
      const { code, body } = await keeper.ask('register', {
        instance_id: id, user_id: userId, username, password, now: clock.now(),
      });
      const { user } = await http.post('/api/auth/register/finish', { reg_token: token, ...body });
      http.forget();
      await openMade(user, stay);
      remember(username, { instance_id: id, ...body });
      return { user, code };
    },

    /**
     * @param {string} username
     * @param {string} password
     * @param {boolean} stay
     * @returns {Promise<SignedIn & { isDerivationNew: boolean }>} whether the server has the password derived otherwise
     *   than the last time here
     */
    async signIn(username, password, stay) {
      const { authKey, how } = await prove(username, password);
      const sealed = await http.post('/api/auth/login', { username, auth_key: authKey });
      http.forget();
      const isDerivationNew = remember(username, how);
      if (sealed.pending_identity) return { ...await makeKeys(sealed.user, authKey, stay), isDerivationNew };
      const { made } = await open(sealed.user, sealed, stay);
      // With the password at hand; if it cannot be done now, then at the next sign-in.
      if (clock.now() - made > KEY_LASTS) await rotate(sealed.user, password).catch(() => {});
      return { user: sealed.user, code: null, isDerivationNew };
    },

    /**
     * The way back in with the recovery code; there is a new one afterwards, and every other sign-in has ended.
     * @param {string} username
     * @param {string} code
     * @param {string} password the new one
     * @param {boolean} stay
     * @returns {Promise<WithCode>}
     */
    async recover(username, code, password, stay) {
      const { instance_id: id } = await http.get('/api/e2ee/instance');
      const { rec_auth: recAuth } = await keeper.ask('proveCode', { instance_id: id, username, code });
      const begun = await http.post('/api/auth/recover', { username, rec_auth: recAuth });
      const made = await keeper.ask('recover', { amk_rec: begun.amk_rec, password });
      const { recover_token: token } = begun;
      const { user } = await http.post('/api/auth/recover/finish', { recover_token: token, ...made.body });
      http.forget();
      const sealed = await sealedOf(user, password);
      await open(user, sealed, stay);
      remember(username, sealed.how);
      return { user, code: made.code };
    },

    /**
     * New keys for an account whose password and code are lost, with the link that an administrator has given.
     * @param {string} token
     * @param {string} password
     * @param {boolean} stay
     * @returns {Promise<WithCode>}
     */
    async startOver(token, password, stay) {
      const begun = await http.post('/api/auth/reset/begin', { reset_token: token });
      const { instance_id: id, prev } = begun;
      const made = await keeper.ask('startOver', { instance_id: id, user: begun.user, prev, password, now: clock.now() });
      const { user } = await http.post('/api/auth/reset/finish', { reset_token: token, ...made.body });
      http.forget();
      await openMade(user, stay);
      remember(user.username, { instance_id: id, ...made.body });
      return { user, code: made.code };
    },

    /**
     * Other keys, another password and another code, for who fears that somebody has all three. The present keys vouch
     * for the new ones; every other sign-in ends.
     * @param {Person} user
     * @param {string} old
     * @param {string} password the new one
     * @returns {Promise<WithCode>}
     */
    renew: (user, old, password) => inTurn(async () => {
      const { authKey, how, amk_pw: amkPw, keyring } = await sealedOf(user, old);
      await readDirectory();
      const { code, body } = await keeper.ask('renew', { amk_pw: amkPw, keyring, password, now: clock.now() });
      const state = await keeper.ask('nextState');
      await http.put('/api/e2ee/identity', { auth_key: authKey, ...body, state });
      await keeper.ask('keptState', state);
      await readDirectory();
      await keeper.ask('adopt');
      await keepAgain(user);
      remember(user.username, { ...how, ...body });
      return { user, code };
    }),

    /**
     * Every other sign-in ends.
     * @param {Person} user
     * @param {string} old
     * @param {string} password the new one
     */
    async changePassword(user, old, password) {
      const { authKey, how, amk_pw: amkPw } = await sealedOf(user, old);
      const body = await keeper.ask('changePassword', { amk_pw: amkPw, password });
      await http.post('/api/auth/password', { old_auth_key: authKey, ...body });
      remember(user.username, { ...how, ...body });
    },

    /**
     * The old recovery code is worth nothing afterwards.
     * @param {Person} user
     * @param {string} password
     * @returns {Promise<string>} the new code, to be shown once
     */
    async changeCode(user, password) {
      const { authKey, amk_pw: amkPw } = await sealedOf(user, password);
      const { code, body } = await keeper.ask('changeCode', { amk_pw: amkPw });
      await http.post('/api/auth/recovery', { auth_key: authKey, ...body });
      return code;
    },

    /**
     * Forgets the server that was here before under this address, and everything that was remembered of it.
     */
    async forgetServer() {
      for (const mark of [...storage.keys('derivation:'), ...storage.keys('keys:')]) storage.remove(mark);
      [opened, installation] = [null, null];
      await keeper.ask('forget');
    },

    async signOut() {
      await http.post('/api/logout', {});
      http.forget();
      for (const mark of storage.keys('keys:')) storage.remove(mark);
      opened = null;
      await keeper.ask('forget');
    },
  };

  /**
   * The keys of people that one has a conversation with are remembered as they were first seen.
   * @param {readonly import('./types.js').Room[]} rooms
   */
  async function meet(rooms) {
    const users = rooms.flatMap(({ kind, peer }) => (kind === 'direct' && peer ? [peer.id] : []));
    if (users.length === 0 || opened === null) return;
    const { news } = await keeper.ask('meet', { users, now: clock.now() });
    if (news) await saveState();
  }
}

/** @param {string} code */
function refusal(code) {
  return Object.assign(new Error(code), { problem: { status: 0, code, message: '' } });
}
