import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createKeyedAccount } from '../js/core/keyed_account.js';
import { world } from './fakes.js';

const ada = { id: 7, username: 'ada', is_admin: false };
const refusal = (code, more = {}) => Object.assign(new Error(code), { problem: { status: 0, code, message: '', ...more } });

/** A page whose keeper and server answer as a test says, a list one after another, and what was asked of both, in order. */
function page(answers = {}) {
  const { platform, advance } = world();
  const asked = [];
  const next = (name) => {
    asked.push(name);
    const answer = Array.isArray(answers[name]) ? answers[name].shift() : answers[name];
    if (answer instanceof Error) throw answer;
    return answer === undefined ? {} : answer;
  };
  const http = {
    get: async (path) => next(path.split('?')[0]),
    post: async (path) => next(path),
    put: async (path) => next(`put ${path}`),
    forget() {},
  };
  const keeper = { ask: async (op) => next(op) };
  Object.assign(answers, {
    readDirectory: { next: 1, whole: true }, standing: { next: 1, version: 1 }, prove: { auth_key: 'k' },
    '/api/auth/prelogin': { instance_id: 'i', salt: 's', kdf: { iterations: 600_000 } },
    '/api/auth/login': { user: ada, amk_pw: 'a', keyring: {}, state: { version: 1, blob: 'old' }, pending_identity: false },
    unlock: { made: platform.clock.now() }, keep: { kept: true }, nextState: null, ...answers,
  });
  return { account: createKeyedAccount({ ...platform, http, keeper }), asked, advance, platform };
}

test('a state that was read before another browser wrote one is looked at again, once', async () => {
  for (const code of ['state_rollback', 'foreign_identity', 'directory_fork']) {
    const { account, asked } = page({ takeState: [refusal(code)], '/api/e2ee/state': { state: { version: 2, blob: 'new' } } });
    await account.signIn('ada', 'right', true);
    const after = asked.slice(asked.indexOf('takeState'));
    assert.deepEqual(after.filter((name) => /State|state|readDirectory/.test(name)), ['takeState', '/api/e2ee/state', 'readDirectory', 'takeState', 'nextState']);
    const lying = page({ takeState: [refusal(code), refusal(code)] });
    await assert.rejects(lying.account.signIn('ada', 'right', true), { problem: { status: 0, code, message: '' } });
    assert.equal(lying.account.canResume(ada), false);
  }
});

test('what the server does not have yet is stored, and merged with what another browser stored', async () => {
  const conflict = refusal('state_conflict', { version: 5, blob: 'theirs' });
  const { account, asked } = page({ nextState: [{ version: 2, blob: 'a' }, { version: 6, blob: 'b' }], 'put /api/e2ee/state': [conflict] });
  await account.signIn('ada', 'right', true);
  assert.deepEqual(asked.slice(asked.indexOf('nextState')), [
    'nextState', 'put /api/e2ee/state', 'takeState', 'nextState', 'put /api/e2ee/state', 'keptState',
  ]);
});

test('another server under the address is noticed before anything is derived from the password', async () => {
  const { account, asked } = page();
  await account.signIn('ada', 'right', false);
  const moved = page({ '/api/auth/prelogin': { instance_id: 'another', salt: 's', kdf: { iterations: 600_000 } } });
  moved.platform.storage.write('derivation:ada', JSON.stringify({ instance_id: 'i', salt: 's', kdf: { iterations: 600_000 } }));
  await assert.rejects(moved.account.signIn('Ada', 'right', false), { problem: { status: 0, code: 'instance_changed', message: '' } });
  assert.ok(asked.includes('prove') && !moved.asked.includes('prove'));
});

test('a password that is derived otherwise than before is told of', async () => {
  const { account, platform } = page();
  assert.equal((await account.signIn('ada', 'right', false)).isDerivationNew, false);
  platform.storage.write('derivation:ada', JSON.stringify({ instance_id: 'i', salt: 'other', kdf: { iterations: 600_000 } }));
  assert.equal((await account.signIn('ada', 'right', false)).isDerivationNew, true);
  assert.equal((await account.signIn('ada', 'right', false)).isDerivationNew, false);
});

test('an encryption key that is older than 90 days is changed at the next sign-in', async () => {
  const old = page({ unlock: { made: 0 } });
  await old.account.signIn('ada', 'right', true);
  assert.deepEqual(old.asked.slice(old.asked.indexOf('rotate')), [
    'rotate', 'nextState', 'put /api/e2ee/identity', 'standing', '/api/e2ee/directory', 'readDirectory', 'adopt', 'keep',
  ]);
  const young = page();
  await young.account.signIn('ada', 'right', true);
  assert.ok(!young.asked.includes('rotate'));
});

test('of many records that come at once the directory is read once, and not at once', async () => {
  const { account, asked, advance } = page();
  await account.signIn('ada', 'right', true);
  asked.length = 0;
  const heard = [3, 4, 5].map((i) => account.heard({ type: 'dir', head: { i } }));
  await new Promise((resolve) => { setImmediate(resolve); });
  assert.ok(!asked.includes('readDirectory'));
  advance(3_000);
  await Promise.all(heard);
  assert.equal(asked.filter((name) => name === 'readDirectory').length, 1);
});

test('a lock leaves no keys, neither here nor in what is kept', async () => {
  const { account, asked } = page();
  await account.signIn('ada', 'right', true);
  assert.equal(account.canResume(ada), true);
  await account.lock(ada);
  assert.equal(account.canResume(ada), false);
  assert.equal(asked.at(-1), 'release');
});
