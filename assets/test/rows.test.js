import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dates } from '../js/core/dates.js';
import { rows } from '../js/core/rows.js';
import { message } from './fakes.js';

const format = dates('en-GB', 'UTC');
const me = { id: 1, username: 'ada' };
const around = (more = {}) => ({
  me, dates: format, now: Date.parse('2026-05-14T20:00:00Z'), isMember: () => true, people: null, target: () => 'unknown',
  editing: null, line: null, before: null, ...more,
});
const at = (iso) => ({ created_at: iso });

test('days part the messages and runs join them', () => {
  const list = rows([
    message(1, at('2026-05-13T10:00:00Z')),
    message(2, at('2026-05-14T10:00:00Z')),
    message(3, at('2026-05-14T10:04:59Z')),
    message(4, at('2026-05-14T10:09:59Z')),
    message(5, { ...at('2026-05-14T10:10:00Z'), user_id: 1, username: 'ada' }),
  ], [], around());
  const shown = list.map((row) => (row.kind === 'day' ? row.label : `${row.own ? 'own' : row.username}:${row.first}`));
  assert.deepEqual(shown, ['Yesterday', 'bea:true', 'Today', 'bea:true', 'bea:false', 'bea:true', 'own:true']);
});

test('a message keeps its key on its way from written to stored', () => {
  const now = Date.parse('2026-05-14T20:00:00Z');
  const entry = { clientId: 'c', roomId: 1, content: 'hi', replyTo: null, at: now, state: 'sending', fault: null };
  const [, before] = rows([], [entry], around());
  const stored = message(1, { user_id: 1, client_id: 'c', content: 'hi', created_at: new Date(now).toISOString() });
  const [, after] = rows([stored], [], around());
  assert.equal(before.key, after.key);
  assert.notEqual(before.version, after.version);
});

test('days of long ago have their year', () => {
  const now = Date.parse('2026-05-14T20:00:00Z');
  assert.equal(format.dayLabel(Date.parse('2026-05-01T12:00:00Z'), now), 'Friday 1 May');
  assert.equal(format.dayLabel(Date.parse('2024-05-01T12:00:00Z'), now), '1 May 2024');
});

test('a run goes on across the beginning of what is shown', () => {
  const [first, second] = [message(1, at('2026-05-14T10:00:00Z')), message(2, at('2026-05-14T10:01:00Z'))];
  const list = rows([second], [], around({ before: first }));
  assert.deepEqual(list.map((row) => [row.kind, row.first]), [['message', false]]);
});

test('the line of new messages stands before the first of another, and parts a run', () => {
  const list = rows([1, 2, 3, 4].map((seq) => message(seq, { ...at(`2026-05-14T10:0${seq}:00Z`), user_id: seq === 2 ? 1 : 2 })), [],
    around({ line: { after: 1, count: 2, since: Date.parse('2026-05-14T10:01:00Z') } }));
  assert.deepEqual(list.map((row) => (row.kind === 'message' ? row.seq : row.label)), ['Today', 1, 2, '2 new since 10:01', 3, 4]);
  assert.deepEqual(list.slice(-2).map((row) => row.first), [true, false]);
});

test('answers, mentions, edits, reactions and deletions show', () => {
  const target = (id) => (id === 7 ? message(7, { content: 'a\n b' }) : id === 8 ? 'gone' : 'unknown');
  const list = rows([
    message(1, { reply_to: 7, content: 'to @Ada' }), message(2, { reply_to: 8, edited_at: 'x' }), message(3, { reply_to: 9, user_id: 1, content: '@ada' }),
    message(4, { content: null, deleted: { by: 'author' }, reply_to: 7 }),
    message(5, { reactions: [{ emoji: '👍', user_ids: [1, 2] }], content: 'user@ada and @adalbert' }),
  ], [], around({ target })).slice(1);
  assert.deepEqual(list.map((row) => row.quote?.state ?? null), ['there', 'gone', 'unknown', null, null]);
  assert.equal(list[0].quote.text, 'a b');
  assert.deepEqual(list.map((row) => row.mention), [true, false, false, false, false]);
  assert.deepEqual(list.map((row) => row.edited), [false, true, false, false, false]);
  assert.deepEqual([list[3].text, list[3].blocks, list[4].reactions], [null, [], [{ emoji: '👍', count: 2, own: true }]]);
});

test('another text is another version, also of the same length', () => {
  const [, a] = rows([message(1, { content: 'abc' })], [], around());
  const [, b] = rows([message(1, { content: 'abd' })], [], around());
  assert.notEqual(a.version, b.version);
});
