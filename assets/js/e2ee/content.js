import { fromB64u, utf8 } from './codec.js';
import { insist } from './errors.js';
import { KIND } from './header.js';
import { pad } from './padding.js';
import { equal } from './primitives.js';
import { parseStrict } from './strict_json.js';

/**
 * What a message says. Fields that are not known are left out, for a later version may have more.
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./strict_json.js').Json} Json
 * @typedef {{ id: Bytes, k: Bytes, sz: number, psz: number, c: number, root: Bytes, name: string, mime: string,
 *   w: number | null, h: number | null, thumb: Manifest | null }} Manifest
 * @typedef {{ t: string, known: boolean, body: string | null, emoji: string | null, reply: Bytes | null,
 *   thread: Bytes | null, mentions: number[], files: Manifest[] }} Content
 */

export const CHUNK = 262_144;
export const LEAST_FILE = 4_096;
const MOST_FILE = 2 ** 30;
const KNOWN = ['text', 'file', 'reaction', 'redaction'];

/**
 * The padded size of a file.
 * @param {number} size
 */
export const paddedSize = (size) => Math.max(LEAST_FILE, pad(size));

/**
 * @param {unknown} holds
 * @param {string} why
 * @returns {asserts holds}
 */
function check(holds, why) {
  insist(holds, 'bad_content', why);
}

/** @typedef {import('./strict_json.js').JsonObject} Fields */

/**
 * @param {Fields} fields
 * @param {string} name
 */
function text(fields, name) {
  const value = fields.get(name);
  check(typeof value === 'string', name);
  return value;
}

/**
 * @param {Fields} fields
 * @param {string} name
 */
function count(fields, name) {
  const value = fields.get(name);
  check(typeof value === 'number', name);
  return value;
}

/**
 * @param {Fields} fields
 * @param {string} name
 * @param {number} size
 */
const bytes = (fields, name, size) => fromB64u(fields.get(name), { code: 'bad_content', size });

/**
 * @template T
 * @param {Fields} fields
 * @param {string} name
 * @param {() => T} read
 */
const optional = (fields, name, read) => (fields.has(name) ? read() : null);

/**
 * @param {Fields} fields
 * @param {string} name
 */
function list(fields, name) {
  const value = fields.has(name) ? fields.get(name) : [];
  check(Array.isArray(value), name);
  return value;
}

/**
 * @param {Json | undefined} value
 * @param {boolean} isThumb
 * @returns {Manifest}
 */
function readManifest(value, isThumb) {
  check(value instanceof Map, 'manifest');
  const [sz, psz, c] = [count(value, 'sz'), count(value, 'psz'), count(value, 'c')];
  check(c === CHUNK && psz <= MOST_FILE && sz <= psz && psz === paddedSize(sz), 'size of a file');
  check(!isThumb || !value.has('thumb'), 'thumb of a thumb');
  return {
    id: bytes(value, 'id', 16), k: bytes(value, 'k', 32), sz, psz, c, root: bytes(value, 'root', 32),
    name: text(value, 'name'), mime: text(value, 'mime'),
    w: optional(value, 'w', () => count(value, 'w')),
    h: optional(value, 'h', () => count(value, 'h')),
    thumb: optional(value, 'thumb', () => readManifest(value.get('thumb'), true)),
  };
}

/**
 * @param {Fields} fields
 * @param {string} t
 */
function readBody(fields, t) {
  if (t === 'text') return text(fields, 'body');
  return t === 'file' ? optional(fields, 'body', () => text(fields, 'body')) : null;
}

/** @param {Fields} fields */
function readEmoji(fields) {
  const emoji = text(fields, 'e');
  const size = utf8(emoji).length;
  check(size >= 1 && size <= 64, 'e');
  return emoji;
}

/**
 * The files of the message in the order of its header: each with its thumb after it.
 * @param {readonly Manifest[]} files
 */
const idsOf = (files) => files.flatMap(({ id, thumb }) => (thumb ? [id, thumb.id] : [id]));

/**
 * @param {readonly Manifest[]} files
 * @param {readonly Bytes[]} ids
 */
function namesExactly(files, ids) {
  const own = idsOf(files);
  return own.length === ids.length && own.every((id, at) => equal(id, /** @type {Bytes} */ (ids[at])));
}

/**
 * @param {string | Bytes} input
 * @param {{ kind: number, files: readonly Bytes[] }} header
 * @returns {Content}
 */
export function parseContent(input, { kind, files: ids }) {
  const fields = parseStrict(input, 'bad_content');
  check(fields instanceof Map && fields.get('v') === 1, 'version');
  const t = text(fields, 't');
  const fits = (kind === KIND.redaction) === (t === 'redaction') && (kind === KIND.reaction) === (t === 'reaction');
  check(fits, 'kind');
  const mentions = list(fields, 'mentions');
  check(mentions.every((id) => typeof id === 'number'), 'mentions');
  const files = list(fields, 'files').map((value) => readManifest(value, false));
  check(namesExactly(files, ids) && (t !== 'file' || files.length > 0), 'files');
  return {
    t, known: KNOWN.includes(t), body: readBody(fields, t),
    emoji: t === 'reaction' ? readEmoji(fields) : null,
    reply: optional(fields, 'reply', () => bytes(fields, 'reply', 16)),
    thread: optional(fields, 'thread', () => bytes(fields, 'thread', 16)),
    mentions: /** @type {number[]} */ (mentions), files,
  };
}
