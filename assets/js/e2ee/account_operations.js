import { fromB64u, toB64u } from './codec.js';
import { insist } from './errors.js';

/**
 * Accounts in the words of the wire: the page carries these texts between here and the server, and has no use of them.
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./custody.js').Custody} Custody
 * @typedef {import('./identity.js').Statement} Statement
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

/** @param {{ edBox: Bytes, xBox: Bytes, statement: { t: Bytes, s: Bytes } }} made */
const identityOf = ({ edBox, xBox, statement: { t, s } }) => ({
  ed_box: toB64u(edBox), x_box: { kem: 1, box: toB64u(xBox) }, identity: { t: toB64u(t), s: toB64u(s) },
});

/**
 * @param {Custody} custody
 * @param {(userId: number) => readonly Statement[]} statementsOf a user's own, from the checked directory
 */
export function accountOperations(custody, statementsOf) {
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
      const { own } = custody.account;
      const said = statementsOf(own.userId).at(-1);
      const isMine = said && said.gen === own.gen && said.kem === own.kem
        && toB64u(said.edPub) === toB64u(own.edPub) && toB64u(said.xPub) === toB64u(own.xPub);
      insist(isMine, 'own_key_mismatch');
      return {};
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
