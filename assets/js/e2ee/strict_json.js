import { fromUtf8, isWellFormed } from './codec.js';
import { E2eeError } from './errors.js';

/**
 * JSON as it was written: objects are maps, so that no name of a member means anything to the language, and a number
 * is one only if it is written in plain digits. Any other is an OddNumber, which no field that we read accepts.
 * @typedef {null | boolean | number | string | OddNumber | any[] | JsonObject} Json
 * @typedef {Map<string, any>} JsonObject values of it, and items of a list, are Json
 */

export class OddNumber {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

const DEEPEST = 16;
const space = /[ \t\n\r]*/y;
const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const plainDigits = /^(?:0|[1-9][0-9]*)$/;
const plainText = /[^"\\\u0000-\u001f]*/y;
const fourDigits = /[0-9a-fA-F]{4}/y;

/** @type {Readonly<Record<string, string>>} */
const ESCAPES = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
/** @type {readonly (readonly [string, Json])[]} */
const WORDS = [['true', true], ['false', false], ['null', null]];

/**
 * One JSON value and nothing else; two members of one name are refused, and so is half a surrogate pair.
 * @param {string | Uint8Array} input
 * @param {string} code what a text that is not such a value is refused with
 * @returns {Json}
 */
export function parseStrict(input, code) {
  const text = typeof input === 'string' ? input : fromUtf8(input, code);
  let at = 0;

  /** @type {(why: string) => never} */
  const refuse = (why) => {
    throw new E2eeError(code, `JSON: ${why}`);
  };

  /** @param {RegExp} pattern */
  function take(pattern) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  }

  /** @param {string} wanted */
  function accept(wanted) {
    take(space);
    if (text[at] !== wanted) return false;
    at += 1;
    return true;
  }

  function readEscape() {
    const letter = text[at] ?? refuse('ends in an escape');
    at += 1;
    if (letter === 'u') return String.fromCharCode(parseInt(take(fourDigits) ?? refuse('escape'), 16));
    return Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : refuse('escape');
  }

  /** Past the opening quotation mark. */
  function readString() {
    let whole = '';
    for (;;) {
      whole += take(plainText);
      const next = text[at];
      at += 1;
      if (next === '"') return isWellFormed(whole) ? whole : refuse('half a surrogate pair');
      if (next !== '\\') return refuse('control character or end in a string');
      whole += readEscape();
    }
  }

  /**
   * @param {string} close
   * @param {() => void} readOne
   */
  function readList(close, readOne) {
    if (accept(close)) return;
    do readOne(); while (accept(','));
    if (!accept(close)) refuse('list does not end');
  }

  /** @param {number} depth */
  function readObject(depth) {
    /** @type {JsonObject} */
    const members = new Map();
    readList('}', () => {
      if (!accept('"')) refuse('member without a name');
      const name = readString();
      if (members.has(name)) refuse('two members of one name');
      if (!accept(':')) refuse('member without a value');
      members.set(name, readValue(depth));
    });
    return members;
  }

  /** @param {number} depth */
  function readArray(depth) {
    /** @type {Json[]} */
    const items = [];
    readList(']', () => items.push(readValue(depth)));
    return items;
  }

  function readScalar() {
    const word = WORDS.find(([name]) => text.startsWith(name, at));
    if (word) {
      at += word[0].length;
      return word[1];
    }
    const digits = take(number) ?? refuse('no value');
    const exact = plainDigits.test(digits) && Number.isSafeInteger(Number(digits));
    return exact ? Number(digits) : new OddNumber(digits);
  }

  /**
   * @param {number} depth
   * @returns {Json}
   */
  function readValue(depth) {
    if (accept('"')) return readString();
    const object = accept('{');
    if (!object && !accept('[')) return readScalar();
    if (depth === DEEPEST) refuse('too deep');
    return object ? readObject(depth + 1) : readArray(depth + 1);
  }

  if (!isWellFormed(text)) refuse('half a surrogate pair');
  const value = readValue(0);
  take(space);
  return at === text.length ? value : refuse('something follows');
}
