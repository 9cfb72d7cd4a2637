import assert from 'node:assert/strict';
import { test } from 'node:test';

import { chooseIdle } from '../js/core/idle.js';
import { createSession } from '../js/core/session.js';
import { words } from '../js/core/words.js';
import { world } from './fakes.js';

const MINUTE = 60_000;
const ada = { id: 7, username: 'ada', is_admin: false };

/** A page with a server behind it that does what the test says. */
function page({ signedIn = true, hasKeys = true, kept = true } = {}) {
  const { platform, advance, stored } = world();
  const now = { signedIn, kept, resumes: kept, heard: [], fault: null };
  /** @param {string} code */
  const refusal = (code) => Object.assign(new Error(code), { problem: { status: 0, code, message: '' } });
  const may = () => { if (now.fault) throw refusal(now.fault); };
  const account = {
    house: async () => ({ app_name: 'Northlight', registration: 'open', signed_in: now.signedIn }),
    current: async () => ({ app_name: 'Northlight', user: ada, has_keys: hasKeys }),
    canResume: () => now.kept,
    resume: async () => now.resumes,
    reopen: async () => now.resumes,
    sync: async () => may(),
    lock: async () => { now.kept = false; },
    release: async () => { now.kept = false; },
    async unlock(user, password) {
      if (password !== 'right') throw Object.assign(new Error(), { problem: { status: 401, code: 'invalid_credentials', message: '' } });
      may();
      now.kept = true;
      now.resumes = true;
    },
    async signIn() {
      may();
      now.signedIn = true;
      now.kept = true;
      now.resumes = true;
      return { user: ada, code: null, isDerivationNew: now.isDerivationNew ?? false };
    },
    async signUp() {
      now.kept = true;
      now.resumes = true;
      now.signedIn = true;
      return { user: ada, code: 'THE-CODE' };
    },
    heard: async (frame) => { now.heard.push(frame.type); may(); },
    signOut: async () => { may(); now.signedIn = false; },
  };
  const session = createSession({ ...platform, account }, 'Secure Chat');
  return { session, now, advance, stored, platform, phase: () => session.state.get().phase, settle };
}

/** Until everything that was begun has come to its end. */
const settle = () => new Promise((resolve) => { setImmediate(resolve); });

test('a reload finds the keys that were kept; without them the password is asked for', async () => {
  const open = page();
  await open.session.start();
  assert.equal(open.phase(), 'in');
  await settle();
  assert.equal(open.phase(), 'in');
  const closed = page({ kept: false });
  await closed.session.start();
  assert.equal(closed.phase(), 'locked');
  await assert.rejects(closed.session.unlock('wrong'));
  assert.equal(closed.phase(), 'locked');
  await closed.session.unlock('right');
  assert.equal(closed.phase(), 'in');
});

test('keys that were kept and are gone lock what was shown meanwhile', async () => {
  const { session, now, phase } = page();
  now.resumes = false;
  await session.start();
  await settle();
  assert.equal(phase(), 'locked');
});

test('an account without keys has nothing to lock', async () => {
  const { session, phase, advance } = page({ hasKeys: false, kept: false });
  await session.start();
  session.lock();
  advance(24 * 60 * MINUTE);
  session.touched();
  assert.equal(phase(), 'in');
});

test('when nobody was here for long the keys are put away, not before, and not while somebody is', async () => {
  const { session, phase, advance, platform } = page();
  chooseIdle(platform, 15);
  await session.start();
  advance(14 * MINUTE);
  session.touched();
  advance(14 * MINUTE);
  assert.equal(phase(), 'in');
  advance(2 * MINUTE);
  assert.equal(phase(), 'locked');
  assert.equal(session.state.get().notice, words.lockedIdle);
  await session.unlock('right');
  assert.equal(phase(), 'in');
  chooseIdle(platform, 0);
  advance(100 * 60 * MINUTE);
  assert.equal(phase(), 'in', 'as it was chosen');
});

test('a machine that slept for long is locked at the first touch, and a page that is opened again before it shows anything', async () => {
  const { session, phase, stored, platform } = page();
  await session.start();
  stored.set('touched:7', String(platform.clock.now() - 13 * 60 * MINUTE));
  session.touched();
  assert.equal(phase(), 'locked');
  const again = page();
  again.stored.set('touched:7', String(again.platform.clock.now() - 13 * 60 * MINUTE));
  await again.session.start();
  assert.equal(again.phase(), 'locked');
});

test('the recovery code comes before everything, also after a reload', async () => {
  const first = page({ signedIn: false });
  await first.session.start();
  assert.equal(first.phase(), 'out');
  await first.session.signUp('ada', 'right');
  assert.deepEqual([first.phase(), first.session.state.get().code], ['code', 'THE-CODE']);
  const again = page();
  for (const [key, text] of first.stored) again.stored.set(key, text);
  await again.session.start();
  assert.deepEqual([again.phase(), again.session.state.get().code], ['code', null]);
  first.session.codeKept();
  assert.equal(first.phase(), 'in');
});

test('a server that does not show what it showed before stops everything', async () => {
  for (const code of Object.keys(words.alarms)) {
    const { session, now, phase } = page();
    await session.start();
    await settle();
    now.fault = code;
    await session.heard({ type: 'dir' });
    assert.deepEqual([phase(), session.state.get().code], ['alarm', code]);
  }
  const atSignIn = page({ signedIn: false });
  await atSignIn.session.start();
  atSignIn.now.fault = 'instance_changed';
  await assert.rejects(atSignIn.session.signIn('ada', 'right'));
  assert.equal(atSignIn.phase(), 'alarm');
});

test('what a bad connection has kept from being compared is no alarm', async () => {
  const { session, now, phase } = page();
  now.fault = 'unreachable';
  await session.start();
  await settle();
  assert.equal(phase(), 'in');
});

test('keys that were changed elsewhere are asked for, unless another tab has kept them', async () => {
  const { session, now, phase } = page();
  await session.start();
  await settle();
  now.fault = 'keys_changed';
  await session.heard({ type: 'dir' });
  await settle();
  assert.equal(phase(), 'in');
  now.resumes = false;
  await session.heard({ type: 'dir' });
  await settle();
  assert.deepEqual([phase(), session.state.get().notice], ['locked', words.lockedKeysChanged]);
});

test('the server is believed when it says why it ended the session', async () => {
  const { session, now, phase } = page();
  await session.start();
  await session.heard({ type: 'recovered' });
  now.signedIn = false;
  await session.ended(words.signedOut);
  assert.deepEqual([phase(), session.state.get().notice], ['out', words.recoveredElsewhere]);
  assert.equal(now.kept, false, 'the keys do not stay');
});

test('a password that is asked for in another way than before is told of', async () => {
  const { session, now } = page({ signedIn: false });
  now.isDerivationNew = true;
  await session.start();
  await session.signIn('ada', 'right');
  assert.equal(session.state.get().notice, words.derivationNew);
});

test('who signs out while the server cannot be told leaves no keys behind', async () => {
  const { session, now, phase } = page();
  await session.start();
  await settle();
  now.fault = 'unreachable';
  await session.signOut();
  assert.deepEqual([phase(), session.state.get().notice, now.kept], ['locked', words.signOutLater, false]);
  now.fault = null;
  await session.signOut();
  assert.equal(phase(), 'out');
});

test('keys that are put away in one tab are put away in all', async () => {
  const { session, phase, advance, platform, stored } = page();
  chooseIdle(platform, 0);
  await session.start();
  stored.set('touched:7', '0');
  advance(MINUTE);
  assert.equal(phase(), 'locked');
  await session.unlock('right');
  session.lock();
  assert.deepEqual([phase(), stored.get('touched:7')], ['locked', '0']);
});
