import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createChat } from '../js/core/chat.js';
import { message, world } from './fakes.js';

const ROOM = { id: 1, name: 'plain', mode: 'server', kind: 'group', last_seq: 2, members: 2 };
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
  const greet = (lastSeq) => {
    w.last().handlers.open();
    w.last().hear({ type: 'auth_ok', rooms: [{ ...ROOM, last_seq: lastSeq }], online: [ADA], online_count: 1 });
  };
  const answer = async (body) => {
    answers.shift().resolve(body);
    await new Promise((resolve) => { setImmediate(resolve); });
  };
  const texts = () => chat.messages().map((m) => m.content);
  return { w, chat, asked, answers, spoken, greet, answer, texts };
}

test('it opens with the newest page, and hears what comes meanwhile once', async () => {
  const { w, chat, asked, spoken, greet, answer, texts } = setUp();
  greet(2);
  assert.deepEqual(asked, ['/api/messages?room_id=1']);
  w.last().hear({ type: 'new_message', message: message(3) });
  await answer({ messages: [message(1), message(2)], has_more: false });
  assert.equal(chat.history.get(), 'ready');
  w.last().hear({ type: 'new_message', message: message(3) });
  w.last().hear({ type: 'new_message', message: message(4) });
  assert.deepEqual(texts(), ['text 1', 'text 2', 'text 3', 'text 4']);
  assert.deepEqual(spoken, ['text 4'], 'only what arrives live is spoken');
});

test('after a loss it reads on from where it was, until there is no more', async () => {
  const { w, chat, asked, greet, answer, texts } = setUp();
  greet(2);
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
  assert.equal(chat.history.get(), 'ready');
});

test('a message goes from written to stored without being there twice', async () => {
  const { w, chat, greet, answer, texts } = setUp();
  greet(2);
  await answer({ messages: [], has_more: false });
  chat.write('hello');
  const { client_id: clientId } = w.last().sent.at(-1);
  assert.deepEqual([texts(), chat.outbox.entries.get().length], [[], 1]);
  w.last().hear({ type: 'ack', client_id: clientId, id: 9, room_id: 1, seq: 3, created_at: '2026-05-14T10:00:00Z' });
  assert.deepEqual([texts(), chat.outbox.entries.get().length], [['hello'], 0]);
  w.last().hear({ type: 'new_message', message: message(3, { user_id: 1, content: 'hello', client_id: clientId }) });
  assert.deepEqual(texts(), ['hello']);
});

test('an acknowledgement that was lost is made up for by the message itself', async () => {
  const { w, chat, greet, answer, texts } = setUp();
  greet(2);
  await answer({ messages: [], has_more: false });
  chat.write('hello');
  const { client_id: clientId } = w.last().sent.at(-1);
  w.last().handlers.close(1006);
  w.advance(1_000);
  greet(3);
  const own = message(3, { user_id: 1, content: 'hello', client_id: clientId });
  await answer({ events: [{ type: 'new_message', message: own }], has_more: false });
  assert.deepEqual([texts(), chat.outbox.entries.get()], [['hello'], []]);
});

test('what could not be loaded is said, and can be tried again', async () => {
  const { chat, answers, greet, answer, texts } = setUp();
  greet(2);
  answers.shift().reject(new Error('gone'));
  await new Promise((resolve) => { setImmediate(resolve); });
  assert.equal(chat.history.get(), 'failed');
  chat.reload();
  await answer({ messages: [message(1)], has_more: false });
  assert.deepEqual([chat.history.get(), texts()], ['ready', ['text 1']]);
});

test('who is online, by name', async () => {
  const { w, chat, greet } = setUp();
  greet(2);
  const bea = { id: 2, username: 'bea', is_admin: false };
  const cid = { id: 3, username: 'cid', is_admin: true };
  w.last().hear({ type: 'user_joined', user: cid, online_count: 2 });
  w.last().hear({ type: 'user_joined', user: bea, online_count: 3 });
  w.last().hear({ type: 'user_joined', user: bea, online_count: 3 });
  assert.deepEqual(chat.online.get().map((p) => p.username), ['ada', 'bea', 'cid']);
  w.last().hear({ type: 'presence', joined: [], left: [bea, cid], online_count: 1 });
  assert.deepEqual(chat.online.get().map((p) => p.username), ['ada']);
});
