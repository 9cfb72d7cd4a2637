import {
  addAgreementKey, checkAccount, lockByCode, lockByPassword, makeKeys, moveAgreementKeys, openAccount,
} from './account.js';
import { openBox, places, sealBox } from './box.js';
import { toHex } from './codec.js';
import { encodeEntry } from './entry.js';
import { commitmentOf, EpochSecret, openBacklink, openEpochWrap, sealBacklink, wrapEpoch } from './epoch.js';
import { insist } from './errors.js';
import { parseHeader } from './header.js';
import { accountKeys, masterKey } from './kdf.js';
import { sign } from './keys.js';
import { sealMessage } from './message.js';
import { hash, randomBytes } from './primitives.js';
import { parseRecoveryCode, recoveryKeys } from './recovery.js';
import { signBroadcast } from './trust.js';

/**
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./kdf.js').KdfParameters} KdfParameters
 * @typedef {import('./epoch.js').EpochId} EpochId
 * @typedef {import('./entry.js').Entry} Entry
 * @typedef {import('./identity.js').Statement} Statement
 * @typedef {import('./account.js').Keyring} Keyring
 * @typedef {import('./account.js').Account} Account
 * @typedef {import('./account.js').Owner} Owner
 * @typedef {import('./account.js').After} After
 */

const MOST_EPOCHS = 256;

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
  /** @type {(Owner & { recWrap: CryptoKey }) | null} */
  #recovering = null;
  /** @type {Account | null} */
  #account = null;
  /** @type {Account | null} as it will be when the directory says so */
  #next = null;
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
   * @param {{ amkPw: Bytes, keyring: Keyring, statements: readonly Statement[] }} sealed `statements` are the account's
   *   own, in order, from the checked directory
   */
  async unlock({ amkPw, keyring, statements }) {
    const amk = await this.#openMaster(amkPw);
    this.#account = await openAccount(amk, keyring, statements);
    this.#pending = null;
    const { userId, gen, kem, ts } = this.#account.own;
    return { userId, gen, kem, made: ts };
  }

  /** @param {Bytes} amkPw the account's own secret under the password that was proved */
  async #openMaster(amkPw) {
    const pending = this.#pending;
    insist(pending, 'locked', 'no password proved');
    const { usr, instance, salt, iterations } = pending.parameters;
    return openBox(pending.wrapKey, places.amkByPassword(instance, usr, salt, iterations), amkPw);
  }

  /**
   * Opens the account with keys that were kept here, if they are those that are published.
   * @param {Account} account
   * @param {readonly Statement[]} statements as for `unlock`
   */
  async restore(account, statements) {
    await checkAccount(account, statements);
    this.#account = account;
  }

  /**
   * Makes an account and opens it. The recovery code that comes with it is to be shown once, and kept nowhere.
   * @param {Owner & { userId: number, ts: number, password: string, after?: After }} owner `after`: for an account that
   *   begins anew because its keys are lost
   */
  async register(owner) {
    const amk = randomBytes(32);
    const byPassword = await lockByPassword(amk, owner);
    const byCode = await lockByCode(amk, owner);
    const { account, kek, ...made } = await makeKeys(amk, owner);
    this.#account = account;
    return { ...byPassword, ...byCode, ...made };
  }

  /**
   * Makes the keys of an account that somebody else has made, under the password that was proved, and opens it.
   * @param {{ userId: number, ts: number }} owner
   */
  async makeKeys({ userId, ts }) {
    const pending = this.#pending;
    insist(pending, 'locked', 'no password proved');
    const { usr, instance, salt, iterations } = pending.parameters;
    const amk = randomBytes(32);
    const amkPw = await sealBox(pending.wrapKey, places.amkByPassword(instance, usr, salt, iterations), amk);
    const byCode = await lockByCode(amk, { instance, usr });
    const { account, kek, ...made } = await makeKeys(amk, { instance, usr, userId, ts });
    this.#account = account;
    this.#pending = null;
    return { amkPw, ...byCode, ...made };
  }

  /**
   * Another encryption key; the password was proved. It is the account's from `adopt` on.
   * @param {{ amkPw: Bytes, last: Bytes, ts: number }} change
   */
  async rotate({ amkPw, last, ts }) {
    const account = this.account;
    const { account: next, ...made } = await addAgreementKey(await this.#openMaster(amkPw), account, { last, ts });
    this.#pending = null;
    this.#next = next;
    return made;
  }

  /**
   * Another identity under another password and another code, which the present one confirms; the old password was
   * proved. It is the account's from `adopt` on.
   * @param {{ amkPw: Bytes, keyring: Keyring, password: string, last: Bytes, ts: number }} change
   */
  async renew({ amkPw, keyring, password, last, ts }) {
    const { own, signKey, agreement } = this.account;
    const former = await this.#openMaster(amkPw);
    const amk = randomBytes(32);
    const locked = { ...await lockByPassword(amk, { ...own, password }), ...await lockByCode(amk, own) };
    const after = { gen: own.gen, kem: own.kem, hash: last };
    const { account, kek, ...made } = await makeKeys(amk, { ...own, ts, after, former: signKey });
    const older = await moveAgreementKeys(former, kek, keyring, own);
    this.#pending = null;
    this.#next = { ...account, agreement: new Map([...agreement, ...account.agreement]) };
    return { ...locked, ...made, older };
  }

  /** The account with the keys that were made last, before they are its own. */
  get next() {
    insist(this.#next, 'locked', 'nothing to adopt');
    return this.#next;
  }

  /** The keys that were made last are the account's. */
  adopt() {
    this.#account = this.next;
    this.#next = null;
  }

  /** The account that the next state is sealed for. */
  get stateOwner() {
    return this.#next ?? this.account;
  }

  /**
   * The account under another password; the old one was proved.
   * @param {{ amkPw: Bytes, password: string }} change
   */
  async changePassword({ amkPw, password }) {
    const amk = await this.#openMaster(amkPw);
    const locked = await lockByPassword(amk, { ...this.#provedOwner(), password });
    this.#forgetMaster(amk);
    return locked;
  }

  /**
   * The account under another recovery code; the password was proved.
   * @param {{ amkPw: Bytes }} sealed
   */
  async changeCode({ amkPw }) {
    const amk = await this.#openMaster(amkPw);
    const locked = await lockByCode(amk, this.#provedOwner());
    this.#forgetMaster(amk);
    return locked;
  }

  /** @returns {Owner} */
  #provedOwner() {
    insist(this.#pending, 'locked');
    return this.#pending.parameters;
  }

  /** @param {Bytes} amk */
  #forgetMaster(amk) {
    amk.fill(0);
    this.#pending = null;
  }

  /**
   * What proves a recovery code to the server. The key that it opens the account with stays here until `recover`.
   * @param {Owner & { code: string }} from
   */
  async proveCode({ instance, usr, code }) {
    const { recAuth, recWrap } = await recoveryKeys(await parseRecoveryCode(code), instance, usr);
    this.#recovering = { recWrap, instance, usr };
    return { recAuth };
  }

  /**
   * The account under a new password and a new code, opened with the old code.
   * @param {{ amkRec: Bytes, password: string }} change
   */
  async recover({ amkRec, password }) {
    const recovering = this.#recovering;
    insist(recovering, 'locked', 'no code proved');
    const { recWrap, ...owner } = recovering;
    const amk = await openBox(recWrap, places.amkByRecovery(owner.instance, owner.usr), amkRec);
    const locked = { ...await lockByPassword(amk, { ...owner, password }), ...await lockByCode(amk, owner) };
    amk.fill(0);
    this.#recovering = null;
    return locked;
  }

  /** Drops everything. */
  lock() {
    this.#pending = null;
    this.#recovering = null;
    this.#account = null;
    this.#next = null;
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
    const { own, stateKey } = this.stateOwner;
    return { blob: await sealBox(stateKey, places.state(own.instance, own.usr, version), plaintext) };
  }

  /** @param {{ version: number, blob: Bytes }} state */
  async openState({ version, blob }) {
    const { own, stateKey } = this.account;
    return { plaintext: await openBox(stateKey, places.state(own.instance, own.usr, version), blob) };
  }
}
