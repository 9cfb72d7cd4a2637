import { isZero, Reader, SUITE, toHex, Writer } from './codec.js';
import { insist } from './errors.js';

/**
 * What the server and everybody in the room sees of a message, signed by its sender.
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {{ suite: number, instance: Bytes, room: number, epoch: number, epochHash: Bytes, logHead: Bytes,
 *   sender: number, gen: number, mid: Bytes, sid: Bytes, n: number, parent: Bytes, kind: number, target: Bytes,
 *   ts: number, files: Bytes[] }} Header
 */

export const KIND = Object.freeze({ message: 1, edit: 2, redaction: 3, reaction: 4 });
export const MOST_FILES = 20;

/** @param {Reader} from */
function readFiles(from) {
  const count = from.oneOf(0, MOST_FILES);
  const files = Array.from({ length: count }, () => from.raw(16));
  insist(new Set(files.map(toHex)).size === count, 'malformed', 'a file twice');
  return files;
}

/**
 * @param {Bytes} bytes
 * @returns {Header}
 */
export function parseHeader(bytes) {
  const from = new Reader(bytes);
  const header = {
    suite: from.begin('msg'),
    instance: from.raw(16),
    room: from.u64(),
    epoch: from.ordinal(),
    epochHash: from.raw(32),
    logHead: from.raw(32),
    sender: from.u64(),
    gen: from.ordinal(),
    mid: from.raw(16),
    sid: from.raw(8),
    n: from.u32(),
    parent: from.raw(32),
    kind: from.oneOf(KIND.message, KIND.reaction),
    target: from.raw(16),
    ts: from.u64(),
    files: readFiles(from),
  };
  from.end();
  insist((header.kind === KIND.message) === isZero(header.target), 'malformed', 'target of the kind');
  return header;
}

/**
 * @param {Omit<Header, 'suite'>} header
 * @returns {Bytes}
 */
export function encodeHeader(header) {
  const to = new Writer('msg').u16(SUITE).fixed(header.instance, 16).u64(header.room).u32(header.epoch)
    .fixed(header.epochHash, 32).fixed(header.logHead, 32).u64(header.sender).u32(header.gen).fixed(header.mid, 16)
    .fixed(header.sid, 8).u32(header.n).fixed(header.parent, 32).u8(header.kind).fixed(header.target, 16)
    .u64(header.ts).u8(header.files.length);
  for (const file of header.files) to.fixed(file, 16);
  return to.done();
}
