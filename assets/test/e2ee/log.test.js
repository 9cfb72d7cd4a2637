import assert from 'node:assert/strict';
import { test } from 'node:test';

import { fromHex, toB64u } from '../../js/e2ee/codec.js';
import { Directory } from '../../js/e2ee/directory.js';
import { TYPE } from '../../js/e2ee/entry.js';
import { apply, applyAll, emptyLog, memberAt, spans, summarize } from '../../js/e2ee/log.js';
import { needsRotation } from '../../js/e2ee/rotation.js';
import { replayLog } from './replay.js';
import { INSTANCE, POLICY, ROOM, T0, World, ZEROS } from './world.js';

/** A room with an owner, a member, and one who has not come. */
async function room(policy = POLICY) {
  const world = new World();
  const [alice, bob, carol] = [await world.person(42), await world.person(43), await world.person(44)];
  await world.create(alice, policy);
  if (policy.join) await world.join(bob);
  return { world, alice, bob, carol };
}

const add = (person) => ({ type: TYPE.add, user: person.userId, gen: person.gen, edPub: person.ed.pub, role: 0 });
const join = (person) => ({ type: TYPE.join, gen: person.gen, edPub: person.ed.pub });
const remove = (person, ban = 0) => ({ type: TYPE.remove, user: person.userId, ban, reason: '' });
const role = (person, value) => ({ type: TYPE.role, user: person.userId, role: value });
const policy = (change = {}) => ({ type: TYPE.policy, ...POLICY, ...change });
const leave = { type: TYPE.leave };

async function refuses(world, person, body, code, change) {
  const before = JSON.stringify(summarize(world.state));
  const { e, s } = await world.sign(person, body, change);
  await assert.rejects(apply(world.state, e, s, world.directory), { code }, JSON.stringify(body));
  assert.equal(JSON.stringify(summarize(world.state)), before);
}

test('the order of the checks', async () => {
  const { world, alice, bob, carol } = await room();
  const other = { instance: new Uint8Array(16), seq: 9, dirSeq: 99 };
  await refuses(world, carol, leave, 'wrong_room', other);
  await refuses(world, carol, leave, 'wrong_room', { room: 8 });
  await refuses(world, carol, leave, 'log_conflict', { seq: 9, dirSeq: 99 });
  await refuses(world, carol, leave, 'log_conflict', { prev: ZEROS });
  await refuses(world, carol, leave, 'not_member', { dirSeq: 99 });
  await refuses(world, bob, leave, 'not_member', { actorGen: 2 });
  const weak = fromHex(`01${'00'.repeat(31)}`);
  await refuses(world, carol, { ...join(carol), edPub: weak }, 'weak_key', { dirSeq: 99 });
  await refuses(world, { ...bob, ed: alice.ed }, leave, 'bad_signature', { dirSeq: 99 });
  await refuses(world, bob, add(carol), 'bad_directory', { dirSeq: 99 });
  await refuses(world, bob, add(carol), 'bad_directory', { dirHead: ZEROS });
  await refuses(world, bob, add(carol), 'bad_directory', { dirSeq: 1, dirHead: world.directory.heads[1] });
  await refuses(world, bob, add(carol), 'forbidden');
});

test('an empty log takes a create and nothing else', async () => {
  const { world, alice, bob } = await room();
  world.state = emptyLog(INSTANCE, ROOM);
  await refuses(world, bob, leave, 'not_member');
  await refuses(world, bob, join(bob), 'forbidden');
  await refuses(world, alice, { type: TYPE.create, kind: 0, ...POLICY, edPub: bob.ed.pub }, 'bad_signature');
  await world.create(alice);
  await refuses(world, alice, { type: TYPE.create, kind: 0, ...POLICY, edPub: alice.ed.pub }, 'forbidden');
});

test('who may do what', async () => {
  const { world, alice, bob, carol } = await room();
  await refuses(world, alice, leave, 'forbidden');
  await refuses(world, alice, role(alice, 1), 'forbidden');
  await refuses(world, alice, remove(alice), 'forbidden');
  await refuses(world, alice, add(bob), 'forbidden');
  await refuses(world, alice, policy({ name: '' }), 'forbidden');
  await refuses(world, bob, role(bob, 2), 'forbidden');
  await refuses(world, bob, policy(), 'forbidden');
  await world.log(alice, role(alice, 2));
  await world.log(alice, role(bob, 1));
  await refuses(world, bob, remove(alice), 'forbidden');
  await world.log(bob, add(carol));
  await refuses(world, alice, remove({ userId: 99 }), 'forbidden');
  await world.log(bob, remove({ userId: 99 }, 1));
  assert.deepEqual(summarize(world.state).members.at(-1), {
    user: 99, gen: 0, ed_pub: '00'.repeat(32), role: 0, active: false, banned: true,
  });
  await refuses(world, bob, remove({ userId: 99 }, 1), 'forbidden');
  await world.log(bob, remove(carol, 1));
  await refuses(world, carol, join(carol), 'forbidden');
  await world.log(alice, add(carol));
  assert.equal(memberAt(world.state, 44).banned, false);
  await world.log(alice, role(carol, 2));
  await world.log(alice, leave);
  assert.deepEqual(spans(world.state, 44).map(({ from, until, role: held }) => [from, until, held]), [
    [4, 6, 0], [7, 8, 0], [8, Infinity, 2],
  ]);
  await world.log(carol, policy({ join: 0 }));
  await refuses(world, alice, join(alice), 'forbidden');
});

test('a room for two', async () => {
  const { world, alice, bob, carol } = await room();
  world.state = emptyLog(INSTANCE, ROOM);
  const closed = { ...POLICY, join: 0, add: 0, name: '' };
  await world.log(alice, { type: TYPE.create, kind: 1, ...closed, edPub: alice.ed.pub });
  await refuses(world, alice, policy(closed), 'forbidden');
  await refuses(world, alice, add(alice), 'forbidden');
  await world.log(alice, add(bob));
  for (const body of [add(carol), remove(bob), role(bob, 1), policy()]) await refuses(world, alice, body, 'forbidden');
  await refuses(world, bob, leave, 'forbidden');
  await refuses(world, bob, policy(closed), 'forbidden');
  await world.log(alice, policy(closed));
  await world.epoch(bob, [alice, bob]);
});

test('readers of an epoch are members as the directory has them', async () => {
  const { world, alice, bob, carol } = await room();
  const epoch = (readers, change = {}) => ({
    type: TYPE.epoch, epoch: 1, prevEpochHash: ZEROS, esCommit: ZEROS, history: 1, reason: 1, ...change,
    readers: readers.map(({ userId: user, gen, kem }) => ({ user, gen, kem })),
  });
  for (const body of [
    epoch([bob]), epoch([alice, bob, carol]), epoch([alice, { ...bob, kem: 2 }]), epoch([alice, { ...bob, gen: 2 }]),
    epoch([alice], { history: 0 }), epoch([alice], { epoch: 2, prevEpochHash: ZEROS.with(0, 1) }),
  ]) await refuses(world, alice, body, 'forbidden');
  await world.log(alice, epoch([alice]));
  await refuses(world, alice, epoch([alice]), 'forbidden');
  await world.rotate(bob);
  await refuses(world, alice, {
    ...epoch([alice, { ...bob, kem: 1 }], { epoch: 2 }), prevEpochHash: world.state.epoch.hash,
  }, 'forbidden');
  await world.epoch(alice, [alice, bob]);
});

test('an older state stays what it was, and may go on differently', async () => {
  const { world, alice, bob, carol } = await room();
  const before = world.state;
  const summary = summarize(before);
  await world.log(bob, leave);
  const after = summarize(world.state);
  assert.deepEqual(summarize(before), summary);
  const there = world.state;
  world.state = before;
  await world.log(alice, add(carol));
  assert.equal(memberAt(world.state, 43).active, true);
  assert.deepEqual(summarize(there), after);
  const twice = await Promise.all([world.sign(alice, policy()), world.sign(alice, remove(bob))]);
  const [one, two] = await Promise.all(twice.map(({ e, s }) => apply(world.state, e, s, world.directory)));
  assert.equal(memberAt(one, 43).active, true);
  assert.equal(memberAt(two, 43).active, false);
});

test('the checker of logs finds a difference', async () => {
  const { world, bob } = await room();
  const refused = await world.sign(bob, policy());
  await world.log(bob, leave);
  const step = ({ e, s }, want) => ({ e: toB64u(e), s: toB64u(s), want });
  const log = {
    instance: '101112131415161718191a1b1c1d1e1f', room: ROOM, directory: world.records, state: summarize(world.state),
    steps: [step(world.entries[0], 'ok'), step(world.entries[1], 'ok'), step(refused, 'forbidden'),
      step(world.entries[2], 'ok')],
  };
  assert.deepEqual(await replayLog(log), { steps: 4, difference: null });
  assert.equal((await replayLog({ ...log, state: { ...log.state, name: 'x' } })).difference.step, 'state');
  log.steps[2].want = 'ok';
  assert.deepEqual((await replayLog(log)).difference.got, 'forbidden');
});

test('a directory of the server is held to its word', async () => {
  const { world, bob } = await room();
  const replay = (records) => Directory.replay(INSTANCE, records);
  const [one, two, three] = world.records;
  await assert.rejects(replay([two]), { code: 'bad_directory' });
  await assert.rejects(replay([one, { ...one, i: 1 }]), { code: 'identity_conflict' });
  await assert.rejects(replay([{ ...one, s: two.s }]), { code: 'bad_signature' });
  const erased = { i: 1, ts: two.ts, h: toB64u(bob.hash), user_id: 43 };
  const without = await replay([one, erased, three]);
  assert.deepEqual(without.heads, world.directory.heads);
  assert.equal(without.latest(43), undefined);
  assert.equal(without.isErased(43), true);
  await applyAll(emptyLog(INSTANCE, ROOM), world.entries, without);
  await assert.rejects(replay([one, { ...erased, user_id: 44 }, three]), { code: 'identity_conflict' });
  assert.throws(() => without.checkPin(1, ZEROS), { code: 'directory_fork' });
  assert.throws(() => without.checkPin(3, ZEROS), { code: 'bad_directory' });
  without.checkPin(-1, ZEROS);
});

const calm = { obtainable: true, banned: [], messagesSeen: 0, now: T0 + 2_000, firstSeen: T0 + 2_000 };

test('when a new epoch is needed, and why', async () => {
  const cases = [
    ['nothing', {}, async () => {}, [], null],
    ['no key', { obtainable: false }, async () => {}, ['R1'], 4],
    ['many messages', { messagesSeen: 5_000 }, async () => {}, ['R6'], 3],
    ['old', { now: T0 + 604_800_000 + 2_000 }, async () => {}, ['R6'], 3],
    ['dated in the future', { now: T0 + 604_800_000, firstSeen: T0 }, async () => {}, ['R6'], 3],
    ['banned reader', { banned: [43] }, async () => {}, ['R3'], 2],
    ['banned stranger', { banned: [44] }, async () => {}, [], null],
    ['leave', {}, ({ world, bob }) => world.log(bob, leave), ['R2'], 2],
    ['policy', {}, ({ world, alice }) => world.log(alice, policy()), ['R2'], 7],
    ['join with history', {}, ({ world, carol }) => world.join(carol), [], null],
    ['banned newcomer', { banned: [44] }, ({ world, carol }) => world.join(carol), ['R3'], 2],
    ['new key', {}, ({ world, bob }) => world.rotate(bob), ['R4'], 6],
    ['new key of a newcomer', {}, async ({ world, carol }) => {
      await world.join(carol);
      await world.rotate(carol);
    }, ['R4'], 6],
    ['key that was new before', {}, async ({ world, carol }) => {
      await world.rotate(carol);
      await world.join(carol);
    }, [], null],
    ['all at once', { obtainable: false, messagesSeen: 5_000 }, async ({ world, alice, bob }) => {
      await world.log(alice, policy());
      await world.rotate(bob);
    }, ['R1', 'R2', 'R4', 'R6'], 7],
  ];
  for (const [name, change, act, rules, reason] of cases) {
    const all = await room();
    await all.world.epoch(all.alice, [all.alice, all.bob]);
    await act(all);
    const found = needsRotation(all.world.state, all.world.directory, { ...calm, ...change });
    assert.deepEqual([found.rules, found.reason], [rules, reason], name);
  }
});

test('a room that shares no history has a new epoch for each newcomer', async () => {
  const { world, alice, bob, carol } = await room({ ...POLICY, history: 0 });
  assert.deepEqual(needsRotation(world.state, world.directory, calm), {
    rules: ['R1'], reason: 1, readers: [{ user: 42, gen: 1, kem: 1 }, { user: 43, gen: 1, kem: 1 }],
  });
  await world.epoch(alice, [alice, bob]);
  await world.join(carol);
  const { rules, reason, readers } = needsRotation(world.state, world.directory, { ...calm, banned: [43] });
  assert.deepEqual([rules, reason, readers.map(({ user }) => user)], [['R3', 'R5'], 2, [42, 44]]);
});
