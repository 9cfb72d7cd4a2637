import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createWindow } from '../js/core/window.js';
import { message } from './fakes.js';

const many = (from, to) => Array.from({ length: to - from }, (_, i) => message(from + i));

test('it follows the newest, by a block at a time', () => {
  const part = createWindow(20, 5);
  part.follow(many(1, 11));
  assert.deepEqual(part.range(many(1, 11)), { from: 0, to: 10 });
  for (let n = 11; n < 200; n += 1) {
    const list = many(1, n);
    part.follow(list);
    const { from, to } = part.range(list);
    assert.equal(to, list.length);
    assert.ok(to - from <= 20 && to - from >= Math.min(15, list.length));
  }
});

test('it goes up and down by blocks and is never larger than it may be', () => {
  const part = createWindow(20, 5);
  const list = many(1, 101);
  part.follow(list);
  while (part.up(list)) assert.ok(part.range(list).to - part.range(list).from <= 20);
  assert.deepEqual(part.range(list), { from: 0, to: 20 });
  while (part.down(list)) assert.ok(part.range(list).to - part.range(list).from <= 20);
  assert.deepEqual(part.range(list), { from: 80, to: 100 });
});

test('pages before it do not move it', () => {
  const part = createWindow(20, 5);
  part.around(many(100, 200), 50);
  const shown = (list) => list.slice(part.range(list).from, part.range(list).to).map((m) => m.seq);
  const before = shown(many(100, 200));
  assert.deepEqual(shown(many(50, 200)), before);
});

test('heights that are known are used, the others guessed', () => {
  const part = createWindow(20, 5);
  const list = many(1, 11);
  part.measured(1, 100);
  part.measured(2, 200);
  assert.equal(part.height(list, 0, 3), 360);
  assert.deepEqual([part.at(list, 0), part.at(list, 150), part.at(list, 301), part.at(list, 9_999)], [0, 1, 2, 9]);
});
