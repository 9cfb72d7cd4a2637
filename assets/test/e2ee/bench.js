import { utf8 } from '../../js/e2ee/codec.js';
import { Directory } from '../../js/e2ee/directory.js';
import { TYPE } from '../../js/e2ee/entry.js';
import { openEpochWrap, wrapEpoch } from '../../js/e2ee/epoch.js';
import { masterKey } from '../../js/e2ee/kdf.js';
import { importVerifier, sign, verifyWith } from '../../js/e2ee/keys.js';
import { applyAll, emptyLog } from '../../js/e2ee/log.js';
import { receiveMessage, sealMessage, Seen } from '../../js/e2ee/message.js';
import { randomBytes } from '../../js/e2ee/primitives.js';
import { INSTANCE, ROOM, World } from './world.js';

const SAMPLE_MS = 300;

async function perSecond(operation, act) {
  await act();
  const from = performance.now();
  let count = 0;
  while (performance.now() - from < SAMPLE_MS) {
    for (let i = 0; i < 10; i += 1) await act();
    count += 10;
  }
  return { operation, per_second: Math.round((count * 1_000) / (performance.now() - from)) };
}

/** The middle of three. */
async function ms(operation, act) {
  const times = [];
  for (let i = 0; i < 3; i += 1) {
    const from = performance.now();
    await act();
    times.push(performance.now() - from);
  }
  return { operation, ms: Math.round(times.sort((a, b) => a - b)[1] * 10) / 10 };
}

async function room() {
  const world = new World();
  const [alice, bob] = [await world.person(42), await world.person(43)];
  await world.create(alice);
  await world.join(bob);
  const secret = await world.epoch(alice);
  return { world, alice, bob, secret };
}

async function seal({ world, alice, secret }) {
  return sealMessage({
    header: world.header(alice), content: utf8('{"v":1,"t":"text","body":"Hello, world! How are you today?"}'),
    signKey: alice.ed.key, messageKey: await secret.messageKey(alice.userId),
  });
}

async function benchMessages(all) {
  const { world, alice, bob, secret } = all;
  const { epoch } = world.state;
  const id = { instance: INSTANCE, room: ROOM, epoch: epoch.epoch, epochHash: epoch.hash };
  const to = { userId: 43, kem: 1, xPub: bob.x.pub };
  const wrap = await wrapEpoch(secret.es, id, to);
  const [message, key] = [randomBytes(500), await importVerifier(alice.ed.pub)];
  const signature = await sign(alice.ed.key, message);
  const { text } = await seal(all);
  const page = [];
  for (let i = 0; i < 50; i += 1) page.push((await seal(all)).text);
  const secrets = new Map([[epoch.epoch, secret]]);
  const open = (envelope, seen = new Seen()) => receiveMessage(envelope, { state: world.state, seen, secrets });
  return [
    await perSecond('sign', () => sign(alice.ed.key, message)),
    await perSecond('verify', () => verifyWith(key, message, signature)),
    await perSecond('seal message', () => seal(all)),
    await perSecond('open message', () => open(text)),
    await perSecond('HPKE wrap', () => wrapEpoch(secret.es, id, to)),
    await perSecond('open wrap', () => openEpochWrap(bob.x, wrap, id, to, epoch.esCommit)),
    await ms('page of 50 messages', async () => {
      const seen = new Seen();
      for (const envelope of page) await open(envelope, seen);
    }),
  ];
}

/** Members who come and go, with a new epoch now and then. */
async function longLog(count) {
  const world = new World();
  const people = [];
  for (let i = 0; i < 50; i += 1) people.push(await world.person(100 + i));
  await world.create(people[0]);
  for (const person of people.slice(1)) await world.join(person);
  const guest = await world.person(1_000);
  while (world.entries.length < count) {
    await world.join(guest);
    if (world.entries.length < count) await world.log(guest, { type: TYPE.leave });
    if (world.entries.length < count && world.entries.length % 10 === 0) await world.epoch(people[0], people);
  }
  return world;
}

/** @returns {Promise<{ operation: string, per_second?: number, ms?: number }[]>} */
export async function bench() {
  const results = await benchMessages(await room());
  const long = await longLog(1_000);
  const directory = await Directory.replay(INSTANCE, long.records);
  results.push(await ms('log of 1,000 entries, first validation', () => (
    applyAll(emptyLog(INSTANCE, ROOM), long.entries, directory)
  )));
  results.push(await ms('PBKDF2, 600,000 iterations', () => masterKey('correct horse battery', {
    usr: 'user_1', instance: INSTANCE, salt: new Uint8Array(16), iterations: 600_000,
  })));
  return results;
}

const direct = globalThis.process?.argv[1] === new URL(import.meta.url).pathname;
if (direct && !globalThis.process.env.NODE_TEST_CONTEXT) console.table(await bench());
