import assert from 'node:assert/strict';
import { test } from 'node:test';

import { may } from '../js/core/membership.js';
import { createRooms, neighbour, titleOf } from '../js/core/rooms.js';
import { message } from './fakes.js';

const ADA = { id: 1, username: 'ada', is_admin: false };
const BEA = { id: 2, username: 'bea', is_admin: false };
const room = (id, more = {}) => ({
  id, name: `room ${id}`, mode: 'server', kind: 'group', lobby: false, join: 'open', topic: null, slow_mode: 0,
  read_only: false, role: 'member', last_seq: 0, read_seq: 0, members: 2, ...more,
});
const lobby = room(1, { name: 'plain', lobby: true });

test('the lobby first, then rooms by name, then people by name', () => {
  const rooms = createRooms(ADA);
  const direct = (id, username) => room(id, { kind: 'direct', name: username, peer: { id, username, is_admin: false } });
  rooms.welcome([direct(9, 'zoe'), room(3, { name: 'boats' }), direct(8, 'Cid'), room(4, { name: 'Anchors' }), lobby]);
  assert.deepEqual(rooms.list.get().map(titleOf), ['plain', 'Anchors', 'boats', 'Cid', 'zoe']);
});

test('messages of others wait; own ones, edits and reactions do not', () => {
  const rooms = createRooms(ADA);
  rooms.welcome([lobby]);
  rooms.hear({ type: 'new_message', message: message(1) });
  rooms.hear({ type: 'new_message', message: message(2, { user_id: ADA.id }) });
  rooms.hear({ type: 'reaction', room_id: 1, seq: 3, target_id: 1001, user_id: 2, emoji: 'x', added: true });
  rooms.hear({ type: 'new_message', message: message(1) });
  assert.deepEqual([rooms.get(1).unread, rooms.get(1).last_seq], [1, 3]);
  assert.equal(rooms.read(1, 3), true);
  assert.equal(rooms.read(1, 2), false, 'never back');
  assert.equal(rooms.get(1).unread, 0);
});

test('a message that is deleted waits no more', () => {
  const rooms = createRooms(ADA);
  rooms.welcome([lobby]);
  rooms.hear({ type: 'new_message', message: message(1) });
  rooms.hear({ type: 'message_deleted', room_id: 1, seq: 2, id: 1001, target_seq: 1, by: 'author' });
  assert.deepEqual([rooms.get(1).unread, rooms.get(1).latest.content], [0, null]);
});

test('settings change; what the reader alone has stays', () => {
  const rooms = createRooms(ADA);
  rooms.welcome([room(2, { role: 'owner', read_seq: 4, last_seq: 5 })]);
  const now = room(2, { name: 'new', topic: 'tides', join: 'invite', slow_mode: 30, read_only: true, role: null, read_seq: null, members: null });
  rooms.hear({ type: 'room_changed', room_id: 2, seq: 6, room: now });
  const { name, topic, join, slow_mode: slow, read_only: only, role, read_seq: read, members, last_seq: last } = rooms.get(2);
  assert.deepEqual([name, topic, join, slow, only, role, read, members, last], ['new', 'tides', 'invite', 30, true, 'owner', 4, 2, 6]);
});

test('comings and goings are counted, once each', () => {
  const rooms = createRooms(ADA);
  rooms.welcome([lobby]);
  for (const seq of [1, 1, 2]) rooms.hear({ type: 'member_joined', room_id: 1, seq, user: BEA });
  assert.equal(rooms.get(1).members, 4);
  assert.equal(rooms.hear({ type: 'member_left', room_id: 1, seq: 3, user: BEA }), 'known');
  assert.equal(rooms.get(1).members, 3);
  assert.equal(rooms.hear({ type: 'member_left', room_id: 1, seq: 4, user: ADA }), 'left');
  assert.equal(rooms.hear({ type: 'new_message', message: message(5) }), 'unknown');
});

test('after a loss only what was read in another place is forgotten', () => {
  const rooms = createRooms(ADA);
  rooms.welcome([lobby]);
  for (const seq of [1, 2, 3]) rooms.hear({ type: 'new_message', message: message(seq) });
  rooms.welcome([{ ...lobby, last_seq: 3, read_seq: 2 }]);
  assert.equal(rooms.get(1).unread, 1);
  assert.deepEqual(rooms.uncounted(), []);
  rooms.welcome([{ ...lobby, last_seq: 8, read_seq: 2 }]);
  assert.deepEqual(rooms.uncounted().map((one) => one.id), [1]);
});

test('from room to room, round and round, and to the next unread one', () => {
  const list = [{ id: 1, unread: 0 }, { id: 2, unread: 0 }, { id: 3, unread: 4 }];
  const to = (from, step, unread = false) => neighbour(list, from, step, unread)?.id ?? null;
  assert.deepEqual([to(1, 1), to(3, 1), to(1, -1), to(null, 1), to(null, -1)], [2, 1, 3, 1, 3]);
  assert.deepEqual([to(1, 1, true), to(3, 1, true), neighbour([], null, 1, false)], [3, null, null]);
});

test('what is offered is what the server lets one do', () => {
  const admin = { ...ADA, is_admin: true };
  const rights = (more, me = ADA) => {
    const { rename, close, change, add, leave } = may(room(2, more), me);
    return [rename, close, change, add, leave].map(Number).join('');
  };
  assert.equal(rights({ role: 'member' }), '00011');
  assert.equal(rights({ role: 'member', join: 'invite' }), '00001');
  assert.equal(rights({ role: 'moderator', join: 'invite' }), '00111');
  assert.equal(rights({ role: 'owner' }), '11111');
  assert.equal(rights({ role: 'member', lobby: true }, admin), '10100');
  assert.equal(rights({ role: 'owner', kind: 'direct' }), '00000');
  const removes = (role, other, me = ADA) => may(room(2, { role }), me).remove({ ...BEA, role: other });
  assert.deepEqual(
    [removes('owner', 'moderator'), removes('moderator', 'member'), removes('moderator', 'moderator'), removes('member', 'member'), removes('member', 'owner', admin)],
    [true, true, false, false, true],
  );
});

test('without a lobby the oldest room stands first', () => {
  const rooms = createRooms(ADA);
  rooms.welcome([room(3, { name: 'anchors' }), room(2, { name: 'plain' })]);
  assert.deepEqual(rooms.list.get().map(titleOf), ['plain', 'anchors']);
});

test('who is named is told apart; what is unsent is marked; what is unread again waits again', () => {
  const rooms = createRooms(ADA);
  rooms.welcome([lobby]);
  rooms.hear({ type: 'new_message', message: message(1, { content: 'hello' }) });
  rooms.hear({ type: 'new_message', message: message(2, { content: 'and @Ada' }) });
  assert.deepEqual([rooms.get(1).unread, rooms.get(1).mentions], [2, 1]);
  rooms.read(1, 2);
  assert.deepEqual([rooms.get(1).unread, rooms.get(1).mentions], [0, 0]);
  rooms.mark(1, { draft: true, failed: false });
  assert.deepEqual([rooms.get(1).draft, rooms.get(1).failed], [true, false]);
  rooms.unread(1, 1);
  assert.deepEqual(rooms.uncounted().map((room) => room.id), [1]);
  rooms.count(1, [message(2, { content: 'and @Ada' })]);
  assert.deepEqual([rooms.get(1).unread, rooms.get(1).mentions], [1, 1]);
});
