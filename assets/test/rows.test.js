import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dates } from '../js/core/dates.js';
import { rows } from '../js/core/rows.js';
import { message } from './fakes.js';

const format = dates('en-GB', 'UTC');
const me = { id: 1, username: 'ada' };
const at = (iso) => ({ created_at: iso });

test('days part the messages and runs join them', () => {
  const now = Date.parse('2026-05-14T20:00:00Z');
  const list = rows([
    message(1, at('2026-05-13T10:00:00Z')),
    message(2, at('2026-05-14T10:00:00Z')),
    message(3, at('2026-05-14T10:04:59Z')),
    message(4, at('2026-05-14T10:09:59Z')),
    message(5, { ...at('2026-05-14T10:10:00Z'), user_id: 1, username: 'ada' }),
  ], [], me, format, now);
  const shown = list.map((row) => (row.kind === 'day' ? row.label : `${row.own ? 'own' : row.username}:${row.first}`));
  assert.deepEqual(shown, ['Yesterday', 'bea:true', 'Today', 'bea:true', 'bea:false', 'bea:true', 'own:true']);
});

test('a message keeps its key on its way from written to stored', () => {
  const now = Date.parse('2026-05-14T20:00:00Z');
  const entry = { clientId: 'c', roomId: 1, content: 'hi', at: now, state: 'sending', fault: null };
  const [, before] = rows([], [entry], me, format, now);
  const stored = message(1, { user_id: 1, client_id: 'c', content: 'hi', created_at: new Date(now).toISOString() });
  const [, after] = rows([stored], [], me, format, now);
  assert.equal(before.key, after.key);
  assert.notEqual(before.version, after.version);
});

test('days of long ago have their year', () => {
  const now = Date.parse('2026-05-14T20:00:00Z');
  assert.equal(format.dayLabel(Date.parse('2026-05-01T12:00:00Z'), now), 'Friday 1 May');
  assert.equal(format.dayLabel(Date.parse('2024-05-01T12:00:00Z'), now), '1 May 2024');
});
