import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPlaces, roomOf } from '../js/core/places.js';

/** A history like the browser's, which goes back only when it is let. */
function browser(hash = '') {
  const entries = [{ state: null, hash }];
  let at = 0;
  let turned = () => {};
  const steps = [];
  return {
    past: {
      state: () => entries[at].state,
      hash: () => entries[at].hash,
      push(state, to) { entries.splice(at + 1, Infinity, { state, hash: to }); at += 1; },
      replace(state, to) { entries[at] = { state, hash: to }; },
      back: (count) => { steps.push(count); },
      watch(act) { turned = act; return () => {}; },
    },
    /** The browser carries out what it was asked for, and reports. */
    settle() { while (steps.length > 0) { at = Math.max(0, at - steps.shift()); turned(); } },
    /** The reader presses Back. */
    back() { at -= 1; turned(); },
    trail: () => entries.slice(0, at + 1).map((entry) => entry.hash),
  };
}

function reader(hash) {
  const b = browser(hash);
  const shown = [];
  const places = createPlaces(b.past, (room) => shown.push(room));
  places.start();
  return { b, places, shown, last: () => shown.at(-1) };
}

test('addresses', () => {
  for (const bad of ['', '#', '#/', '#/room/', '#/room/x', '#/room/1/2', '#/room/-1', `#/room/${'9'.repeat(30)}`]) assert.equal(roomOf(bad), null);
  assert.equal(roomOf('#/room/12'), 12);
});

test('in a wide window Back goes from room to room', () => {
  const { b, places, last } = reader('#/room/1');
  places.go(2, false);
  places.go(3, false);
  b.back();
  assert.equal(last(), 2);
  b.back();
  assert.equal(last(), 1);
});

test('on a phone Back goes from any room to the list', () => {
  const { b, places, last } = reader('#/');
  places.go(2, true);
  places.go(3, true);
  assert.deepEqual(b.trail(), ['#/', '#/room/3']);
  b.back();
  assert.equal(last(), null);
});

test('the way back in the page is the same as the browser\'s, or makes one', () => {
  const one = reader('#/');
  one.places.go(2, true);
  one.places.toList();
  one.b.settle();
  assert.deepEqual([one.last(), one.b.trail()], [null, ['#/']]);
  const other = reader('#/room/5');
  other.places.toList();
  assert.deepEqual([other.last(), other.b.trail()], [null, ['#/']]);
});

test('Back closes the dialog, then the panel, then the conversation', () => {
  const { b, places, last } = reader('#/');
  const closed = [];
  places.go(2, true);
  places.enter(() => closed.push('panel'));
  places.enter(() => closed.push('dialog'));
  b.back();
  assert.deepEqual(closed, ['dialog']);
  b.back();
  assert.deepEqual([closed, last()], [['dialog', 'panel'], 2]);
  b.back();
  assert.equal(last(), null);
});

test('what closes by itself takes its entry with it, and what comes next waits for that', () => {
  const { b, places, last } = reader('#/room/1');
  const closed = [];
  const gone = places.enter(() => closed.push('dialog'));
  gone();
  places.go(2, false);
  assert.deepEqual([closed, last()], [['dialog'], undefined], 'the browser has not gone back yet');
  b.settle();
  assert.deepEqual([last(), b.trail()], [2, ['#/room/1', '#/room/2']]);
  gone();
  b.settle();
  assert.equal(b.trail().length, 2, 'once');
});

test('a room that is chosen in a dialog takes its place', () => {
  const { b, places, last } = reader('#/room/1');
  const closed = [];
  const gone = places.enter(() => { closed.push('dialog'); gone(); });
  places.go(2, false);
  b.settle();
  assert.deepEqual([closed, last(), b.trail()], [['dialog'], 2, ['#/room/1', '#/room/2']]);
  b.back();
  assert.equal(last(), 1);
});
