import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import { words } from '../js/core/words.js';

const FOLDER = new URL('../js/views/', import.meta.url);
const views = readdirSync(FOLDER).filter((name) => name.endsWith('.js'));
/** Names of keys, as the browser calls them; not words for people. */
const KEYS = new Set(['Enter', 'Escape', 'Tab', 'Home', 'End', 'Delete', 'Backspace']);

/** A view's code without comments and imports. */
function code(name) {
  return readFileSync(new URL(name, FOLDER), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '')
    .replace(/^import .*$/gm, '');
}

/** The texts between quotes in it. */
function literals(text) {
  return [...text.matchAll(/'((?:[^'\\\n]|\\.)*)'|`((?:[^`\\]|\\.)*)`/g)].map((match) => (match[1] ?? match[2]).replace(/\$\{[^}]*\}/g, ''));
}

test('nothing that is read on the screen stands in a view', () => {
  for (const name of views) {
    // A capital and small letters begin what people read; classes, tags, attributes and events are small throughout.
    const said = literals(code(name)).filter((text) => /(^|[\s(])[A-Z][a-z]+/.test(text) && !/^(Arrow|Page)([A-Z]|$)/.test(text) && !KEYS.has(text));
    assert.deepEqual(said, [], name);
  }
});

test('nothing that is read out stands in a view', () => {
  const spoken = /['"]?\b(aria-label|aria-description|aria-roledescription|aria-valuetext|placeholder|title|alt)\b['"]?\s*[:,=]\s*(['"`])((?:(?!\2).)+)\2/g;
  for (const name of views) {
    const said = [...code(name).matchAll(spoken)].map((match) => match[0]).filter((text) => /[A-Za-z]{2}/.test(text.replace(/\$\{[^}]*\}/g, '').replace(/^\S+\s*/, '')));
    assert.deepEqual(said, [], name);
  }
});

test('every word that a view asks for is in the catalogue, and nothing is in it for nobody', () => {
  const users = ['../js/core/', '../js/views/'].flatMap((folder) => readdirSync(new URL(folder, import.meta.url))
    .filter((name) => name.endsWith('.js') && name !== 'words.js')
    .map((name) => readFileSync(new URL(folder + name, import.meta.url), 'utf8')));
  const asked = new Set(users.flatMap((text) => [...text.matchAll(/\bwords\.(\w+)/g)].map((match) => match[1]))
    .filter((key) => key !== 'js'));
  for (const text of users) for (const [, keys] of text.matchAll(/const \{ ([^}]+) \} = words;/g)) for (const key of keys.split(',')) asked.add(key.split(':')[0].trim());
  const held = new Set(Object.keys(words));
  assert.deepEqual([...asked].filter((key) => !held.has(key)), []);
  assert.deepEqual([...held].filter((key) => !asked.has(key)), []);
});

test('counts follow the rules of the language', () => {
  assert.deepEqual([0, 1, 2].map(words.members), ['0 members', '1 member', '2 members']);
  assert.deepEqual([1, 99, 100].map(words.count), ['1', '99', '99+']);
  assert.equal(words.membersAndUnread(7, 2), '7 members, 2 unread');
  assert.equal(words.pageTitle(3, 'harbour', 'Northlight'), '(3) harbour · Northlight');
});
