import assert from 'node:assert/strict';
import { test } from 'node:test';

import { concat, toB64u, toHex, utf8, Writer } from '../../js/e2ee/codec.js';
import { parseContent } from '../../js/e2ee/content.js';
import { E2eeError } from '../../js/e2ee/errors.js';
import { openFile, sealFile } from '../../js/e2ee/file.js';
import { parseHeader } from '../../js/e2ee/header.js';
import { sign } from '../../js/e2ee/keys.js';
import {
  checkTarget, commitTo, deletedBy, encodeEnvelope, parseEnvelope, receiveMessage, receiveTombstone, roleAt, sealMessage, Seen,
  showsAnotherLog, signedText,
} from '../../js/e2ee/message.js';
import { aesSeal, hash, randomBytes } from '../../js/e2ee/primitives.js';
import { verifyReported } from '../../js/e2ee/report.js';
import { INSTANCE, ROOM, World } from './world.js';

const HELLO = '{"v":1,"t":"text","body":"Hello"}';

async function room() {
  const world = new World();
  const [alice, bob] = [await world.person(42), await world.person(43)];
  await world.create(alice);
  await world.join(bob);
  const secret = await world.epoch(alice);
  const seal = async (person, { content = HELLO, header = world.header(person), key = secret } = {}) => (
    sealMessage({
      header, content: utf8(content), signKey: person.ed.key, messageKey: await key.messageKey(person.userId),
    })
  );
  const receive = (text, seen = new Seen(), secrets = new Map([[1, secret]])) => (
    receiveMessage(text, { state: world.state, seen, secrets })
  );
  const refuses = (text, code) => assert.rejects(receive(text), { code });
  return { world, alice, bob, secret, seal, receive, refuses };
}

/** An envelope that is sealed by somebody who has the key but not the manners. */
async function sealOddly({ world, bob, secret }, { plain, commit }) {
  const [header, fk, content, iv] = [world.header(bob), randomBytes(32), utf8(HELLO), randomBytes(12)];
  const k = commit ?? await commitTo(fk, header, content);
  const padded = new Uint8Array(256);
  padded.set(new Writer().u8(1).raw(fk).lp(content).done());
  const ct = await aesSeal(await secret.messageKey(43), iv, plain ? plain(padded) : padded, concat([header, k]));
  const s = await sign(bob.ed.key, signedText({ h: header, k, iv, s: iv }, await hash(ct)));
  return encodeEnvelope({ h: header, k, iv, ct, s });
}

test('every changed byte is refused', async () => {
  const { alice, seal, receive } = await room();
  const { text } = await seal(alice);
  const envelope = parseEnvelope(text);
  await receive(text);
  for (const field of ['h', 'k', 'iv', 'ct', 's']) {
    for (const at of envelope[field].keys()) {
      const changed = { ...envelope, [field]: envelope[field].with(at, envelope[field][at] ^ 0x80) };
      const refused = (fault) => fault instanceof E2eeError;
      await assert.rejects(receive(encodeEnvelope(changed)), refused, `${field} ${at}`);
    }
  }
});

test('nobody speaks for another, in another room, or under another epoch', async () => {
  const { world, alice, bob, secret, seal, refuses, receive } = await room();
  const forged = await seal(bob, { header: world.header(alice) });
  await refuses(forged.text, 'bad_signature');
  const header = (change) => seal(alice, { header: world.header(alice, change) });
  await refuses((await header({ room: 8 })).text, 'malformed');
  await refuses((await header({ instance: new Uint8Array(16) })).text, 'malformed');
  await refuses((await header({ logHead: randomBytes(32) })).text, 'unknown_epoch');
  await refuses((await header({ epochHash: randomBytes(32) })).text, 'unknown_epoch');
  await refuses((await header({ epoch: 2 })).text, 'unknown_epoch');
  await refuses((await header({ gen: 2 })).text, 'not_member');
  const stranger = await world.person(99);
  await refuses((await seal(stranger)).text, 'not_member');
  const second = await world.epoch(alice, [alice, bob]);
  const late = world.header(alice, { epoch: 1, epochHash: world.state.journal.epochs[0].hash });
  await refuses((await seal(alice, { header: late })).text, 'unknown_epoch');
  const current = await seal(alice, { key: second });
  await refuses(current.text, 'no_key');
  await assert.rejects(receive(current.text, new Seen(), new Map([[2, secret]])), { code: 'bad_ciphertext' });
});

test('a signed message of a log that was never shown is told from a made-up one', async () => {
  const { world, alice, bob, seal } = await room();
  const other = { logHead: randomBytes(32) };
  const signed = await seal(alice, { header: world.header(alice, other) });
  const forged = await seal(bob, { header: world.header(alice, other) });
  const unpinned = { state: world.state, pinned: () => undefined };
  assert.equal(await showsAnotherLog(signed.text, unpinned), true);
  assert.equal(await showsAnotherLog(forged.text, unpinned), false);
  assert.equal(await showsAnotherLog((await seal(alice)).text, unpinned), false);
  const stranger = await world.person(99);
  const late = await seal(stranger, { header: world.header(stranger, other) });
  assert.equal(await showsAnotherLog(late.text, unpinned), false);
  assert.equal(await showsAnotherLog(late.text, { ...unpinned, pinned: () => stranger.ed.pub }), true);
});

test('one name stands for one message', async () => {
  const { world, alice, bob, secret, seal, receive } = await room();
  const seen = new Seen();
  const mid = randomBytes(16);
  const first = await seal(alice, { header: world.header(alice, { mid }) });
  await assert.rejects(receive(first.text, seen, new Map()), { code: 'no_key' });
  await receive(first.text, seen);
  await assert.rejects(receive(first.text, seen), { code: 'duplicate' });
  const again = await seal(alice, { header: world.header(alice, { mid }) });
  const other = await seal(bob, { header: world.header(bob, { mid }) });
  for (const { text } of [again, other]) await assert.rejects(receive(text, seen), { code: 'mid_conflict' });
  assert.ok(secret);
});

test('what is inside is held to the letter', async () => {
  const all = await room();
  const { refuses, receive, seal, bob } = all;
  await receive(await sealOddly(all, {}));
  const odd = async (plain, code) => refuses(await sealOddly(all, { plain }), code);
  await odd((padded) => padded.with(0, 2), 'bad_ciphertext');
  await odd((padded) => padded.with(255, 1), 'bad_ciphertext');
  await odd((padded) => padded.with(34, 0x40), 'bad_ciphertext');
  await odd((padded) => concat([padded, new Uint8Array(16)]), 'bad_ciphertext');
  await odd((padded) => padded.with(1, padded[1] ^ 1), 'bad_commit');
  await refuses(await sealOddly(all, { commit: randomBytes(32) }), 'bad_commit');
  const contents = [
    '', '{}', '{"v":2,"t":"text","body":""}', '{"v":1,"t":"text"}', '{"v":1,"t":"reaction","e":"x"}',
  ];
  for (const content of contents) {
    await refuses((await seal(bob, { content })).text, 'bad_content');
  }
});

test('a page of messages imports and derives each key once', async (t) => {
  const { world, alice, bob, seal, receive } = await room();
  const page = [];
  for (let i = 0; i < 20; i += 1) page.push((await seal(i % 2 ? alice : bob)).text);
  const { subtle } = globalThis.crypto;
  const [verifiers, derived] = [t.mock.method(subtle, 'importKey'), t.mock.method(subtle, 'deriveKey')];
  const seen = new Seen();
  for (const text of page) await receive(text, seen);
  const ed = verifiers.mock.calls.filter(({ arguments: [, , name] }) => name === 'Ed25519');
  assert.deepEqual([ed.length, derived.mock.calls.length], [0, 0]);
  assert.equal(world.state.journal.verifiers.size, 2);
});

test('an envelope is exactly its members', async () => {
  const { alice, seal, refuses } = await room();
  const good = JSON.parse((await seal(alice)).text);
  const bad = [
    { ...good, x: 1 }, { ...good, v: 2 }, { ...good, v: '1' }, { ...good, k: undefined }, { ...good, k: `${good.k}=` },
    { ...good, iv: good.iv.slice(1) }, { ...good, ct: '' }, { ...good, ct: toB64u(new Uint8Array(271)) },
    { ...good, ct: toB64u(new Uint8Array(273)) }, { ...good, ct: toB64u(new Uint8Array(17_425)) }, [good], null,
  ];
  for (const one of bad) await refuses(JSON.stringify(one), 'malformed');
  const text = JSON.stringify(good);
  await refuses(`${text.slice(0, -1)},"v":1}`, 'malformed');
  await refuses(text.replace('"v":1', '"v":1.0'), 'malformed');
  await refuses(text + ' '.repeat(65_536), 'malformed');
});

test('an edit is of an own message, and nothing refers to an edit', async () => {
  const { world, alice, bob } = await room();
  const head = (person, change) => parseHeader(world.header(person, change));
  const target = head(alice);
  const refer = (person, kind) => head(person, { kind, target: target.mid });
  checkTarget(refer(alice, 2), target);
  checkTarget(refer(bob, 3), target);
  checkTarget(refer(bob, 4), target);
  assert.throws(() => checkTarget(refer(bob, 2), target), { code: 'bad_content' });
  assert.throws(() => checkTarget(refer(bob, 4), head(alice)), { code: 'bad_content' });
  const edit = { ...refer(alice, 2), mid: target.mid };
  assert.throws(() => checkTarget(refer(alice, 2), edit), { code: 'bad_content' });
});

test('a tombstone keeps its place, and says who deleted only if it is proved', async () => {
  const { world, alice, bob, seal } = await room();
  const { text, msgHash } = await seal(bob);
  const { ct, ...outside } = JSON.parse(text);
  const header = parseHeader(parseEnvelope(text).h);
  const redaction = parseHeader(world.header(alice, { kind: 3, target: header.mid }));
  const deleted = { by: 'moderator', mid: toB64u(redaction.mid) };
  const tombstone = JSON.stringify({ ...outside, cth: toB64u(await hash(parseEnvelope(text).ct)), deleted });
  const found = await receiveTombstone(tombstone, { state: world.state, seen: new Seen() });
  assert.equal(toHex(found.msgHash), toHex(msgHash));
  const by = (named) => deletedBy(found.tombstone, header, named, named ? roleAt(world.state, named) : 0);
  assert.equal(by(redaction), 'moderator');
  assert.equal(by({ ...redaction, sender: 43 }), 'server', 'it was said to be a moderator');
  assert.equal(by({ ...redaction, sender: 44 }), 'server');
  assert.equal(by({ ...redaction, target: new Uint8Array(16) }), 'server');
  assert.equal(by(null), 'server');
  assert.ok(ct);
});

test('contents name exactly the files of the header', () => {
  const [id, other] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
  const manifest = (change = {}) => ({
    id: toB64u(id), k: toB64u(new Uint8Array(32)), sz: 5, psz: 4_096, c: 262_144, root: toB64u(new Uint8Array(32)),
    name: 'a', mime: 'b', ...change,
  });
  const parse = (files, ids, t = 'file') => parseContent(JSON.stringify({ v: 1, t, files }), { kind: 1, files: ids });
  assert.equal(parse([manifest()], [id]).files.length, 1);
  parse([manifest({ thumb: manifest({ id: toB64u(other) }) })], [id, other]);
  parse([], [], 'poll');
  const bad = [
    [[manifest()], []], [[], []], [[manifest()], [other]], [[manifest({ sz: 4_097 })], [id]],
    [[manifest({ psz: 4_097 })], [id]], [[manifest({ c: 16 })], [id]], [[manifest({ name: 1 })], [id]],
    [[manifest({ w: -1 })], [id]], [[manifest({ sz: 2 ** 40, psz: 2 ** 40 })], [id]],
    [[manifest({ thumb: manifest({ id: toB64u(other), thumb: manifest() }) })], [id, other]],
    [[manifest({ thumb: null })], [id]],
  ];
  for (const [files, ids] of bad) assert.throws(() => parse(files, ids), { code: 'bad_content' });
});

test('a file is whole, in order, and the one that was sent', async () => {
  const file = { instance: INSTANCE, fileId: randomBytes(16), fk: randomBytes(32) };
  for (const size of [0, 1, 262_143, 262_144, 262_145, 700_000]) {
    const data = new Uint8Array(size).fill(7);
    const { ct, psz, root } = await sealFile(file, data);
    const manifest = { sz: size, psz, root };
    assert.deepEqual(await openFile(file, manifest, ct), data);
    const bad = [ct.with(0, ct[0] ^ 1), ct.slice(0, -16), concat([ct, new Uint8Array(16)])];
    for (const one of bad) await assert.rejects(openFile(file, manifest, one), { code: 'bad_file' });
    await assert.rejects(openFile({ ...file, fileId: randomBytes(16) }, manifest, ct), { code: 'bad_file' });
    if (size > 0) await assert.rejects(openFile(file, { ...manifest, sz: size - 1 }, ct), { code: 'bad_file' });
  }
});

test('a report proves what was said, and nothing else', async () => {
  const { world, alice, seal, receive } = await room();
  const { text } = await seal(alice);
  const { fk } = await receive(text);
  const { h, k, iv, s } = JSON.parse(text);
  const item = {
    env: { h, k, iv, s, cth: toB64u(await hash(parseEnvelope(text).ct)) }, content: toB64u(utf8(HELLO)), fk: toB64u(fk),
  };
  const at = { instance: INSTANCE, room: ROOM, keyOf: () => alice.ed.pub };
  assert.equal((await verifyReported(item, at)).content, HELLO);
  const lies = [
    { ...item, content: toB64u(utf8(HELLO.replace('Hello', 'Hallo'))) }, { ...item, fk: toB64u(new Uint8Array(32)) },
    { ...item, env: { ...item.env, cth: toB64u(new Uint8Array(32)) } },
    { ...item, more: 1 }, { ...item, env: { ...item.env, ct: toB64u(new Uint8Array(272)) } }, { ...item, env: {} }, { ...item, env: undefined },
    { ...item, env: { ...item.env, h: toB64u(world.header(alice)) } },
  ];
  for (const lie of lies) await assert.rejects(verifyReported(lie, at), { code: 'not_authentic' });
  await assert.rejects(verifyReported(item, { ...at, room: 8 }), { code: 'not_authentic' });
  await assert.rejects(verifyReported(item, { ...at, keyOf: () => undefined }), { code: 'not_authentic' });
});
