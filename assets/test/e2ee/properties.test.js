import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fromB64u, fromHex, label, LABELS, toB64u, toHex, utf8, Writer } from '../../js/e2ee/codec.js';
import { parseContent } from '../../js/e2ee/content.js';
import { encodeBody, encodeEntry, parseEntry, TYPE } from '../../js/e2ee/entry.js';
import { E2eeError } from '../../js/e2ee/errors.js';
import { encodeHeader, parseHeader } from '../../js/e2ee/header.js';
import { encodeStatement, parseStatement } from '../../js/e2ee/identity.js';
import { acceptsX25519, agree, fromPkcs8, importPrivate } from '../../js/e2ee/keys.js';
import { parseEnvelope, parseTombstone, sealMessage } from '../../js/e2ee/message.js';
import { parseRecoveryCode } from '../../js/e2ee/recovery.js';
import { parseStrict } from '../../js/e2ee/strict_json.js';
import { INSTANCE, POLICY, seeded, World, ZEROS } from './world.js';

const random = seeded(20_260_101);
const bytes = (size) => Uint8Array.from({ length: size }, () => random(256));
const number = () => random(2) * random(2 ** 21) * 2 ** 32 + random(2 ** 32);
const ordinal = () => 1 + random(2 ** 32 - 1);
const words = ['lobby', 'Ä', '☃', 'two words', '😀'];
const name = () => words[random(words.length)];

const rules = () => ({
  join: random(2), add: random(2), history: random(2), rotMsgs: 100 + random(1_000_000), rotSecs: 3_600 + random(1e6),
});

const BODIES = [
  () => ({ type: TYPE.create, kind: 0, ...rules(), edPub: bytes(32), name: name() }),
  () => ({ type: TYPE.create, kind: 1, ...rules(), join: 0, add: 0, edPub: bytes(32), name: '' }),
  () => ({ type: TYPE.add, user: number(), gen: ordinal(), edPub: bytes(32), role: 0 }),
  () => ({ type: TYPE.join, gen: ordinal(), edPub: bytes(32) }),
  () => ({ type: TYPE.remove, user: number(), ban: random(2), reason: random(2) ? name() : '' }),
  () => ({ type: TYPE.leave }),
  () => ({ type: TYPE.role, user: number(), role: random(3) }),
  () => ({ type: TYPE.policy, ...rules(), name: random(2) ? name() : '' }),
  () => ({
    type: TYPE.epoch, epoch: 2 + random(9), prevEpochHash: bytes(32), esCommit: bytes(32), history: random(2),
    reason: 1 + random(7),
    readers: Array.from({ length: random(5) }, (_, i) => (
      { user: i * 10 + random(10), gen: ordinal(), kem: ordinal() }
    )),
  }),
];

const entry = (body) => encodeEntry({
  instance: INSTANCE, room: number(), seq: number(), prev: bytes(32), actor: number(), actorGen: ordinal(),
  dirSeq: number(), dirHead: bytes(32), ts: number(), body,
});

function header() {
  const kind = 1 + random(4);
  return encodeHeader({
    instance: INSTANCE, room: number(), epoch: ordinal(), epochHash: bytes(32), logHead: bytes(32), sender: number(),
    gen: ordinal(), mid: bytes(16), sid: bytes(8), n: random(2 ** 32), parent: bytes(32), kind,
    target: kind === 1 ? new Uint8Array(16) : bytes(16), ts: number(),
    files: Array.from({ length: random(21) }, () => bytes(16)),
  });
}

const statement = () => encodeStatement({
  instance: INSTANCE, userId: number(), usr: 'a_user_1', gen: ordinal(), kem: ordinal(), edPub: bytes(32),
  xPub: bytes(32), prev: bytes(32), flags: random(2), ts: number(),
});

test('what is parsed and written again is the same bytes', () => {
  for (let round = 0; round < 300; round += 1) {
    for (const make of BODIES) {
      const one = entry(make());
      assert.deepEqual(encodeEntry(parseEntry(one)), one);
    }
    const [head, own] = [header(), statement()];
    assert.deepEqual(encodeHeader(parseHeader(head)), head);
    assert.deepEqual(encodeStatement(parseStatement(own)), own);
  }
});

/** Every kind of damage that keeps most of the bytes in place. */
function mutate(good) {
  const size = good.length;
  const at = random(size);
  const cases = [
    () => good.with(at, random(256)),
    () => good.slice(0, at),
    () => Uint8Array.of(...good, random(256)),
    () => Uint8Array.of(...good.slice(0, at), ...bytes(random(4)), ...good.slice(at + random(4))),
    () => bytes(random(300)),
  ];
  return cases[random(cases.length)]();
}

/** Either it is taken, and then written again as it was, or it is refused in the protocol's own words. */
function judge(parse, encode, input) {
  try {
    const parsed = parse(input);
    if (encode) assert.deepEqual(encode(parsed), input);
  } catch (fault) {
    assert.ok(fault instanceof E2eeError, String(fault.stack));
  }
}

test('no bytes break a parser', () => {
  for (let round = 0; round < 3_000; round += 1) {
    judge(parseEntry, encodeEntry, mutate(entry(BODIES[round % BODIES.length]())));
    judge(parseHeader, encodeHeader, mutate(header()));
    judge(parseStatement, encodeStatement, mutate(statement()));
    judge((input) => fromPkcs8('ed25519', input), null, bytes(random(64)));
  }
});

test('no text breaks a parser', async () => {
  const world = new World();
  const alice = await world.person(42);
  await world.create(alice);
  const secret = await world.epoch(alice);
  const content = '{"v":1,"t":"text","body":"Hello ☃","mentions":[1,2],"reply":"AAAAAAAAAAAAAAAAAAAAAA"}';
  const { text } = await sealMessage({
    header: world.header(alice), content: utf8(content), signKey: alice.ed.key, messageKey: await secret.messageKey(42),
  });
  const rest = { ct: undefined, cth: toB64u(ZEROS), deleted: { by: 'server' } };
  const tombstone = JSON.stringify({ ...JSON.parse(text), ...rest });
  parseTombstone(tombstone);
  const change = (good) => {
    const at = random(good.length);
    const piece = ['"', '{', '}', '[', ',', ':', '\\', '\\u', '\ud800', 'e9', '-', '0', 'null', '__proto__', '\u0000'];
    return good.slice(0, at) + piece[random(piece.length)] + good.slice(at + random(3));
  };
  for (let round = 0; round < 2_000; round += 1) {
    judge(parseEnvelope, null, change(text));
    judge(parseTombstone, null, change(tombstone));
    judge((input) => parseContent(input, { kind: 1, files: [] }), null, change(content));
    judge((input) => parseContent(input, { kind: 1, files: [] }), null, mutate(utf8(content)));
    await parseRecoveryCode(change('E1RQ-4WVM-ENV7-EY3S-F9XQ-RZBY-FY0B-ZHPH'))
      .catch((fault) => assert.ok(fault instanceof E2eeError));
  }
});

test('JSON is read by the letter', () => {
  const refused = [
    '', ' ', '{', '}', '[1,]', '{"a":1,}', '{"a":1 "b":2}', '[1 2]', "{'a':1}", '{a:1}', '01', '-', '+1', '1.', '.5',
    '1e', '0x1', 'NaN', 'Infinity', 'nul', 'True', '"\u0000"', '"\t"', '"\n"', '"\\x41"', '"\\u12"', '"\\u12g4"', '"',
    '"\\"', '{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{"__proto__":1,"__proto__":2}', '"\\ud800"', '"\\udc00\\ud800"',
    '"\ud800"', '\ufeff{}', '{} {}', '{}x', '[]\u00a0', '\v1', '// c\n1', '[1]]', '[[1]',
    `${'['.repeat(17)}${']'.repeat(17)}`,
  ];
  for (const text of refused) assert.throws(() => parseStrict(text, 'bad_content'), { code: 'bad_content' }, text);
  const plain = (value) => {
    if (value instanceof Map) return Object.fromEntries([...value].map(([key, one]) => [key, plain(one)]));
    return Array.isArray(value) ? value.map(plain) : value?.text ?? value;
  };
  const same = [
    '{}', '[]', ' [ ] ', '{"a":{"b":[1,2,{"c":null}]}}', '"\\ud83d\\ude00"', '"\\u0041\\n\\/"', '9007199254740991',
    `${'['.repeat(16)}${']'.repeat(16)}`, '{"":""}', '[true,false,null]', '\t\r\n1 ',
  ];
  for (const text of same) assert.deepEqual(plain(parseStrict(text, 'x')), JSON.parse(text), text);
  for (const odd of ['-0', '1.0', '1e3', '-1', '9007199254740992', '0.5', '1E+2', '123456789012345678901234567890']) {
    assert.equal(parseStrict(odd, 'x').text, odd);
  }
  assert.equal(parseStrict('{"__proto__":1}', 'x').get('__proto__'), 1);
  assert.throws(() => parseStrict(Uint8Array.of(0x22, 0xff, 0x22), 'malformed'), { code: 'malformed' });
});

test('base64url is read by the letter', () => {
  for (let size = 0; size < 70; size += 1) {
    const some = bytes(size);
    assert.equal(toB64u(some), Buffer.from(some).toString('base64url'));
    assert.deepEqual(fromB64u(toB64u(some)), some);
  }
  const bad = ['A', 'AA=', 'AA==', 'AB', 'A A', 'AAAA\n', '++++', '////', 'AAB', 'é', 'AAA\u0100', 7, null, undefined];
  for (const text of bad) {
    assert.throws(() => fromB64u(text), { code: 'malformed' }, String(text));
  }
});

test('labels are of a closed list, and no two are alike', () => {
  const all = Object.values(LABELS).map(toHex);
  assert.equal(new Set(all).size, all.length);
  assert.throws(() => label('message'), E2eeError);
  assert.throws(() => label('toString'), E2eeError);
});

test('integers above 2^53 - 1 are refused in both directions', () => {
  assert.throws(() => new Writer().u64(2 ** 53), { code: 'malformed' });
  assert.throws(() => new Writer().u8(256), { code: 'malformed' });
  const one = entry({ type: TYPE.leave });
  const at = one.length - 4 - 1 - 8;
  const big = one.with(at, 0x00).with(at + 1, 0x20);
  assert.throws(() => parseEntry(big), { code: 'malformed' });
});

test('another label is malformed, another suite unsupported whatever follows', () => {
  const one = statement();
  const suiteAt = label('identity').length;
  assert.throws(() => parseStatement(one.with(8, 0x41)), { code: 'malformed' });
  assert.throws(() => parseStatement(one.with(suiteAt, 1)), { code: 'unsupported_suite' });
  assert.throws(() => parseStatement(one.with(suiteAt, 1).slice(0, suiteAt + 2)), { code: 'unsupported_suite' });
  assert.throws(() => parseStatement(one.slice(0, suiteAt + 1)), { code: 'malformed' });
});

test('every encryption key that gives an all-zero secret is refused by its bytes', async () => {
  const own = await importPrivate('x25519', Uint8Array.from({ length: 32 }, (_, i) => i + 1));
  const low = [
    '00'.repeat(32), `01${'00'.repeat(31)}`, 'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157', `ec${'ff'.repeat(30)}7f`,
    `ed${'ff'.repeat(30)}7f`, `ee${'ff'.repeat(30)}7f`,
  ].map(fromHex);
  for (const pub of [...low, ...low.map((one) => one.with(31, one[31] | 0x80))]) {
    assert.equal(acceptsX25519(pub), false);
    await assert.rejects(agree(own.key, pub), { code: 'weak_key' });
    const other = await crypto.subtle.importKey('raw', pub, 'X25519', false, []);
    const shared = await crypto.subtle.deriveBits({ name: 'X25519', public: other }, own.key, 256)
      .then((bits) => toHex(new Uint8Array(bits)), () => '00'.repeat(32));
    assert.equal(shared, '00'.repeat(32));
  }
});

test('an unknown policy or name that hides something is malformed', () => {
  const create = { type: TYPE.create, kind: 0, ...POLICY, edPub: ZEROS };
  for (const bad of ['', 'a\u0000', 'a\u009f', '\u2028', '\u202e', '\u2066', 'x'.repeat(81)]) {
    assert.throws(() => parseEntry(entry({ ...create, name: bad })), { code: 'malformed' }, JSON.stringify(bad));
  }
  const marked = { ...create, name: '\ufeffx' };
  assert.deepEqual(encodeBody(parseEntry(entry(marked)).body), encodeBody(marked));
});
