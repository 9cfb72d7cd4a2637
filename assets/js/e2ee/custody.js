import { boxParts, openBox, places, sealBox } from './box.js';
import { label, toHex } from './codec.js';
import { encodeEntry } from './entry.js';
import { commitmentOf, EpochSecret, openBacklink, openEpochWrap, sealBacklink, wrapEpoch } from './epoch.js';
import { E2eeError, insist } from './errors.js';
import { hpkeOpen, hpkeSeal } from './hpke.js';
import { parseStatement, selfCheckText } from './identity.js';
import { accountKeys, accountSubkeys, masterKey } from './kdf.js';
import { parseHeader } from './header.js';
import { sign, unwrapPrivate, verify } from './keys.js';
import { sealMessage } from './message.js';
import { equal, hash, randomBytes } from './primitives.js';
import { signBroadcast } from './trust.js';

/**
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./keys.js').PrivateKey} PrivateKey
 * @typedef {import('./kdf.js').KdfParameters} KdfParameters
 * @typedef {import('./epoch.js').EpochId} EpochId
 * @typedef {import('./entry.js').Entry} Entry
 * @typedef {import('./identity.js').Statement} Statement
 * @typedef {{ ed: { gen: number, box: Bytes }[], x: { kem: number, box: Bytes }[] }} Keyring
 * @typedef {{ own: Statement, signKey: CryptoKey, agreement: Map<number, PrivateKey>, stateKey: CryptoKey,
 *   localKey: CryptoKey }} Account
 */

const MOST_EPOCHS = 256;
const NOTHING = new Uint8Array(0);

/** The newest used of many; the one that was not used for longest makes room. */
class Recent {
  /** @type {Map<string, EpochSecret>} */
  #held = new Map();

  /** @param {string} name */
  get(name) {
    const found = this.#held.get(name);
    if (found) this.set(name, found);
    return found;
  }

  /**
   * @param {string} name
   * @param {EpochSecret} secret
   */
  set(name, secret) {
    this.#held.delete(name);
    this.#held.set(name, secret);
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= MOST_EPOCHS) break;
      this.#held.delete(oldest);
    }
  }

  clear() {
    for (const secret of this.#held.values()) secret.es.fill(0);
    this.#held.clear();
  }
}

/**
 * Holds every key of an account. Keys come in as boxes and wraps, and nothing of them goes out: private keys cannot be
 * read even here, and secrets of epochs go out only as wraps and backlinks.
 */
export class Custody {
  /** @type {{ wrapKey: CryptoKey, parameters: KdfParameters } | null} */
  #pending = null;
  /** @type {Account | null} */
  #account = null;
  /** @type {Map<string, Bytes>} a secret drawn for an epoch whose entry is not made yet, by its commitment */
  #drawn = new Map();
  #epochs = new Recent();

  /**
   * What proves a password to the server. The key that it opens the account with stays here until `unlock`.
   * @param {KdfParameters & { password: string }} from
   */
  async prove({ password, ...parameters }) {
    const { authKey, wrapKey } = await accountKeys(await masterKey(password, parameters));
    this.#pending = { wrapKey, parameters };
    return { authKey };
  }

  /**
   * Opens the account with the password that was proved, and makes sure that its keys are those that are published.
   * @param {{ amkPw: Bytes, keyring: Keyring, statements: Bytes[] }} sealed `statements` are the account's own, in
   *   order, from the checked directory
   */
  async unlock({ amkPw, keyring, statements }) {
    const pending = this.#pending;
    insist(pending, 'locked', 'no password proved');
    const { usr, instance, salt, iterations } = pending.parameters;
    const amk = await openBox(pending.wrapKey, places.amkByPassword(instance, usr, salt, iterations), amkPw);
    this.#account = await openAccount(amk, keyring, statements.map(parseStatement));
    this.#pending = null;
    return { userId: this.#account.own.userId, gen: this.#account.own.gen, kem: this.#account.own.kem };
  }

  /** Drops everything. */
  lock() {
    this.#pending = null;
    this.#account = null;
    for (const es of this.#drawn.values()) es.fill(0);
    this.#drawn.clear();
    this.#epochs.clear();
    return {};
  }

  get account() {
    insist(this.#account, 'locked');
    return this.#account;
  }

  /**
   * @param {{ epochHash: Bytes }} id
   */
  epoch({ epochHash }) {
    return this.#epochs.get(toHex(epochHash));
  }

  /** @param {{ epochHash: Bytes }} id */
  #needEpoch(id) {
    const secret = this.epoch(id);
    insist(secret, 'no_key');
    return secret;
  }

  /** @param {{ id: EpochId, kem: number, wrap: Bytes, esCommit: Bytes }} from */
  async openWrap({ id, kem, wrap, esCommit }) {
    const own = this.account.agreement.get(kem);
    insist(own, 'no_key', 'no key of that number');
    const es = await openEpochWrap(own, wrap, id, { userId: this.account.own.userId, kem }, esCommit);
    this.#epochs.set(toHex(id.epochHash), new EpochSecret(es, id.epochHash));
    return {};
  }

  /**
   * @param {{ newer: EpochId & { history: number }, older: { epochHash: Bytes, esCommit: Bytes, history: number },
   *   blob: Bytes }} from
   */
  async openBacklink({ newer, older, blob }) {
    const es = await openBacklink(this.#needEpoch(newer), blob, newer, older);
    this.#epochs.set(toHex(older.epochHash), new EpochSecret(es, older.epochHash));
    return {};
  }

  /** @param {{ newer: EpochId, older: { epochHash: Bytes } }} link */
  async sealBacklink({ newer, older }) {
    const { es } = this.#needEpoch(older);
    return { blob: await sealBacklink(this.#needEpoch(newer), newer, { es, epochHash: older.epochHash }) };
  }

  /**
   * Draws the secret of an epoch; `keepEpoch` names it once its entry is made.
   * @param {Pick<EpochId, 'instance' | 'room' | 'epoch'>} id
   */
  async drawEpoch(id) {
    const es = randomBytes(32);
    const esCommit = await commitmentOf(es, id);
    this.#drawn.set(toHex(esCommit), es);
    return { esCommit };
  }

  /** @param {{ esCommit: Bytes, epochHash: Bytes }} made */
  keepEpoch({ esCommit, epochHash }) {
    const es = this.#drawn.get(toHex(esCommit));
    insist(es, 'no_key', 'not drawn here');
    this.#drawn.delete(toHex(esCommit));
    this.#epochs.set(toHex(epochHash), new EpochSecret(es, epochHash));
    return {};
  }

  /**
   * One wrap for each recipient. A key that nothing can be sealed to leaves its owner out, not everybody.
   * @param {{ id: EpochId, recipients: { userId: number, kem: number, xPub: Bytes }[] }} to
   */
  async wrapFor({ id, recipients }) {
    const { es } = this.#needEpoch(id);
    const wraps = await Promise.all(recipients.map(async (recipient) => {
      const w = await wrapEpoch(es, id, recipient).catch(() => null);
      return w ? [{ epoch: id.epoch, u: recipient.userId, kem: recipient.kem, w }] : [];
    }));
    return { wraps: wraps.flat() };
  }

  /** @param {Omit<Entry, 'suite' | 'actor' | 'actorGen'>} entry */
  async signEntry(entry) {
    const { signKey, own } = this.account;
    const e = encodeEntry({ ...entry, actor: own.userId, actorGen: own.gen });
    return { e, s: await sign(signKey, e), hash: await hash(e) };
  }

  /** @param {{ header: Bytes, content: Bytes }} message */
  async sealMessage({ header, content }) {
    const { epochHash, sender, gen } = parseHeader(header);
    const { own, signKey } = this.account;
    insist(sender === own.userId && gen === own.gen, 'forbidden', 'in the name of another');
    const messageKey = await this.#needEpoch({ epochHash }).messageKey(sender);
    const { text, msgHash } = await sealMessage({ header, content, signKey, messageKey });
    return { text, msgHash };
  }

  /** @param {{ nonce: Bytes, ts: number, text: string }} broadcast */
  async signBroadcast(broadcast) {
    const { own, signKey } = this.account;
    const said = { ...broadcast, instance: own.instance, actor: own.userId, gen: own.gen };
    return { gen: own.gen, s: await signBroadcast(signKey, said) };
  }

  /** @param {{ version: number, plaintext: Bytes }} state */
  async sealState({ version, plaintext }) {
    const { own, stateKey } = this.account;
    return { blob: await sealBox(stateKey, places.state(own.instance, own.usr, version), plaintext) };
  }

  /** @param {{ version: number, blob: Bytes }} state */
  async openState({ version, blob }) {
    const { own, stateKey } = this.account;
    return { plaintext: await openBox(stateKey, places.state(own.instance, own.usr, version), blob) };
  }
}

/**
 * @param {Bytes} amk
 * @param {Keyring} keyring
 * @param {Statement[]} statements
 * @returns {Promise<Account>}
 */
async function openAccount(amk, keyring, statements) {
  const own = statements.at(-1);
  insist(own, 'own_key_mismatch', 'nothing published');
  const { kek, stateKey, localKey } = await accountSubkeys(amk);
  const signKey = await openSigningKey(kek, keyring, own);
  const agreement = await openAgreementKeys(kek, keyring, statements);
  await checkSigning(signKey, own);
  await checkAgreement(agreement.get(own.kem), own);
  return { own, signKey, agreement, stateKey, localKey };
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
 * @param {Statement[]} statements
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
