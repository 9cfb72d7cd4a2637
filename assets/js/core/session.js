/** @typedef {import('./types.js').Platform} Platform */
/** @typedef {import('./types.js').Person} Person */

import { value } from './value.js';

/**
 * Who sits in front of the page.
 * @typedef {{ phase: 'loading', appName: string }
 *   | { phase: 'unreachable', appName: string }
 *   | { phase: 'out', appName: string, registration: 'open' | 'closed', notice: string | null }
 *   | { phase: 'in', appName: string, user: Person }} SessionState
 */

/**
 * @param {Platform} platform
 * @param {string} appName
 */
export function createSession(platform, appName) {
  const { account } = platform;
  const state = value(/** @type {SessionState} */ ({ phase: 'loading', appName }));

  /**
   * Asks first whether anybody is signed in: to find out by a refusal would look like a fault in the browser's log.
   * @param {string | null} notice
   */
  async function look(notice) {
    const house = await account.house();
    if (!house.signed_in) return outside(house, notice);
    const answer = await account.current();
    state.set({ phase: 'in', appName: answer.app_name, user: answer.user });
  }

  /**
   * @param {{ app_name: string, registration: 'open' | 'closed' }} house
   * @param {string | null} notice
   */
  function outside(house, notice) {
    state.set({ phase: 'out', appName: house.app_name, registration: house.registration, notice });
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
      await account.signIn(username, password);
      await look(null);
    },

    /**
     * @param {string} username
     * @param {string} password
     * @param {string} again
     */
    async signUp(username, password, again) {
      await account.signUp(username, password, again);
      await look(null);
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
