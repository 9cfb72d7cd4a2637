/** @typedef {import('./codec.js').Bytes} Bytes */

const { subtle } = globalThis.crypto;
const NOTHING = new Uint8Array(0);

/**
 * @param {number} size
 * @returns {Bytes}
 */
export const randomBytes = (size) => globalThis.crypto.getRandomValues(new Uint8Array(size));

/**
 * @param {Bytes} bytes
 * @returns {Promise<Bytes>}
 */
export const hash = async (bytes) => new Uint8Array(await subtle.digest('SHA-256', bytes));

/**
 * @param {Bytes} key
 * @param {Bytes} bytes
 * @returns {Promise<Bytes>}
 */
export async function hmac(key, bytes) {
  const imported = await subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await subtle.sign('HMAC', imported, bytes));
}

/**
 * A secret that keys are derived from. It cannot be read back.
 * @param {Bytes} secret
 */
export const importSecret = (secret) => subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits', 'deriveKey']);

/**
 * @param {Bytes} salt
 * @param {Bytes} info
 */
const hkdfOf = (salt, info) => ({ name: 'HKDF', hash: 'SHA-256', salt, info });

/**
 * @param {CryptoKey | Bytes} secret
 * @param {Bytes} salt
 * @param {Bytes} info
 * @param {number} [size]
 * @returns {Promise<Bytes>}
 */
export async function hkdf(secret, salt, info, size = 32) {
  const key = secret instanceof Uint8Array ? await importSecret(secret) : secret;
  return new Uint8Array(await subtle.deriveBits(hkdfOf(salt, info), key, size * 8));
}

/**
 * An AES key from a secret, which never stands in memory that a script can read.
 * @param {CryptoKey} secret
 * @param {Bytes} info
 * @param {{ salt?: Bytes, uses?: KeyUsage[] }} [how]
 */
export function hkdfKey(secret, info, { salt = NOTHING, uses = ['encrypt', 'decrypt'] } = {}) {
  return subtle.deriveKey(hkdfOf(salt, info), secret, { name: 'AES-GCM', length: 256 }, false, uses);
}

/**
 * @param {Bytes} key
 * @param {KeyUsage[]} [uses]
 */
export const importAes = (key, uses = ['encrypt', 'decrypt']) => subtle.importKey('raw', key, 'AES-GCM', false, uses);

/**
 * @param {CryptoKey} key
 * @param {Bytes} iv
 * @param {Bytes} plaintext
 * @param {Bytes} additionalData
 * @returns {Promise<Bytes>}
 */
export async function aesSeal(key, iv, plaintext, additionalData) {
  return new Uint8Array(await subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, key, plaintext));
}

/**
 * Rejects when it does not open.
 * @param {CryptoKey} key
 * @param {Bytes} iv
 * @param {Bytes} ciphertext
 * @param {Bytes} additionalData
 * @returns {Promise<Bytes>}
 */
export async function aesOpen(key, iv, ciphertext, additionalData) {
  return new Uint8Array(await subtle.decrypt({ name: 'AES-GCM', iv, additionalData }, key, ciphertext));
}

/**
 * @param {Bytes} password
 * @param {Bytes} salt
 * @param {number} iterations
 * @param {{ hash?: 'SHA-256' | 'SHA-512', size?: number }} [how]
 * @returns {Promise<Bytes>}
 */
export async function pbkdf2(password, salt, iterations, { hash: name = 'SHA-256', size = 32 } = {}) {
  const key = await subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits']);
  return new Uint8Array(await subtle.deriveBits({ name: 'PBKDF2', hash: name, salt, iterations }, key, size * 8));
}

/**
 * Takes as long for bytes that differ as for equal ones.
 * @param {Uint8Array} a
 * @param {Uint8Array} b
 */
export function equal(a, b) {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at += 1) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}
