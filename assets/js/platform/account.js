/** @typedef {import('../core/types.js').Account} Account */
/** @typedef {import('../core/types.js').Http} Http */

/**
 * Basic accounts: the password goes to the server, which keeps a hash of it. Accounts with keys of their own, whose
 * password never leaves the browser, will take the place of this file.
 * @param {Http} http
 * @returns {Account}
 */
export function basicAccount(http) {
  return {
    async current() {
      return http.get('/api/session');
    },
    async house() {
      return http.get('/api/csrf');
    },
    async signIn(username, password) {
      await http.post('/login', { username, password });
      http.forget();
    },
    async signUp(username, password, again) {
      await http.post('/register', { username, password, confirm_password: again });
      http.forget();
    },
    async signOut() {
      await http.post('/api/logout', {});
      http.forget();
    },
  };
}
