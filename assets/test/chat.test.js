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
  const chat = createChat(w.platform, ADA, () => {});
  chat.connection.start();
  const greet = (lastSeq) => {
    w.last().handlers.open();
    w.last().hear({ type: 'auth_ok', rooms: [{ ...ROOM, last_seq: lastSeq }], online: [ADA], online_count: 1 });
  };
  const answer = async (body) => {
    answers.shift().resolve(body);
    await new Promise((resolve) => { setImmediate(resolve); });
  };
  const texts = () => chat.here.get().messages().map((m) => m.content);
  return { w, chat, asked, greet, answer, texts };
}

test('it takes the room it is given, and hands it what is meant for it', async () => {
  const { w, chat, asked, greet, answer, texts } = setUp();
  greet(2);
  assert.deepEqual(asked, ['/api/messages?room_id=1']);
  await answer({ messages: [message(1), message(2)], has_more: false });
  w.last().hear({ type: 'new_message', message: message(3) });
  w.last().hear({ type: 'new_message', message: message(4, { room_id: 2 }) });
  assert.deepEqual(texts(), ['text 1', 'text 2', 'text 3']);
  chat.here.get().write('hello');
  assert.equal(chat.outbox.entries.get().length, 1);
  w.last().hear({ type: 'ack', client_id: w.last().sent.at(-1).client_id, id: 9, room_id: 1, seq: 4, created_at: '2026-05-14T10:00:00Z' });
  assert.deepEqual([texts().at(-1), chat.outbox.entries.get().length], ['hello', 0]);
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
