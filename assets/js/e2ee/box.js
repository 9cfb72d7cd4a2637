import { concat, utf8, Writer } from './codec.js';
import { insist, orRefuse } from './errors.js';
import { aesOpen, aesSeal, randomBytes } from './primitives.js';

/** @typedef {import('./codec.js').Bytes} Bytes */
/** @typedef {{ purpose: string, ctx: Bytes }} Place what a box is for, and whose: no other place opens it */

const VERSION = 1;
const IV = 12;
const TAG = 16;
const PURPOSES = Object.freeze(['amk-pw', 'amk-rec', 'ed25519', 'x25519', 'state', 'drafts', 'report']);

/**
 * @param {Bytes} instance
 * @param {string} usr
 */
const account = (instance, usr) => new Writer().fixed(instance, 16).text(usr);

export const places = Object.freeze({
  /** @type {(instance: Bytes, usr: string, salt: Bytes, iterations: number) => Place} */
  amkByPassword: (instance, usr, salt, iterations) => ({
    purpose: 'amk-pw', ctx: account(instance, usr).fixed(salt, 16).u32(iterations).done(),
  }),
  /** @type {(instance: Bytes, usr: string) => Place} */
  amkByRecovery: (instance, usr) => ({ purpose: 'amk-rec', ctx: account(instance, usr).done() }),
  /** @type {(instance: Bytes, usr: string) => Place} */
  drafts: (instance, usr) => ({ purpose: 'drafts', ctx: account(instance, usr).done() }),
  /** @type {(instance: Bytes, usr: string, gen: number) => Place} */
  signingKey: (instance, usr, gen) => ({ purpose: 'ed25519', ctx: account(instance, usr).u32(gen).done() }),
  /** @type {(instance: Bytes, usr: string, kem: number) => Place} */
  agreementKey: (instance, usr, kem) => ({ purpose: 'x25519', ctx: account(instance, usr).u32(kem).done() }),
  /** @type {(instance: Bytes, usr: string, version: number) => Place} */
  state: (instance, usr, version) => ({ purpose: 'state', ctx: account(instance, usr).u64(version).done() }),
  /** @type {(instance: Bytes, room: number, reportId: Bytes) => Place} */
  report: (instance, room, reportId) => ({
    purpose: 'report', ctx: new Writer().fixed(instance, 16).u64(room).fixed(reportId, 16).done(),
  }),
});

/** @param {Place} place */
function additionalData({ purpose, ctx }) {
  insist(PURPOSES.includes(purpose), 'bad_box', 'unknown purpose');
  return new Writer('box').lp(utf8(purpose)).lp(ctx).done();
}

/**
 * @param {CryptoKey} key
 * @param {Place} place
 * @param {Bytes} plaintext
 * @param {Bytes} [iv] drawn anew unless a vector fixes it
 */
export async function sealBox(key, place, plaintext, iv = randomBytes(IV)) {
  return concat([Uint8Array.of(VERSION), iv, await aesSeal(key, iv, plaintext, additionalData(place))]);
}

/**
 * The parts of a box, for a key that is unwrapped without being read.
 * @param {Place} place
 * @param {Bytes} box
 */
export function boxParts(place, box) {
  insist(box.length >= 1 + IV + TAG && box[0] === VERSION, 'bad_box', 'form');
  return {
    iv: box.slice(1, 1 + IV),
    ciphertext: box.slice(1 + IV),
    additionalData: additionalData(place),
  };
}

/**
 * @param {CryptoKey} key
 * @param {Place} place
 * @param {Bytes} box
 */
export async function openBox(key, place, box) {
  const parts = boxParts(place, box);
  return orRefuse('bad_box', () => aesOpen(key, parts.iv, parts.ciphertext, parts.additionalData));
}
