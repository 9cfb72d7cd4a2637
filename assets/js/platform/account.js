/** @typedef {import('../core/types.js').Account} Account */
/** @typedef {import('../core/types.js').Platform} Platform */

import { createKeyedAccount } from '../core/keyed_account.js';
import { startKeeper } from './keeper.js';

/**
 * Accounts as the browser has them: keyed ones, whose password stays here, and by a way of their own those of programs,
 * whose password the server keeps a hash of. The Worker that has the keys is started when it is first asked.
 * @param {Pick<Platform, 'http' | 'clock' | 'storage' | 'chance'>} platform
 * @returns {Account}
 */
export function browserAccount(platform) {
  const { http } = platform;
  /** @type {import('./keeper.js').Keeper | null} */
  let keeper = null;
  const keyed = createKeyedAccount({
    ...platform,
    keeper: {
      async ask(op, args) {
        keeper ??= startKeeper();
        return keeper.ask(op, args);
      },
    },
  });
  return {
    ...keyed,
    async current() {
      return http.get('/api/session');
    },
    async house() {
      return http.get('/api/csrf');
    },
    async signInKeyless(username, password) {
      await http.post('/login', { username, password });
      http.forget();
    },
    async signOut() {
      await keyed.signOut();
      keeper?.end();
      keeper = null;
    },
  };
}
