import { h } from './dom.js';

/** What looks like an address; what follows a sentence is not part of it. */
const ADDRESS = /https?:\/\/[^\s<>"]+[^\s<>"'.,;:!?)\]]/g;

/**
 * A message's text as nodes: paragraphs and lines as they were written, addresses as links that show where they lead.
 * @param {string} text
 * @returns {HTMLElement[]}
 */
export function paragraphs(text) {
  return text.split(/\n{2,}/).map((part) => h('p', { dir: 'auto' }, ...lines(part)));
}

/**
 * @param {string} text
 * @returns {(Node | string)[]}
 */
function lines(text) {
  return text.split('\n').flatMap((line, at) => (at === 0 ? linked(line) : [h('br'), ...linked(line)]));
}

/**
 * @param {string} line
 * @returns {(Node | string)[]}
 */
function linked(line) {
  /** @type {(Node | string)[]} */
  const nodes = [];
  let done = 0;
  for (const match of line.matchAll(ADDRESS)) {
    if (!URL.canParse(match[0])) continue;
    nodes.push(line.slice(done, match.index));
    nodes.push(h('a', { href: match[0], target: '_blank', rel: 'noopener noreferrer' }, match[0]));
    done = match.index + match[0].length;
  }
  nodes.push(line.slice(done));
  return nodes;
}
