import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createChat } from '../js/core/chat.js';
import { message, world } from './fakes.js';

const ROOM = {
  id: 1, name: 'plain', mode: 'server', kind: 'group', lobby: true, join: 'open', topic: null, slow_mode: 0, read_only: false,
  role: 'member', last_seq: 2, read_seq: 2, members: 2,
};
const ADA = { id: 1, username: 'ada', is_admin: false };

/** A server of which each answer is given by hand. */
function setUp() {
  const w = world();
  const asked = [];
  const answers = [];
  w.platform.http.get = (path) => {
    asked.push(path);
    return new Promise((resolve, reject) => { answers.push({ resolve, reject }); });
  };
  const spoken = [];
  const chat = createChat(w.platform, ADA, (m) => spoken.push(m.content));
  chat.connection.start();
  const greet = (lastSeq, more = []) => {
    w.last().handlers.open();
    const rooms = [{ ...ROOM, last_seq: lastSeq, read_seq: lastSeq }, ...more];
    w.last().hear({ type: 'auth_ok', rooms, online: [ADA], online_count: 1 });
  };
  const answer = async (body) => {
    answers.shift().resolve(body);
    await new Promise((resolve) => { setImmediate(resolve); });
  };
  const texts = () => chat.open.get().messages().map((m) => m.content);
  const waiting = () => chat.open.get().waiting();
  return { w, chat, asked, answers, spoken, greet, answer, texts, waiting };
}

test('it opens with the newest page, and hears what comes meanwhile once', async () => {
  const { w, chat, asked, spoken, greet, answer, texts } = setUp();
  greet(2);
  assert.deepEqual(asked, [], 'nothing is read before a room is opened');
  chat.show(1);
  assert.deepEqual(asked, ['/api/messages?room_id=1']);
  w.last().hear({ type: 'new_message', message: message(3) });
  await answer({ messages: [message(1), message(2)], has_more: false });
  assert.equal(chat.open.get().history.get(), 'ready');
  w.last().hear({ type: 'new_message', message: message(3) });
  w.last().hear({ type: 'new_message', message: message(4) });
  assert.deepEqual(texts(), ['text 1', 'text 2', 'text 3', 'text 4']);
  assert.deepEqual(spoken, ['text 4'], 'only what arrives live is spoken');
});

test('after a loss it reads on from where it was, until there is no more', async () => {
  const { w, chat, asked, greet, answer, texts } = setUp();
  greet(2);
  chat.show(1);
  await answer({ messages: [message(1), message(2)], has_more: false });
  w.last().handlers.close(1006);
  w.advance(1_000);
  greet(5);
  assert.equal(asked.at(-1), '/api/messages?room_id=1&after=2');
  w.last().hear({ type: 'new_message', message: message(6) });
  await answer({ events: [{ type: 'new_message', message: message(3) }], has_more: true });
  assert.equal(asked.at(-1), '/api/messages?room_id=1&after=3');
  const rest = [{ type: 'member_joined', room_id: 1, seq: 4, user: ADA }, { type: 'new_message', message: message(5) }];
  await answer({ events: rest, has_more: false });
  assert.deepEqual(texts(), ['text 1', 'text 2', 'text 3', 'text 5', 'text 6']);
  assert.equal(chat.open.get().history.get(), 'ready');
});

test('a message goes from written to stored without being there twice', async () => {
  const { w, chat, greet, answer, texts, waiting } = setUp();
  greet(2);
  chat.show(1);
  await answer({ messages: [], has_more: false });
  chat.open.get().write('hello');
  const { client_id: clientId } = w.last().sent.at(-1);
  assert.deepEqual([texts(), waiting()], [[], 1]);
  w.last().hear({ type: 'ack', client_id: clientId, id: 9, room_id: 1, seq: 3, created_at: '2026-05-14T10:00:00Z' });
  assert.deepEqual([texts(), waiting()], [['hello'], 0]);
  w.last().hear({ type: 'new_message', message: message(3, { user_id: 1, content: 'hello', client_id: clientId }) });
  assert.deepEqual(texts(), ['hello']);
});

test('an acknowledgement that was lost is made up for by the message itself', async () => {
  const { w, chat, greet, answer, texts, waiting } = setUp();
  greet(2);
  chat.show(1);
  await answer({ messages: [], has_more: false });
  chat.open.get().write('hello');
  const { client_id: clientId } = w.last().sent.at(-1);
  w.last().handlers.close(1006);
  w.advance(1_000);
  greet(3);
  const own = message(3, { user_id: 1, content: 'hello', client_id: clientId });
  await answer({ events: [{ type: 'new_message', message: own }], has_more: false });
  assert.deepEqual([texts(), waiting()], [['hello'], 0]);
});

test('what could not be loaded is said, and can be tried again', async () => {
  const { chat, answers, greet, answer, texts } = setUp();
  greet(2);
  chat.show(1);
  answers.shift().reject(new Error('gone'));
  await new Promise((resolve) => { setImmediate(resolve); });
  assert.equal(chat.open.get().history.get(), 'failed');
  chat.open.get().reload();
  await answer({ messages: [message(1)], has_more: false });
  assert.deepEqual([chat.open.get().history.get(), texts()], ['ready', ['text 1']]);
});

const room = (id, more = {}) => ({ ...ROOM, id, name: `room ${id}`, lobby: false, last_seq: 0, read_seq: 0, ...more });

test('each frame goes to the room it belongs to, and only the open one speaks', async () => {
  const { w, chat, spoken, greet, answer, texts } = setUp();
  greet(2, [room(2)]);
  chat.show(1);
  await answer({ messages: [message(1), message(2)], has_more: false });
  w.last().hear({ type: 'new_message', message: message(1, { room_id: 2, content: 'there' }) });
  w.last().hear({ type: 'new_message', message: message(3, { content: 'here' }) });
  assert.deepEqual(texts(), ['text 1', 'text 2', 'here']);
  assert.deepEqual(spoken, ['here']);
  assert.deepEqual(chat.rooms.list.get().map((r) => r.unread), [1, 1]);
  chat.show(2);
  await answer({ messages: [message(1, { room_id: 2, content: 'there' })], has_more: false });
  assert.deepEqual(texts(), ['there']);
});

test('what is read is told once, and counts no more', async () => {
  const { w, chat, greet, answer } = setUp();
  const told = [];
  w.platform.http.post = async (path, body) => { told.push([path, body]); return {}; };
  greet(2, [room(2)]);
  w.last().hear({ type: 'new_message', message: message(1, { room_id: 2 }) });
  chat.show(2);
  await answer({ messages: [message(1, { room_id: 2 })], has_more: false });
  chat.open.get().sees(true);
  chat.open.get().sees(true);
  w.advance(999);
  assert.equal(chat.rooms.get(2).unread, 1, 'not at a glance');
  w.advance(1);
  chat.open.get().sees(true);
  w.advance(1_000);
  assert.deepEqual(told, [['/api/rooms/2/read', { seq: 1 }]]);
  assert.equal(chat.rooms.get(2).unread, 0);
});

test('what was missed is looked into and counted: own messages and other events are not unread', async () => {
  const { chat, asked, greet, answer } = setUp();
  greet(2, [room(2, { last_seq: 9, read_seq: 4 })]);
  assert.deepEqual(asked, ['/api/messages?room_id=2&limit=5']);
  const page = [message(3, { room_id: 2 }), message(5, { room_id: 2 }), message(6, { room_id: 2, user_id: 1 }), message(9, { room_id: 2 })];
  await answer({ messages: page, has_more: true });
  const { unread, latest } = chat.rooms.get(2);
  assert.deepEqual([unread, latest.seq], [2, 9]);
});

test('a room that one is brought into is asked for and is there', async () => {
  const { w, chat, asked, greet, answer } = setUp();
  greet(2);
  w.last().hear({ type: 'member_joined', room_id: 7, seq: 2, user: ADA, by: 2 });
  w.last().hear({ type: 'new_message', message: message(3, { room_id: 7 }) });
  assert.deepEqual(asked, ['/api/rooms'], 'once');
  await answer({ rooms: [ROOM, room(7, { last_seq: 3, read_seq: 2 })] });
  await answer({ messages: [message(3, { room_id: 7 })], has_more: false });
  assert.deepEqual(chat.rooms.list.get().map((r) => [r.id, r.unread]), [[1, 0], [7, 1]]);
});

test('a room that one is removed from closes', async () => {
  const { w, chat, greet, answer } = setUp();
  greet(2, [room(2)]);
  chat.show(2);
  await answer({ messages: [], has_more: false });
  w.last().hear({ type: 'member_left', room_id: 2, seq: 1, user: ADA, by: 3 });
  assert.equal(chat.open.get(), null);
  assert.deepEqual(chat.rooms.list.get().map((r) => r.id), [1]);
});

test('the room that was open last is home, and the lobby before that', () => {
  const { chat, greet } = setUp();
  greet(2, [room(2), room(3)]);
  assert.equal(chat.home().id, 1);
  chat.show(3);
  assert.equal(chat.home().id, 3);
  chat.left(3);
  assert.equal(chat.home().id, 1);
});

test('what was written to a room that is not open is sent all the same', () => {
  const w = world();
  const entry = { clientId: 'kept', roomId: 2, content: 'later', at: 5 };
  w.stored.set('outbox:1:2:kept', JSON.stringify(entry));
  const chat = createChat(w.platform, ADA, () => {});
  chat.connection.start();
  w.last().handlers.open();
  w.last().hear({ type: 'auth_ok', rooms: [ROOM, room(2)], online: [], online_count: 0 });
  assert.deepEqual(w.last().sent.filter((f) => f.type === 'message').map((f) => [f.room_id, f.content]), [[2, 'later']]);
  assert.equal(chat.waiting(), 1);
  w.last().hear({ type: 'error', code: 'forbidden', message: '', client_id: 'kept' });
  assert.equal(chat.unsent(), 1, 'it stays with its two ways out');
});

test('rooms that were open are known in their order; what comes from others is told of once', async () => {
  const { w, chat, greet } = setUp();
  const other = { ...ROOM, id: 2, name: 'boats', lobby: false };
  greet(2, [other]);
  chat.show(1);
  chat.show(2);
  assert.deepEqual(chat.recent(), [2, 1]);
  const told = [];
  chat.arrivals.watch((said) => { if (said) told.push(said.seq); });
  w.last().hear({ type: 'new_message', message: message(3) });
  w.last().hear({ type: 'new_message', message: message(3) });
  w.last().hear({ type: 'new_message', message: message(4, { user_id: ADA.id, username: 'ada' }) });
  w.last().hear({ type: 'new_message', message: message(5, { room_id: 2 }) });
  assert.deepEqual(told, [3, 5]);
});
