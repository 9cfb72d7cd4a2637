import assert from 'node:assert/strict';

import { serveAssets } from '../lib/files.mjs';

const FIRST = 'correct horse battery';
const SECOND = 'another horse entirely';
const THIRD = 'a third horse, recovered';

/** Keyed accounts as the page will have them: every flow in real browsers, and no password on its way to the server. */
export default async function keyed({ server, browser }) {
  browser.expected.push(/Failed to load resource: the server responded with a status of 4/);
  const files = await serveAssets(server.address);
  const home = await device(browser, files);
  const away = await device(browser, files);

  const made = await home.run('signUp', 'Alice_1', FIRST);
  assert.equal(made.user?.username, 'Alice_1', JSON.stringify(made));
  assert.match(made.code, /^([0-9A-Z]{4}-){7}[0-9A-Z]{4}$/);
  assert.deepEqual(await home.run('signUp', 'alice_1', FIRST), { refused: 'username_taken' });
  assert.deepEqual(await home.run('signUp', 'bob', 'seven77'), { refused: 'kdf_refused' });

  assert.deepEqual(await away.run('signIn', 'Alice_1', 'a wrong password'), { refused: 'invalid_credentials' });
  assert.deepEqual(await away.run('signIn', 'nobody_here', FIRST), { refused: 'invalid_credentials' });
  assert.deepEqual(await away.run('signIn', 'ALICE_1', FIRST), { user: made.user, code: null, isDerivationNew: false });
  assert.equal(await away.run('unlock', made.user, FIRST), null);

  await home.run('changePassword', made.user, FIRST, SECOND);
  assert.deepEqual(await away.run('unlock', made.user, SECOND), { refused: 'unauthenticated' });
  assert.deepEqual(await away.run('signIn', 'alice_1', FIRST), { refused: 'invalid_credentials' });
  const another = { user: made.user, code: null, isDerivationNew: true };
  assert.deepEqual(await away.run('signIn', 'alice_1', SECOND), another);

  const code = await home.run('changeCode', made.user, SECOND);
  assert.deepEqual(await away.run('recover', 'alice_1', made.code, THIRD), { refused: 'invalid_credentials' });
  const mistyped = code.slice(0, -1) + (code.endsWith('0') ? '1' : '0');
  assert.deepEqual(await away.run('recover', 'alice_1', mistyped, THIRD), { refused: 'bad_recovery_code' });
  const back = await away.run('recover', 'alice_1', code.toLowerCase().replaceAll('-', ' '), THIRD);
  assert.deepEqual(back.user, made.user);
  assert.notEqual(back.code, code);
  assert.deepEqual(await home.run('unlock', made.user, THIRD), { refused: 'unauthenticated' });
  assert.deepEqual(await home.run('signIn', 'alice_1', THIRD), another);
  assert.equal(await home.run('signOut'), null);

  const sent = [...home.sent, ...away.sent];
  assert.ok(sent.some((body) => body.includes('auth_key')));
  for (const secret of [FIRST, SECOND, THIRD, made.code, code, back.code]) {
    assert.ok(!sent.some((body) => body.includes(secret)), 'a secret has left the browser');
  }
  files.end();
}

/** A browser of its own, with the page's modules and nothing drawn. */
async function device(browser, files) {
  const { page } = await browser.person('device');
  const sent = [];
  page.on('request', (request) => sent.push(request.postData() ?? ''));
  await page.goto(files.address);
  await page.evaluate(async () => {
    const named = document.createElement('meta');
    named.name = 'e2ee-worker';
    named.content = '/js/e2ee/worker.js';
    document.head.append(named);
    const [{ createKeyedAccount }, { startKeeper }, { browserHttp }, { browserClock }, { browserStorage }] = await Promise.all([
      import('/js/core/keyed_account.js'), import('/js/platform/keeper.js'), import('/js/platform/http.js'),
      import('/js/platform/clock.js'), import('/js/platform/storage.js'),
    ]);
    globalThis.account = createKeyedAccount({
      http: browserHttp(), clock: browserClock(), storage: browserStorage(), chance: () => 0, keeper: startKeeper(),
    });
  });
  const run = (flow, ...args) => page.evaluate(async ([name, given]) => {
    try {
      return (await globalThis.account[name](...given)) ?? null;
    } catch (fault) {
      return { refused: fault.problem?.code ?? fault.code ?? String(fault) };
    }
  }, [flow, args]);
  return { run, sent };
}
