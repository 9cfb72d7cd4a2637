import { E2eeError, insist } from './errors.js';

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

export const SUITE = 1;
const PREFIX = 'e2ee-chat/1 ';

/** Every label there is. A label names one purpose, and no purpose has two. */
const NAMES = [
  'pw-salt auth wrap box kek-identity state local rec-check rec-salt rec-auth rec-wrap rec-verifier self-check',
  'self-check-kem',
  'srv-auth srv-verifier srv-outer fake-salt reg-token at-rest at-rest-env at-rest-aad at-rest-file at-rest-chunk',
  'audit-record audit-head',
  'identity identity-cont dir-record dir-head safety',
  'room-entry es-commit epoch-wrap msg-key backlink backlink-aad room-code',
  'msg msg-commit msg-sig file file-chunk file-root report-key broadcast',
].join(' ').split(' ');

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const loneSurrogate = /\p{Surrogate}/u;

/** @type {Readonly<Record<string, Bytes>>} */
export const LABELS = Object.freeze(Object.assign(
  Object.create(null),
  Object.fromEntries(NAMES.map((name) => [name, lengthPrefixed(encoder.encode(PREFIX + name))])),
));

/**
 * @param {string} name
 * @returns {Bytes}
 */
export function label(name) {
  const bytes = LABELS[name];
  insist(bytes, 'unknown_label', name);
  return bytes;
}

/**
 * @param {Bytes} bytes
 * @returns {Bytes}
 */
function lengthPrefixed(bytes) {
  const all = new Uint8Array(4 + bytes.length);
  new DataView(all.buffer).setUint32(0, bytes.length);
  all.set(bytes, 4);
  return all;
}

/**
 * @param {string} text
 * @returns {Bytes}
 */
export const utf8 = (text) => encoder.encode(text);

/** @param {string} text */
export const isWellFormed = (text) => !loneSurrogate.test(text);

/**
 * @param {Uint8Array} bytes
 * @param {string} code
 */
export function fromUtf8(bytes, code) {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new E2eeError(code, 'not UTF-8');
  }
}

/**
 * @param {readonly Uint8Array[]} parts
 * @returns {Bytes}
 */
export function concat(parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** @param {Uint8Array} bytes */
export const isZero = (bytes) => bytes.every((byte) => byte === 0);

/** Writes big-endian structures; `done` gives them as one piece. */
export class Writer {
  /** @type {Uint8Array[]} */
  #parts = [];

  /** @param {string} [name] the label that the structure begins with */
  constructor(name) {
    if (name !== undefined) this.raw(label(name));
  }

  /**
   * @param {number} value
   * @param {number} size
   * @param {number} limit
   */
  #integer(value, size, limit) {
    insist(Number.isSafeInteger(value) && value >= 0 && value <= limit, 'malformed', 'integer out of range');
    const bytes = new Uint8Array(size);
    for (let at = size - 1, rest = value; at >= 0; at -= 1, rest = Math.floor(rest / 256)) bytes[at] = rest % 256;
    return this.raw(bytes);
  }

  /** @param {number} value */
  u8(value) {
    return this.#integer(value, 1, 0xff);
  }

  /** @param {number} value */
  u16(value) {
    return this.#integer(value, 2, 0xffff);
  }

  /** @param {number} value */
  u32(value) {
    return this.#integer(value, 4, 0xffffffff);
  }

  /** @param {number} value */
  u64(value) {
    return this.#integer(value, 8, Number.MAX_SAFE_INTEGER);
  }

  /** @param {Uint8Array} bytes */
  raw(bytes) {
    this.#parts.push(bytes);
    return this;
  }

  /**
   * Bytes of a size that the structure fixes.
   * @param {Uint8Array} bytes
   * @param {number} size
   */
  fixed(bytes, size) {
    insist(bytes.length === size, 'malformed', 'size of a fixed field');
    return this.raw(bytes);
  }

  /** @param {Uint8Array} bytes */
  lp(bytes) {
    return this.u32(bytes.length).raw(bytes);
  }

  /** @param {string} text */
  text(text) {
    return this.lp(encoder.encode(text));
  }

  done() {
    return concat(this.#parts);
  }
}

/** Reads what Writer wrote, and nothing else: whatever does not fit is `malformed`. */
export class Reader {
  #bytes;
  #view;
  #at = 0;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @param {number} size */
  #take(size) {
    insist(size <= this.#bytes.length - this.#at, 'malformed', 'ends too early');
    const from = this.#at;
    this.#at += size;
    return from;
  }

  u8() {
    return this.#view.getUint8(this.#take(1));
  }

  u16() {
    return this.#view.getUint16(this.#take(2));
  }

  u32() {
    return this.#view.getUint32(this.#take(4));
  }

  u64() {
    const at = this.#take(8);
    const value = this.#view.getUint32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4);
    insist(value <= Number.MAX_SAFE_INTEGER, 'malformed', 'integer above 2^53 - 1');
    return value;
  }

  /** A count that starts at one. */
  ordinal() {
    const value = this.u32();
    insist(value >= 1, 'malformed', 'counts start at one');
    return value;
  }

  /**
   * @param {number} least
   * @param {number} most
   */
  oneOf(least, most) {
    const value = this.u8();
    insist(value >= least && value <= most, 'malformed', 'value out of range');
    return value;
  }

  /**
   * @param {number} size
   * @returns {Bytes}
   */
  raw(size) {
    const from = this.#take(size);
    return /** @type {Bytes} */ (this.#bytes.slice(from, from + size));
  }

  /** @param {number} most */
  lp(most) {
    const size = this.u32();
    insist(size <= most, 'malformed', 'too long');
    return this.raw(size);
  }

  /**
   * The label, and at once the suite.
   * @param {string} name
   */
  begin(name) {
    const wanted = label(name);
    const found = this.raw(wanted.length);
    insist(wanted.every((byte, at) => byte === found[at]), 'malformed', 'another label');
    const suite = this.u16();
    insist(suite === SUITE, 'unsupported_suite');
    return suite;
  }

  end() {
    insist(this.#at === this.#bytes.length, 'malformed', 'something follows');
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const DIGITS = new Uint8Array(128).fill(255);
for (let digit = 0; digit < 64; digit += 1) DIGITS[ALPHABET.charCodeAt(digit)] = digit;

/** @param {Uint8Array} bytes */
export function toB64u(bytes) {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const three = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += ALPHABET.charAt(three >> 18) + ALPHABET.charAt((three >> 12) & 63);
    if (left > 1) text += ALPHABET.charAt((three >> 6) & 63);
    if (left > 2) text += ALPHABET.charAt(three & 63);
  }
  return text;
}

/**
 * Strict: no padding, no white space, no other alphabet, no bits that say nothing.
 * @param {unknown} text
 * @param {{ code?: string, size?: number }} [wanted]
 * @returns {Bytes}
 */
export function fromB64u(text, { code = 'malformed', size } = {}) {
  insist(typeof text === 'string' && text.length % 4 !== 1, code, 'not base64url');
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < text.length; i += 1) {
    const digit = DIGITS[text.charCodeAt(i)] ?? 255;
    insist(digit !== 255, code, 'not base64url');
    bits = ((bits << 6) | digit) & 0xffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at] = bits >> held;
      at += 1;
    }
  }
  insist((bits & ((1 << held) - 1)) === 0, code, 'bits that say nothing');
  insist(size === undefined || bytes.length === size, code, 'another size');
  return bytes;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** @param {Uint8Array} bytes */
export function toHex(bytes) {
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}

/**
 * @param {string} text
 * @returns {Bytes}
 */
export function fromHex(text) {
  insist(/^([0-9a-f]{2})*$/.test(text), 'malformed', 'not lower-case hex');
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}
