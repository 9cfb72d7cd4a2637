import { fromB64u, toB64u } from './codec.js';
import { insist } from './errors.js';
import { hash } from './primitives.js';

/**
 * Accounts in the words of the wire: the page carries these texts between here and the server, and has no use of them.
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./custody.js').Custody} Custody
 * @typedef {import('./directory_copy.js').DirectoryCopy} DirectoryCopy
 * @typedef {import('./kept.js').Kept} Kept
 * @typedef {{ t: Bytes, s: Bytes, ps: Bytes | null }} Signed
 * @typedef {{ alg: string, iterations: number }} Kdf
 */

const KDF = 'pbkdf2-sha256';

/** @param {string} instanceId */
const instanceOf = (instanceId) => fromB64u(instanceId, { size: 16 });

/** @param {{ iterations: number, salt: Bytes, authKey: Bytes, amkPw: Bytes }} locked */
const byPassword = ({ iterations, salt, authKey, amkPw }) => ({
  kdf: { alg: KDF, iterations }, salt: toB64u(salt), auth_key: toB64u(authKey), amk_pw: toB64u(amkPw),
});

/** @param {{ amkRec: Bytes, recVerifier: Bytes }} locked */
const byCode = ({ amkRec, recVerifier }) => ({ amk_rec: toB64u(amkRec), rec_verifier: toB64u(recVerifier) });

/** @param {{ ed: { gen: number, box: string }[], x: { kem: number, box: string }[] }} keyring */
const keyringOf = ({ ed, x }) => ({
  ed: ed.map(({ gen, box }) => ({ gen, box: fromB64u(box) })),
  x: x.map(({ kem, box }) => ({ kem, box: fromB64u(box) })),
});

/** @param {Signed} signed */
const statementOf = ({ t, s, ps }) => ({ t: toB64u(t), s: toB64u(s), ...(ps && { ps: toB64u(ps) }) });

/** @param {{ kem: number, box: Bytes }[]} boxes */
const boxesOf = (boxes) => boxes.map(({ kem, box }) => ({ kem, box: toB64u(box) }));

/** @param {{ edBox: Bytes, kem: number, xBox: Bytes, statement: Signed }} made */
const identityOf = ({ edBox, kem, xBox, statement }) => ({
  ed_box: toB64u(edBox), x_box: { kem, box: toB64u(xBox) }, identity: statementOf(statement),
});

/**
 * @param {{ custody: Custody, directory: DirectoryCopy, kept: Kept, states: ReturnType<import('./state_operations.js').createStateOperations> }} of
 */
export function accountOperations({ custody, directory, kept, states }) {
  /** @param {number} userId */
  const statementsOf = (userId) => directory.current.statementsOf(userId);

  /** The hash of the newest statement in the own name. */
  function last() {
    const known = directory.current.knownOf(custody.account.own.userId).at(-1);
    insist(known, 'own_key_mismatch', 'nothing published');
    return known.hash;
  }

  /** @param {import('./identity.js').Statement} own */
  function isPublished(own) {
    const said = statementsOf(own.userId).at(-1);
    const isMine = said && said.gen === own.gen && said.kem === own.kem
      && toB64u(said.edPub) === toB64u(own.edPub) && toB64u(said.xPub) === toB64u(own.xPub);
    insist(isMine, 'own_key_mismatch');
  }

  function forgetKeys() {
    states.forget();
    return custody.lock();
  }

  return {
    /** @param {{ instance_id: string, user_id: number, username: string, password: string, now: number }} args */
    async register({ instance_id: instance, user_id: userId, username, password, now }) {
      const made = await custody.register({
        instance: instanceOf(instance), usr: username.toLowerCase(), userId, password, ts: now,
      });
      return { code: made.code, body: { ...byPassword(made), ...byCode(made), ...identityOf(made) } };
    },

    /** @param {{ user_id: number, now: number }} args */
    async makeKeys({ user_id: userId, now }) {
      const made = await custody.makeKeys({ userId, ts: now });
      return { code: made.code, body: { amk_pw: toB64u(made.amkPw), ...byCode(made), ...identityOf(made) } };
    },

    /** @param {{ instance_id: string, kdf: Kdf, salt: string, username: string, password: string }} args */
    async prove({ instance_id: instance, kdf, salt, username, password }) {
      insist(kdf.alg === KDF, 'kdf_refused', 'algorithm');
      const { authKey } = await custody.prove({
        password, usr: username.toLowerCase(), instance: instanceOf(instance), salt: fromB64u(salt),
        iterations: kdf.iterations,
      });
      return { auth_key: toB64u(authKey) };
    },

    /** @param {{ user_id: number, amk_pw: string, keyring: Parameters<typeof keyringOf>[0] }} args */
    unlock: ({ user_id: userId, amk_pw: amkPw, keyring }) => (
      custody.unlock({ amkPw: fromB64u(amkPw), keyring: keyringOf(keyring), statements: statementsOf(userId) })
    ),

    /** Whether the directory says of the open account what was made here. */
    checkOwn() {
      isPublished(custody.account.own);
      return {};
    },

    /**
     * Whether the directory is as it was remembered. Another key that the owner has made elsewhere is `keys_changed`.
     */
    async checkDirectory() {
      await states.check();
      const { own } = custody.account;
      const said = statementsOf(own.userId).at(-1);
      insist(said && said.gen === own.gen && said.kem === own.kem, 'keys_changed');
      return {};
    },

    /** Keeps the open keys for the next visit: whether the browser does. */
    keep: async () => ({ kept: await kept.write('account', custody.account) }),

    /**
     * Opens the account with what was kept: whether there was anything of this user's that is still good.
     * @param {{ user_id: number }} args
     */
    async resume({ user_id: userId }) {
      const [account, known] = [await kept.read('account'), await directory.restore()];
      if (!account || !known || account.own.userId !== userId) return { open: false };
      await custody.restore(account, statementsOf(userId));
      return { open: true };
    },

    /** Forgets the keys, here and in what is kept. What was checked stays. */
    async release() {
      await kept.remove('account');
      return forgetKeys();
    },

    /** Forgets everything of this server. */
    async forget() {
      await kept.clear();
      directory.forget();
      return forgetKeys();
    },

    /** @param {{ amk_pw: string, now: number }} args */
    async rotate({ amk_pw: amkPw, now }) {
      const { kem, xBox, statement } = await custody.rotate({ amkPw: fromB64u(amkPw), last: last(), ts: now });
      states.willSay([await hash(statement.t)]);
      return { body: { x_box: { kem, box: toB64u(xBox) }, identity: statementOf(statement) } };
    },

    /** @param {{ amk_pw: string, keyring: Parameters<typeof keyringOf>[0], password: string, now: number }} args */
    async renew({ amk_pw: amkPw, keyring, password, now }) {
      const made = await custody.renew({
        amkPw: fromB64u(amkPw), keyring: keyringOf(keyring), password, last: last(), ts: now,
      });
      states.willSay([await hash(made.statement.t)]);
      const { auth_key: newAuthKey, ...locked } = byPassword(made);
      const body = {
        ...locked, new_auth_key: newAuthKey, ...byCode(made), ...identityOf(made), gen: made.gen, x_boxes: boxesOf(made.older),
      };
      return { code: made.code, body };
    },

    /** What was made last is in the directory, and is the account's now. */
    adopt() {
      isPublished(custody.next.own);
      custody.adopt();
      return {};
    },

    /**
     * New keys for an account whose old ones are lost.
     * @param {{ instance_id: string, user: { id: number, username: string },
     *   prev: { gen: number, kem: number, hash: string }, password: string, now: number }} args
     */
    async startOver({ instance_id: instance, user, prev: { gen, kem, hash: before }, password, now }) {
      const made = await custody.register({
        instance: instanceOf(instance), usr: user.username.toLowerCase(), userId: user.id, password, ts: now,
        after: { gen, kem, hash: fromB64u(before, { size: 32 }) },
      });
      return { code: made.code, body: { ...byPassword(made), ...byCode(made), ...identityOf(made) } };
    },

    /** @param {{ amk_pw: string, password: string }} args */
    changePassword: async ({ amk_pw: amkPw, password }) => (
      byPassword(await custody.changePassword({ amkPw: fromB64u(amkPw), password }))
    ),

    /** @param {{ amk_pw: string }} args */
    async changeCode({ amk_pw: amkPw }) {
      const made = await custody.changeCode({ amkPw: fromB64u(amkPw) });
      return { code: made.code, body: byCode(made) };
    },

    /** @param {{ instance_id: string, username: string, code: string }} args */
    async proveCode({ instance_id: instance, username, code }) {
      const { recAuth } = await custody.proveCode({ instance: instanceOf(instance), usr: username.toLowerCase(), code });
      return { rec_auth: toB64u(recAuth) };
    },

    /** @param {{ amk_rec: string, password: string }} args */
    async recover({ amk_rec: amkRec, password }) {
      const made = await custody.recover({ amkRec: fromB64u(amkRec), password });
      return { code: made.code, body: { ...byPassword(made), ...byCode(made) } };
    },
  };
}
