import { concat, label, Writer } from './codec.js';
import { insist } from './errors.js';
import { equal, hash, hkdf, hkdfKey, importSecret } from './primitives.js';

/** @typedef {import('./codec.js').Bytes} Bytes */

const ENTROPY = 17;
const CHECK = 3;
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** @param {Bytes} entropy */
async function checkOf(entropy) {
  return (await hash(new Writer('rec-check').raw(entropy).done())).slice(0, CHECK);
}

/**
 * The code to write down: 32 letters and digits that are hard to mistake, in groups of four.
 * @param {Bytes} entropy
 */
export async function recoveryCode(entropy) {
  insist(entropy.length === ENTROPY, 'bad_recovery_code', 'size');
  const bytes = concat([entropy, await checkOf(entropy)]);
  let digits = '';
  for (let at = 0; at < 32; at += 1) digits += ALPHABET[fiveBits(bytes, at * 5)];
  return (digits.match(/.{4}/g) ?? []).join('-');
}

/**
 * @param {Uint8Array} bytes
 * @param {number} from
 */
function fiveBits(bytes, from) {
  const at = from >> 3;
  return ((((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)) >> (11 - (from & 7))) & 31;
}

/**
 * Reads a code as people type it: in any case, with or without hyphens, O for 0 and I or L for 1.
 * @param {string} code
 * @returns {Promise<Bytes>}
 */
export async function parseRecoveryCode(code) {
  const plain = code.replace(/[ -]/g, '').replace(/[a-z]/g, (letter) => letter.toUpperCase());
  const digits = [...plain.replace(/O/g, '0').replace(/[IL]/g, '1')].map((digit) => ALPHABET.indexOf(digit));
  insist(digits.length === 32 && !digits.includes(-1), 'bad_recovery_code', 'form');
  const bits = digits.map((digit) => digit.toString(2).padStart(5, '0')).join('');
  const bytes = Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => parseInt(byte, 2));
  const entropy = bytes.slice(0, ENTROPY);
  insist(equal(await checkOf(entropy), bytes.subarray(ENTROPY)), 'bad_recovery_code', 'mistyped');
  return entropy;
}

/**
 * @param {Bytes} entropy
 * @param {Bytes} instance
 * @param {string} usr
 */
export async function recoveryKeys(entropy, instance, usr) {
  insist(entropy.length === ENTROPY, 'bad_recovery_code', 'size');
  const salt = await hash(new Writer('rec-salt').fixed(instance, 16).text(usr).done());
  const secret = await importSecret(entropy);
  const recAuth = await hkdf(secret, salt, label('rec-auth'));
  const recWrap = await hkdfKey(secret, label('rec-wrap'), { salt });
  const verifier = await hash(new Writer('rec-verifier').raw(recAuth).done());
  return { recAuth, recWrap, verifier };
}
