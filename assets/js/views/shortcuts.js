import { words } from '../core/words.js';
import { h } from './dom.js';
import { dialogOf } from './layers.js';
import { modKey } from './sidebar.js';

/**
 * The list of all keys, by where they work.
 * @param {boolean} enterSends
 * @returns {HTMLDialogElement}
 */
export function shortcutsDialog(enterSends) {
  const { keys, shortcutDoes: does, shortcutPlaces: places } = words;
  const mod = modKey();
  /** @type {readonly [string, readonly [readonly (readonly string[])[], string][]][]} */
  const all = [
    [places.anywhere, [
      [[[mod, keys.k]], does.find],
      [[[mod, keys.slash]], does.shortcuts],
      [[[keys.alt, keys.up], [keys.alt, keys.down]], does.previousNext],
      [[[keys.alt, keys.shift, keys.up], [keys.alt, keys.shift, keys.down]], does.previousNextUnread],
      [[[keys.f6], [keys.shift, keys.f6]], does.areas],
      [[[keys.escape]], does.close],
    ]],
    [places.composer, [
      [[[keys.enter]], enterSends ? does.send : does.line],
      [[[keys.shift, keys.enter]], enterSends ? does.line : does.send],
      [[[keys.up]], does.editLast],
    ]],
    [places.messages, [
      [[[keys.up], [keys.down]], does.walk],
      [[[keys.home], [keys.end]], does.ends],
      [[[keys.pageUp], [keys.pageDown]], does.screen],
      [[[keys.enter]], does.toolbar],
      ...Object.entries(words.messageKeys).map(([key, what]) => /** @type {[string[][], string]} */ ([[[key]], what])),
    ]],
  ];
  return dialogOf(words.shortcuts, 'shortcuts', all.map(([place, lines]) => h('section', {},
    h('h3', { class: 'sec' }, place),
    h('dl', {}, ...lines.map(([ways, what]) => h('div', {}, h('dt', {}, what),
      h('dd', {}, ...ways.map((way) => h('span', { class: 'way' }, ...way.map((key) => h('kbd', { class: 'kbd' }, key)))))))))));
}
