import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** How a text may be spelled where it must not be. As in `tests/it/scan.rs`. */
export function spellings(text) {
  const raw = Buffer.from(text);
  const json = JSON.stringify(text).slice(1, -1);
  const wide = Buffer.from(text, 'utf16le');
  const ascii = json.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
  // Within a longer text its letters depend on where in a group of three bytes it begins.
  const within = [0, 1, 2].flatMap((before) => ['base64', 'base64url'].map((kind) => {
    const padded = Buffer.concat([Buffer.alloc(before), raw]);
    return padded.toString(kind).slice([0, 2, 3][before], Math.floor(padded.length / 3) * 4);
  }));
  return {
    raw, hex: raw.toString('hex'), HEX: raw.toString('hex').toUpperCase(), base64: raw.toString('base64'), 'UTF-16LE': wide,
    'UTF-16BE': Buffer.from(wide).swap16(), JSON: json, 'JSON in ASCII': ascii, 'escaped twice': JSON.stringify(json).slice(1, -1),
    'an address': encodeURIComponent(text), 'a form': new URLSearchParams({ text }).toString().slice('text='.length),
    ...Object.fromEntries(within.map((one, at) => [`within ${at}`, one])),
  };
}

/**
 * Where one of these texts is, and how it is spelled there.
 * @param {Iterable<[string, Buffer | string]>} places by name
 * @param {readonly string[]} texts
 */
export function leaks(places, texts) {
  const needles = texts.flatMap((text) => Object.entries(spellings(text)).map(([name, needle]) => [text, name, needle]));
  return [...places].flatMap(([place, content]) => {
    const bytes = Buffer.from(content);
    return needles.filter(([, , needle]) => bytes.includes(needle)).map(([text, name]) => `${text} in ${place} as ${name}`);
  });
}

/** Every file below a folder. @returns {[string, Buffer][]} */
export function contents(folder) {
  const paths = readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)));
  return paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile()).map((path) => [path, readFileSync(path)]);
}
