import assert from 'node:assert/strict';

import { contents, leaks, spellings } from '../lib/scan.mjs';

/** Everything that the server can say is written down. */
export const environment = { LOG: 'trace' };

const [FIRST, SECOND, THIRD, WRONG] = ['one', 'two', 'three', 'wrong'].map((word) => `canary "${word}\\ pässwort 7f3a`);
const NAME = 'canary_bird';

/**
 * Passwords and recovery codes as people type them stay in the browser: what it sends is recorded, and everything that
 * the server keeps and logs is searched, for every spelling of them. The Rust client is held to the same by
 * `tests/it/secrets.rs`.
 */
export default async function canaries({ server, browser }) {
  browser.expected.push(/status of (400|401|403)/);
  const [home, away] = [await browser.person(NAME), await browser.person(NAME)];
  const codes = await live(home, away);
  const secrets = [FIRST, SECOND, THIRD, WRONG,
    ...codes.flatMap((code) => [code, code.replaceAll('-', ''), code.toLowerCase(), code.replaceAll('-', ' ')])];

  const running = contents(server.folder);
  assert.ok(running.some(([path]) => path.endsWith('-wal')));
  await server.stop();
  const sent = [...home.wire.sent, ...away.wire.sent].map((one, at) => [`request ${at}`, one]);
  const kept = [...running, ...contents(server.folder)];
  const logged = [['the log', server.log()]];
  assert.deepEqual(leaks([...sent, ...kept, ...logged], secrets), []);

  // That it would have been found: what is there is, and what is planted.
  for (const [places, text] of [[sent, NAME], [sent, 'auth_key'], [sent, 'client_id'], [kept, NAME], [logged, '/api/auth/recover/finish']]) {
    assert.notDeepEqual(leaks(places, [text]), [], text);
  }
  for (const [name, needle] of Object.entries(spellings(FIRST))) {
    assert.notDeepEqual(leaks([['planted', Buffer.concat([Buffer.from('<'), Buffer.from(needle), Buffer.from('>')])]], [FIRST]), [], name);
  }
}

/** All that a keyed account goes through in the page. The recovery codes that were shown. */
async function live(home, away) {
  const first = await home.signUp(FIRST);
  await home.say('hello');
  await away.open();
  await away.signIn(NAME, WRONG);
  await away.page.getByText('Username or password is not right.').waitFor();
  await away.signIn(NAME, FIRST);
  await away.arrived();
  await home.changesPassword(WRONG, SECOND);
  await home.page.getByText('This is not your password.').waitFor();
  await home.changesPassword(FIRST, SECOND);
  await away.wasSignedOut();
  const dialog = await home.settings();
  await dialog.getByLabel('Your password').fill(SECOND);
  await dialog.getByRole('button', { name: 'Make a new code' }).click();
  const second = await home.keepsCode();
  await home.arrived();
  await away.page.getByRole('link', { name: 'Use your recovery code' }).click();
  await away.recovers(first, THIRD);
  await away.page.getByText('This code does not match. Check each group.').waitFor();
  await away.recovers(second, THIRD);
  const third = await away.keepsCode();
  await away.arrived();
  await away.say('and back');
  await away.sees('and back');
  // What was typed is not kept for the next reader of this browser either.
  const stored = await away.page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, history.state]));
  assert.deepEqual(leaks([['the storage of the page', stored]], [FIRST, SECOND, THIRD, WRONG, first, second, third]), []);
  return [first, second, third];
}
