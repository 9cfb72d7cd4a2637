import { openBox, places, sealBox } from '../../js/e2ee/box.js';
import { concat, fromB64u, fromHex, label, toB64u, toHex, utf8, Writer } from '../../js/e2ee/codec.js';
import { parseContent } from '../../js/e2ee/content.js';
import { Directory } from '../../js/e2ee/directory.js';
import { encodeBody, parseEntry } from '../../js/e2ee/entry.js';
import {
  commitmentOf, EpochSecret, openBacklink, openEpochWrap, sealBacklink, wrapInfo,
} from '../../js/e2ee/epoch.js';
import { orRefuse } from '../../js/e2ee/errors.js';
import { openFile, sealFile } from '../../js/e2ee/file.js';
import { parseHeader } from '../../js/e2ee/header.js';
import { hpkeOpen, hpkeSeal } from '../../js/e2ee/hpke.js';
import { checkStatement, parseStatement, selfCheckText, signStatement } from '../../js/e2ee/identity.js';
import { accountKeys, masterKey, passwordSalt } from '../../js/e2ee/kdf.js';
import { agree, fromPkcs8, importPrivate, publicOf, sign, toPkcs8, verify } from '../../js/e2ee/keys.js';
import { apply, applyAll, emptyLog, summarize } from '../../js/e2ee/log.js';
import { checkTarget, deletedBy, parseTombstone, receiveMessage, sealMessage, Seen, tombstoneHash } from '../../js/e2ee/message.js';
import { pad } from '../../js/e2ee/padding.js';
import { aesOpen, aesSeal, hash, hkdf, hmac, importAes } from '../../js/e2ee/primitives.js';
import { parseRecoveryCode, recoveryCode, recoveryKeys } from '../../js/e2ee/recovery.js';
import { openReport, sealReport, verifyReported, wrapReportKey } from '../../js/e2ee/report.js';
import { needsRotation } from '../../js/e2ee/rotation.js';
import { broadcastText, fingerprint, roomCode, safetyNumber, signBroadcast } from '../../js/e2ee/trust.js';

export const SECTIONS = [
  ...'A-1 A-2 A-3 A-4 B-1 B-2 B-3 C-1 C-2 C-3 C-4 C-5 D-1 D-2 D-3 D-4 E-1 F-1 G-1 G-2 H-1'.split(' '),
  ...Array.from({ length: 12 }, (_, i) => `N-${i + 1}`),
];

const NONE = new Uint8Array(0);
const AT_REST = { head: 8, nonce: 12, alg: 2 };

/** Needs a primitive that WebCrypto has not, and is never done in a browser. */
const outOfReach = Symbol('out of reach');

const hex = fromHex;
const out = toHex;
const orNull = (text) => (text === null || text === undefined ? null : hex(text));

/** @param {any} args */
const epochId = ({ instance, room, epoch, epoch_hash: epochHash }) => (
  { instance: hex(instance), room, epoch, epochHash: hex(epochHash) }
);

const reportId = ({ instance, room, report_id: id }) => ({ instance: hex(instance), room, reportId: hex(id) });

const BLOBS = {
  amk_pw: (a) => places.amkByPassword(hex(a.instance), a.usr, hex(a.salt), a.iterations),
  amk_rec: (a) => places.amkByRecovery(hex(a.instance), a.usr),
  drafts: (a) => places.drafts(hex(a.instance), a.usr),
  ed_box: (a) => places.signingKey(hex(a.instance), a.usr, a.gen),
  x_box: (a) => places.agreementKey(hex(a.instance), a.usr, a.kem),
  state: (a) => places.state(hex(a.instance), a.usr, a.version),
  report: (a) => places.report(hex(a.instance), a.room, hex(a.report_id)),
};

function fileOf({ instance, file_id: fileId, fk, chunk }) {
  return { instance: hex(instance), fileId: hex(fileId), fk: hex(fk), chunk };
}

const fileData = ({ data, pattern }) => (
  data === undefined ? Uint8Array.from({ length: pattern }, (_, k) => (k * 31 + (k >> 8)) & 255) : hex(data)
);

const DAMAGES = {
  none: (ct) => ct,
  flip_first: (ct) => flipped(ct, 0, 1),
  flip_last: (ct) => flipped(ct, ct.length - 1, 1),
  truncate_chunk: (ct) => ct.slice(0, -16),
  swap_chunks: (ct, size) => concat([ct.slice(size, 2 * size), ct.slice(0, size), ct.slice(2 * size)]),
  drop_last: (ct, size) => ct.slice(0, (Math.ceil(ct.length / size) - 1) * size),
  append: (ct) => concat([ct, new Uint8Array(16)]),
};

function flipped(bytes, at, mask) {
  const changed = bytes.slice();
  changed[at] ^= mask;
  return changed;
}

async function damaged(args) {
  if (args.ct !== undefined) return hex(args.ct);
  const { ct } = await sealFile(fileOf(args), fileData(args), args.chunk === undefined ? undefined : args.psz);
  return DAMAGES[args.damage ?? 'none'](ct, (args.chunk ?? 262_144) + 16);
}

function atRestData(head, column, row) {
  return new Writer('at-rest-aad').raw(head).text(column).u32(8).u64(row).done();
}

async function atRestKey(key, column) {
  return importAes(await hkdf(hex(key), NONE, new Writer('at-rest').text(column).done()));
}

function seenOf(list = []) {
  const seen = new Seen();
  for (const { sender, mid, msg_hash: msgHash } of list) seen.meet(hex(mid), sender, hex(msgHash));
  return seen;
}

/** What a case may name instead of repeating it, replayed once for all cases. */
function fixturesOf({ directories = {}, logs = {} } = {}) {
  const kept = new Map();
  const once = (name, make) => {
    if (!kept.has(name)) kept.set(name, make());
    return kept.get(name);
  };
  const directory = (instance, named) => once(
    `d ${instance} ${JSON.stringify(named)}`,
    () => Directory.replay(hex(instance), typeof named === 'string' ? directories[named] : named),
  );
  const log = ({ instance, room, directory: named, log: name, log_upto: upTo }) => once(
    `l ${JSON.stringify([instance, room, named, name, upTo])}`,
    async () => {
      const entries = (typeof name === 'string' ? logs[name] : name ?? []).slice(0, upTo);
      const bytes = entries.map(({ e, s }) => ({ e: fromB64u(e), s: fromB64u(s) }));
      return applyAll(emptyLog(hex(instance), room), bytes, await directory(instance, named));
    },
  );
  return { directory, log };
}

async function roomOf(args, fixtures) {
  const state = await fixtures.log(args);
  const secrets = new Map(Object.entries(args.secrets ?? {}).map(([number, es]) => {
    const epoch = state.journal.epochs[Number(number) - 1];
    return [Number(number), new EpochSecret(hex(es), epoch?.hash ?? new Uint8Array(32))];
  }));
  return { state, secrets, seen: seenOf(args.seen) };
}

async function countFlips(args, fixtures) {
  const envelope = JSON.parse(args.envelope);
  const bytes = fromB64u(envelope[args.field]);
  let count = 0;
  for (const mask of [0x01, 0x80]) {
    for (let at = 0; at < bytes.length; at += 1) {
      const text = JSON.stringify({ ...envelope, [args.field]: toB64u(flipped(bytes, at, mask)) });
      const room = await roomOf(args, fixtures);
      const code = await receiveMessage(text, room).then(() => null, (fault) => fault.code);
      if (!code) throw new Error(`accepted with byte ${at} of ${args.field} changed`);
      count += 1;
    }
  }
  return { count };
}

async function deriveKeyPair({ ikm }) {
  const suite = concat([utf8('HPKE-v1'), utf8('KEM'), Uint8Array.of(0, 0x20)]);
  const info = concat([Uint8Array.of(0, 32), suite, utf8('sk')]);
  const sk = await hkdf(concat([suite, utf8('dkp_prk'), hex(ikm)]), NONE, info);
  return { pk: out(await publicOf('x25519', sk)) };
}

const OPERATIONS = {
  async account_keys({ password, usr, instance, salt, iterations }) {
    const parameters = { usr, instance: hex(instance), salt: hex(salt), iterations };
    const mk = await masterKey(password, parameters);
    const all = {
      pbkdf2_salt: out(await passwordSalt(parameters)), mk: out(mk), wrap_key: out(await hkdf(mk, NONE, label('wrap'))),
    };
    return { ...all, auth_key: out((await accountKeys(mk)).authKey) };
  },
  box_context({ blob, ...args }) {
    const { purpose, ctx } = BLOBS[blob](args);
    return { purpose, ctx: out(ctx) };
  },
  async box_seal({ key, purpose, ctx, iv, pt }) {
    return { box: out(await sealBox(await importAes(hex(key)), { purpose, ctx: hex(ctx) }, hex(pt), hex(iv))) };
  },
  async box_open({ key, purpose, ctx, box }) {
    return { pt: out(await openBox(await importAes(hex(key)), { purpose, ctx: hex(ctx) }, hex(box))) };
  },
  async account_subkeys({ amk }) {
    const of = async (name) => out(await hkdf(hex(amk), NONE, label(name)));
    return { kek_identity: await of('kek-identity'), k_state: await of('state'), k_local: await of('local') };
  },
  async pkcs8({ kind, secret }) {
    return { pkcs8: out(toPkcs8(kind, hex(secret))), public: out(await publicOf(kind, hex(secret))) };
  },
  pkcs8_parse: ({ kind, pkcs8 }) => ({ secret: out(fromPkcs8(kind, hex(pkcs8))) }),
  recovery_code: async ({ entropy }) => ({ code: await recoveryCode(hex(entropy)) }),
  recovery_parse: async ({ code }) => ({ entropy: out(await parseRecoveryCode(code)) }),
  async recovery_keys({ entropy, instance, usr }) {
    const { recAuth, verifier } = await recoveryKeys(hex(entropy), hex(instance), usr);
    const salt = await hash(new Writer('rec-salt').raw(hex(instance)).text(usr).done());
    const recWrap = await hkdf(hex(entropy), salt, label('rec-wrap'));
    return { rec_auth: out(recAuth), rec_wrap: out(recWrap), rec_verifier: out(verifier) };
  },
  async self_check_sign({ ed_seed: seed, challenge }) {
    return { sig: out(await sign((await importPrivate('ed25519', hex(seed))).key, selfCheckText(hex(challenge)))) };
  },
  async server_verifier({ argon_out: argon }) {
    const bytes = hex(argon);
    const verifier = await hash(new Writer('srv-verifier').raw(bytes.slice(0, 32)).done());
    return { verifier: out(verifier), outer_key: out(bytes.slice(32)) };
  },
  server_argon2id: () => outOfReach,
  outer_seal: () => outOfReach,
  outer_open: () => outOfReach,
  async fake_salt({ prelogin_key: key, usr }) {
    return { salt: out((await hmac(hex(key), new Writer('fake-salt').text(usr).done())).slice(0, 16)) };
  },
  async statement_parse({ t }) {
    const s = parseStatement(hex(t));
    return {
      suite: s.suite, instance: out(s.instance), user_id: s.userId, usr: s.usr, gen: s.gen, kem: s.kem,
      ed_pub: out(s.edPub), x_pub: out(s.xPub), prev: out(s.prev), flags: s.flags, ts: s.ts,
      hash: out(await hash(hex(t))),
    };
  },
  async statement_check({ instance, previous, t, s, ps }) {
    const before = orNull(previous);
    const known = before && { statement: parseStatement(before), hash: await hash(before) };
    const signed = { instance: hex(instance), t: hex(t), s: hex(s), ps: orNull(ps) };
    return { hash: out((await checkStatement(signed, known)).hash) };
  },
  async statement_sign({ ed_seed: seed, previous_ed_seed: previousSeed, t }) {
    const { key } = await importPrivate('ed25519', hex(seed));
    const previous = orNull(previousSeed);
    const { s, ps } = await signStatement(hex(t), key, previous && (await importPrivate('ed25519', previous)).key);
    return { s: out(s), ps: ps && out(ps) };
  },
  async directory_replay({ instance, directory }, { directory: replayed }) {
    return { heads: (await replayed(instance, directory)).heads.map(out) };
  },
  async directory_pin({ instance, directory, i, head }, { directory: replayed }) {
    (await replayed(instance, directory)).checkPin(i, hex(head));
    return {};
  },
  async directory_head({ instance, instance_key: key, directory, i, head, ts, sig }, { directory: replayed }) {
    await (await replayed(instance, directory)).checkHead(hex(key), { i, head: hex(head), ts, sig: hex(sig) });
    return {};
  },
  async directory_head_sign({ instance, instance_seed: seed, i, head, ts }) {
    const tbs = new Writer('dir-head').raw(hex(instance)).u64(i).raw(hex(head)).u64(ts).done();
    return { tbs: out(tbs), sig: out(await sign((await importPrivate('ed25519', hex(seed))).key, tbs)) };
  },
  async entry_parse({ e }) {
    const entry = parseEntry(hex(e));
    return {
      instance: out(entry.instance), room: entry.room, seq: entry.seq, prev: out(entry.prev), actor: entry.actor,
      actor_gen: entry.actorGen, dir_seq: entry.dirSeq, dir_head: out(entry.dirHead), ts: entry.ts,
      type: entry.body.type, body: out(encodeBody(entry.body)), hash: out(await hash(hex(e))),
    };
  },
  async log_apply(args, fixtures) {
    const before = await fixtures.log(args);
    if (!args.then) return { state: summarize(before) };
    const kept = JSON.stringify(summarize(before));
    const directory = await fixtures.directory(args.instance, args.directory);
    const { e, s } = args.then;
    try {
      return { state: summarize(await apply(before, fromB64u(e), fromB64u(s), directory)) };
    } finally {
      if (JSON.stringify(summarize(before)) !== kept) throw new Error('the state before has changed');
    }
  },
  async es_commit({ es, instance, room, epoch }) {
    return { es_commit: out(await commitmentOf(hex(es), { instance: hex(instance), room, epoch })) };
  },
  epoch_wrap_info: (args) => ({ info: out(wrapInfo(epochId(args), args.recipient, args.kem)) }),
  async hpke_seal({ pk, info, aad, pt, eph_priv: ephemeral }) {
    const own = await importPrivate('x25519', hex(ephemeral));
    const { enc, ct } = await hpkeSeal(hex(pk), hex(info), hex(aad), hex(pt), own);
    return { enc: out(enc), ct: out(ct) };
  },
  hpke_derive: deriveKeyPair,
  async hpke_open({ sk, enc, ct, info, aad }) {
    const own = await importPrivate('x25519', hex(sk));
    const pt = await orRefuse('bad_wrap', () => hpkeOpen(own, hex(enc), hex(info), hex(aad), hex(ct)));
    return { pt: out(pt) };
  },
  async wrap_open({ sk, wrap, recipient, kem, es_commit: commit, ...args }) {
    const own = await importPrivate('x25519', hex(sk));
    const id = epochId(args);
    return { es: out(await openEpochWrap(own, hex(wrap), id, { userId: recipient, kem }, hex(commit))) };
  },
  backlink_key: async ({ es, epoch_hash: epochHash }) => (
    { key: out(await hkdf(hex(es), hex(epochHash), label('backlink'))) }
  ),
  async backlink_seal({ es, es_older: older, older_hash: olderHash, iv, ...args }) {
    const secret = new EpochSecret(hex(es), hex(args.epoch_hash));
    const link = { es: hex(older), epochHash: hex(olderHash) };
    return { blob: out(await sealBacklink(secret, epochId(args), link, hex(iv))) };
  },
  async backlink_open({ es, blob, history, ...args }) {
    const secret = new EpochSecret(hex(es), hex(args.epoch_hash));
    const older = { epochHash: hex(args.older_hash), esCommit: hex(args.older_commit), history: args.older_history };
    return { es: out(await openBacklink(secret, hex(blob), { ...epochId(args), history }, older)) };
  },
  async needs_rotation(args, fixtures) {
    const directory = await fixtures.directory(args.instance, args.directory);
    return needsRotation(await fixtures.log(args), directory, {
      obtainable: args.obtainable, banned: args.banned, messagesSeen: args.messages_seen, now: args.now,
      firstSeen: args.first_seen,
    });
  },
  header_parse({ h }) {
    const header = parseHeader(hex(h));
    return {
      suite: header.suite, instance: out(header.instance), room: header.room, epoch: header.epoch,
      epoch_hash: out(header.epochHash), log_head: out(header.logHead), sender: header.sender, gen: header.gen,
      mid: out(header.mid), sid: out(header.sid), n: header.n, parent: out(header.parent), kind: header.kind,
      target: out(header.target), ts: header.ts, files: header.files.map(out), length: hex(h).length,
    };
  },
  async message_seal({ ed_seed: seed, es, h, content, fk, iv }) {
    const header = hex(h);
    const { epochHash, sender } = parseHeader(header);
    const messageKey = await new EpochSecret(hex(es), epochHash).messageKey(sender);
    const { key: signKey } = await importPrivate('ed25519', hex(seed));
    const message = { header, content: utf8(content), signKey, messageKey };
    const { envelope, msgHash, text } = await sealMessage(message, { fk: hex(fk), iv: hex(iv) });
    return {
      commit: out(envelope.k), key: out(await hkdf(hex(es), epochHash, new Writer('msg-key').u64(sender).done())),
      ct_sha256: out(await hash(envelope.ct)), ct_len: envelope.ct.length, sig: out(envelope.s),
      msg_hash: out(msgHash), envelope: text,
    };
  },
  async message_receive(args, fixtures) {
    const { header, msgHash, text } = await receiveMessage(args.envelope, await roomOf(args, fixtures));
    return { sender: header.sender, mid: out(header.mid), msg_hash: out(msgHash), content: text };
  },
  message_flips: countFlips,
  async tombstone_parse({ envelope }) {
    const tombstone = parseTombstone(envelope);
    parseHeader(tombstone.h);
    return {
      msg_hash: out(await tombstoneHash(tombstone)), by: tombstone.by, mid: tombstone.mid && out(tombstone.mid),
    };
  },
  fits_target({ h, target }) {
    checkTarget(parseHeader(hex(h)), parseHeader(hex(target)));
    return {};
  },
  deleted_by({ by, mid, target, redaction, role }) {
    const signed = redaction === null ? null : parseHeader(hex(redaction));
    return { by: deletedBy({ by, mid: orNull(mid) }, parseHeader(hex(target)), signed, role) };
  },
  content_parse({ kind, files, content }) {
    const parsed = parseContent(content, { kind, files: files.map(hex) });
    return { t: parsed.t, body: parsed.body, files: parsed.files.length };
  },
  pad: ({ len }) => ({ padded: pad(len) }),
  async pad_table({ upto }) {
    const table = new Writer();
    for (let length = 0; length <= upto; length += 1) table.u32(pad(length));
    return { sha256: out(await hash(table.done())) };
  },
  async report_verify({ instance, room, ed_pub: edPub, item }) {
    const { msgHash, content } = await verifyReported(item, { instance: hex(instance), room, keyOf: () => hex(edPub) });
    return { msg_hash: out(msgHash), content };
  },
  async report_seal({ recipient: userId, kem, pk, rk, eph_priv: ephemeral, iv, body, ...args }) {
    const own = await importPrivate('x25519', hex(ephemeral));
    const wrap = await wrapReportKey(reportId(args), hex(rk), { userId, kem, xPub: hex(pk) }, own);
    return { box: out(await sealReport(reportId(args), hex(rk), utf8(body), hex(iv))), wrap: out(wrap) };
  },
  async report_open({ recipient: userId, kem, sk, box, wrap, ...args }) {
    const own = await importPrivate('x25519', hex(sk));
    const body = await openReport(reportId(args), { userId, kem, own }, { box: hex(box), wrap: hex(wrap) });
    return { body: new TextDecoder().decode(body) };
  },
  async file_seal(args) {
    const file = fileOf(args);
    const { ct, psz, count, root } = await sealFile(file, fileData(args), args.psz);
    return {
      key: out(await hkdf(file.fk, file.fileId, label('file'))), psz, count, ct_len: ct.length,
      ct_sha256: out(await hash(ct)), root: out(root),
    };
  },
  async file_open(args) {
    const manifest = { sz: args.sz, psz: args.psz, root: hex(args.root) };
    return { data_sha256: out(await hash(await openFile(fileOf(args), manifest, await damaged(args)))) };
  },
  async fingerprint({ instance, user_id: userId, usr, ed_pub: edPub }) {
    return { digits: await fingerprint({ instance: hex(instance), userId, usr, edPub: hex(edPub) }) };
  },
  safety_number: ({ a, b }) => ({ number: safetyNumber(a, b) }),
  room_code: async ({ instance, room, log_head: head }) => ({ code: await roomCode(hex(instance), room, hex(head)) }),
  async broadcast({ ed_seed: seed, ...args }) {
    const said = { ...args, instance: hex(args.instance), nonce: hex(args.nonce) };
    const { key } = await importPrivate('ed25519', hex(seed));
    return { tbs_sha256: out(await hash(broadcastText(said))), sig: out(await signBroadcast(key, said)) };
  },
  ed25519_verify: async ({ pub, msg, sig }) => ({ valid: await verify(hex(pub), hex(msg), hex(sig)) }),
  x25519: async ({ sk, pk }) => ({ shared: out(await agree((await importPrivate('x25519', hex(sk))).key, hex(pk))) }),
  async at_rest_seal({ alg, key, kid, column, row, nonce, pt }) {
    if (alg !== AT_REST.alg) return outOfReach;
    const head = new Writer().raw(utf8('RS')).u8(1).u8(alg).u32(kid).done();
    const ct = await aesSeal(await atRestKey(key, column), hex(nonce), hex(pt), atRestData(head, column, row));
    return { record: out(concat([head, hex(nonce), ct])) };
  },
  async at_rest_open({ key, column, row, record }) {
    const bytes = hex(record);
    if (bytes[3] === 1) return outOfReach;
    const [head, iv, ct] = [bytes.slice(0, 8), bytes.slice(8, 20), bytes.slice(20)];
    const pt = await orRefuse('bad_record', async () => (
      aesOpen(await atRestKey(key, column), iv, ct, atRestData(head, column, row))
    ));
    return { pt: out(pt) };
  },
};

/** One spelling for equal values, whatever the order of their members. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'undefined';
  return `{${Object.keys(value).sort().map((name) => `${name}:${canonical(value[name])}`).join()}}`;
}

async function outcomeOf({ op, in: args }, fixtures) {
  const operation = OPERATIONS[op];
  if (!operation) return { fault: `unknown operation ${op}` };
  try {
    const value = await operation(args, fixtures);
    return value === outOfReach ? outOfReach : { out: value };
  } catch (fault) {
    return fault.code && fault.name === 'E2eeError' ? { error: fault.code } : { fault: String(fault.stack ?? fault) };
  }
}

/**
 * Does every case of a vectors file, in Node or in a browser.
 * @returns {Promise<{ passed: number, failed: { section: string, name: string, got: unknown, want: unknown }[],
 *   needsMore: string[], missing: string[] }>}
 */
export async function checkVectors(vectors) {
  const fixtures = fixturesOf(vectors.fixtures);
  const result = { passed: 0, failed: [], needsMore: [], missing: [] };
  result.missing = SECTIONS.filter((name) => !vectors.sections[name]?.length);
  for (const [section, cases] of Object.entries(vectors.sections)) {
    for (const one of cases) {
      const got = await outcomeOf(one, fixtures);
      const want = one.error === undefined ? { out: one.out } : { error: one.error };
      if (got === outOfReach) result.needsMore.push(one.name);
      else if (canonical(got) === canonical(want)) result.passed += 1;
      else result.failed.push({ section, name: one.name, got, want });
    }
  }
  return result;
}
