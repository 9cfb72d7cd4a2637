/** @typedef {import('./types.js').Platform} Platform */
/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Me} Me */
/** @typedef {import('./types.js').Frame} Frame */

import { createIdle } from './idle.js';
import { alarmOf, problemOf } from './problems.js';
import { value } from './value.js';
import { words } from './words.js';

/** @param {Person} user */
const due = (user) => `code:${user.id}`;
/** Whether keys stay in this browser from one visit to the next, as it was wished last. */
const STAY = 'stay';

/**
 * Who sits in front of the page.
 * @typedef {import('./problems.js').Alarm} Alarm
 * @typedef {{ phase: 'loading', appName: string }
 *   | { phase: 'unreachable', appName: string }
 *   | { phase: 'out', appName: string, registration: 'open' | 'closed', notice: string | null }
 *   | { phase: 'code', appName: string, user: Me, code: string | null }
 *   | { phase: 'locked', appName: string, user: Me, notice: string | null }
 *   | { phase: 'alarm', appName: string, user: Me | null, code: Alarm }
 *   | { phase: 'in', appName: string, user: Me, notice: string | null }} SessionState `code`: a recovery code is to be
 *   kept; null after a reload, when it is not there any more. `locked`: signed in, the keys are to be opened. `alarm`: the
 *   server does not show what it showed before
 */

/**
 * @param {Platform} platform
 * @param {string} appName
 */
export function createSession(platform, appName) {
  const { account, storage } = platform;
  const state = value(/** @type {SessionState} */ ({ phase: 'loading', appName }));
  /** @type {ReturnType<typeof createIdle> | null} */
  let idle = null;
  /** What the server has said before it ended the session. @type {string | null} */
  let farewell = null;

  const stays = () => storage.read(STAY) !== 'no';

  /**
   * Asks first whether anybody is signed in: to find out by a refusal would look like a fault in the browser's log.
   * @param {string | null} notice
   */
  async function look(notice) {
    const house = await account.house();
    if (!house.signed_in) return outside(house, notice);
    const { app_name: name, user: person, has_keys: hasKeys } = await account.current();
    return enter(name, { ...person, hasKeys }, notice);
  }

  /**
   * @param {{ app_name: string, registration: 'open' | 'closed' }} house
   * @param {string | null} notice
   */
  function outside(house, notice) {
    idle?.stop();
    void account.release().catch(() => {});
    state.set({ phase: 'out', appName: house.app_name, registration: house.registration, notice });
  }

  /**
   * @param {string} name of the house
   * @param {Me} user
   * @param {string | null} notice
   */
  function enter(name, user, notice) {
    if (storage.read(due(user)) !== null) return state.set({ phase: 'code', appName: name, user, code: null });
    if (!user.hasKeys) return state.set({ phase: 'in', appName: name, user, notice });
    idle?.stop();
    idle = createIdle(platform, user.id);
    state.set({ ...state.get(), appName: name });
    if (idle.isOver() || !account.canResume(user)) return void lock(user, null);
    idle.touch();
    idle.watch(() => void lock(user, words.lockedIdle));
    state.set({ phase: 'in', appName: name, user, notice });
    return void resume(user);
  }

  /**
   * Opens the keys that were kept, behind the chat that is there already.
   * @param {Me} user
   */
  async function resume(user) {
    try {
      if (!await account.resume(user)) return void lock(user, null);
      await account.sync();
    } catch (fault) {
      troubled(user, fault);
    }
  }

  /**
   * @param {Me} user
   * @param {string | null} notice
   */
  async function lock(user, notice) {
    idle?.stop();
    state.set({ phase: 'locked', appName: state.get().appName, user, notice });
    await account.lock(user).catch(() => {});
  }

  /**
   * What the keeper or the server has refused. What a bad connection has kept from being compared is compared later.
   * @param {Me | null} user
   * @param {unknown} fault
   */
  function troubled(user, fault) {
    const problem = problemOf(fault);
    const code = alarmOf(problem);
    if (code !== null) {
      idle?.stop();
      state.set({ phase: 'alarm', appName: state.get().appName, user, code });
    } else if (user && problem.code === 'keys_changed') void renewed(user);
  }

  /**
   * The owner has other keys now, made in another browser, or in another tab, which has kept them here.
   * @param {Me} user
   */
  async function renewed(user) {
    if (!await account.reopen(user).catch(() => false)) await lock(user, words.lockedKeysChanged);
  }

  /**
   * Does what somebody outside asks for; what the server shows in doing so may be an alarm.
   * @template T
   * @param {() => Promise<T>} act
   * @returns {Promise<T>}
   */
  async function guarded(act) {
    try {
      return await act();
    } catch (fault) {
      troubled(null, fault);
      throw fault;
    }
  }

  /**
   * A recovery code was made, and has to be kept before anything else is done. A reload finds that it is due.
   * @param {{ user: Person, code: string }} made
   */
  function keep({ user, code }) {
    storage.write(due(user), 'due');
    state.set({ phase: 'code', appName: state.get().appName, user: { ...user, hasKeys: true }, code });
  }

  /** @param {Person} user */
  const beginIdle = (user) => createIdle(platform, user.id).begin();

  return {
    state,
    stays,

    /** @param {boolean} stay */
    chooseStay: (stay) => storage.write(STAY, stay ? 'yes' : 'no'),

    /** Finds out who is signed in. */
    async start() {
      try {
        await look(null);
      } catch {
        state.set({ ...state.get(), phase: 'unreachable' });
      }
    },

    /**
     * @param {string} username
     * @param {string} password
     */
    async signIn(username, password) {
      const { user, code, isDerivationNew } = await guarded(() => account.signIn(username, password, stays()));
      beginIdle(user);
      if (code === null) await look(isDerivationNew ? words.derivationNew : null);
      else keep({ user, code });
    },

    /**
     * @param {string} username
     * @param {string} password
     */
    async signUp(username, password) {
      const made = await guarded(() => account.signUp(username, password, stays()));
      beginIdle(made.user);
      keep(made);
    },

    /**
     * @param {string} username
     * @param {string} password
     */
    async signInKeyless(username, password) {
      await account.signInKeyless(username, password);
      await look(null);
    },

    /**
     * @param {string} username
     * @param {string} code
     * @param {string} password the new one
     */
    async recover(username, code, password) {
      const made = await guarded(() => account.recover(username, code, password, stays()));
      beginIdle(made.user);
      keep(made);
    },

    /**
     * New keys, with a link from an administrator.
     * @param {string} token
     * @param {string} password
     */
    async startOver(token, password) {
      const made = await guarded(() => account.startOver(token, password, stays()));
      beginIdle(made.user);
      keep(made);
    },

    /** @param {string} password */
    async unlock(password) {
      const now = state.get();
      if (now.phase !== 'locked') return;
      await guarded(() => account.unlock(now.user, password, stays()));
      beginIdle(now.user);
      enter(now.appName, now.user, null);
    },

    /** Forgets the keys until the password is typed again. */
    lock() {
      const now = state.get();
      if (now.phase !== 'in' || !now.user.hasKeys) return;
      idle?.putAway();
      void lock(now.user, null);
    },

    /** Somebody is there; if nobody was for too long, they show first who they are. */
    touched() {
      const now = state.get();
      if (now.phase !== 'in' || !idle) return;
      if (idle.isOver()) void lock(now.user, words.lockedIdle);
      else idle.touch();
    },

    /**
     * What the server tells over the socket about the account or the directory.
     * @param {Frame} frame
     */
    async heard(frame) {
      const now = state.get();
      if (frame.type === 'recovered') farewell = words.recoveredElsewhere;
      if (now.phase !== 'in' || !now.user.hasKeys) return;
      try {
        await account.heard(frame);
      } catch (fault) {
        troubled(now.user, fault);
      }
    },

    /**
     * A new recovery code in the place of the one before, which may not have been kept.
     * @param {string} password
     */
    async anotherCode(password) {
      const now = state.get();
      if (now.phase === 'code' || now.phase === 'in') keep({ user: now.user, code: await account.changeCode(now.user, password) });
    },

    /**
     * Other keys, another password, another code.
     * @param {string} old
     * @param {string} password the new one
     */
    async renew(old, password) {
      const now = state.get();
      if (now.phase === 'in') keep(await account.renew(now.user, old, password));
    },

    /** The owner has the code. */
    codeKept() {
      const now = state.get();
      if (now.phase !== 'code') return;
      storage.remove(due(now.user));
      enter(now.appName, now.user, null);
    },

    /** The server under this address is another one, and its owner knows why. */
    async forgetServer() {
      await account.forgetServer();
      await look(null);
    },

    /** Where the server cannot be told, the keys are put away all the same. */
    async signOut() {
      idle?.stop();
      const now = state.get();
      try {
        await account.signOut();
        await look(null);
      } catch {
        if ('user' in now && now.user?.hasKeys) await lock(now.user, words.signOutLater);
        else state.set({ phase: 'unreachable', appName: now.appName });
      }
    },

    /**
     * The server has ended the session.
     * @param {string} notice
     */
    async ended(notice) {
      platform.http.forget();
      const last = farewell ?? notice;
      farewell = null;
      try {
        await look(last);
      } catch {
        state.set({ phase: 'out', appName: state.get().appName, registration: 'closed', notice: last });
      }
    },
  };
}

/** @typedef {ReturnType<typeof createSession>} Session */
