import assert from 'node:assert/strict';
import { test } from 'node:test';

import { explain, passwordFault, strength, usernameFault } from '../js/core/problems.js';

test('usernames', () => {
  for (const good of ['ada', 'Ada_Lovelace', 'x1_']) assert.equal(usernameFault(good), null);
  for (const bad of ['', 'ab', 'a b', 'ада', 'x'.repeat(51)]) assert.ok(usernameFault(bad), bad);
});

test('passwords', () => {
  assert.equal(passwordFault('ключключ'), null);
  for (const bad of ['', '1234567']) assert.ok(passwordFault(bad));
  assert.ok(strength('aaaaaaaaaaaa') < strength('correct horse'));
  assert.ok(strength('correct horse') < strength('Correct horse, 1 battery'));
  assert.equal(strength(''), 0);
});

test('every refusal has words of its own', () => {
  assert.match(explain({ status: 429, code: 'rate_limited', message: '', retry_after: 30 }), /Wait 30 seconds/);
  assert.match(explain({ status: 403, code: 'banned', message: '', reason: 'spam' }), /spam/);
  for (const refusal of [{ message: 'invalid', fields: [{ field: 'content', message: 'must have 1 to 16384 bytes' }] }, { message: 'content must have 1 to 16384 bytes.' }]) {
    assert.match(explain({ status: 422, code: 'invalid', ...refusal }), /too long/);
  }
  assert.equal(explain({ status: 422, code: 'invalid', message: 'reply_to is unknown.' }), 'reply_to is unknown.');
  assert.ok(explain({ status: 500, code: 'internal', message: 'SELECT' }).length > 0);
});
