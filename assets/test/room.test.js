import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createRoom } from '../js/core/room.js';
import { message, world } from './fakes.js';

const ROOM = { id: 1, name: 'plain', mode: 'server', kind: 'group', last_seq: 2, members: 2 };
const ADA = { id: 1, username: 'ada', is_admin: false };

/** A room on a server of which each answer is given by hand. */
function setUp(more = {}) {
  const w = world();
  const asked = [];
  const posted = [];
  const answers = [];
  const sent = [];
  const line = { open: true };
  const wait = (list, entry) => {
    list.push(entry);
    return new Promise((resolve, reject) => { answers.push({ resolve, reject }); });
  };
  w.platform.http.get = (path) => wait(asked, path);
  w.platform.http.post = (path, body) => wait(posted, [path, body]);
  const spoken = [];
  const send = (frame) => {
    if (line.open) sent.push(frame);
    return line.open;
  };
  const make = () => createRoom({ platform: w.platform, me: ADA, send, summary: { ...ROOM, ...more }, speak: (m) => spoken.push(m.content) });
  const room = make();
  const greet = (lastSeq) => {
    room.open();
    room.welcomed({ ...ROOM, ...more, last_seq: lastSeq });
  };
  const settled = () => new Promise((resolve) => { setImmediate(resolve); });
  const answer = async (body) => {
    await settled();
    answers.shift().resolve(body);
    await settled();
  };
  const refuse = async (problem) => {
    await settled();
    answers.shift().reject(Object.assign(new Error('refused'), { problem }));
    await settled();
  };
  const texts = () => room.messages().map((m) => room.shown(m).content);
  const live = (seq, rest) => room.hear({ type: 'new_message', message: message(seq, rest) });
  return { w, room, make, asked, posted, answers, sent, line, spoken, greet, answer, refuse, texts, live, settled };
}

/** One that has its first page: bea has said 1, ada has said 2. */
async function begun(more) {
  const world = setUp(more);
  world.greet(2);
  await world.answer({ messages: [message(1), message(2, { user_id: 1, username: 'ada', client_id: 'x' })], has_more: false });
  return world;
}

test('it opens with the newest page, and hears what comes meanwhile once', async () => {
  const { room, asked, spoken, greet, answer, texts, live } = setUp();
  greet(2);
  assert.deepEqual(asked, ['/api/messages?room_id=1']);
  live(3);
  await answer({ messages: [message(1), message(2)], has_more: false });
  assert.equal(room.history.get(), 'ready');
  live(3);
  live(4);
  assert.deepEqual(texts(), ['text 1', 'text 2', 'text 3', 'text 4']);
  assert.deepEqual(spoken, ['text 4'], 'only what arrives live is spoken');
});

test('after a loss it reads on from where it was, until there is no more', async () => {
  const { room, asked, greet, answer, texts, live } = setUp();
  greet(2);
  await answer({ messages: [message(1), message(2)], has_more: false });
  room.interrupted();
  room.welcomed({ ...ROOM, last_seq: 5 });
  assert.equal(asked.at(-1), '/api/messages?room_id=1&after=2');
  live(6);
  await answer({ events: [{ type: 'new_message', message: message(3) }], has_more: true });
  assert.equal(asked.at(-1), '/api/messages?room_id=1&after=3');
  const rest = [{ type: 'member_joined', room_id: 1, seq: 4, user: ADA }, { type: 'new_message', message: message(5) }];
  await answer({ events: rest, has_more: false });
  assert.deepEqual(texts(), ['text 1', 'text 2', 'text 3', 'text 5', 'text 6']);
  assert.equal(room.history.get(), 'ready');
});

test('a message goes from written to stored without being there twice', async () => {
  const { room, sent, greet, answer, texts, live } = setUp();
  greet(2);
  await answer({ messages: [], has_more: false });
  room.write('hello');
  const { client_id: clientId } = sent.at(-1);
  assert.deepEqual([texts(), room.waiting()], [[], 1]);
  assert.ok(room.acknowledged({ type: 'ack', client_id: clientId, id: 9, room_id: 1, seq: 3, created_at: '2026-05-14T10:00:00Z' }));
  assert.deepEqual([texts(), room.waiting()], [['hello'], 0]);
  live(3, { id: 9, user_id: 1, content: 'hello', client_id: clientId });
  assert.deepEqual(texts(), ['hello']);
});

test('an acknowledgement that was lost is made up for by the message itself', async () => {
  const { room, sent, greet, answer, texts } = setUp();
  greet(2);
  await answer({ messages: [], has_more: false });
  room.write('hello');
  const { client_id: clientId } = sent.at(-1);
  room.interrupted();
  room.welcomed({ ...ROOM, last_seq: 3 });
  const own = message(3, { user_id: 1, content: 'hello', client_id: clientId });
  await answer({ events: [{ type: 'new_message', message: own }], has_more: false });
  assert.deepEqual([texts(), room.outbox.entries.get()], [['hello'], []]);
});

test('what could not be loaded is said, and can be tried again', async () => {
  const { room, greet, answer, refuse, texts } = setUp();
  greet(2);
  await refuse({ status: 0, code: 'unreachable', message: '' });
  assert.equal(room.history.get(), 'failed');
  room.reload();
  await answer({ messages: [message(1)], has_more: false });
  assert.deepEqual([room.history.get(), texts()], ['ready', ['text 1']]);
});

test('what belongs to another room is refused and acknowledged there', async () => {
  const { room } = await begun();
  assert.equal(room.acknowledged({ type: 'ack', client_id: 'other' }), false);
  assert.equal(room.refused({ type: 'error', client_id: 'other', code: 'forbidden' }), false);
});

test('an edit shows at once; a refusal takes it back, says why, and keeps the new text', async () => {
  const { room, posted, answer, refuse, texts } = await begun();
  room.editLast();
  assert.equal(room.draft.shown(), 'text 2');
  room.draft.type('better');
  room.submit();
  assert.deepEqual([texts(), room.draft.shown()], [['text 1', 'better'], '']);
  await refuse({ status: 403, code: 'forbidden', message: '' });
  assert.deepEqual([texts(), room.draft.shown()], [['text 1', 'text 2'], 'better']);
  assert.match(room.notice.get().text, /Not changed/);
  room.submit();
  assert.deepEqual(posted.at(-1), ['/api/edit-message', { message_id: 1002, content: 'better' }]);
  await answer({ message: message(2, { user_id: 1, content: 'better', edited_at: '2026-05-14T10:00:00Z' }) });
  assert.deepEqual(texts(), ['text 1', 'better']);
});

test('an edit keeps what was being written before it', async () => {
  const { room } = await begun();
  room.draft.type('a thought');
  room.startEdit(1002);
  room.draft.type('x');
  assert.ok(room.cancel());
  assert.equal(room.draft.shown(), 'a thought');
  assert.equal(room.cancel(), false);
  room.startEdit(1001);
  assert.equal(room.draft.value.get().editing, null, 'only one\'s own');
});

test('a deletion shows at once and is made when it can no longer be undone', async () => {
  const { w, room, posted, answer, texts } = await begun();
  room.remove(1002);
  assert.deepEqual(texts(), ['text 1', null]);
  room.notice.get().undo();
  assert.deepEqual([texts(), room.notice.get()], [['text 1', 'text 2'], null]);
  w.advance(10_000);
  assert.deepEqual(posted, []);
  room.remove(1002);
  w.advance(6_000);
  await Promise.resolve();
  assert.deepEqual(posted.at(-1), ['/api/delete-message', { message_id: 1002 }]);
  await answer({});
  assert.deepEqual([texts(), w.stored.size, room.target(1002)], [['text 1', null], 0, 'gone']);
});

test('a deletion that was promised before a reload is made after it', async () => {
  const { room, make, posted } = await begun();
  room.remove(1002);
  const again = make();
  again.welcomed({ ...ROOM, last_seq: 2 });
  await Promise.resolve();
  assert.deepEqual(posted.at(-1), ['/api/delete-message', { message_id: 1002 }]);
});

test('a reaction shows at once, is taken back by the same press, and is made in this order', async () => {
  const { room, posted, answer } = await begun();
  const shown = () => room.shown(room.messages()[0]).reactions ?? [];
  room.react(1001, '👍');
  assert.deepEqual(shown(), [{ emoji: '👍', user_ids: [1] }]);
  room.react(1001, '👍');
  assert.deepEqual(shown(), []);
  await Promise.resolve();
  assert.deepEqual(posted.map(([, body]) => body.added), [true]);
  await answer({});
  assert.deepEqual([shown(), posted.map(([, body]) => body.added)], [[], [true, false]]);
  await answer({});
  room.hear({ type: 'reaction', room_id: 1, seq: 3, target_id: 1001, user_id: 2, emoji: '🎉', added: true });
  assert.deepEqual(shown(), [{ emoji: '🎉', user_ids: [2] }]);
});

test('an answer goes with its target and survives a reload', async () => {
  const { room, make, sent } = await begun();
  room.startReply(1001);
  room.draft.type('yes');
  assert.equal(make().draft.value.get().replyTo.id, 1001);
  room.submit();
  assert.equal(sent.at(-1).reply_to, 1001);
  assert.deepEqual([room.draft.shown(), room.draft.value.get().replyTo], ['', null]);
});

test('typing is said at most every three seconds, and others are forgotten in time', async () => {
  const { w, room, sent } = await begun();
  for (let i = 0; i < 5; i += 1) room.typing.wrote(true);
  assert.equal(sent.length, 1);
  w.advance(3_000);
  room.typing.wrote(true);
  room.typing.wrote(false);
  room.typing.wrote(false);
  assert.deepEqual(sent.map((frame) => frame.is_typing), [true, true, false]);
  const typing = (is) => room.hear({ type: 'typing', user_id: 2, username: 'bea', is_typing: is, room_id: 1 });
  typing(true);
  assert.deepEqual(room.typing.people.get(), ['bea']);
  w.advance(8_000);
  assert.deepEqual(room.typing.people.get(), []);
  typing(true);
  room.hear({ type: 'new_message', message: message(3) });
  assert.deepEqual(room.typing.people.get(), []);
});

test('a room is read once its newest message has been seen for a second', async () => {
  const { w, room, posted, live } = await begun();
  room.sees(true);
  w.advance(900);
  room.sees(false);
  w.advance(900);
  assert.deepEqual(posted, []);
  room.sees(true);
  w.advance(500);
  live(3);
  w.advance(500);
  assert.deepEqual(posted, [['/api/rooms/1/read', { seq: 3 }]]);
});

test('the line of new messages stands where reading had stopped, until one leaves', async () => {
  const { room, live } = await begun({ read_seq: 1 });
  assert.equal(room.line(), 1);
  live(3);
  assert.equal(room.line(), 1);
  room.clearLine();
  live(4);
  assert.equal(room.line(), 3, 'and stands anew where the reader looked away');
  room.close();
  assert.equal(room.line(), null);
});

test('who has missed much opens where reading had stopped, and reads on from there', async () => {
  const { room, asked, greet, answer, texts, live } = setUp({ read_seq: 100, last_seq: 400 });
  greet(400);
  assert.deepEqual(asked, ['/api/messages?room_id=1&before=126']);
  await answer({ messages: [message(124), message(125)], has_more: true });
  assert.equal(asked.at(-1), '/api/messages?room_id=1&after=125');
  await answer({ events: [{ type: 'new_message', message: message(126) }], has_more: true });
  assert.equal(room.history.get(), 'ready');
  live(401);
  assert.deepEqual([texts(), room.isDetached()], [['text 124', 'text 125', 'text 126'], true]);
  const back = room.toNewest();
  assert.equal(asked.at(-1), '/api/messages?room_id=1');
  await answer({ messages: [message(400), message(401)], has_more: true });
  await back;
  assert.deepEqual([texts(), room.isDetached()], [['text 400', 'text 401'], false]);
});

test('a message that is not held is found by halving', async () => {
  const { room, asked, answers, greet, answer, settled } = setUp();
  greet(1_000);
  await answer({ messages: [message(999), message(1_000)], has_more: true });
  const found = room.find(1_000 + 77);
  for (let i = 0; i < 20; i += 1) {
    await settled();
    if (!asked.at(-1).includes('limit=1')) break;
    const before = Number(/before=(\d+)/.exec(asked.at(-1))[1]);
    await answer({ messages: [message(before - 1)], has_more: true });
  }
  assert.equal(asked.at(-1), '/api/messages?room_id=1&before=103');
  await answer({ messages: [message(77), message(78)], has_more: true });
  await answer({ events: [], has_more: true });
  assert.equal(await found, true);
  assert.deepEqual(answers, []);
});

test('members are read when they are first needed, and then only once', async () => {
  const { room, asked, answer } = await begun();
  assert.equal(room.people.isMember('BEA'), false);
  room.people.need();
  await answer({ members: [{ id: 2, username: 'bea', is_admin: false }], has_more: false });
  assert.equal(room.people.isMember('BEA'), true);
  assert.deepEqual(asked.filter((path) => path.includes('members')), ['/api/rooms/1/members?limit=100']);
  room.hear({ type: 'member_joined', room_id: 1, seq: 3, user: { id: 3, username: 'cid', is_admin: false } });
  room.hear({ type: 'member_left', room_id: 1, seq: 4, user: { id: 2, username: 'bea', is_admin: false } });
  assert.deepEqual(room.people.list.get().map((one) => one.username), ['cid']);
});

test('in a slow room one waits, and what stands in the box stays; moderators do not wait', async () => {
  const { w, room } = await begun({ slow_mode: 30, role: 'member' });
  room.draft.type('first');
  assert.equal(room.submit(), true);
  room.acknowledged({ client_id: 'id-1', id: 1003, seq: 3, created_at: new Date(1_700_000_003_000).toISOString() });
  assert.equal(room.pause.left.get(), 30);
  room.draft.type('second');
  assert.equal(room.submit(), false);
  assert.equal(room.draft.shown(), 'second');
  room.hear({ type: 'room_changed', room_id: 1, seq: 4, room: { slow_mode: 0 } });
  assert.equal(room.pause.left.get(), 0, 'it is slow no more');
  assert.equal(room.submit(), true);
  room.hear({ type: 'room_changed', room_id: 1, seq: 5, room: { slow_mode: 10 } });
  room.refused({ client_id: 'id-2', code: 'rate_limited', retry_after: 7 });
  assert.equal(room.pause.left.get(), 7);
  w.advance(8_000);
  assert.equal(room.pause.left.get(), 0);

  const moderator = await begun({ slow_mode: 30, role: 'moderator' });
  moderator.room.draft.type('first');
  moderator.room.submit();
  moderator.room.acknowledged({ client_id: 'id-1', id: 1003, seq: 3, created_at: new Date(1_700_000_003_000).toISOString() });
  assert.equal(moderator.room.pause.left.get(), 0);
});

test('what is marked unread stays so while it is looked at and after a reload, until one comes back', async () => {
  const { w, room, posted, live, make } = await begun({ read_seq: 2, kind: 'group' });
  live(3);
  live(4);
  room.sees(true);
  w.advance(1_000);
  assert.deepEqual(posted.map(([, body]) => body.seq), [4]);
  room.markUnread(1003);
  assert.equal(room.line(), 2);
  room.sees(true);
  w.advance(5_000);
  assert.equal(posted.length, 1, 'it is not read again by being in view');
  const again = make();
  again.open();
  again.welcomed({ ...ROOM, last_seq: 4, read_seq: 4 });
  again.close();
  again.open();
  assert.equal(again.line(), 2, 'the server says 4');
  room.readAll();
  assert.deepEqual([posted.at(-1)[1].seq, room.line()], [4, null]);
});
