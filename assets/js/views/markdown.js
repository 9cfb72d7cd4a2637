/** @typedef {import('../core/markdown.js').Block} Block */
/** @typedef {import('../core/markdown.js').Inline} Inline */

import { h } from './dom.js';

/** @type {{ b: 'strong', i: 'em', s: 's' }} */
const TAGS = { b: 'strong', i: 'em', s: 's' };

/**
 * A parsed message as elements. Whatever a person wrote becomes text nodes and nothing else.
 * @param {readonly Block[]} list
 * @param {string} me the reader's name, whose mentions stand out
 * @returns {HTMLElement[]}
 */
export function elements(list, me) {
  return list.map((block) => {
    switch (block.type) {
      case 'p': return h('p', { dir: 'auto' }, ...block.kids.map((kid) => inline(kid, me)));
      // Long lines scroll inside of it, which takes a place in the tab order.
      case 'pre': return h('pre', { tabindex: '0', dir: 'ltr' }, h('code', {}, block.text));
      case 'quote': return h('blockquote', { dir: 'auto' }, ...elements(block.kids, me));
      case 'list': return items(block, me);
    }
  });
}

/**
 * @param {Extract<Block, { type: 'list' }>} block
 * @param {string} me
 */
function items({ start, items: all }, me) {
  const list = all.map((item) => h('li', { dir: 'auto' }, ...item.map((kid) => inline(kid, me))));
  return start === null ? h('ul', {}, ...list) : h('ol', { start: String(start) }, ...list);
}

/**
 * @param {Inline} node
 * @param {string} me
 * @returns {Node | string}
 */
function inline(node, me) {
  if (typeof node === 'string') return node;
  switch (node.type) {
    case 'br': return h('br');
    case 'code': return h('code', {}, node.text);
    case 'men': return h('span', { class: node.name.toLowerCase() === me.toLowerCase() ? 'men you' : 'men' }, `@${node.name}`);
    case 'a': return link(node);
    default: return h(TAGS[node.type], {}, ...node.kids.map((kid) => inline(kid, me)));
  }
}

/**
 * A link says where it leads, also when it has words of its own.
 * @param {Extract<Inline, { type: 'a' }>} node
 */
function link({ href, text, host }) {
  const anchor = h('a', { href, target: '_blank', rel: 'noopener noreferrer', title: href }, text);
  return host === null ? anchor : h('span', {}, anchor, h('span', { class: 'host' }, ` (${host})`));
}
