import { boxParts, openBox, places, sealBox } from './box.js';
import { label } from './codec.js';
import { E2eeError, insist } from './errors.js';
import { hpkeOpen, hpkeSeal } from './hpke.js';
import { encodeStatement, parseStatement, selfCheckText, signStatement } from './identity.js';
import { accountKeys, accountSubkeys, masterKey } from './kdf.js';
import { generate, sign, toPkcs8, unwrapPrivate, verify } from './keys.js';
import { equal, randomBytes } from './primitives.js';
import { recoveryCode, recoveryKeys } from './recovery.js';

/**
 * How an account is made, locked and opened. Of its secrets nothing comes back but boxes and keys that cannot be read.
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./keys.js').PrivateKey} PrivateKey
 * @typedef {import('./identity.js').Statement} Statement
 * @typedef {{ ed: { gen: number, box: Bytes }[], x: { kem: number, box: Bytes }[] }} Keyring
 * @typedef {{ own: Statement, signKey: CryptoKey, agreement: Map<number, PrivateKey>, stateKey: CryptoKey,
 *   localKey: CryptoKey }} Account
 * @typedef {{ instance: Bytes, usr: string }} Owner
 * @typedef {{ gen: number, kem: number, hash: Bytes }} After a statement that was made before
 */

/** What a new password is derived with (OWASP's figure for PBKDF2-HMAC-SHA-256). */
const ITERATIONS = 600_000;
const NOTHING = new Uint8Array(0);
/** @type {After} */
const BEGINNING = { gen: 0, kem: 0, hash: new Uint8Array(32) };

/**
 * The account's own secret under a password, and what proves that password from now on.
 * @param {Uint8Array<ArrayBuffer>} amk
 * @param {Owner & { password: string }} by
 */
export async function lockByPassword(amk, { instance, usr, password }) {
  const salt = randomBytes(16);
  const { authKey, wrapKey } = await accountKeys(
    await masterKey(password, { usr, instance, salt, iterations: ITERATIONS }),
  );
  const amkPw = await sealBox(wrapKey, places.amkByPassword(instance, usr, salt, ITERATIONS), amk);
  return { iterations: ITERATIONS, salt, authKey, amkPw };
}

/**
 * The account's own secret under a new recovery code, which is shown once and kept nowhere.
 * @param {Bytes} amk
 * @param {Owner} owner
 */
export async function lockByCode(amk, { instance, usr }) {
  const entropy = randomBytes(17);
  const code = await recoveryCode(entropy);
  const { recWrap, verifier } = await recoveryKeys(entropy, instance, usr);
  entropy.fill(0);
  return { code, amkRec: await sealBox(recWrap, places.amkByRecovery(instance, usr), amk), recVerifier: verifier };
}

/**
 * New keys under the account's own secret, which is wiped: in boxes, said in a statement, and open.
 * @param {Bytes} amk
 * @param {Owner & { userId: number, ts: number, after?: After, former?: CryptoKey | null }} owner `after`: the statement
 *   that this one follows, if the account had keys before; `former`: the signing key from then, if it is still there
 */
export async function makeKeys(amk, { instance, usr, userId, ts, after = BEGINNING, former = null }) {
  const { kek, stateKey, localKey } = await accountSubkeys(amk);
  const [ed, x] = await Promise.all([generate('ed25519'), generate('x25519')]);
  const [gen, kem] = [after.gen + 1, after.kem + 1];
  const t = encodeStatement({
    instance, userId, usr, gen, kem, edPub: ed.pub, xPub: x.pub, prev: after.hash, flags: 0, ts,
  });
  const signatures = await signStatement(t, ed.key, former);
  const edBox = await sealSecret(kek, places.signingKey(instance, usr, gen), 'ed25519', ed.secret);
  const xBox = await sealSecret(kek, places.agreementKey(instance, usr, kem), 'x25519', x.secret);
  const agreement = new Map([[kem, { key: x.key, pub: x.pub }]]);
  /** @type {Account} */
  const account = { own: parseStatement(t), signKey: ed.key, agreement, stateKey, localKey };
  return { account, kek, gen, kem, edBox, xBox, statement: { t, ...signatures } };
}

/**
 * Another encryption key beside those that the account has. The account's own secret is wiped.
 * @param {Bytes} amk
 * @param {Account} account
 * @param {{ last: Bytes, ts: number }} at `last`: the hash of the account's newest statement
 */
export async function addAgreementKey(amk, account, { last, ts }) {
  const { kek } = await accountSubkeys(amk);
  const x = await generate('x25519');
  const { own } = account;
  const kem = own.kem + 1;
  const t = encodeStatement({ ...own, kem, xPub: x.pub, prev: last, ts });
  const signatures = await signStatement(t, account.signKey);
  const xBox = await sealSecret(kek, places.agreementKey(own.instance, own.usr, kem), 'x25519', x.secret);
  const agreement = new Map([...account.agreement, [kem, { key: x.key, pub: x.pub }]]);
  return { account: { ...account, own: parseStatement(t), agreement }, kem, xBox, statement: { t, ...signatures } };
}

/**
 * Encryption keys from under one secret, which is wiped, into boxes under another: what was sealed to them stays readable.
 * @param {Bytes} amk
 * @param {CryptoKey} kek
 * @param {Keyring} keyring
 * @param {Owner} owner
 */
export async function moveAgreementKeys(amk, kek, { x }, { instance, usr }) {
  const { kek: former } = await accountSubkeys(amk, ['decrypt']);
  return Promise.all(x.map(async ({ kem, box }) => {
    const place = places.agreementKey(instance, usr, kem);
    const plain = await openBox(former, place, box);
    const moved = await sealBox(kek, place, plain);
    plain.fill(0);
    return { kem, box: moved };
  }));
}

/**
 * @param {CryptoKey} kek
 * @param {import('./box.js').Place} place
 * @param {import('./keys.js').Kind} kind
 * @param {Bytes} secret is wiped
 */
async function sealSecret(kek, place, kind, secret) {
  const plain = toPkcs8(kind, secret);
  const box = await sealBox(kek, place, plain);
  plain.fill(0);
  secret.fill(0);
  return box;
}

/**
 * Opens an account and makes sure that its keys are those that are published.
 * @param {Bytes} amk is wiped
 * @param {Keyring} keyring
 * @param {readonly Statement[]} statements
 * @returns {Promise<Account>}
 */
export async function openAccount(amk, keyring, statements) {
  const own = newestOf(statements);
  const { kek, stateKey, localKey } = await accountSubkeys(amk);
  const signKey = await openSigningKey(kek, keyring, own);
  const agreement = await openAgreementKeys(kek, keyring, statements);
  const account = { own, signKey, agreement, stateKey, localKey };
  await checkKeys(account, own);
  return account;
}

/** @param {readonly Statement[]} statements */
function newestOf(statements) {
  const own = statements.at(-1);
  insist(own, 'own_key_mismatch', 'nothing published');
  return own;
}

/**
 * Whether an account that was opened before has the keys that are published now.
 * @param {Account} account
 * @param {readonly Statement[]} statements
 */
export async function checkAccount(account, statements) {
  const published = newestOf(statements);
  const isNewest = published.gen === account.own.gen && published.kem === account.own.kem;
  insist(isNewest, 'keys_changed', 'by the owner elsewhere');
  await checkKeys(account, published);
}

/**
 * @param {Account} account
 * @param {Statement} published
 */
async function checkKeys({ signKey, agreement }, published) {
  await checkSigning(signKey, published);
  await checkAgreement(agreement.get(published.kem), published);
}

/**
 * @param {CryptoKey} kek
 * @param {Keyring} keyring
 * @param {Statement} own
 */
function openSigningKey(kek, { ed }, { instance, usr, gen }) {
  const held = ed.find((one) => one.gen === gen);
  insist(held, 'own_key_mismatch', 'signing key');
  return unwrapPrivate('ed25519', kek, boxParts(places.signingKey(instance, usr, gen), held.box));
}

/**
 * Every key that was ever published, for old wraps stay under old keys.
 * @param {CryptoKey} kek
 * @param {Keyring} keyring
 * @param {readonly Statement[]} statements
 * @returns {Promise<Map<number, PrivateKey>>}
 */
async function openAgreementKeys(kek, { x }, statements) {
  const opened = await Promise.all(x.map(async ({ kem, box }) => {
    const published = statements.find((one) => one.kem === kem);
    if (!published) return [];
    const place = places.agreementKey(published.instance, published.usr, kem);
    const key = await unwrapPrivate('x25519', kek, boxParts(place, box));
    return [/** @type {const} */ ([kem, { key, pub: published.xPub }])];
  }));
  return new Map(opened.flat());
}

/**
 * @param {CryptoKey} signKey
 * @param {Statement} own
 */
async function checkSigning(signKey, { edPub }) {
  const text = selfCheckText(randomBytes(32));
  insist(await verify(edPub, text, await sign(signKey, text)), 'own_key_mismatch', 'signing key');
}

/**
 * @param {PrivateKey | undefined} key
 * @param {Statement} own
 */
async function checkAgreement(key, { xPub }) {
  insist(key, 'own_key_mismatch', 'no newest key');
  const challenge = randomBytes(32);
  const info = label('self-check-kem');
  try {
    const { enc, ct } = await hpkeSeal(xPub, info, NOTHING, challenge);
    insist(equal(await hpkeOpen(key, enc, info, NOTHING, ct), challenge), 'own_key_mismatch');
  } catch {
    throw new E2eeError('own_key_mismatch', 'agreement key');
  }
}
