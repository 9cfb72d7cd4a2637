import assert from 'node:assert/strict';
import { test } from 'node:test';

import { places, sealBox } from '../../js/e2ee/box.js';
import { toHex, utf8 } from '../../js/e2ee/codec.js';
import { Custody } from '../../js/e2ee/custody.js';
import { TYPE } from '../../js/e2ee/entry.js';
import { parseStatement } from '../../js/e2ee/identity.js';
import { accountKeys, accountSubkeys, masterKey } from '../../js/e2ee/kdf.js';
import { toPkcs8 } from '../../js/e2ee/keys.js';
import { createOperations } from '../../js/e2ee/operations.js';
import { randomBytes } from '../../js/e2ee/primitives.js';
import { selfTest } from '../../js/e2ee/self_test.js';
import { INSTANCE, POLICY, ROOM, T0, World, ZEROS } from './world.js';

const password = 'correct horse battery';
const salt = randomBytes(16);
const iterations = 600_000;

/** What a server keeps of a person: boxes. */
async function sealedAccount(person) {
  const { usr, gen, kem } = person;
  const { wrapKey } = await accountKeys(await masterKey(password, { usr, instance: INSTANCE, salt, iterations }));
  const amk = randomBytes(32);
  const amkPw = await sealBox(wrapKey, places.amkByPassword(INSTANCE, usr, salt, iterations), amk);
  const { kek } = await accountSubkeys(amk);
  const ed = await sealBox(kek, places.signingKey(INSTANCE, usr, gen), toPkcs8('ed25519', person.ed.secret));
  const x = await sealBox(kek, places.agreementKey(INSTANCE, usr, kem), toPkcs8('x25519', person.x.secret));
  return { amkPw, keyring: { ed: [{ gen, box: ed }], x: [{ kem, box: x }] }, statements: [parseStatement(person.statement)] };
}

async function unlocked(world, userId) {
  const person = await world.person(userId);
  const sealed = await sealedAccount(person);
  const custody = new Custody();
  await custody.prove({ password, usr: person.usr, instance: INSTANCE, salt, iterations });
  await custody.unlock(sealed);
  return { person, sealed, custody };
}

test('this engine can do what the protocol needs, and says what it cannot', async () => {
  assert.deepEqual(await selfTest(), { ok: true, code: null, missing: [] });
  const { ok, code } = await selfTest({ isSecureContext: false });
  assert.deepEqual([ok, code], [false, 'insecure_context']);
});

test('no key that custody holds can be read', async () => {
  const { custody } = await unlocked(new World(), 42);
  const { signKey, agreement, stateKey, localKey } = custody.account;
  for (const key of [signKey, agreement.get(1).key, stateKey, localKey]) {
    assert.equal(key.extractable, false);
    for (const format of ['raw', 'pkcs8', 'jwk']) await assert.rejects(crypto.subtle.exportKey(format, key));
  }
});

test('locked, nothing works', async () => {
  const { custody } = await unlocked(new World(), 42);
  custody.lock();
  await assert.rejects(custody.sealState({ version: 1, plaintext: utf8('{}') }), { code: 'locked' });
  await assert.rejects(custody.unlock({}), { code: 'locked' });
});

test('another password, and keys that are not the published ones', async () => {
  const world = new World();
  const { person, sealed, custody } = await unlocked(world, 42);
  const proof = { usr: person.usr, instance: INSTANCE, salt, iterations };
  await custody.prove({ ...proof, password: 'another password' });
  await assert.rejects(custody.unlock(sealed), { code: 'bad_box' });
  const other = await world.person(43);
  await custody.prove({ ...proof, password });
  await assert.rejects(custody.unlock({ ...sealed, statements: [parseStatement(other.statement)] }), { code: 'bad_box' });
  const before = person.statement;
  await world.rotate(person);
  const statements = [before, person.statement].map(parseStatement);
  await assert.rejects(custody.unlock({ ...sealed, statements }), { code: 'own_key_mismatch' });
  await custody.unlock(sealed);
  const { blob } = await custody.sealState({ version: 3, plaintext: utf8('{}') });
  assert.deepEqual((await custody.openState({ version: 3, blob })).plaintext, utf8('{}'));
  await assert.rejects(custody.openState({ version: 2, blob }), { code: 'bad_box' });
});

test('iterations, salt and password are refused before anything is computed', async () => {
  const good = { password, usr: 'user_1', instance: INSTANCE, salt, iterations };
  const bad = [
    { iterations: 599_999 }, { iterations: 10_000_001 }, { iterations: 600_000.5 }, { salt: new Uint8Array(15) },
    ...['seven77', '😀'.repeat(7), 'x'.repeat(1_025), 'abcdefgh\ud800'].map((other) => ({ password: other })),
  ];
  for (const change of bad) {
    const from = performance.now();
    await assert.rejects(new Custody().prove({ ...good, ...change }), { code: 'kdf_refused' });
    assert.ok(performance.now() - from < 20);
  }
});

test('two people talk through the operations alone', async () => {
  const world = new World();
  const [a, b] = [await unlocked(world, 42), await unlocked(world, 43)];
  const [alice, bob] = [createOperations(a.custody), createOperations(b.custody)];
  const both = async (op, args) => [await alice[op](args), await bob[op](args)];
  await both('addRecords', { instance: INSTANCE, records: world.records });
  let last = { seq: -1, hash: ZEROS };
  const post = async (side, body) => {
    const { e, s, hash } = await side.signEntry({
      instance: INSTANCE, room: ROOM, seq: last.seq + 1, prev: last.hash, dirSeq: 1, dirHead: world.directory.heads[1],
      ts: T0, body,
    });
    const [mine, theirs] = await both('applyEntries', { room: ROOM, entries: [{ e, s }] });
    assert.deepEqual(mine, theirs);
    last = { seq: last.seq + 1, hash };
  };
  await post(alice, { type: TYPE.create, kind: 0, ...POLICY, edPub: a.person.ed.pub });
  await post(bob, { type: TYPE.join, gen: 1, edPub: b.person.ed.pub });
  const first = { obtainable: false, banned: [], messagesSeen: 0, now: T0, firstSeen: T0 };
  const { readers, reason } = alice.needsRotation({ room: ROOM, ...first });
  const { esCommit } = await alice.drawEpoch({ instance: INSTANCE, room: ROOM, epoch: 1 });
  await post(alice, { type: TYPE.epoch, epoch: 1, prevEpochHash: ZEROS, esCommit, history: 1, reason, readers });
  alice.keepEpoch({ esCommit, epochHash: last.hash });
  const id = { instance: INSTANCE, room: ROOM, epoch: 1, epochHash: last.hash };
  const recipients = [
    { userId: 43, kem: 1, xPub: b.person.x.pub }, { userId: 99, kem: 1, xPub: new Uint8Array(32) },
  ];
  const { wraps } = await alice.wrapFor({ id, recipients });
  assert.deepEqual(wraps.map(({ u }) => u), [43]);
  world.state = { ...world.state, head: last.hash, epoch: { epoch: 1, hash: last.hash } };
  const { text, msgHash } = await alice.sealMessage({
    header: world.header(a.person), content: utf8('{"v":1,"t":"text","body":"Hello"}'),
  });
  const [early] = await bob.receive({ room: ROOM, envelopes: [text] });
  assert.deepEqual(early, { error: { code: 'no_key' } });
  await bob.openWrap({ id, kem: 1, wrap: wraps[0].w, esCommit });
  const answers = await bob.receive({ room: ROOM, envelopes: [text, text, 'nonsense'] });
  assert.equal(answers[0].ok.content.body, 'Hello');
  assert.equal(toHex(answers[0].ok.msgHash), toHex(msgHash));
  assert.deepEqual(answers.slice(1), [{ error: { code: 'duplicate' } }, { error: { code: 'malformed' } }]);
});
