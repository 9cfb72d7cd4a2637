import assert from 'node:assert/strict';

import { PASSWORD } from '../lib/person.mjs';
import { survey } from './look.mjs';

const DESKTOP = { width: 1440, height: 900 };
const SECOND = 'another horse entirely';
const THIRD = 'a third horse, recovered';

/** The recovery code: it cannot be passed over, is shown once, and is the way back; and what the settings change. */
export default async function recovery({ browser }) {
  browser.expected.push(/status of (400|401|403)/);
  const ada = await browser.person('ada');
  await theCodeCannotBePassedOver(ada);
  const first = await ada.keepsCode();
  await ada.arrived();
  const other = await browser.person('ada');
  await other.open();
  await other.signIn();
  await other.arrived();
  const second = await settings(ada, other);
  assert.notEqual(second, first);
  await theWayBack(ada, other, first, second);
}

async function theCodeCannotBePassedOver(ada) {
  const { page } = ada;
  await ada.makesAccount();
  await survey(page, 'code');
  await page.setViewportSize(DESKTOP);
  await page.getByLabel('Group 3').fill('none');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Check this group.').first().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-invalid')), 'true');
  await page.reload();
  await page.getByText('the one before is void').waitFor();
  await survey(page, 'another-code');
  await page.setViewportSize(DESKTOP);
  await ada.makesAnotherCode('not the right one');
  await page.getByText('This is not your password.').waitFor();
  await ada.makesAnotherCode();
}

/** Another password ends the other sign-ins; another code is shown like the first. */
async function settings(ada, other) {
  const { page } = ada;
  const dialog = await ada.settings();
  await ada.changesPassword('not the right one', SECOND);
  await dialog.getByText('This is not your password.').waitFor();
  await survey(page, 'settings-refused');
  await page.setViewportSize(DESKTOP);
  await ada.changesPassword(PASSWORD, SECOND);
  await page.getByText('The password is changed.').first().waitFor();
  await other.wasSignedOut();
  await dialog.getByLabel('Your password').fill(SECOND);
  await dialog.getByRole('button', { name: 'Make a new code' }).click();
  const code = await ada.keepsCode();
  await ada.arrived();
  return code;
}

async function theWayBack(ada, other, first, second) {
  const { page } = other;
  await page.getByRole('link', { name: 'Use your recovery code' }).click();
  await survey(page, 'recover');
  await page.setViewportSize(DESKTOP);
  await other.recovers(first, THIRD);
  await page.getByText('This code does not match. Check each group.').waitFor();
  await other.recovers(second.toLowerCase().replaceAll('-', ' '), THIRD);
  const third = await other.keepsCode();
  assert.notEqual(third, second);
  await other.arrived();
  await ada.wasSignedOut('Somebody has used your recovery code');
  await ada.signIn('ada', THIRD);
  await ada.arrived();
}
