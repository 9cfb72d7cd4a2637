import { concat, label, Writer } from './codec.js';
import { insist, orRefuse } from './errors.js';
import { unwrapSecret, wrapSecret } from './hpke.js';
import { aesOpen, aesSeal, equal, hkdfKey, hmac, importSecret, randomBytes } from './primitives.js';

/**
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./keys.js').PrivateKey} PrivateKey
 * @typedef {{ instance: Bytes, room: number, epoch: number, epochHash: Bytes }} EpochId
 */

const BACKLINK = 12 + 32 + 16;

/**
 * What the author of an epoch signs, so that nobody can be given another secret than the rest.
 * @param {Bytes} es
 * @param {Pick<EpochId, 'instance' | 'room' | 'epoch'>} id
 */
export function commitmentOf(es, { instance, room, epoch }) {
  return hmac(es, new Writer('es-commit').fixed(instance, 16).u64(room).u32(epoch).done());
}

/**
 * @param {EpochId} id
 * @param {number} recipient
 * @param {number} kem
 */
export function wrapInfo({ instance, room, epoch, epochHash }, recipient, kem) {
  return new Writer('epoch-wrap').fixed(instance, 16).u64(room).u32(epoch).fixed(epochHash, 32).u64(recipient)
    .u32(kem).done();
}

/**
 * @param {Bytes} es
 * @param {EpochId} id
 * @param {{ userId: number, kem: number, xPub: Bytes }} recipient
 * @param {PrivateKey} [ephemeral]
 */
export function wrapEpoch(es, id, { userId, kem, xPub }, ephemeral) {
  return wrapSecret(xPub, wrapInfo(id, userId, kem), es, ephemeral);
}

/**
 * @param {PrivateKey} own
 * @param {Bytes} wrap
 * @param {EpochId} id
 * @param {{ userId: number, kem: number }} recipient
 * @param {Bytes} esCommit from the entry that made the epoch
 */
export async function openEpochWrap(own, wrap, id, { userId, kem }, esCommit) {
  const es = await orRefuse('bad_wrap', () => unwrapSecret(own, wrapInfo(id, userId, kem), wrap));
  insist(es.length === 32 && equal(await commitmentOf(es, id), esCommit), 'bad_wrap', 'another secret');
  return es;
}

/** The secret of an epoch with the keys that come from it, each derived once. */
export class EpochSecret {
  #epochHash;
  #root;
  /** @type {Map<number, Promise<CryptoKey>>} */
  #messageKeys = new Map();

  /**
   * @param {Bytes} es
   * @param {Bytes} epochHash
   */
  constructor(es, epochHash) {
    this.es = es;
    this.#epochHash = epochHash;
    this.#root = importSecret(es);
  }

  /** @param {Bytes} info */
  async #derive(info) {
    return hkdfKey(await this.#root, info, { salt: this.#epochHash });
  }

  /** @param {number} sender */
  messageKey(sender) {
    const held = this.#messageKeys.get(sender);
    if (held) return held;
    const made = this.#derive(new Writer('msg-key').u64(sender).done());
    this.#messageKeys.set(sender, made);
    return made;
  }

  backlinkKey() {
    return this.#derive(label('backlink'));
  }
}

/**
 * @param {EpochId} newer
 * @param {Bytes} olderHash
 */
function backlinkData({ instance, room, epoch, epochHash }, olderHash) {
  return new Writer('backlink-aad').fixed(instance, 16).u64(room).u32(epoch).fixed(epochHash, 32).u32(epoch - 1)
    .fixed(olderHash, 32).done();
}

/**
 * The older secret under the newer one, for those who came in between.
 * @param {EpochSecret} secret of the newer epoch
 * @param {EpochId} newer
 * @param {{ es: Bytes, epochHash: Bytes }} older
 * @param {Bytes} [iv]
 */
export async function sealBacklink(secret, newer, older, iv = randomBytes(12)) {
  const data = backlinkData(newer, older.epochHash);
  return concat([iv, await aesSeal(await secret.backlinkKey(), iv, older.es, data)]);
}

/**
 * @param {EpochSecret} secret of the newer epoch
 * @param {Bytes} blob
 * @param {EpochId & { history: number }} newer
 * @param {{ epochHash: Bytes, esCommit: Bytes, history: number }} older
 */
export async function openBacklink(secret, blob, newer, older) {
  const shared = newer.history === 1 && older.history === 1;
  insist(shared && newer.epoch > 1 && blob.length === BACKLINK, 'bad_backlink');
  const data = backlinkData(newer, older.epochHash);
  const key = await secret.backlinkKey();
  const es = await orRefuse('bad_backlink', () => aesOpen(key, blob.slice(0, 12), blob.slice(12), data));
  const commitment = await commitmentOf(es, { ...newer, epoch: newer.epoch - 1 });
  insist(equal(commitment, older.esCommit), 'bad_backlink', 'another secret');
  return es;
}
