import { Writer } from './codec.js';
import { sign, verify } from './keys.js';
import { hash, pbkdf2 } from './primitives.js';

/**
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {{ instance: Bytes, actor: number, gen: number, nonce: Bytes, ts: number, text: string }} Broadcast
 */

/**
 * Five bytes for each five digits, which people can read to each other.
 * @param {Uint8Array} bytes
 */
function digits(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 5) {
    const value = bytes.subarray(at, at + 5).reduce((sum, byte) => sum * 256 + byte, 0);
    text += String(value % 100_000).padStart(5, '0');
  }
  return text;
}

/** @param {{ instance: Bytes, userId: number, usr: string, edPub: Bytes }} of */
export async function fingerprint({ instance, userId, usr, edPub }) {
  const salt = new Writer('safety').fixed(instance, 16).u64(userId).text(usr).done();
  return digits(await pbkdf2(edPub, salt, 100_000, { hash: 'SHA-512', size: 30 }));
}

/**
 * The same for both, whoever computes it.
 * @param {string} a
 * @param {string} b
 */
export const safetyNumber = (a, b) => (a < b ? a + b : b + a);

/**
 * @param {Bytes} instance
 * @param {number} room
 * @param {Bytes} logHead
 */
export async function roomCode(instance, room, logHead) {
  const whole = await hash(new Writer('room-code').fixed(instance, 16).u64(room).fixed(logHead, 32).done());
  return digits(whole.subarray(0, 20));
}

/** @param {Broadcast} broadcast */
export function broadcastText({ instance, actor, gen, nonce, ts, text }) {
  return new Writer('broadcast').fixed(instance, 16).u64(actor).u32(gen).fixed(nonce, 16).u64(ts).text(text).done();
}

/**
 * @param {CryptoKey} key
 * @param {Broadcast} broadcast
 */
export const signBroadcast = (key, broadcast) => sign(key, broadcastText(broadcast));

/**
 * @param {Bytes} edPub
 * @param {Broadcast} broadcast
 * @param {Bytes} signature
 */
export const verifyBroadcast = (edPub, broadcast, signature) => verify(edPub, broadcastText(broadcast), signature);
