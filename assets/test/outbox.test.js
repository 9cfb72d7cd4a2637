import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createOutbox } from '../js/core/outbox.js';
import { world } from './fakes.js';

function box(w = world()) {
  const sent = [];
  const line = { open: true };
  const outbox = createOutbox(w.platform, 7, 1, (frame) => {
    if (line.open) sent.push(frame.content);
    return line.open;
  });
  const states = () => outbox.entries.get().map((entry) => `${entry.content}:${entry.state}`);
  return { w, outbox, sent, line, states };
}

test('one at a time, in order', () => {
  const { outbox, sent, states } = box();
  for (const text of ['a', 'b', 'c']) outbox.write(text);
  assert.deepEqual(sent, ['a']);
  assert.deepEqual(states(), ['a:sending', 'b:queued', 'c:queued']);
  outbox.settle('id-1');
  assert.deepEqual(sent, ['a', 'b']);
  outbox.settle('id-2');
  outbox.settle('id-3');
  assert.deepEqual([sent, states()], [['a', 'b', 'c'], []]);
});

test('what is not acknowledged survives a reload under the same name, in order', () => {
  const { w, outbox, line } = box();
  line.open = false;
  for (const text of ['a', 'b', 'c']) outbox.write(text);
  const names = outbox.entries.get().map((entry) => entry.clientId);
  const again = box(w);
  assert.deepEqual(again.outbox.entries.get().map((entry) => entry.clientId), names);
  again.outbox.flush();
  assert.deepEqual(again.sent, ['a']);
  for (const name of names) again.outbox.settle(name);
  assert.deepEqual([again.sent, w.stored.size], [['a', 'b', 'c'], 0]);
});

test('an interruption sends again', () => {
  const { outbox, sent, line } = box();
  outbox.write('a');
  outbox.interrupted();
  line.open = true;
  outbox.flush();
  assert.deepEqual(sent, ['a', 'a']);
});

test('what came too fast is sent again by itself, and in order', () => {
  const { w, outbox, sent, states } = box();
  for (const text of ['a', 'b']) outbox.write(text);
  outbox.refused('id-1', { status: 429, code: 'rate_limited', message: '', retry_after: 3 });
  assert.deepEqual(states(), ['a:queued', 'b:queued']);
  w.advance(2_999);
  assert.deepEqual(sent, ['a']);
  w.advance(1);
  assert.deepEqual(sent, ['a', 'a']);
});

test('what is refused stays with its two ways out, and holds up nobody', () => {
  const { w, outbox, sent, states } = box();
  for (const text of ['a', 'b']) outbox.write(text);
  outbox.refused('id-1', { status: 403, code: 'forbidden', message: '' });
  assert.deepEqual(states(), ['a:failed', 'b:sending']);
  outbox.settle('id-2');
  outbox.retry('id-1');
  assert.deepEqual(sent, ['a', 'b', 'a']);
  outbox.refused('id-1', { status: 403, code: 'forbidden', message: '' });
  outbox.remove('id-1');
  assert.deepEqual([states(), w.stored.size], [[], 0]);
});

test('another user of the same browser sees nothing of it', () => {
  const { w, outbox, line } = box();
  line.open = false;
  outbox.write('a');
  const other = createOutbox(w.platform, 8, 1, () => true);
  assert.deepEqual(other.entries.get(), []);
});

test('each room has its own', () => {
  const { w, outbox, line } = box();
  line.open = false;
  outbox.write('a', 5);
  assert.deepEqual(createOutbox(w.platform, 7, 11, () => true).entries.get(), []);
  assert.deepEqual(createOutbox(w.platform, 7, 1, () => true).entries.get().map((entry) => entry.replyTo), [5]);
});

test('what is damaged in the storage is left out', () => {
  const w = world();
  for (const text of ['', 'null', '{}', '{"clientId":1}', 'nonsense']) w.stored.set(`outbox:7:1:${text}`, text);
  assert.deepEqual(box(w).outbox.entries.get(), []);
});
