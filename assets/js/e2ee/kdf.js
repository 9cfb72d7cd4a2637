import { isWellFormed, label, utf8, Writer } from './codec.js';
import { insist } from './errors.js';
import { hash, hkdf, hkdfKey, importSecret, pbkdf2 } from './primitives.js';

/** @typedef {import('./codec.js').Bytes} Bytes */
/** @typedef {{ usr: string, instance: Bytes, salt: Bytes, iterations: number }} KdfParameters */

const NO_SALT = new Uint8Array(0);
const LEAST_ITERATIONS = 600_000;
const MOST_ITERATIONS = 10_000_000;
const LEAST_CHARACTERS = 8;
const MOST_BYTES = 1_024;

/** @param {Pick<KdfParameters, 'salt' | 'iterations'>} parameters */
function checkParameters({ salt, iterations }) {
  const strong = Number.isInteger(iterations) && iterations >= LEAST_ITERATIONS && iterations <= MOST_ITERATIONS;
  insist(strong, 'kdf_refused', 'iterations');
  insist(salt.length === 16, 'kdf_refused', 'salt');
}

/**
 * One spelling for all that look alike, so that a password typed on another keyboard still opens.
 * @param {string} password
 */
function passwordBytes(password) {
  insist(isWellFormed(password), 'kdf_refused', 'half a surrogate pair');
  const plain = password.normalize('NFKC');
  insist([...plain].length >= LEAST_CHARACTERS, 'kdf_refused', 'too short');
  const bytes = utf8(plain);
  insist(bytes.length <= MOST_BYTES, 'kdf_refused', 'too long');
  return bytes;
}

/** @param {Pick<KdfParameters, 'usr' | 'instance' | 'salt'>} of */
export function passwordSalt({ usr, instance, salt }) {
  return hash(new Writer('pw-salt').fixed(instance, 16).text(usr).raw(salt).done());
}

/**
 * The key that a password stands for. What a server asks for is checked before anything is computed with it: a server
 * that lowers the effort learns nothing.
 * @param {string} password
 * @param {KdfParameters} parameters
 */
export async function masterKey(password, parameters) {
  checkParameters(parameters);
  const bytes = passwordBytes(password);
  return pbkdf2(bytes, await passwordSalt(parameters), parameters.iterations);
}

/**
 * What proves the password to the server, and the key that opens the account, which never leaves. Wipes `master`.
 * @param {Bytes} master
 */
export async function accountKeys(master) {
  const secret = await importSecret(master);
  master.fill(0);
  const [authKey, wrapKey] = await Promise.all([hkdf(secret, NO_SALT, label('auth')), hkdfKey(secret, label('wrap'))]);
  return { authKey, wrapKey };
}

/**
 * The keys under the account's own secret. Wipes it.
 * @param {Bytes} amk
 * @param {KeyUsage[]} [kekUses] what the key of the boxes is good for
 */
export async function accountSubkeys(amk, kekUses = ['encrypt', 'unwrapKey']) {
  insist(amk.length === 32, 'bad_key', 'size of the account secret');
  const secret = await importSecret(amk);
  amk.fill(0);
  const [kek, stateKey, localKey] = await Promise.all([
    hkdfKey(secret, label('kek-identity'), { uses: kekUses }),
    hkdfKey(secret, label('state')),
    hkdfKey(secret, label('local')),
  ]);
  return { kek, stateKey, localKey };
}

