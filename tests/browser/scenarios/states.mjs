import { execFileSync } from 'node:child_process';

import { survey } from './look.mjs';

const DESKTOP = { width: 1440, height: 900 };

/** How the page looks when something does not go well: refused, offline, unreachable, put out. */
export default async function states({ server, browser }) {
  browser.expected.push(/status of (400|401|403)/, /ERR_(INTERNET_DISCONNECTED|CONNECTION_REFUSED|FAILED)/, /WebSocket connection to/);
  await outside(server, browser);
  await offline(browser);
  await notLoaded(browser);
  await putOut(server, browser);
}

async function look(person, name, sizes) {
  await survey(person.page, name, sizes);
  await person.page.setViewportSize(DESKTOP);
}

async function outside(server, browser) {
  const stranger = await browser.person('stranger');
  const { page } = stranger;
  await page.route('**/api/csrf', (route) => route.abort());
  await stranger.open();
  await page.getByRole('button', { name: 'Try again' }).waitFor();
  await look(stranger, 'unreachable');
  await page.unroute('**/api/csrf');
  await page.getByRole('button', { name: 'Try again' }).click();
  await stranger.signIn('nobody', 'a wrong password');
  await page.getByText('Username or password is not right.').waitFor();
  await look(stranger, 'sign-in-refused');
  await page.getByRole('link', { name: 'Sign in without keys' }).click();
  await look(stranger, 'sign-in-keyless');
  await stranger.signIn(server.admin.username, 'a wrong password');
  await page.getByRole('alert').getByText(/./).first().waitFor();
  await look(stranger, 'sign-in-keyless-refused');
  await page.context().close();
}

/** The banner, what waits under it, and what the settings ask of who leaves now. */
async function offline(browser) {
  const ada = await browser.person('ada');
  await ada.signUp();
  await ada.say('before');
  await ada.page.locator('.msg.own.stored').waitFor();
  await ada.say('long '.repeat(5_000));
  await ada.page.getByText('Not sent.').waitFor();
  await look(ada, 'not-sent');
  await ada.context.setOffline(true);
  await ada.say('meanwhile');
  await ada.page.getByRole('button', { name: 'Try now' }).waitFor();
  await look(ada, 'offline');
  const dialog = await ada.settings();
  await dialog.getByText('Could not load devices').waitFor();
  await dialog.getByRole('button', { name: 'Sign out', exact: true }).click();
  await dialog.getByRole('button', { name: 'Stay' }).waitFor();
  await look(ada, 'sign-out-unsent');
  await ada.page.context().close();
}

/** Messages that are on their way, and messages and members that did not come. */
async function notLoaded(browser) {
  const cid = await browser.person('cid');
  await cid.signUp();
  const { page } = cid;
  const held = [];
  await page.route(/\/api\/messages/, (route) => { held.push(route); });
  await page.reload();
  await page.getByText('Loading messages').waitFor({ state: 'attached' });
  await look(cid, 'loading');
  await page.unroute(/\/api\/messages/, { behavior: 'ignoreErrors' });
  await page.route(/\/api\/(messages|rooms\/\d+\/members)/, (route) => route.abort());
  for (const route of held) await route.abort();
  await page.getByText('Could not load messages').waitFor();
  await look(cid, 'not-loaded');
  await page.getByRole('button', { name: /member/ }).click();
  await page.getByText('Could not load members').waitFor();
  await look(cid, 'members-not-loaded');
  await page.context().close();
}

async function putOut(server, browser) {
  const dan = await browser.person('dan');
  let line = null;
  await dan.context.routeWebSocket(/\/ws$/, (socket) => {
    line = socket;
    socket.connectToServer();
  });
  await dan.signUp();
  line.send(JSON.stringify({ type: 'kicked', reason: 'Take a break' }));
  await line.close({ code: 4003 });
  await dan.page.getByRole('dialog').getByText('Take a break').waitFor();
  await look(dan, 'kicked');
  await dan.page.getByRole('button', { name: 'Reconnect' }).click();
  await dan.page.getByText('Connected', { exact: true }).first().waitFor({ state: 'attached' });

  const eve = await browser.person('eve');
  await eve.signUp();
  execFileSync(process.env.SECURE_CHAT, ['--data-dir', server.folder, 'user', 'ban', 'eve', '--reason', 'spam']);
  await eve.page.getByText('Reason given: spam').waitFor();
  await look(eve, 'banned');
}
