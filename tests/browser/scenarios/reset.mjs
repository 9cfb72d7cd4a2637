import assert from 'node:assert/strict';

import { PASSWORD } from '../lib/person.mjs';
import { survey } from './look.mjs';

const DESKTOP = { width: 1440, height: 900 };
const SECOND = 'another horse entirely';
const THIRD = 'a third horse, renewed';

/** The two ways to begin anew: with an administrator's link when all is lost, and by oneself when somebody has it all. */
export default async function reset({ server, browser }) {
  browser.expected.push(/status of (400|401|403)/);
  const ada = await browser.person('ada');
  await ada.signUp();
  const bea = await browser.person('bea');
  await bea.signUp();
  await withALink(server, browser, ada);
  await byOneself(ada, bea);
}

/** Password and code are lost: a link makes new keys, once, and everything that was signed in is signed out. */
async function withALink(server, browser, ada) {
  const said = server.command('user', 'reset-link', 'ada');
  const link = /http:\/\/\S+#\/reset\/\S+/.exec(said)?.[0];
  assert.ok(link, said);
  const phone = await browser.person('ada');
  const { page } = phone;
  await page.goto(link);
  await page.getByRole('heading', { name: 'Start again with new keys' }).waitFor();
  assert.ok(!page.url().includes('reset'), 'the link does not stay in the address');
  await survey(page, 'start-over');
  await page.setViewportSize(DESKTOP);
  await page.getByLabel('New password').fill(SECOND);
  await page.getByLabel('Password again').fill(SECOND);
  await page.getByRole('button', { name: 'Make new keys' }).click();
  await phone.keepsCode();
  await phone.arrived();
  await ada.page.getByText('You were signed out on this device.').waitFor();
  await ada.signIn('ada', PASSWORD);
  await ada.page.getByText('Username or password is not right.').waitFor();
  await ada.signIn('ada', SECOND);
  await ada.page.getByText('Before you go on').waitFor();
  await ada.page.getByRole('button', { name: 'Close' }).click();
  await ada.arrived();

  const late = await browser.person('ada');
  await late.page.goto(link);
  await late.page.getByLabel('New password').fill(THIRD);
  await late.page.getByLabel('Password again').fill(THIRD);
  await late.page.getByRole('button', { name: 'Make new keys' }).click();
  await late.page.getByText('This link is not good any more.').waitFor();
}

/** Somebody may have password and keys: all of it is made anew, and nobody else is alarmed. */
async function byOneself(ada, bea) {
  const { page } = ada;
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await page.getByText('Somebody may have my password and my keys').click();
  await page.getByLabel('Present password').fill(SECOND);
  await page.getByLabel('Password from now on', { exact: true }).fill(THIRD);
  await page.getByLabel('Password from now on, again').fill(THIRD);
  await page.getByRole('button', { name: 'Make everything new' }).click();
  await ada.keepsCode();
  await ada.arrived();
  await page.reload();
  await ada.arrived();
  await bea.page.reload();
  await bea.arrived();
  await ada.say('It is me, with new keys');
  await bea.sees('It is me, with new keys');
}
