import { toB64u } from '../../js/e2ee/codec.js';
import { Directory } from '../../js/e2ee/directory.js';
import { encodeEntry, TYPE } from '../../js/e2ee/entry.js';
import { commitmentOf, EpochSecret } from '../../js/e2ee/epoch.js';
import { encodeHeader } from '../../js/e2ee/header.js';
import { encodeStatement, signStatement } from '../../js/e2ee/identity.js';
import { generate, sign } from '../../js/e2ee/keys.js';
import { apply, emptyLog } from '../../js/e2ee/log.js';
import { hash, randomBytes } from '../../js/e2ee/primitives.js';

export const INSTANCE = Uint8Array.from({ length: 16 }, (_, i) => i + 16);
export const ROOM = 7;
export const ZEROS = new Uint8Array(32);
export const T0 = 1_767_225_600_000;
export const POLICY = Object.freeze({ join: 1, add: 0, history: 1, rotMsgs: 5_000, rotSecs: 604_800, name: 'lobby' });

/** Numbers that look random and are the same in every run. */
export function seeded(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * below);
  };
}

/** A directory and the log of one room, which grow as a test says. */
export class World {
  directory = new Directory(INSTANCE);
  records = [];
  people = new Map();
  entries = [];
  state = emptyLog(INSTANCE, ROOM);

  async person(userId, usr = `user_${userId}`) {
    const person = { userId, usr, gen: 1, kem: 1, ed: await generate('ed25519'), x: await generate('x25519') };
    this.people.set(userId, person);
    await this.publish(person, { gen: 1, kem: 1, prev: ZEROS, flags: 0 });
    return person;
  }

  async publish(person, { gen, kem, prev, flags }) {
    const { userId, usr, ed, x } = person;
    const at = { gen, kem, prev, flags, ts: T0 + this.records.length };
    const t = encodeStatement({ instance: INSTANCE, userId, usr, edPub: ed.pub, xPub: x.pub, ...at });
    const record = { i: this.records.length, ts: at.ts, t: toB64u(t), s: toB64u((await signStatement(t, ed.key)).s) };
    await this.directory.append(record);
    this.records.push(record);
    Object.assign(person, { gen, kem, statement: t, hash: await hash(t) });
  }

  async rotate(person) {
    person.x = await generate('x25519');
    await this.publish(person, { gen: person.gen, kem: person.kem + 1, prev: person.hash, flags: 0 });
  }

  async sign(person, body, change = {}) {
    const e = encodeEntry({
      instance: INSTANCE, room: ROOM, seq: this.state.seq + 1, prev: this.state.head, actor: person.userId,
      actorGen: person.gen, dirSeq: this.directory.newest, dirHead: this.directory.heads.at(-1),
      ts: T0 + 1_000 + this.state.seq, body, ...change,
    });
    return { e, s: await sign(person.ed.key, e) };
  }

  async log(person, body) {
    const entry = await this.sign(person, body);
    this.state = await apply(this.state, entry.e, entry.s, this.directory);
    this.entries.push(entry);
    return entry;
  }

  create(person, policy = POLICY) {
    return this.log(person, { type: TYPE.create, kind: 0, ...policy, edPub: person.ed.pub });
  }

  join(person) {
    return this.log(person, { type: TYPE.join, gen: person.gen, edPub: person.ed.pub });
  }

  async epoch(person, readers = [...this.people.values()]) {
    const [es, before] = [randomBytes(32), this.state.epoch];
    const epoch = (before?.epoch ?? 0) + 1;
    await this.log(person, {
      type: TYPE.epoch, epoch, prevEpochHash: before?.hash ?? ZEROS, history: this.state.policy.history, reason: 1,
      esCommit: await commitmentOf(es, { instance: INSTANCE, room: ROOM, epoch }),
      readers: readers.map(({ userId: user, gen, kem }) => ({ user, gen, kem })).sort((a, b) => a.user - b.user),
    });
    return new EpochSecret(es, this.state.head);
  }

  header(person, change = {}) {
    return encodeHeader({
      instance: INSTANCE, room: ROOM, epoch: this.state.epoch.epoch, epochHash: this.state.epoch.hash,
      logHead: this.state.head, sender: person.userId, gen: person.gen, mid: randomBytes(16), sid: new Uint8Array(8),
      n: 0, parent: ZEROS, kind: 1, target: new Uint8Array(16), ts: T0, files: [], ...change,
    });
  }
}
