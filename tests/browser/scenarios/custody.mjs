import assert from 'node:assert/strict';

import { PASSWORD } from '../lib/person.mjs';
import { survey } from './look.mjs';

const DESKTOP = { width: 1440, height: 900 };
const HOURS = 3_600_000;

/** Where keys are between two visits, when they are put away, and what a server that lies about them comes to. */
export default async function custody({ browser }) {
  browser.expected.push(/status of (400|401|403|409)/);
  const ada = await browser.person('ada');
  await ada.signUp();
  await keysStayAndCannotBeRead(ada);
  await lockedByHand(ada);
  await lockedAlone(ada);
  await notKept(ada);
  await anotherKey(ada, browser);
  await anotherDirectory(ada, browser);
}

/** After a reload one goes on without a password, and what is kept of the keys can sign and open, but not be read. */
async function keysStayAndCannotBeRead({ page }) {
  await page.reload();
  await page.getByText('Connected', { exact: true }).first().waitFor({ state: 'attached' });
  const kept = await page.evaluate(keptKeys);
  assert.deepEqual(kept, {
    names: ['localKey', 'own', 'signKey', 'stateKey', 'x1'],
    extractable: [false, false, false, false], uses: ['deriveBits', 'encrypt,decrypt', 'encrypt,decrypt', 'sign'],
  });
}

/** What the database has of the account, as a script in the page would find it. */
async function keptKeys() {
  const ask = (request) => new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  const database = await ask(indexedDB.open('secure-chat'));
  const account = await ask(database.transaction('things').objectStore('things').get('account'));
  database.close();
  if (!account) return null;
  const { own, agreement, ...keys } = account;
  const all = { ...keys, ...Object.fromEntries([...agreement].map(([kem, { key }]) => [`x${kem}`, key])) };
  return {
    names: [...Object.keys(all), 'own'].sort(),
    extractable: Object.values(all).map((key) => key.extractable),
    uses: Object.values(all).map((key) => key.usages.join()).sort(),
  };
}

async function lockedByHand(ada) {
  const { page } = ada;
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await page.getByRole('button', { name: 'Lock now' }).click();
  await page.getByRole('heading', { name: 'Locked' }).waitFor();
  assert.equal(await page.evaluate(keptKeys), null);
  await survey(page, 'locked');
  await page.setViewportSize(DESKTOP);
  await page.reload();
  await page.getByRole('heading', { name: 'Locked' }).waitFor();
  await page.getByLabel('Password', { exact: true }).fill('not the right one');
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.getByText('This is not your password.').waitFor();
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await ada.arrived();
}

/** Nobody is there for longer than the keys stay out. */
async function lockedAlone(ada) {
  const { page } = ada;
  await page.evaluate((ago) => {
    const mark = Object.keys(localStorage).find((key) => key.startsWith('touched:'));
    localStorage.setItem(mark, String(Date.now() - ago));
  }, 13 * HOURS);
  await page.keyboard.press('Shift');
  await page.getByText('Nobody was here for a while').waitFor();
}

/** Where others use the browser the keys do not stay in it. */
async function notKept(ada) {
  const { page } = ada;
  await page.getByLabel('Stay signed in here').uncheck();
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await ada.arrived();
  assert.equal(await page.evaluate(keptKeys), null);
  await page.reload();
  await page.getByRole('heading', { name: 'Locked' }).waitFor();
  await page.getByLabel('Stay signed in here').check();
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Unlock' }).click();
  await ada.arrived();
}

/** A key that is changed in one browser is known in the other, which asks for the password to open it. */
async function anotherKey(ada, browser) {
  const other = await browser.person('ada');
  await other.open();
  await other.signIn();
  await other.arrived();
  const { page } = ada;
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  const settings = page.getByRole('dialog', { name: 'Settings' });
  await settings.getByLabel('Password, to change the keys').fill(PASSWORD);
  await settings.getByRole('button', { name: 'Change my keys' }).click();
  await page.getByText('Your keys are changed.').waitFor();
  await other.page.getByText('Your keys were changed on another device.').waitFor();
  await other.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await other.page.getByRole('button', { name: 'Unlock' }).click();
  await other.arrived();
  await page.reload();
  await ada.arrived();
}

/** A directory that does not go on from what this browser has seen stops everything, and says so. */
async function anotherDirectory(ada, browser) {
  const { page } = ada;
  await page.route('**/api/e2ee/directory*', async (route) => {
    const answer = await route.fetch();
    const json = await answer.json();
    await route.fulfill({ response: answer, json: { ...json, records: [], head: { ...json.head, i: 0 } } });
  });
  await page.reload();
  await page.getByRole('heading', { name: 'Stop here' }).waitFor();
  await page.getByText('is not the one that it showed before').waitFor();
  await survey(page, 'alarm');
  await page.setViewportSize(DESKTOP);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.equal(await page.evaluate(keptKeys), null);
  await browser.picture('custody');
}
