import assert from 'node:assert/strict';
import { test } from 'node:test';

import { recall } from '../js/core/recall.js';
import { message } from './fakes.js';

const said = (seq, content, more = {}) => message(seq, { content, ...more });
const HELD = [
  { room: 'a', messages: [said(1, 'the harbour master'), said(4, 'nothing'), said(5, null, { deleted: { by: 'author' } })] },
  { room: 'b', messages: [said(2, 'Hardware has come'), said(3, 'and for a long time nobody knew whether the harbour was open')] },
];

test('what is held is found, the newest first, with what stands before it', () => {
  const found = recall(HELD, 'har', 5).map(({ room, text }) => [room, text]);
  assert.deepEqual(found, [
    ['b', '…nobody knew whether the harbour was open'], ['b', 'Hardware has come'], ['a', 'the harbour master'],
  ]);
  assert.equal(recall(HELD, 'har', 2).length, 2);
});

test('a letter finds nothing, and what is deleted is not found', () => {
  assert.deepEqual(recall(HELD, 'h', 5), []);
  assert.deepEqual(recall(HELD, 'zz', 5), []);
});
