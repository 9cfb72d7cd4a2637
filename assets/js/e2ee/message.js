import { concat, fromB64u, fromUtf8, isZero, toB64u, toHex, utf8, Writer } from './codec.js';
import { parseContent } from './content.js';
import { E2eeError, insist, orRefuse } from './errors.js';
import { KIND, parseHeader } from './header.js';
import { sign, verify, verifyWith } from './keys.js';
import { activeAt, epochAt, epochNumber, keyOf, memberAt, seqOf } from './log.js';
import { pad } from './padding.js';
import { aesOpen, aesSeal, equal, hash, hmac, randomBytes } from './primitives.js';
import { parseStrict } from './strict_json.js';

/**
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./header.js').Header} Header
 * @typedef {import('./content.js').Content} Content
 * @typedef {import('./log.js').State} State
 * @typedef {import('./epoch.js').EpochSecret} EpochSecret
 * @typedef {import('./strict_json.js').Json} Json
 * @typedef {{ h: Bytes, k: Bytes, iv: Bytes, s: Bytes }} Outside what an envelope and its tombstone have in common
 * @typedef {Outside & { ct: Bytes }} Envelope
 * @typedef {Outside & { cth: Bytes, by: 'author' | 'moderator' | 'server', mid: Bytes | null }} Tombstone
 * @typedef {{ header: Header, msgHash: Bytes, content: Content, text: string, fk: Bytes }} Received
 */

const MOST_ENVELOPE = 65_536;
export const MOST_CONTENT = 16_384;
const TAG = 16;
const PREFIX = 1 + 32 + 4;
const LEAST_CT = pad(0) + TAG;
const MOST_CT = pad(PREFIX + MOST_CONTENT) + TAG;

/**
 * What opens the ciphertext to one content only, also in a report that somebody else reads.
 * @param {Bytes} fk
 * @param {Bytes} header
 * @param {Bytes} content
 */
export function commitTo(fk, header, content) {
  return hmac(fk, new Writer('msg-commit').lp(header).lp(content).done());
}

/**
 * @param {Outside} outside
 * @param {Bytes} ctHash
 */
export function signedText({ h, k, iv }, ctHash) {
  return new Writer('msg-sig').lp(h).fixed(k, 32).fixed(iv, 12).fixed(ctHash, 32).done();
}

/**
 * @param {Bytes} fk
 * @param {Bytes} content
 */
function plaintext(fk, content) {
  const head = new Writer().u8(1).fixed(fk, 32).lp(content).done();
  const padded = new Uint8Array(pad(head.length));
  padded.set(head);
  return padded;
}

/**
 * @param {{ header: Bytes, content: Bytes, signKey: CryptoKey, messageKey: CryptoKey }} message
 * @param {{ fk?: Bytes, iv?: Bytes }} [drawn] anew unless a vector fixes them
 */
export async function sealMessage(message, { fk = randomBytes(32), iv = randomBytes(12) } = {}) {
  const { header, content, signKey, messageKey } = message;
  insist(content.length <= MOST_CONTENT, 'bad_content', 'too long');
  const commit = await commitTo(fk, header, content);
  const ct = await aesSeal(messageKey, iv, plaintext(fk, content), concat([header, commit]));
  const signed = signedText({ h: header, k: commit, iv, s: iv }, await hash(ct));
  const s = await sign(signKey, signed);
  /** @type {Envelope} */
  const envelope = { h: header, k: commit, iv, ct, s };
  return { envelope, msgHash: await hash(signed), text: encodeEnvelope(envelope) };
}

/** @param {Envelope} envelope */
export function encodeEnvelope({ h, k, iv, ct, s }) {
  const [head, commit, nonce, body, signature] = [h, k, iv, ct, s].map(toB64u);
  return `{"v":1,"h":"${head}","k":"${commit}","iv":"${nonce}","ct":"${body}","s":"${signature}"}`;
}

/**
 * @param {Json | undefined} value
 * @param {readonly string[]} names
 * @param {readonly string[]} [mayHave]
 * @returns {import('./strict_json.js').JsonObject}
 */
function exactly(value, names, mayHave = []) {
  insist(value instanceof Map && names.every((name) => value.has(name)), 'malformed', 'members');
  const all = [...names, ...mayHave];
  insist([...value.keys()].every((name) => all.includes(name)), 'malformed', 'unknown member');
  return value;
}

/**
 * @param {string} text
 * @param {readonly string[]} names
 */
function parseOutside(text, names) {
  insist(text.length <= MOST_ENVELOPE && utf8(text).length <= MOST_ENVELOPE, 'malformed', 'too long');
  const members = exactly(parseStrict(text, 'malformed'), ['v', 'h', 'k', 'iv', 's', ...names]);
  insist(members.get('v') === 1, 'malformed', 'version');
  const outside = {
    h: fromB64u(members.get('h')),
    k: fromB64u(members.get('k'), { size: 32 }),
    iv: fromB64u(members.get('iv'), { size: 12 }),
    s: fromB64u(members.get('s'), { size: 64 }),
  };
  return { members, outside };
}

/**
 * @param {string} text
 * @returns {Envelope}
 */
export function parseEnvelope(text) {
  const { members, outside } = parseOutside(text, ['ct']);
  const ct = fromB64u(members.get('ct'));
  const inner = ct.length - TAG;
  insist(ct.length >= LEAST_CT && ct.length <= MOST_CT && pad(inner) === inner, 'malformed', 'size of ct');
  return { ...outside, ct };
}

/**
 * @param {string} text
 * @returns {Tombstone}
 */
export function parseTombstone(text) {
  const { members, outside } = parseOutside(text, ['cth', 'deleted']);
  const deleted = exactly(members.get('deleted'), ['by'], ['mid']);
  const by = deleted.get('by');
  insist(by === 'author' || by === 'moderator' || by === 'server', 'malformed', 'by');
  const mid = deleted.has('mid') ? fromB64u(deleted.get('mid'), { size: 16 }) : null;
  return { ...outside, cth: fromB64u(members.get('cth'), { size: 32 }), by, mid };
}

/**
 * The names of messages that were met, with what they stood for: one name stands for one message.
 * A message that could not be opened for want of a key is met again without being a duplicate.
 */
export class Seen {
  /** @type {Map<string, { sender: number, msgHash: string, waits: boolean }>} */
  #met = new Map();

  /**
   * @param {Bytes} mid
   * @param {number} sender
   * @param {Bytes} msgHash
   */
  meet(mid, sender, msgHash) {
    const name = toHex(mid);
    const now = { sender, msgHash: toHex(msgHash), waits: false };
    const before = this.#met.get(name);
    if (before) {
      insist(before.sender === sender && before.msgHash === now.msgHash, 'mid_conflict');
      insist(before.waits, 'duplicate');
    }
    this.#met.set(name, now);
  }

  /** @param {Bytes} mid */
  expectAgain(mid) {
    const held = this.#met.get(toHex(mid));
    if (held) held.waits = true;
  }
}

/**
 * The facts outside the ciphertext, in the order in which everybody checks them.
 * @param {Outside} outside
 * @param {Bytes} ctHash
 * @param {State} state
 * @param {Seen} seen
 */
async function checkOutside(outside, ctHash, state, seen) {
  const header = parseHeader(outside.h);
  insist(equal(header.instance, state.instance) && header.room === state.room, 'malformed', 'another room');
  const at = seqOf(state, header.logHead);
  const epoch = epochNumber(state, header.epoch);
  const isCurrent = at !== undefined && epoch !== undefined && equal(epoch.hash, header.epochHash)
    && epochAt(state, at) === epoch;
  insist(isCurrent, 'unknown_epoch');
  const sender = activeAt(state, header.sender, header.gen, at);
  insist(sender, 'not_member');
  const signed = signedText(outside, ctHash);
  insist(await verifyWith(await state.journal.verifier(sender.edPub), signed, outside.s), 'bad_signature');
  const msgHash = await hash(signed);
  seen.meet(header.mid, header.sender, msgHash);
  return { header, msgHash };
}

/**
 * Whether a message of an `unknown_epoch` shows, the log having been fetched once more, that there are two logs: it
 * names what this one does not contain, and yet its sender has signed it. Either the server shows two logs, or the
 * sender made this up; the reader is told both.
 * @param {string} text
 * @param {{ state: State, pinned: (user: number, gen: number) => Bytes | undefined }} held
 */
export async function showsAnotherLog(text, { state, pinned }) {
  const envelope = parseEnvelope(text);
  const { sender, gen, logHead, epochHash } = parseHeader(envelope.h);
  const isKnown = seqOf(state, logHead) !== undefined && seqOf(state, epochHash) !== undefined;
  const edPub = keyOf(state, sender, gen) ?? pinned(sender, gen);
  if (isKnown || !edPub) return false;
  return verify(edPub, signedText(envelope, await hash(envelope.ct)), envelope.s);
}

/**
 * @param {Bytes} padded
 * @returns {{ fk: Bytes, content: Bytes }}
 */
function unpad(padded) {
  const size = new DataView(padded.buffer, padded.byteOffset).getUint32(33);
  const end = PREFIX + size;
  const whole = padded[0] === 1 && size <= MOST_CONTENT && padded.length === pad(end) && isZero(padded.subarray(end));
  insist(whole, 'bad_ciphertext', 'padding');
  return { fk: padded.slice(1, 33), content: padded.slice(PREFIX, end) };
}

/**
 * @param {Envelope} envelope
 * @param {CryptoKey} key
 */
const decrypt = ({ h, k, iv, ct }, key) => orRefuse('bad_ciphertext', () => aesOpen(key, iv, ct, concat([h, k])));

/**
 * A message as the server gives it, checked and opened.
 * @param {string} text
 * @param {{ state: State, seen: Seen, secrets: { get(epoch: number): EpochSecret | undefined } }} room
 * @returns {Promise<Received>}
 */
export async function receiveMessage(text, { state, seen, secrets }) {
  const envelope = parseEnvelope(text);
  const { header, msgHash } = await checkOutside(envelope, await hash(envelope.ct), state, seen);
  const secret = secrets.get(header.epoch);
  if (!secret) {
    seen.expectAgain(header.mid);
    throw new E2eeError('no_key');
  }
  const { fk, content } = unpad(await decrypt(envelope, await secret.messageKey(header.sender)));
  insist(equal(await commitTo(fk, envelope.h, content), envelope.k), 'bad_commit');
  return { header, msgHash, content: parseContent(content, header), text: fromUtf8(content, 'bad_content'), fk };
}

/** @type {Readonly<Record<number, readonly number[]>>} what edits, redactions and reactions may refer to */
const TARGETS = Object.freeze({
  [KIND.edit]: [KIND.message], [KIND.redaction]: [KIND.message, KIND.reaction], [KIND.reaction]: [KIND.message],
});

/**
 * Whether a message may refer to another: an edit to a message of the same sender, a reaction to any message, a redaction
 * to either or to a reaction, which it takes back; nothing to an edit or a redaction.
 * @param {Header} header
 * @param {Header} target the message that it names
 */
export function checkTarget({ kind, sender, target: named }, target) {
  const fits = TARGETS[kind]?.includes(target.kind) && equal(named, target.mid);
  insist(fits && (kind !== KIND.edit || sender === target.sender), 'bad_content', 'target');
}

/**
 * What is left of a deleted message: still signed, still in its place.
 * @param {string} text
 * @param {{ state: State, seen: Seen }} room
 */
export async function receiveTombstone(text, { state, seen }) {
  const tombstone = parseTombstone(text);
  const { header, msgHash } = await checkOutside(tombstone, tombstone.cth, state, seen);
  return { header, msgHash, tombstone };
}

/**
 * The hash that names a deleted message, as it named the message.
 * @param {Tombstone} tombstone
 */
export const tombstoneHash = (tombstone) => hash(signedText(tombstone, tombstone.cth));

/**
 * Who deleted a message, as far as what the server says of it is proved: by a signed redaction of the author, or of
 * somebody with a role at the entry that it names. Whatever else is said, it was the server.
 * @param {{ by: 'author' | 'moderator' | 'server', mid: Bytes | null }} said
 * @param {Header} deleted
 * @param {Header | null} redaction received and checked
 * @param {number} role of its sender at the log's head that it names
 */
export function deletedBy({ by, mid }, deleted, redaction, role) {
  const proves = redaction && mid && equal(mid, redaction.mid) && redaction.kind === KIND.redaction
    && TARGETS[KIND.redaction]?.includes(deleted.kind) && equal(redaction.target, deleted.mid);
  if (!proves) return 'server';
  const byWhom = by === 'author' ? redaction.sender === deleted.sender : by === 'moderator' && role >= 1;
  return byWhom ? by : 'server';
}

/**
 * The role that the sender of a message had at the log's head that it names.
 * @param {State} state
 * @param {Header} header
 */
export function roleAt(state, { sender, gen, logHead }) {
  const seq = seqOf(state, logHead);
  return seq === undefined ? 0 : activeAt(state, sender, gen, seq)?.role ?? 0;
}
