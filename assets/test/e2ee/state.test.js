import assert from 'node:assert/strict';
import { test } from 'node:test';

import { toB64u, utf8 } from '../../js/e2ee/codec.js';
import {
  addOwn, checkState, emptyState, mergeStates, parseState, pinUsers, renderState, withHead,
} from '../../js/e2ee/state.js';
import { INSTANCE, T0, World } from './world.js';

const KEY = toB64u(new Uint8Array(32).fill(9));
const INST = { id: toB64u(INSTANCE), key: KEY };
const head = (fill) => toB64u(new Uint8Array(32).fill(fill));
const pin = (change = {}) => ({ u: 'user_43', g: 1, ed: head(1), t: T0, ok: false, ...change });
const room = (change = {}) => ({ mode: 'e2ee', genesis: head(2), seq: 5, head: head(3), epoch: 1, ...change });

const whole = {
  ...emptyState(INST), dir: [4, head(4)], own: [head(5)], pins: new Map([[43, pin()]]), rooms: new Map([[7, room()]]),
  settings: new Map([['sound', 'off']]), more: new Map([['later', [1, null, true]]]),
};
const parse = (text) => parseState(utf8(text));
const text = (state) => new TextDecoder().decode(renderState(state));

test('a state is read as it was written, with what a newer client has put there', () => {
  assert.deepEqual(parseState(renderState(whole)), whole);
  assert.deepEqual(parseState(renderState(emptyState(INST))), emptyState(INST));
  const odd = text(whole).replace('"later":[1', '"later":[1.50');
  assert.equal(text(parse(odd)), odd);
});

test('what is not such a state is refused', () => {
  const changes = [
    ['"v":1', '"v":2'], ['"dir":[4', '"dir":[-2'], ['"dir":[4', '"dir":["4"'], ['"t":1767225600000', '"t":-1'],
    ['"ok":false', '"ok":0'], ['"43":', '"043":'], ['"43":', '"x":'], ['"g":1', '"g":0'], ['"mode":"e2ee"', '"mode":"other"'],
    [`"ed":"${head(1)}"`, '"ed":"AA"'], ['"settings":{', '"settings":[],"x":{'], ['"own":[', '"own":[7,'],
  ];
  for (const [from, to] of changes) {
    assert.ok(text(whole).includes(from), from);
    assert.throws(() => parse(text(whole).replace(from, to)), { code: 'bad_state' }, to);
  }
  assert.throws(() => renderState({ ...whole, more: new Map([['much', 'x'.repeat(1 << 20)]]) }), { code: 'too_large' });
});

test('of two states the earlier pin stays, and the later place', () => {
  const theirs = {
    ...whole, dir: [9, head(9)], own: [head(5), head(6)],
    pins: new Map([[43, pin({ ed: head(8), t: T0 + 1, ok: true })], [44, pin({ u: 'user_44' })]]),
    rooms: new Map([[7, room({ seq: 6, head: head(7) })]]), settings: new Map([['sound', 'on'], ['size', 2]]),
  };
  for (const merged of [mergeStates(whole, theirs), mergeStates(theirs, whole)]) {
    assert.deepEqual(merged.dir, [9, head(9)]);
    assert.deepEqual([...merged.own].sort(), [head(5), head(6)].sort());
    assert.deepEqual(merged.pins.get(43), pin(), 'another key does not push the first one out');
    assert.deepEqual(merged.pins.get(44), pin({ u: 'user_44' }));
    assert.equal(merged.rooms.get(7).seq, 6);
  }
  assert.equal(mergeStates(whole, theirs).settings.get('sound'), 'off');
  const verified = { ...whole, pins: new Map([[43, pin({ t: T0 + 5, ok: true })]]) };
  assert.deepEqual(mergeStates(whole, verified).pins.get(43), pin({ ok: true }), 'compared once is compared');
});

test('two states of other servers, or of other rooms under one number, are not merged', () => {
  const other = { ...whole, inst: { ...INST, key: head(7) } };
  assert.throws(() => mergeStates(whole, other), { code: 'instance_changed' });
  const forked = { ...whole, rooms: new Map([[7, room({ genesis: head(6) })]]) };
  assert.throws(() => mergeStates(whole, forked), { code: 'room_log_fork' });
});

test('a server that shows another directory, or a statement that the owner has not made, is found out', async () => {
  const world = new World();
  const me = await world.person(42);
  await world.person(43);
  const now = { key: KEY, userId: 42 };
  const { directory } = world;
  const mine = withHead(addOwn(emptyState(INST), [me.hash]), directory);
  checkState(mine, directory, now);
  assert.throws(() => checkState(mine, directory, { ...now, key: head(1) }), { code: 'instance_changed' });
  assert.throws(() => checkState({ ...mine, dir: [1, head(1)] }, directory, now), { code: 'directory_fork' });
  assert.throws(() => checkState({ ...mine, dir: [2, head(1)] }, directory, now), { code: 'directory_fork' });
  await world.rotate(me);
  assert.throws(() => checkState(mine, directory, now), { code: 'foreign_identity' });
  checkState(addOwn(mine, [me.hash]), directory, now);
});

test('people are remembered as they were first seen', async () => {
  const world = new World();
  const bea = await world.person(43);
  const closed = await world.person(44);
  await world.publish(closed, { gen: 1, kem: 1, prev: closed.hash, flags: 1 });
  const state = pinUsers(emptyState(INST), world.directory, [43, 44, 45], T0);
  assert.deepEqual([...state.pins], [[43, { u: 'user_43', g: 1, ed: toB64u(bea.ed.pub), t: T0, ok: false }]]);
  assert.equal(pinUsers(state, world.directory, [43], T0 + 1), state, 'nothing new');
});
