import assert from 'node:assert/strict';
import { test } from 'node:test';

import { toB64u, Writer } from '../../js/e2ee/codec.js';
import { Custody } from '../../js/e2ee/custody.js';
import { Directory } from '../../js/e2ee/directory.js';
import { keptInMemory } from '../../js/e2ee/kept.js';
import { generate, sign } from '../../js/e2ee/keys.js';
import { createOperations } from '../../js/e2ee/operations.js';
import { INSTANCE, T0 } from './world.js';

const password = 'correct horse battery';
const instanceId = toB64u(INSTANCE);

/** A server of one account: what it has of it, and the pages of its directory. */
class House {
  records = [];
  state = null;
  keyring = null;

  async begin() {
    this.key = await generate('ed25519');
    return this;
  }

  publish({ t, s, ps }) {
    this.records.push({ i: this.records.length, ts: T0 + this.records.length, t, s, ...(ps && { ps }) });
  }

  async page(records = this.records) {
    const directory = await Directory.replay(INSTANCE, records);
    const [i, head, ts] = [directory.newest, directory.heads.at(-1), T0 + 30];
    const signed = new Writer('dir-head').fixed(INSTANCE, 16).u64(i).fixed(head, 32).u64(ts).done();
    return {
      instance_id: instanceId, instance_key: toB64u(this.key.pub), records,
      head: { i, head: toB64u(head), ts, sig: toB64u(await sign(this.key.key, signed)) },
    };
  }

  /** Puts what a browser has to say in the place of what is there. */
  async take(browser) {
    const next = await browser.nextState();
    if (next === null) return null;
    assert.equal(next.version, (this.state?.version ?? 0) + 1);
    this.state = next;
    await browser.keptState(next);
    return next;
  }
}

/** Somebody who has made an account in a browser, which keeps its keys. */
async function arrived() {
  const house = await new House().begin();
  const kept = keptInMemory();
  const browser = createOperations(new Custody(), kept);
  const { body, code } = await browser.register({
    instance_id: instanceId, user_id: 42, username: 'User_42', password, now: T0,
  });
  house.publish(body.identity);
  house.body = body;
  house.keyring = { ed: [{ gen: 1, box: body.ed_box }], x: [body.x_box] };
  await browser.readDirectory(await house.page());
  browser.checkOwn();
  await browser.takeState({ state: null });
  await house.take(browser);
  await browser.keep();
  return { house, kept, browser, code };
}

/** Another browser, by the password. */
async function elsewhere(house, secret = password, kept = keptInMemory()) {
  const browser = createOperations(new Custody(), kept);
  await browser.prove({ instance_id: instanceId, username: 'user_42', password: secret, ...house.body });
  await browser.readDirectory(await house.page());
  await browser.unlock({ user_id: 42, amk_pw: house.body.amk_pw, keyring: house.keyring });
  await browser.takeState({ state: house.state });
  return browser;
}

/** The present password, shown again, as every change of secrets asks for it. */
const prove = (browser, house, secret = password) => (
  browser.prove({ instance_id: instanceId, username: 'user_42', password: secret, ...house.body })
);

test('the next visit opens the account with the keys that were kept, and nobody else does', async () => {
  const { house, kept } = await arrived();
  const next = createOperations(new Custody(), kept);
  assert.deepEqual(await next.resume({ user_id: 43 }), { open: false });
  assert.deepEqual(await next.resume({ user_id: 42 }), { open: true });
  assert.deepEqual(await next.standing(), { next: 1, version: 0 });
  await next.readDirectory({ ...await house.page(), records: [] });
  assert.deepEqual(await next.takeState({ state: house.state }), { version: 1 });
  await next.checkDirectory();
  assert.equal(await next.nextState(), null, 'there is nothing that the server does not have');
  await next.release();
  assert.deepEqual(await createOperations(new Custody(), kept).resume({ user_id: 42 }), { open: false });
});

test('an older state than was seen here is not taken, nor none, also after the keys were put away', async () => {
  const { house, kept, browser } = await arrived();
  const older = house.state;
  house.publish((await other(43)).body.identity);
  await browser.readDirectory(await house.page());
  assert.deepEqual(browser.meet({ users: [43], now: T0 }), { news: true });
  await house.take(browser);
  assert.equal(house.state.version, 2);
  await browser.release();
  for (const state of [older, null]) {
    const back = createOperations(new Custody(), kept);
    await prove(back, house);
    await back.readDirectory(await house.page());
    await back.unlock({ user_id: 42, amk_pw: house.body.amk_pw, keyring: house.keyring });
    await assert.rejects(back.takeState({ state }), { code: 'state_rollback' });
    await back.takeState({ state: house.state });
  }
});

test('two browsers that write at once end with what both have to say', async () => {
  const { house, browser } = await arrived();
  const second = await elsewhere(house);
  for (const id of [43, 44]) house.publish((await other(id)).body.identity);
  for (const one of [browser, second]) await one.readDirectory(await house.page());
  browser.meet({ users: [43], now: T0 });
  second.meet({ users: [44], now: T0 + 1 });
  await second.nextState();
  await house.take(browser);
  await second.takeState({ state: house.state });
  assert.equal((await house.take(second)).version, 3);
  await browser.takeState({ state: house.state });
  assert.equal(await browser.nextState(), null);
  assert.deepEqual(browser.meet({ users: [43, 44], now: T0 + 9 }), { news: false });
});

test('a blob that was not sealed by this account is not taken for one', async () => {
  const { house, browser } = await arrived();
  const forged = { version: 2, blob: toB64u(new Uint8Array(60)) };
  await assert.rejects(browser.takeState({ state: forged }), { code: 'bad_state' });
  await assert.rejects(browser.takeState({ state: { ...house.state, version: 2 } }), { code: 'bad_state' });
});

test('another key is the account\'s when the directory says so; other browsers know of it before', async () => {
  const { house, kept, browser } = await arrived();
  const second = await elsewhere(house);
  await prove(browser, house);
  const { body } = await browser.rotate({ amk_pw: house.body.amk_pw, now: T0 + 5 });
  assert.throws(() => browser.adopt(), { code: 'own_key_mismatch' });
  await prove(browser, house);
  const again = await browser.rotate({ amk_pw: house.body.amk_pw, now: T0 + 6 });
  assert.notEqual(again.body.identity.t, body.identity.t);
  await house.take(browser);
  house.publish(again.body.identity);
  house.keyring.x.push(again.body.x_box);
  await browser.readDirectory(await house.page());
  browser.adopt();
  await browser.keep();
  await second.readDirectory(await house.page());
  await assert.rejects(second.checkDirectory(), { code: 'foreign_identity' }, 'it has not heard of it yet');
  await second.takeState({ state: house.state });
  await assert.rejects(second.checkDirectory(), { code: 'keys_changed' });
  assert.deepEqual(await createOperations(new Custody(), kept).resume({ user_id: 42 }), { open: true });
  await (await elsewhere(house)).checkDirectory();
});

test('keys that were kept and are not the published ones any more are not used', async () => {
  const { house, kept } = await arrived();
  const second = await elsewhere(house);
  await prove(second, house);
  const { body } = await second.rotate({ amk_pw: house.body.amk_pw, now: T0 + 5 });
  house.publish(body.identity);
  await createOperations(new Custody(), kept).readDirectory(await house.page());
  await assert.rejects(createOperations(new Custody(), kept).resume({ user_id: 42 }), { code: 'keys_changed' });
});

test('everything new: the old keys vouch for the new ones, what was sealed to them stays readable', async () => {
  const { house, browser } = await arrived();
  await prove(browser, house);
  const second = 'another horse entirely';
  const { code, body } = await browser.renew({
    amk_pw: house.body.amk_pw, keyring: house.keyring, password: second, now: T0 + 5,
  });
  assert.equal(typeof code, 'string');
  assert.equal(typeof body.identity.ps, 'string');
  await house.take(browser);
  house.publish(body.identity);
  house.body = { ...body, auth_key: body.new_auth_key };
  house.keyring = { ed: [{ gen: body.gen, box: body.ed_box }], x: [...body.x_boxes, body.x_box] };
  await browser.readDirectory(await house.page());
  browser.adopt();
  await browser.takeState({ state: house.state });
  await browser.checkDirectory();
  const fresh = await elsewhere(house, second);
  await fresh.checkDirectory();
  assert.deepEqual(house.keyring.x.map(({ kem }) => kem), [1, 2]);
});

test('a link from an administrator makes new keys that follow the lost ones', async () => {
  const { house, kept } = await arrived();
  const last = (await Directory.replay(INSTANCE, house.records)).latest(42);
  const lost = createOperations(new Custody(), kept);
  const { body } = await lost.startOver({
    instance_id: instanceId, user: { id: 42, username: 'User_42' }, prev: { gen: 1, kem: 1, hash: toB64u(last.hash) },
    password: 'another horse entirely', now: T0 + 9,
  });
  assert.equal(body.identity.ps, undefined);
  house.publish(body.identity);
  await lost.readDirectory(await house.page());
  lost.checkOwn();
  assert.deepEqual(await lost.takeState({ state: null }), { version: 0 });
  await lost.checkDirectory();
});

test('forgetting leaves nothing', async () => {
  const { kept, browser } = await arrived();
  await browser.forget();
  assert.deepEqual([await kept.read('account'), await kept.read('state'), await kept.read('installation'), await kept.records()], [null, null, null, []]);
});

/** Somebody else who has made an account. */
async function other(userId) {
  const operations = createOperations(new Custody());
  return operations.register({ instance_id: instanceId, user_id: userId, username: `user_${userId}`, password, now: T0 });
}
