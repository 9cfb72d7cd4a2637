import assert from 'node:assert/strict';
import { test } from 'node:test';

import { TYPE } from '../../js/e2ee/entry.js';
import { E2eeError } from '../../js/e2ee/errors.js';
import { apply, applyAll, emptyLog, epochAt, epochNumber, memberAt, summarize } from '../../js/e2ee/log.js';
import { needsRotation } from '../../js/e2ee/rotation.js';
import { INSTANCE, POLICY, ROOM, seeded, T0, World, ZEROS } from './world.js';

const USERS = [1, 2, 3, 4, 5, 6];

/** Bodies that are right about as often as wrong. */
function bodies(random, world) {
  const any = (list) => list[random(list.length)];
  const person = () => world.people.get(any(USERS));
  const rules = () => ({ ...POLICY, join: random(4) ? 1 : 0, add: random(2), history: random(2) });
  const keys = ({ gen, ed }) => ({ gen, edPub: random(9) ? ed.pub : ZEROS });
  return [
    (actor) => ({ type: TYPE.create, kind: random(2), ...rules(), edPub: actor.ed.pub }),
    () => {
      const target = person();
      return { type: TYPE.add, user: target.userId, ...keys(target), role: 0 };
    },
    (actor) => ({ type: TYPE.join, ...keys(actor) }),
    () => ({ type: TYPE.remove, user: any([...USERS, 99]), ban: random(2), reason: '' }),
    () => ({ type: TYPE.leave }),
    () => ({ type: TYPE.role, user: any(USERS), role: random(3) }),
    () => ({ type: TYPE.policy, ...rules() }),
    () => {
      const { epoch, policy } = world.state;
      const calm = { obtainable: true, banned: [], messagesSeen: 0, now: T0, firstSeen: T0 };
      const { readers } = needsRotation(world.state, world.directory, calm);
      return {
        type: TYPE.epoch, epoch: (epoch?.epoch ?? 0) + 1, prevEpochHash: epoch?.hash ?? ZEROS, esCommit: ZEROS,
        history: policy?.history ?? 1, reason: 1 + random(7), readers: random(5) ? readers : readers.slice(1),
      };
    },
  ];
}

async function tryOne(world, random, make) {
  const actor = world.people.get(USERS[random(USERS.length)]);
  const entry = await world.sign(actor, make(actor), random(20) ? {} : { dirSeq: random(12) });
  try {
    world.state = await apply(world.state, entry.e, entry.s, world.directory);
    world.entries.push(entry);
    return 'ok';
  } catch (fault) {
    assert.ok(fault instanceof E2eeError, String(fault.stack));
    return fault.code;
  }
}

test('whatever a log has gone through, each of its states is still there', async () => {
  for (let seed = 1; seed <= 12; seed += 1) {
    const random = seeded(seed);
    const world = new World();
    for (const user of USERS) await world.person(user);
    const owner = world.people.get(1);
    await world.create(owner);
    const history = [[world.state, summarize(world.state)]];
    const outcomes = new Set();
    for (let step = 0; step < 120; step += 1) {
      if (random(30) === 0) await world.rotate(world.people.get(USERS[random(USERS.length)]));
      const all = bodies(random, world);
      const outcome = await tryOne(world, random, all[random(all.length)]);
      outcomes.add(outcome);
      if (outcome === 'ok') history.push([world.state, summarize(world.state)]);
      else assert.deepEqual(summarize(world.state), history.at(-1)[1]);
    }
    assert.ok(outcomes.has('ok') && outcomes.has('forbidden') && outcomes.has('not_member'));
    for (const [seq, [state, summary]] of history.entries()) {
      assert.deepEqual(summarize(state), summary);
      for (const { user, role, active, banned } of summary.members) {
        const then = memberAt(world.state, user, seq);
        assert.deepEqual([then.role, then.active, then.banned], [role, active, banned]);
      }
      assert.equal(epochAt(world.state, seq)?.epoch, summary.epoch?.epoch);
      assert.equal(epochNumber(state, (summary.epoch?.epoch ?? 0) + 1), undefined);
      const active = summary.members.filter((member) => member.active);
      assert.equal(state.active, active.length);
      assert.equal(state.owners, active.filter(({ role }) => role === 2).length);
      assert.ok(state.owners > 0);
    }
    const again = await applyAll(emptyLog(INSTANCE, ROOM), world.entries, world.directory);
    assert.deepEqual(summarize(again), history.at(-1)[1]);
  }
});
