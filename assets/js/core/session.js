/** @typedef {import('./types.js').Platform} Platform */
/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Me} Me */

import { value } from './value.js';

/** @param {Person} user */
const due = (user) => `code:${user.id}`;

/**
 * Who sits in front of the page.
 * @typedef {{ phase: 'loading', appName: string }
 *   | { phase: 'unreachable', appName: string }
 *   | { phase: 'out', appName: string, registration: 'open' | 'closed', notice: string | null }
 *   | { phase: 'code', appName: string, user: Me, code: string | null }
 *   | { phase: 'in', appName: string, user: Me }} SessionState `code`: a recovery code is to be kept; null after a
 *   reload, when it is not there any more
 */

/**
 * @param {Platform} platform
 * @param {string} appName
 */
export function createSession(platform, appName) {
  const { account, storage } = platform;
  const state = value(/** @type {SessionState} */ ({ phase: 'loading', appName }));

  /**
   * Asks first whether anybody is signed in: to find out by a refusal would look like a fault in the browser's log.
   * @param {string | null} notice
   */
  async function look(notice) {
    const house = await account.house();
    if (!house.signed_in) return outside(house, notice);
    const { app_name: name, user: person, has_keys: hasKeys } = await account.current();
    const user = { ...person, hasKeys };
    const isDue = storage.read(due(user)) !== null;
    state.set(isDue ? { phase: 'code', appName: name, user, code: null } : { phase: 'in', appName: name, user });
  }

  /**
   * @param {{ app_name: string, registration: 'open' | 'closed' }} house
   * @param {string | null} notice
   */
  function outside(house, notice) {
    state.set({ phase: 'out', appName: house.app_name, registration: house.registration, notice });
  }

  /**
   * A recovery code was made, and has to be kept before anything else is done. A reload finds that it is due.
   * @param {{ user: Person, code: string }} made
   */
  function keep({ user, code }) {
    storage.write(due(user), 'due');
    state.set({ phase: 'code', appName: state.get().appName, user: { ...user, hasKeys: true }, code });
  }

  return {
    state,

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
      const { user, code } = await account.signIn(username, password);
      if (code === null) await look(null);
      else keep({ user, code });
    },

    /**
     * @param {string} username
     * @param {string} password
     */
    async signUp(username, password) {
      keep(await account.signUp(username, password));
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
      keep(await account.recover(username, code, password));
    },

    /**
     * A new recovery code in the place of the one before, which may not have been kept.
     * @param {string} password
     */
    async anotherCode(password) {
      const now = state.get();
      if (now.phase === 'code' || now.phase === 'in') keep({ user: now.user, code: await account.changeCode(now.user, password) });
    },

    /** The owner has the code. */
    codeKept() {
      const now = state.get();
      if (now.phase !== 'code') return;
      storage.remove(due(now.user));
      state.set({ phase: 'in', appName: now.appName, user: now.user });
    },

    async signOut() {
      await account.signOut();
      await look(null);
    },

    /**
     * The server has ended the session.
     * @param {string} notice
     */
    async ended(notice) {
      platform.http.forget();
      try {
        await look(notice);
      } catch {
        state.set({ phase: 'out', appName: state.get().appName, registration: 'closed', notice });
      }
    },
  };
}

/** @typedef {ReturnType<typeof createSession>} Session */
