import { fromB64u, fromUtf8, Writer } from './codec.js';
import { openBox, places, sealBox } from './box.js';
import { insist, orRefuse } from './errors.js';
import { unwrapSecret, wrapSecret } from './hpke.js';
import { parseHeader } from './header.js';
import { verify } from './keys.js';
import { activeAt, seqOf } from './log.js';
import { commitTo, signedText } from './message.js';
import { equal, hash, importAes } from './primitives.js';

/**
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./header.js').Header} Header
 * @typedef {import('./keys.js').PrivateKey} PrivateKey
 * @typedef {import('./log.js').State} State
 * @typedef {{ env: { h: string, k: string, iv: string, cth: string, s: string }, content: string, fk: string }} Item
 * @typedef {{ instance: Bytes, room: number, reportId: Bytes }} ReportId
 */

/**
 * Exactly these members, so that nothing travels in a report that nobody checks.
 * @param {object} value
 * @param {readonly string[]} names
 */
function hasExactly(value, names) {
  const own = Object.keys(value);
  return own.length === names.length && names.every((name) => own.includes(name));
}

/** @param {Item} item */
function readItem(item) {
  const { env, content, fk } = item;
  const whole = hasExactly(item, ['env', 'content', 'fk']) && hasExactly(env, ['h', 'k', 'iv', 'cth', 's']);
  insist(whole, 'not_authentic', 'members');
  return {
    outside: {
      h: fromB64u(env.h), k: fromB64u(env.k, { size: 32 }), iv: fromB64u(env.iv, { size: 12 }),
      s: fromB64u(env.s, { size: 64 }),
    },
    cth: fromB64u(env.cth, { size: 32 }),
    content: fromB64u(content),
    fk: fromB64u(fk, { size: 32 }),
  };
}

/**
 * Whether the message in a report was really sent: the reporter can neither change nor invent one.
 * @param {Item} item
 * @param {{ instance: Bytes, room: number, keyOf: (header: Header) => Bytes | undefined }} room
 */
export const verifyReported = (item, room) => orRefuse('not_authentic', () => verifyItem(item, room));

/**
 * The same with the room's log: the key is that of the member who the sender was at the entry that the header names.
 * @param {Item} item
 * @param {State} state
 */
export const verifyInRoom = (item, state) => verifyReported(item, {
  instance: state.instance,
  room: state.room,
  keyOf({ sender, gen, logHead }) {
    const seq = seqOf(state, logHead);
    return seq === undefined ? undefined : activeAt(state, sender, gen, seq)?.edPub;
  },
});

/**
 * @param {Item} item
 * @param {{ instance: Bytes, room: number, keyOf: (header: Header) => Bytes | undefined }} room
 */
async function verifyItem(item, { instance, room, keyOf }) {
  const { outside, cth, content, fk } = readItem(item);
  const header = parseHeader(outside.h);
  insist(equal(header.instance, instance) && header.room === room, 'not_authentic', 'another room');
  const edPub = keyOf(header);
  const signed = signedText(outside, cth);
  insist(edPub && await verify(edPub, signed, outside.s), 'not_authentic', 'signature');
  insist(equal(await commitTo(fk, outside.h, content), outside.k), 'not_authentic', 'commitment');
  return { header, msgHash: await hash(signed), content: fromUtf8(content, 'not_authentic') };
}

/**
 * @param {ReportId} id
 * @param {{ userId: number, kem: number }} recipient
 */
function keyInfo({ instance, room, reportId }, { userId, kem }) {
  return new Writer('report-key').fixed(instance, 16).u64(room).fixed(reportId, 16).u64(userId).u32(kem).done();
}

/** @param {ReportId} id */
const placeOf = ({ instance, room, reportId }) => places.report(instance, room, reportId);

/**
 * @param {ReportId} id
 * @param {Bytes} rk
 * @param {Bytes} body
 * @param {Bytes} [iv]
 */
export const sealReport = async (id, rk, body, iv) => sealBox(await importAes(rk), placeOf(id), body, iv);

/**
 * @param {ReportId} id
 * @param {Bytes} rk
 * @param {{ userId: number, kem: number, xPub: Bytes }} recipient
 * @param {PrivateKey} [ephemeral]
 */
export const wrapReportKey = (id, rk, recipient, ephemeral) => (
  wrapSecret(recipient.xPub, keyInfo(id, recipient), rk, ephemeral)
);

/**
 * @param {ReportId} id
 * @param {{ userId: number, kem: number, own: PrivateKey }} recipient
 * @param {{ box: Bytes, wrap: Bytes }} sealed
 */
export async function openReport(id, { own, ...recipient }, { box, wrap }) {
  const rk = await orRefuse('bad_wrap', () => unwrapSecret(own, keyInfo(id, recipient), wrap));
  return openBox(await importAes(rk), placeOf(id), box);
}
