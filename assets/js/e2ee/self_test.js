import { openBox, places } from './box.js';
import { fromHex, toHex } from './codec.js';
import { accountKeys, masterKey } from './kdf.js';
import { agree, generate, sign, verify } from './keys.js';
import { equal, randomBytes } from './primitives.js';

/**
 * Whether this browser can do what the protocol needs. There is nothing to fall back on: what it lacks is named, and
 * nothing is sent.
 */

// One account of the published vectors.
const KNOWN = {
  password: 'Paß\ufb03 wo\u0308rd-42',
  usr: 'alice_1',
  instance: fromHex('101112131415161718191a1b1c1d1e1f'),
  salt: fromHex('202122232425262728292a2b2c2d2e2f'),
  iterations: 600_000,
  authKey: '44dc299cb8ab8f37cd69214318e009f482e7b4dd2a6c88df083d65d721d7446d',
  amk: '404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f',
  box: '01606162636465666768696a6b332780174dd395b9be219e4d512f7855d225893566137fb060480215989a010c9326dfc2f1871d69'
    + '738436c78f382c27',
};

async function account() {
  const { usr, instance, salt, iterations } = KNOWN;
  const { authKey, wrapKey } = await accountKeys(await masterKey(KNOWN.password, KNOWN));
  const place = places.amkByPassword(instance, usr, salt, iterations);
  return toHex(authKey) === KNOWN.authKey && toHex(await openBox(wrapKey, place, fromHex(KNOWN.box))) === KNOWN.amk;
}

async function signing() {
  const [own, message] = [await generate('ed25519'), randomBytes(32)];
  const signature = await sign(own.key, message);
  const other = message.map((byte) => byte ^ 1);
  return await verify(own.pub, message, signature) && !(await verify(own.pub, other, signature));
}

async function agreement() {
  const [a, b] = [await generate('x25519'), await generate('x25519')];
  return equal(await agree(a.key, b.pub), await agree(b.key, a.pub));
}

/** @type {readonly (readonly [string, () => boolean | Promise<boolean>])[]} */
const TESTS = [
  ['PBKDF2, HKDF, AES-GCM', account],
  ['Ed25519', signing],
  ['X25519', agreement],
];

/** @param {() => boolean | Promise<boolean>} run */
async function holds(run) {
  try {
    return await run();
  } catch {
    return false;
  }
}

/**
 * @param {{ isSecureContext?: boolean }} [context]
 * @returns {Promise<{ ok: boolean, code: 'insecure_context' | 'unsupported_browser' | null, missing: string[] }>}
 */
export async function selfTest(context = globalThis) {
  if (context.isSecureContext === false) {
    return { ok: false, code: 'insecure_context', missing: ['secure connection'] };
  }
  const results = await Promise.all(TESTS.map(([, run]) => holds(run)));
  const missing = TESTS.filter((_, at) => !results[at]).map(([name]) => name);
  return { ok: missing.length === 0, code: missing.length === 0 ? null : 'unsupported_browser', missing };
}
