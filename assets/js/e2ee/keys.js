import { concat, fromB64u, fromHex, isZero, toHex } from './codec.js';
import { insist, orRefuse } from './errors.js';
import { equal, randomBytes } from './primitives.js';

/** @typedef {import('./codec.js').Bytes} Bytes */
/** @typedef {'ed25519' | 'x25519'} Kind */
/** @typedef {{ key: CryptoKey, pub: Bytes }} PrivateKey the key that signs or agrees, and its public half */

const { subtle } = globalThis.crypto;
const PRIME = fromHex(`ed${'ff'.repeat(30)}7f`);
const ORDER = fromHex('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010');
const ZERO = '00'.repeat(32);
const ONE = `01${'00'.repeat(31)}`;
const MINUS_ONE = `ec${'ff'.repeat(30)}7f`;

/** The points under which a signature says nothing. */
const SMALL_ORDER = new Set([
  ZERO, ONE, MINUS_ONE,
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/** The points that give an all-zero secret with every scalar. */
const LOW_ORDER = new Set([
  ZERO, ONE, MINUS_ONE,
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
]);

/** @type {Readonly<Record<Kind, { name: string, uses: KeyUsage[], prefix: Bytes }>>} */
const KINDS = {
  ed25519: { name: 'Ed25519', uses: ['sign'], prefix: fromHex('302e020100300506032b657004220420') },
  x25519: { name: 'X25519', uses: ['deriveBits'], prefix: fromHex('302e020100300506032b656e04220420') },
};

/**
 * Compares little-endian numbers of one size.
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
function isBelow(a, b) {
  for (let at = a.length - 1; at >= 0; at -= 1) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** @param {Uint8Array} point */
function withoutTopBit(point) {
  const bytes = point.slice();
  bytes[31] = (bytes[31] ?? 0) & 0x7f;
  return bytes;
}

/**
 * @param {Uint8Array} point
 * @param {Set<string>} weak
 */
function isStrong(point, weak) {
  if (point.length !== 32) return false;
  const bytes = withoutTopBit(point);
  return isBelow(bytes, PRIME) && !weak.has(toHex(bytes));
}

/**
 * Whether a key, or the first half of a signature, may be used at all. Engines differ here, so it is done on the bytes.
 * @param {Uint8Array} point
 */
export const acceptsEd25519 = (point) => isStrong(point, SMALL_ORDER);

/** @param {Uint8Array} point */
export const acceptsX25519 = (point) => isStrong(point, LOW_ORDER);

/**
 * A public key ready to verify with, or null for one that must not be used. To be kept: importing costs as much as
 * half a verification.
 * @param {Bytes} pub
 * @returns {Promise<CryptoKey | null>}
 */
export async function importVerifier(pub) {
  if (!acceptsEd25519(pub)) return null;
  try {
    return await subtle.importKey('raw', pub, 'Ed25519', false, ['verify']);
  } catch {
    return null;
  }
}

/**
 * @param {CryptoKey | null} verifier
 * @param {Bytes} message
 * @param {Bytes} signature
 * @returns {Promise<boolean>}
 */
export async function verifyWith(verifier, message, signature) {
  if (!verifier || signature.length !== 64) return false;
  if (!acceptsEd25519(signature.subarray(0, 32)) || !isBelow(signature.subarray(32), ORDER)) return false;
  try {
    return await subtle.verify('Ed25519', verifier, signature, message);
  } catch {
    return false;
  }
}

/**
 * @param {Bytes} pub
 * @param {Bytes} message
 * @param {Bytes} signature
 */
export const verify = async (pub, message, signature) => verifyWith(await importVerifier(pub), message, signature);

/**
 * @param {CryptoKey} key
 * @param {Bytes} message
 * @returns {Promise<Bytes>}
 */
export const sign = async (key, message) => new Uint8Array(await subtle.sign('Ed25519', key, message));

/**
 * @param {Kind} kind
 * @param {Bytes} secret
 */
export function toPkcs8(kind, secret) {
  insist(secret.length === 32, 'bad_key', 'size of the secret');
  return concat([KINDS[kind].prefix, secret]);
}

/**
 * The one encoding that is accepted: anything else, also if an engine would read it, is not a key of ours.
 * @param {Kind} kind
 * @param {Bytes} pkcs8
 * @returns {Bytes}
 */
export function fromPkcs8(kind, pkcs8) {
  const { prefix } = KINDS[kind];
  insist(pkcs8.length === 48 && equal(pkcs8.subarray(0, 16), prefix), 'bad_key', 'not the fixed form');
  return pkcs8.slice(16);
}

/**
 * @param {Kind} kind
 * @param {Bytes} secret
 * @returns {Promise<Bytes>}
 */
export async function publicOf(kind, secret) {
  const { name, uses } = KINDS[kind];
  const key = await subtle.importKey('pkcs8', toPkcs8(kind, secret), name, true, uses);
  return fromB64u((await subtle.exportKey('jwk', key)).x, { code: 'bad_key', size: 32 });
}

/**
 * @param {Kind} kind
 * @param {Bytes} secret
 * @returns {Promise<PrivateKey>}
 */
export async function importPrivate(kind, secret) {
  const { name, uses } = KINDS[kind];
  const key = await subtle.importKey('pkcs8', toPkcs8(kind, secret), name, false, uses);
  return { key, pub: await publicOf(kind, secret) };
}

/**
 * The private key that a box holds, without its bytes ever standing in memory that a script can read.
 * @param {Kind} kind
 * @param {CryptoKey} wrapping
 * @param {{ iv: Bytes, ciphertext: Bytes, additionalData: Bytes }} sealed
 * @returns {Promise<CryptoKey>}
 */
export async function unwrapPrivate(kind, wrapping, { iv, ciphertext, additionalData }) {
  const { name, uses } = KINDS[kind];
  insist(ciphertext.length === 48 + 16, 'bad_box', 'size of a boxed key');
  const how = { name: 'AES-GCM', iv, additionalData };
  return orRefuse('bad_box', () => subtle.unwrapKey('pkcs8', ciphertext, wrapping, how, name, false, uses));
}

/** @param {Kind} kind */
export async function generate(kind) {
  const secret = randomBytes(32);
  return { secret, ...(await importPrivate(kind, secret)) };
}

/**
 * A key for one agreement, which is never stored.
 * @returns {Promise<PrivateKey>}
 */
export async function ephemeralKey() {
  const pair = /** @type {CryptoKeyPair} */ (await subtle.generateKey('X25519', false, ['deriveBits']));
  return { key: pair.privateKey, pub: new Uint8Array(await subtle.exportKey('raw', pair.publicKey)) };
}

/**
 * @param {CryptoKey} key
 * @param {Bytes} pub
 * @returns {Promise<Bytes>}
 */
export async function agree(key, pub) {
  insist(acceptsX25519(pub), 'weak_key');
  return orRefuse('weak_key', async () => {
    const other = await subtle.importKey('raw', pub, 'X25519', false, []);
    const shared = new Uint8Array(await subtle.deriveBits({ name: 'X25519', public: other }, key, 256));
    insist(!isZero(shared), 'weak_key');
    return shared;
  });
}
