import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createOnline } from '../js/core/online.js';

const [ada, bea, cid] = [['ada'], ['Bea'], ['cid', true]].map(([username, admin], at) => ({ id: at + 1, username, is_admin: admin ?? false }));

test('who is online: administrators first, then by name, each once', () => {
  const people = createOnline();
  people.welcome({ type: 'auth_ok', online: [bea, ada], online_count: 2 });
  assert.equal(people.hear({ type: 'user_joined', user: cid, online_count: 3 }), true);
  people.hear({ type: 'user_joined', user: cid, online_count: 3 });
  assert.deepEqual(people.online.get().map((p) => p.username), ['cid', 'ada', 'Bea']);
  assert.deepEqual([people.count.get(), people.isOnline(2)], [3, true]);
  people.hear({ type: 'presence', joined: [], left: [bea, cid], online_count: 1 });
  assert.deepEqual([people.online.get().map((p) => p.username), people.count.get()], [['ada'], 1]);
});

test('the count is the server\'s, which names only so many', () => {
  const people = createOnline();
  people.welcome({ type: 'auth_ok', online: [ada], online_count: 9_000 });
  people.hear({ type: 'user_left', user: bea, online_count: 8_999 });
  assert.equal(people.count.get(), 8_999);
  assert.equal(people.hear({ type: 'typing' }), false);
});
