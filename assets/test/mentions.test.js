import assert from 'node:assert/strict';
import { test } from 'node:test';

import { complete, matching, mentions, queryAt } from '../js/core/mentions.js';

test('what is being written after the sign', () => {
  assert.deepEqual(queryAt('hi @ad', 6), { start: 3, query: 'ad' });
  assert.deepEqual(queryAt('@', 1), { start: 0, query: '' });
  assert.deepEqual(queryAt('hi @ada you', 6), { start: 3, query: 'ad' });
  for (const text of ['hi', 'mail a@ad', '@@ad', '@ad ', `@${'a'.repeat(60)}`]) assert.equal(queryAt(text, text.length), null, text);
});

test('names that begin with it come first, at most eight', () => {
  const people = ['nadia', 'adam', 'Ada', 'bea', ...Array.from({ length: 9 }, (_, i) => `zad${i}`)].map((username) => ({ username }));
  assert.deepEqual(matching(people, 'AD').slice(0, 3).map((one) => one.username), ['Ada', 'adam', 'nadia']);
  assert.equal(matching(people, 'ad').length, 8);
  assert.deepEqual(matching(people, 'x'), []);
});

test('a choice takes the place of what was written, and the caret stands after it', () => {
  assert.deepEqual(complete('hi @ad', 6, 'ada'), { text: 'hi @ada ', caret: 8 });
  assert.deepEqual(complete('hi @ad there', 6, 'ada'), { text: 'hi @ada there', caret: 8 });
});

test('who is spoken to', () => {
  assert.ok(mentions('so, @Ada?', 'ada'));
  for (const text of ['ada', 'x@ada', '@adam', '']) assert.equal(mentions(text, 'ada'), false);
});
