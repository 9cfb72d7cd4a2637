import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parse } from '../js/core/markdown.js';

const members = new Set(['ada', 'bea_1']);
const isMember = (name) => members.has(name.toLowerCase());
const tree = (text) => parse(text, isMember);
/** The kids of the only paragraph. */
const line = (text) => {
  const [block, ...rest] = tree(text);
  assert.deepEqual([block.type, rest], ['p', []], text);
  return block.kids;
};
const b = (...kids) => ({ type: 'b', kids });
const i = (...kids) => ({ type: 'i', kids });
const s = (...kids) => ({ type: 's', kids });
const code = (text) => ({ type: 'code', text });
const a = (href, text, host = null) => ({ type: 'a', href, text, host });
const men = (name) => ({ type: 'men', name });
const br = { type: 'br' };

test('styles', () => {
  const cases = {
    'plain': ['plain'],
    '**bold** and *italic*': [b('bold'), ' and ', i('italic')],
    '__bold__ _italic_ ~~gone~~': [b('bold'), ' ', i('italic'), ' ', s('gone')],
    '***both***': [b(i('both'))],
    '**a *b* c**': [b('a ', i('b'), ' c')],
    '*a **b** c*': [i('a ', b('b'), ' c')],
    '**never ended': ['**never ended'],
    '2 * 3 * 4': ['2 * 3 * 4'],
    'snake_case_name': ['snake_case_name'],
    '**a *b** c*': [b('a *b'), ' c*'],
    '\\*not\\* this': ['*not* this'],
    'C:\\dir': ['C:\\dir'],
    '** a **': ['** a **'],
    'a\nb': ['a', br, 'b'],
  };
  for (const [text, expected] of Object.entries(cases)) assert.deepEqual(line(text), expected, text);
});

test('code is taken as it is', () => {
  assert.deepEqual(line('a `*b* @ada` c'), ['a ', code('*b* @ada'), ' c']);
  assert.deepEqual(line('``a`b``'), [code('a`b')]);
  assert.deepEqual(line('`` `a` ``'), [code('`a`')]);
  assert.deepEqual(line('a ` b'), ['a ` b']);
  assert.deepEqual(line('**a `b** c`'), ['**a ', code('b** c')]);
  assert.deepEqual(tree('```js\n**a**\n\n> b\n```\nc'), [{ type: 'pre', text: '**a**\n\n> b' }, { type: 'p', kids: ['c'] }]);
  assert.deepEqual(tree('```\nopen'), [{ type: 'pre', text: 'open' }]);
});

test('quotes and lists', () => {
  assert.deepEqual(tree('> a\n> > b\nc'), [
    { type: 'quote', kids: [{ type: 'p', kids: ['a'] }, { type: 'quote', kids: [{ type: 'p', kids: ['b'] }] }] },
    { type: 'p', kids: ['c'] },
  ]);
  assert.deepEqual(tree('- a\n- *b*\n3. c\n4. d'), [
    { type: 'list', start: null, items: [['a'], [i('b')]] },
    { type: 'list', start: 3, items: [['c'], ['d']] },
  ]);
  assert.deepEqual(tree('a\n\n\nb').map((block) => block.kids), [['a'], ['b']]);
  assert.deepEqual(line('-5 degrees'), ['-5 degrees']);
});

test('links lead to the web or to mail, and nowhere else', () => {
  assert.deepEqual(line('see https://example.org/a?b=1, ok'), ['see ', a('https://example.org/a?b=1', 'https://example.org/a?b=1'), ', ok']);
  assert.deepEqual(line('(http://x.org/_a_)'), ['(', a('http://x.org/_a', 'http://x.org/_a'), '_)']);
  assert.deepEqual(line('[docs](https://example.org/x) yes'), [a('https://example.org/x', 'docs', 'example.org'), ' yes']);
  assert.deepEqual(line('[mail](mailto:a@example.org)'), [a('mailto:a@example.org', 'mail', 'a@example.org')]);
  for (const text of [
    '[x](javascript:alert(1))', '[x](JaVaScRiPt:alert`1`)', '[x](data:text/html,<script>)', '[x](vbscript:x)', '[x](//evil)',
    '[x](\tjavascript:x)', 'javascript:alert(1)', '[x](https://)', 'http://', 'ahttps://b', '[x] (https://a.org',
  ]) {
    assert.deepEqual(JSON.stringify(tree(text)).includes('"href":"https://a.org/"') || !JSON.stringify(tree(text)).includes('href'), true, text);
  }
});

test('members are named, strangers and addresses of mail are text', () => {
  assert.deepEqual(line('@ada, @Bea_1 and @nobody'), [men('ada'), ', ', men('Bea_1'), ' and @nobody']);
  assert.deepEqual(line('mail x@ada'), ['mail x@ada']);
  assert.deepEqual(line('**@ada**'), [b(men('ada'))]);
});

/** Everything that a reader would see of a tree. */
function seen(node) {
  if (typeof node === 'string') return node;
  if (Array.isArray(node)) return node.map(seen).join('');
  if (node.type === 'br') return '\n';
  if (node.type === 'men') return `@${node.name}`;
  if (node.type === 'list') return node.items.map(seen).join('\n');
  return node.text ?? seen(node.kids);
}

function deep(node) {
  if (typeof node === 'string') return 0;
  if (Array.isArray(node)) return Math.max(0, ...node.map(deep));
  return 1 + deep(node.kids ?? node.items ?? []);
}

function size(node) {
  if (typeof node === 'string') return 1;
  if (Array.isArray(node)) return node.reduce((sum, kid) => sum + size(kid), 0);
  return 1 + size(node.kids ?? node.items ?? []);
}

test('whatever is written, no letter is lost and the tree stays small and flat', () => {
  let seed = 11;
  const random = (n) => { seed = (seed * 48271) % 2147483647; return seed % n; };
  const parts = ['*', '**', '***', '_', '__', '~~', '`', '``', '```\n', '[', '](', ')', '> ', '- ', '1. ', '\n', '\n\n', ' ', 'a', 'bé', '@ada', 'https://x.org/', '\\', '<b>', '👍', 'שלום'];
  for (let round = 0; round < 3_000; round += 1) {
    const text = Array.from({ length: random(40) }, () => parts[random(parts.length)]).join('');
    const nodes = tree(text);
    const letters = (value) => [...value].filter((c) => /\p{L}/u.test(c)).sort().join('');
    const shown = letters(seen(nodes));
    const written = letters(text);
    // Only the address of a link with words of its own and the language of a code block are not shown as text.
    if (!/\]\(|```/.test(text)) assert.equal(shown, written, JSON.stringify(text));
    assert.ok(deep(nodes) <= 20, JSON.stringify(text));
  }
});

test('hostile texts take no time and make no large tree', () => {
  const full = (part) => part.repeat(Math.floor(16_384 / part.length));
  for (const part of [
    '*', '**a', '*a ', '_', '`', '``a`', '[', '[a](', '[a](https://x', '](', '> ', '>', '- ', '- a\n', '1. a\n', '\n', '~~a~~', '@ada ', '@', '\\',
    'https://x.org ', 'http://', '*a**b', '***a', '<b>', '> > > > a\n', '```\n', '` `` ``` ', 'mailto:', 'a\nb\n',
  ]) {
    const text = full(part);
    const start = performance.now();
    const nodes = tree(text);
    const took = performance.now() - start;
    assert.ok(took < 250, `${JSON.stringify(part)} took ${took} ms`);
    assert.ok(size(nodes) < 4_000, `${JSON.stringify(part)} made ${size(nodes)} nodes`);
    assert.ok(deep(nodes) <= 20, part);
  }
  let runs = '';
  for (let n = 1; runs.length < 16_000; n += 1) runs += `${'`'.repeat(n)} `;
  tree(runs);
});
