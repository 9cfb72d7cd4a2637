import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { openBox, places, sealBox } from '../../js/e2ee/box.js';
import { fromHex, label, toB64u, toHex, utf8, Writer } from '../../js/e2ee/codec.js';
import { Directory } from '../../js/e2ee/directory.js';
import { encodeBody, encodeEntry, parseEntry, TYPE } from '../../js/e2ee/entry.js';
import {
  commitmentOf, EpochSecret, openBacklink, openEpochWrap, sealBacklink, wrapEpoch, wrapInfo,
} from '../../js/e2ee/epoch.js';
import { openFile, sealFile } from '../../js/e2ee/file.js';
import { encodeHeader } from '../../js/e2ee/header.js';
import { encodeStatement, signStatement } from '../../js/e2ee/identity.js';
import { accountKeys, accountSubkeys, masterKey, passwordSalt } from '../../js/e2ee/kdf.js';
import { fromPkcs8, importPrivate, sign, toPkcs8 } from '../../js/e2ee/keys.js';
import { apply, emptyLog, summarize } from '../../js/e2ee/log.js';
import { parseEnvelope, receiveMessage, sealMessage, Seen } from '../../js/e2ee/message.js';
import { pad } from '../../js/e2ee/padding.js';
import { hash, hkdf, hmac, importAes } from '../../js/e2ee/primitives.js';
import { parseRecoveryCode, recoveryCode, recoveryKeys } from '../../js/e2ee/recovery.js';
import { openReport, sealReport, wrapReportKey } from '../../js/e2ee/report.js';
import { broadcastText, fingerprint, roomCode, safetyNumber, signBroadcast } from '../../js/e2ee/trust.js';

const A = JSON.parse(readFileSync(new URL('./appendix-a.json', import.meta.url), 'utf8'));
const T0 = 1_767_225_600_000;
const NONE = new Uint8Array(0);
const ZEROS = new Uint8Array(32);
const seq = (from, count) => Uint8Array.from({ length: count }, (_, i) => from + i);
const instance = fromHex(A.account.instance);
const room = 7;
const same = (bytes, wanted) => assert.equal(toHex(bytes), wanted);

async function people() {
  const { keyring: a, identity: b } = A;
  return {
    aliceEd: await importPrivate('ed25519', fromHex(a.ed_seed)),
    aliceX: await importPrivate('x25519', fromHex(a.x_priv)),
    bobEd: await importPrivate('ed25519', fromHex(b.b_ed_seed)),
    bobX: await importPrivate('x25519', fromHex(b.b_x_priv)),
  };
}

async function statements() {
  const { aliceEd, aliceX, bobEd, bobX } = await people();
  const common = { instance, gen: 1, kem: 1, prev: ZEROS, flags: 0 };
  const [a, b] = [{ edPub: aliceEd.pub, xPub: aliceX.pub }, { edPub: bobEd.pub, xPub: bobX.pub }];
  const alice = encodeStatement({ ...common, userId: 42, usr: 'alice_1', ...a, ts: T0 });
  const bob = encodeStatement({ ...common, userId: 43, usr: 'bob', ...b, ts: T0 + 1 });
  return { alice, bob };
}

async function directory() {
  const { aliceEd, bobEd } = await people();
  const { alice, bob } = await statements();
  const record = async (i, t, key, ts) => ({ i, ts, t: toB64u(t), s: toB64u((await signStatement(t, key)).s) });
  return Directory.replay(instance, [
    await record(0, alice, aliceEd.key, T0 + 10), await record(1, bob, bobEd.key, T0 + 20),
  ]);
}

async function logOf(count) {
  const { aliceEd, bobEd } = await people();
  const dir = await directory();
  const policy = { join: 1, add: 0, history: 1, rotMsgs: 5_000, rotSecs: 604_800, name: 'lobby' };
  const readers = [{ user: 42, gen: 1, kem: 1 }, { user: 43, gen: 1, kem: 1 }];
  const epoch = { type: TYPE.epoch, history: 1, readers };
  const es2 = fromHex(A.backlink.es2);
  const steps = [
    [42, aliceEd, T0 + 100, { type: TYPE.create, kind: 0, ...policy, edPub: aliceEd.pub }],
    [43, bobEd, T0 + 200, { type: TYPE.join, gen: 1, edPub: bobEd.pub }],
    [43, bobEd, T0 + 201, {
      ...epoch, epoch: 1, prevEpochHash: ZEROS, esCommit: fromHex(A.room_log.es_commit), reason: 1,
    }],
    [42, aliceEd, T0 + 400, {
      ...epoch, epoch: 2, prevEpochHash: fromHex(A.room_log.epoch_hash),
      esCommit: await commitmentOf(es2, { instance, room, epoch: 2 }), reason: 3,
    }],
  ];
  let state = emptyLog(instance, room);
  const entries = [];
  for (const [actor, own, ts, body] of steps.slice(0, count)) {
    const e = encodeEntry({
      instance, room, seq: state.seq + 1, prev: state.head, actor, actorGen: 1, dirSeq: 1, dirHead: dir.heads[1], ts,
      body,
    });
    const s = await sign(own.key, e);
    state = await apply(state, e, s, dir);
    entries.push({ e, s, hash: state.head, body: encodeBody(body) });
    assert.deepEqual(encodeEntry(parseEntry(e)), e);
  }
  return { dir, state, entries };
}

const epochOne = () => ({ instance, room, epoch: 1, epochHash: fromHex(A.room_log.epoch_hash) });

test('account: one password in several spellings, its keys, its box', async () => {
  const { username: usr, iterations, ...of } = A.account;
  const parameters = { usr, instance, salt: fromHex(of.salt), iterations };
  same(await passwordSalt(parameters), of.pbkdf2_salt);
  for (const password of [new TextDecoder().decode(fromHex(of.password_utf8)), 'Paß\ufb03 wo\u0308rd-42']) {
    const mk = await masterKey(password, parameters);
    same(mk, of.mk);
    same(await hkdf(mk, NONE, label('wrap')), of.wrap_key);
    const { authKey, wrapKey } = await accountKeys(mk);
    same(authKey, of.auth_key);
    const place = places.amkByPassword(instance, usr, parameters.salt, iterations);
    same(await sealBox(wrapKey, place, fromHex(of.amk), fromHex(of.iv)), of.amk_pw);
    same(await openBox(wrapKey, place, fromHex(of.amk_pw)), of.amk);
  }
});

test('recovery', async () => {
  const { recovery: r } = A;
  assert.equal(await recoveryCode(fromHex(r.entropy)), r.code);
  same(await parseRecoveryCode(` ${r.code.toLowerCase().replace(/0/g, 'o').replace(/1/g, 'l')} `), r.entropy);
  const { recAuth, recWrap, verifier } = await recoveryKeys(fromHex(r.entropy), instance, 'alice_1');
  same(recAuth, r.rec_auth);
  same(verifier, r.rec_verifier);
  const place = places.amkByRecovery(instance, 'alice_1');
  same(await sealBox(recWrap, place, fromHex(A.account.amk), fromHex(r.iv)), r.amk_rec);
  same(await sealBox(await importAes(fromHex(r.rec_wrap)), place, fromHex(A.account.amk), fromHex(r.iv)), r.amk_rec);
});

test('keyring', async () => {
  const { keyring: k } = A;
  const { aliceEd, aliceX } = await people();
  same(aliceEd.pub, k.ed_pub);
  same(aliceX.pub, k.x_pub);
  same(await hkdf(fromHex(A.account.amk), NONE, label('kek-identity')), k.kek_identity);
  same(await hkdf(fromHex(A.account.amk), NONE, label('state')), k.k_state);
  const { kek } = await accountSubkeys(fromHex(A.account.amk));
  const ed = toPkcs8('ed25519', fromHex(k.ed_seed));
  same(await sealBox(kek, places.signingKey(instance, 'alice_1', 1), ed, fromHex(k.ed_iv)), k.ed_box);
  same(fromPkcs8('ed25519', ed), k.ed_seed);
  const x = toPkcs8('x25519', fromHex(k.x_priv));
  same(await sealBox(kek, places.agreementKey(instance, 'alice_1', 1), x, fromHex(k.x_iv)), k.x_box);
});

test('identity and directory', async () => {
  const { identity: i, directory: d } = A;
  const { aliceEd, bobEd, bobX } = await people();
  const { alice, bob } = await statements();
  same(alice, i.tbs);
  same(await hash(alice), i.hash);
  same((await signStatement(alice, aliceEd.key)).s, i.sig);
  same(bobEd.pub, i.b_ed_pub);
  same(bobX.pub, i.b_x_pub);
  same(await hash(bob), i.b_hash);
  same((await signStatement(bob, bobEd.key)).s, i.b_sig);
  const dir = await directory();
  assert.deepEqual(dir.heads.map(toHex), [d.head0, d.head1]);
  const key = await importPrivate('ed25519', fromHex(d.instance_seed));
  same(key.pub, d.instance_pub);
  const tbs = new Writer('dir-head').raw(instance).u64(1).raw(fromHex(d.head1)).u64(T0 + 30).done();
  same(tbs, d.head_tbs);
  same(await sign(key.key, tbs), d.head_sig);
  await dir.checkHead(key.pub, { i: 1, head: fromHex(d.head1), ts: T0 + 30, sig: fromHex(d.head_sig) });
});

test('room log, commitment, wrap, backlink', async () => {
  const { room_log: l, wrap: w, backlink: b } = A;
  const { aliceX } = await people();
  const { entries, state } = await logOf(4);
  const wanted = [['create_body', 'create_hash', 'create_sig'], ['join_body', 'join_hash', 'join_sig'],
    ['epoch_body', 'epoch_hash', 'epoch_sig']];
  for (const [at, [body, own, sig]] of wanted.entries()) {
    same(entries[at].body, l[body]);
    same(entries[at].hash, l[own]);
    same(entries[at].s, l[sig]);
  }
  const es = fromHex(l.es);
  same(await commitmentOf(es, epochOne()), l.es_commit);
  same(wrapInfo(epochOne(), 42, 1), w.info);
  const ephemeral = await importPrivate('x25519', fromHex(w.eph_priv));
  const alice = { userId: 42, kem: 1, xPub: aliceX.pub };
  same(await wrapEpoch(es, epochOne(), alice, ephemeral), w.wrap);
  same(await openEpochWrap(aliceX, fromHex(w.wrap), epochOne(), alice, fromHex(l.es_commit)), l.es);
  same(state.head, b.epoch2_hash);
  const two = { instance, room, epoch: 2, epochHash: state.head, history: 1 };
  const secret = new EpochSecret(fromHex(b.es2), state.head);
  same(await hkdf(fromHex(b.es2), state.head, label('backlink')), b.key);
  const one = { es, epochHash: epochOne().epochHash, esCommit: fromHex(l.es_commit), history: 1 };
  same(await sealBacklink(secret, two, one, seq(0xc8, 12)), b.blob);
  same(await openBacklink(secret, fromHex(b.blob), two, one), l.es);
  assert.equal(summarize(state).epoch.epoch, 2);
});

test('message', async () => {
  const { message: m } = A;
  const { aliceEd } = await people();
  const { state } = await logOf(4);
  const { epochHash } = epochOne();
  const header = encodeHeader({
    instance, room, epoch: 1, epochHash, logHead: epochHash, sender: 42, gen: 1, mid: seq(0xe0, 16), sid: seq(0xf0, 8),
    n: 0, parent: ZEROS, kind: 1, target: new Uint8Array(16), ts: T0 + 300, files: [],
  });
  same(header, m.header);
  assert.equal(header.length, m.hdr_len);
  const secret = new EpochSecret(fromHex(A.room_log.es), epochHash);
  same(await hkdf(secret.es, epochHash, new Writer('msg-key').u64(42).done()), m.key);
  const { envelope, msgHash, text } = await sealMessage({
    header, content: utf8(m.content), signKey: aliceEd.key, messageKey: await secret.messageKey(42),
  }, { fk: fromHex(m.fk), iv: fromHex(m.iv) });
  same(envelope.k, m.commit);
  same(await hash(envelope.ct), m.ct_sha256);
  assert.equal(envelope.ct.length, m.ct_len);
  same(envelope.s, m.sig);
  same(msgHash, m.msg_hash);
  assert.equal(text.length, m.envelope_len);
  assert.deepEqual(parseEnvelope(text), envelope);
  const received = await receiveMessage(text, { state, seen: new Seen(), secrets: new Map([[1, secret]]) });
  assert.equal(received.text, m.content);
  assert.equal(received.content.body, 'Hello, world! ☃');
});

test('file', async () => {
  const { file: f } = A;
  const id = { instance, fileId: fromHex(f.file_id), fk: fromHex(f.file_key), chunk: f.chunk };
  const sealed = await sealFile(id, utf8(f.data), 43);
  same(sealed.ct, f.ct);
  same(sealed.root, f.root);
  same(await hkdf(id.fk, id.fileId, label('file')), f.key);
  assert.deepEqual(await openFile(id, { sz: 43, psz: 43, root: sealed.root }, sealed.ct), utf8(f.data));
});

test('report', async () => {
  const { report: r } = A;
  const { aliceX } = await people();
  const id = { instance, room, reportId: fromHex(r.report_id) };
  const recipient = { userId: 42, kem: 1, xPub: aliceX.pub };
  const ephemeral = await importPrivate('x25519', fromHex(r.eph_priv));
  same(await wrapReportKey(id, fromHex(r.rk), recipient, ephemeral), r.wrap);
  same(await sealReport(id, fromHex(r.rk), utf8('{"v":1}'), fromHex(r.iv)), r.box);
  const sealed = { box: fromHex(r.box), wrap: fromHex(r.wrap) };
  assert.deepEqual(await openReport(id, { userId: 42, kem: 1, own: aliceX }, sealed), utf8('{"v":1}'));
});

test('safety number, room code, broadcast', async () => {
  const { safety: s, broadcast: b } = A;
  const { aliceEd, bobEd } = await people();
  assert.equal(await fingerprint({ instance, userId: 42, usr: 'alice_1', edPub: aliceEd.pub }), s.a);
  assert.equal(await fingerprint({ instance, userId: 43, usr: 'bob', edPub: bobEd.pub }), s.b);
  assert.equal(safetyNumber(s.a, s.b), s.number);
  assert.equal(safetyNumber(s.b, s.a), s.number);
  assert.equal(await roomCode(instance, room, epochOne().epochHash), s.room_code);
  const said = { instance, actor: 42, gen: 1, nonce: seq(1, 16), ts: T0 + 500, text: 'Maintenance at 22:00' };
  same(await hash(broadcastText(said)), b.tbs_sha256);
  same(await signBroadcast(aliceEd.key, said), b.sig);
});

test('what the server derives', async () => {
  const { server_auth: a, prelogin: p } = A;
  same(await hash(new Writer('srv-verifier').raw(fromHex(a.argon_out).slice(0, 32)).done()), a.verifier);
  assert.equal(a.argon_out.slice(64), a.outer_key);
  const mac = await hmac(fromHex(p.prelogin_key), new Writer('fake-salt').text(p.username).done());
  same(mac.slice(0, 16), p.fake_salt);
  const subkey = await hkdf(seq(0x80, 32), NONE, new Writer('at-rest').text('messages.content').done());
  same(subkey, A.at_rest.subkey);
});

test('padding', async () => {
  for (const [length, padded] of A.padme) assert.equal(pad(length), padded);
  const table = new Writer();
  for (let length = 0; length <= 20_000; length += 1) table.u32(pad(length));
  same(await hash(table.done()), A.padme_table);
});
