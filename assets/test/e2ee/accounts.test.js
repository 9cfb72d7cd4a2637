import assert from 'node:assert/strict';
import { test } from 'node:test';

import { toB64u, Writer } from '../../js/e2ee/codec.js';
import { Custody } from '../../js/e2ee/custody.js';
import { Directory } from '../../js/e2ee/directory.js';
import { generate, sign } from '../../js/e2ee/keys.js';
import { createOperations } from '../../js/e2ee/operations.js';
import { INSTANCE, T0, World } from './world.js';

const password = 'correct horse battery';
const instanceId = toB64u(INSTANCE);

/** Somebody who has just made an account, and what a server keeps of it. */
async function registered(userId = 42, username = 'User_42') {
  const operations = createOperations(new Custody());
  const { code, body } = await operations.register({
    instance_id: instanceId, user_id: userId, username, password, now: T0,
  });
  return { operations, code, body, record: { i: 0, ts: T0, t: body.identity.t, s: body.identity.s } };
}

/** A page of a directory under the key of an installation. */
async function page(key, records, change = {}) {
  const directory = await Directory.replay(INSTANCE, records);
  const [i, head, ts] = [directory.newest, directory.heads.at(-1), T0 + 30];
  const signed = new Writer('dir-head').fixed(INSTANCE, 16).u64(i).fixed(head, 32).u64(ts).done();
  return {
    instance_id: instanceId, instance_key: toB64u(key.pub), records,
    head: { i, head: toB64u(head), ts, sig: toB64u(await sign(key.key, signed)) }, ...change,
  };
}

const sealedOf = ({ amk_pw: amkPw, ed_box: edBox, x_box: xBox }) => ({
  user_id: 42, amk_pw: amkPw, keyring: { ed: [{ gen: 1, box: edBox }], x: [xBox] },
});

test('an account that was made here is opened elsewhere, with what the server has of it', async () => {
  const key = await generate('ed25519');
  const { operations, body, record } = await registered();
  await operations.readDirectory(await page(key, [record]));
  operations.checkOwn();
  const elsewhere = createOperations(new Custody());
  const { auth_key: shown } = await elsewhere.prove({ instance_id: instanceId, username: 'USER_42', password, ...body });
  assert.equal(shown, body.auth_key);
  await elsewhere.readDirectory(await page(key, [record]));
  assert.deepEqual(await elsewhere.unlock(sealedOf(body)), { userId: 42, gen: 1, kem: 1, made: T0 });
  const { blob } = await elsewhere.sealState({ version: 1, plaintext: new Uint8Array(3) });
  assert.deepEqual((await operations.openState({ version: 1, blob })).plaintext, new Uint8Array(3));
});

test('a directory without the own keys, or with others under the own name, is not gone on with', async () => {
  const key = await generate('ed25519');
  const { operations, body } = await registered();
  const world = new World();
  await world.person(42);
  await operations.readDirectory(await page(key, world.records));
  assert.throws(() => operations.checkOwn(), { code: 'own_key_mismatch' });
  const elsewhere = createOperations(new Custody());
  await elsewhere.prove({ instance_id: instanceId, username: 'user_42', password, ...body });
  await elsewhere.readDirectory(await page(key, world.records));
  await assert.rejects(elsewhere.unlock(sealedOf(body)), { code: 'own_key_mismatch' });
  await assert.rejects(elsewhere.unlock({ ...sealedOf(body), user_id: 43 }), { code: 'own_key_mismatch' });
});

test('of a directory no page is missed, changed, or of another installation', async () => {
  const key = await generate('ed25519');
  const world = new World();
  await world.person(42);
  await world.person(43);
  const whole = await page(key, world.records);
  const [first, second] = world.records;
  const reader = () => createOperations(new Custody());
  assert.deepEqual(await reader().readDirectory(whole), { next: 2, whole: true });
  const slow = reader();
  assert.deepEqual(await slow.readDirectory({ ...whole, records: [first] }), { next: 1, whole: false });
  await assert.rejects(slow.readDirectory({ ...whole, records: [] }), { code: 'bad_directory' });
  assert.deepEqual(await slow.readDirectory({ ...whole, records: [first, second] }), { next: 2, whole: true });
  const grown = { ...await page(key, [first]), records: [first, second] };
  assert.deepEqual(await reader().readDirectory(grown), { next: 1, whole: true }, 'appended after the head was signed');
  const empty = { ...whole, records: [], head: null };
  assert.deepEqual(await reader().readDirectory(empty), { next: 0, whole: true });
  const refused = [
    [{ ...whole, records: [second] }, 'bad_directory'],
    [{ ...whole, instance_id: toB64u(new Uint8Array(16)) }, 'malformed'],
    [{ ...whole, instance_key: toB64u((await generate('ed25519')).pub) }, 'bad_signature'],
    [{ ...whole, records: [first, { ...second, ts: T0 }] }, 'directory_fork'],
  ];
  for (const [sent, code] of refused) await assert.rejects(reader().readDirectory(sent), { code }, code);
  await assert.rejects(slow.readDirectory({ ...empty, instance_id: toB64u(new Uint8Array(16)) }), { code: 'instance_changed' });
  await assert.rejects(slow.readDirectory(await page(key, [first])), { code: 'directory_fork' });
  await assert.rejects(slow.readDirectory({ ...whole, head: null }), { code: 'bad_directory' });
  const { pub: otherKey } = await generate('ed25519');
  await assert.rejects(slow.readDirectory({ ...whole, instance_key: toB64u(otherKey) }), { code: 'instance_changed' });
});

test('another password and another code come of what is proved, and of nothing else', async () => {
  const { operations, code, body } = await registered();
  await assert.rejects(operations.changePassword({ amk_pw: body.amk_pw, password }), { code: 'locked' });
  await operations.prove({ instance_id: instanceId, username: 'user_42', password: 'not the right one', ...body });
  await assert.rejects(operations.changeCode({ amk_pw: body.amk_pw }), { code: 'bad_box' });
  await assert.rejects(operations.recover({ amk_rec: body.amk_rec, password }), { code: 'locked' });
  await assert.rejects(operations.proveCode({ instance_id: instanceId, username: 'user_42', code: code.slice(1) }), {
    code: 'bad_recovery_code',
  });
  const proved = await operations.proveCode({ instance_id: instanceId, username: 'USER_42', code });
  assert.equal(proved.rec_auth.length, 43);
  await assert.rejects(operations.recover({ amk_rec: body.amk_pw, password }), { code: 'bad_box' });
  const next = await operations.recover({ amk_rec: body.amk_rec, password: 'another horse entirely' });
  assert.notEqual(next.code, code);
  assert.notEqual(next.body.auth_key, body.auth_key);
  await operations.prove({
    instance_id: instanceId, username: 'user_42', password: 'another horse entirely', ...next.body,
  });
  assert.equal(typeof (await operations.changeCode({ amk_pw: next.body.amk_pw })).code, 'string');
});
