import { concat, utf8 } from './codec.js';
import { insist } from './errors.js';
import { agree, ephemeralKey } from './keys.js';
import { aesOpen, aesSeal, hkdf, hmac, importAes } from './primitives.js';

/**
 * RFC 9180 in base mode, in one suite: X25519, HKDF-SHA-256, AES-256-GCM; one message for each key.
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./keys.js').PrivateKey} PrivateKey
 */

const NOTHING = new Uint8Array(0);
// An empty HMAC key, which WebCrypto does not import, is the same key as one of zeros.
const NO_KEY = new Uint8Array(32);
const VERSION = utf8('HPKE-v1');
const KEM = concat([utf8('KEM'), Uint8Array.of(0x00, 0x20)]);
const SUITE = concat([utf8('HPKE'), Uint8Array.of(0x00, 0x20, 0x00, 0x01, 0x00, 0x02)]);
const ENC = 32;

/**
 * @param {Bytes} suite
 * @param {string} name
 * @param {Bytes} ikm
 */
const labeledIkm = (suite, name, ikm) => concat([VERSION, suite, utf8(name), ikm]);

/**
 * @param {Bytes} suite
 * @param {string} name
 * @param {Bytes} info
 * @param {number} size
 */
const labeledInfo = (suite, name, info, size) => (
  concat([Uint8Array.of(size >> 8, size & 255), VERSION, suite, utf8(name), info])
);

/**
 * @param {Bytes} shared
 * @param {Bytes} enc
 * @param {Bytes} recipient
 */
function kemSecret(shared, enc, recipient) {
  const info = labeledInfo(KEM, 'shared_secret', concat([enc, recipient]), 32);
  return hkdf(labeledIkm(KEM, 'eae_prk', shared), NOTHING, info);
}

/** @type {Promise<Bytes> | undefined} */
let emptyPskHash;

/**
 * @param {Bytes} secret
 * @param {Bytes} info
 */
async function schedule(secret, info) {
  emptyPskHash ??= hmac(NO_KEY, labeledIkm(SUITE, 'psk_id_hash', NOTHING));
  const infoHash = await hmac(NO_KEY, labeledIkm(SUITE, 'info_hash', info));
  const context = concat([Uint8Array.of(0), await emptyPskHash, infoHash]);
  const ikm = labeledIkm(SUITE, 'secret', NOTHING);
  const [key, nonce] = await Promise.all([
    hkdf(ikm, secret, labeledInfo(SUITE, 'key', context, 32)),
    hkdf(ikm, secret, labeledInfo(SUITE, 'base_nonce', context, 12), 12),
  ]);
  return { key: await importAes(key), nonce };
}

/**
 * @param {Bytes} recipient a public key
 * @param {Bytes} info
 * @param {Bytes} aad
 * @param {Bytes} plaintext
 * @param {PrivateKey} [ephemeral] drawn anew unless a vector fixes it
 */
export async function hpkeSeal(recipient, info, aad, plaintext, ephemeral) {
  const own = ephemeral ?? await ephemeralKey();
  const secret = await kemSecret(await agree(own.key, recipient), own.pub, recipient);
  const { key, nonce } = await schedule(secret, info);
  return { enc: own.pub, ct: await aesSeal(key, nonce, plaintext, aad) };
}

/**
 * Rejects when it does not open; each use has a code of its own for that.
 * @param {PrivateKey} recipient
 * @param {Bytes} enc
 * @param {Bytes} info
 * @param {Bytes} aad
 * @param {Bytes} ciphertext
 */
export async function hpkeOpen(recipient, enc, info, aad, ciphertext) {
  const secret = await kemSecret(await agree(recipient.key, enc), enc, recipient.pub);
  const { key, nonce } = await schedule(secret, info);
  return aesOpen(key, nonce, ciphertext, aad);
}

/**
 * A secret of 32 bytes for one recipient: enc and ciphertext in one piece of 80.
 * @param {Bytes} recipient
 * @param {Bytes} info
 * @param {Bytes} secret
 * @param {PrivateKey} [ephemeral]
 */
export async function wrapSecret(recipient, info, secret, ephemeral) {
  const { enc, ct } = await hpkeSeal(recipient, info, NOTHING, secret, ephemeral);
  return concat([enc, ct]);
}

/**
 * @param {PrivateKey} recipient
 * @param {Bytes} info
 * @param {Bytes} wrap
 */
export async function unwrapSecret(recipient, info, wrap) {
  insist(wrap.length === ENC + 48, 'bad_wrap', 'size');
  return hpkeOpen(recipient, wrap.slice(0, ENC), info, NOTHING, wrap.slice(ENC));
}
