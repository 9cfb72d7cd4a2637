/**
 * Accounts whose password stays here. The keeper, a Worker, has the keys; this carries its texts to the server and
 * back, in the order of the protocol, and believes nothing that the keeper has not checked.
 * @typedef {import('./types.js').Http} Http
 * @typedef {import('./types.js').Person} Person
 * @typedef {{ ask(op: string, args?: object): Promise<any> }} Keeper
 * @typedef {{ user: Person, code: string }} WithCode somebody signed in, and the recovery code to be shown once
 * @typedef {{ user: Person, code: string | null }} SignedIn with a code if the account's keys were made just now
 */

const PAGE = 500;

/**
 * @param {{ http: Http, keeper: Keeper, now(): number }} platform
 */
export function createKeyedAccount({ http, keeper, now }) {
  /** Reads the directory of identities to its end, every statement and every link checked. */
  async function readDirectory() {
    const { instance_id: id, instance_key: key } = await http.get('/api/e2ee/instance');
    let read = { next: 0, whole: false };
    while (!read.whole) {
      const { records, head } = await http.get(`/api/e2ee/directory?from=${read.next}&limit=${PAGE}`);
      read = await keeper.ask('readDirectory', { instance_id: id, instance_key: key, records, head });
    }
  }

  /**
   * What proves a password for a name. The salt and the effort are the server's to say, within the protocol's limits.
   * @param {string} username
   * @param {string} password
   * @returns {Promise<string>}
   */
  async function prove(username, password) {
    const how = await http.post('/api/auth/prelogin', { username });
    return (await keeper.ask('prove', { ...how, username, password })).auth_key;
  }

  /**
   * @param {Person} user
   * @param {{ amk_pw: string, keyring: object }} sealed
   */
  async function open(user, { amk_pw: amkPw, keyring }) {
    await readDirectory();
    await keeper.ask('unlock', { user_id: user.id, amk_pw: amkPw, keyring });
    return user;
  }

  /**
   * Opens the account again for who is signed in: after a reload, after a lock.
   * @param {Person} user
   * @param {string} password
   */
  async function unlock(user, password) {
    const authKey = await prove(user.username, password);
    return open(user, await http.post('/api/auth/unlock', { auth_key: authKey }));
  }

  /**
   * The first sign-in to an account that somebody else has made: from here on its password is its owner's alone.
   * @param {Person} user
   * @param {string} authKey
   * @returns {Promise<WithCode>}
   */
  async function makeKeys(user, authKey) {
    const { code, body } = await keeper.ask('makeKeys', { user_id: user.id, now: now() });
    await http.put('/api/e2ee/identity', { auth_key: authKey, ...body });
    await readDirectory();
    await keeper.ask('checkOwn');
    return { user, code };
  }

  return {
    unlock,

    /**
     * @param {string} username
     * @param {string} password
     * @returns {Promise<WithCode>}
     */
    async signUp(username, password) {
      const begun = await http.post('/api/auth/register/begin', { username });
      const { instance_id: id, user_id: userId, reg_token: token } = begun;
      const { code, body } = await keeper.ask('register', {
        instance_id: id, user_id: userId, username, password, now: now(),
      });
      const { user } = await http.post('/api/auth/register/finish', { reg_token: token, ...body });
      http.forget();
      await readDirectory();
      await keeper.ask('checkOwn');
      return { user, code };
    },

    /**
     * @param {string} username
     * @param {string} password
     * @returns {Promise<SignedIn>}
     */
    async signIn(username, password) {
      const authKey = await prove(username, password);
      const sealed = await http.post('/api/auth/login', { username, auth_key: authKey });
      http.forget();
      if (!sealed.pending_identity) return { user: await open(sealed.user, sealed), code: null };
      return makeKeys(sealed.user, authKey);
    },

    /**
     * The way back in with the recovery code; there is a new one afterwards, and every other sign-in has ended.
     * @param {string} username
     * @param {string} code
     * @param {string} password the new one
     * @returns {Promise<WithCode>}
     */
    async recover(username, code, password) {
      const { instance_id: id } = await http.get('/api/e2ee/instance');
      const { rec_auth: recAuth } = await keeper.ask('proveCode', { instance_id: id, username, code });
      const begun = await http.post('/api/auth/recover', { username, rec_auth: recAuth });
      const made = await keeper.ask('recover', { amk_rec: begun.amk_rec, password });
      const { recover_token: token } = begun;
      const { user } = await http.post('/api/auth/recover/finish', { recover_token: token, ...made.body });
      http.forget();
      await unlock(user, password);
      return { user, code: made.code };
    },

    /**
     * Every other sign-in ends.
     * @param {Person} user
     * @param {string} old
     * @param {string} password the new one
     */
    async changePassword(user, old, password) {
      const authKey = await prove(user.username, old);
      const { amk_pw: amkPw } = await http.post('/api/auth/unlock', { auth_key: authKey });
      const body = await keeper.ask('changePassword', { amk_pw: amkPw, password });
      await http.post('/api/auth/password', { old_auth_key: authKey, ...body });
    },

    /**
     * The old recovery code is worth nothing afterwards.
     * @param {Person} user
     * @param {string} password
     * @returns {Promise<string>} the new code, to be shown once
     */
    async changeCode(user, password) {
      const authKey = await prove(user.username, password);
      const { amk_pw: amkPw } = await http.post('/api/auth/unlock', { auth_key: authKey });
      const { code, body } = await keeper.ask('changeCode', { amk_pw: amkPw });
      await http.post('/api/auth/recovery', { auth_key: authKey, ...body });
      return code;
    },

    async signOut() {
      await http.post('/api/logout', {});
      http.forget();
      await keeper.ask('lock');
    },
  };
}
