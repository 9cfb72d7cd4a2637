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
  await ada.open();
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByLabel('Password again').fill(PASSWORD);
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByRole('group', { name: 'Recovery code' }).waitFor();
  await survey(page, 'code');
  await page.setViewportSize(DESKTOP);
  await page.getByLabel('Group 3').fill('none');
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('Check this group.').first().waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-invalid')), 'true');
  await page.reload();
  await page.getByText('the one before is void').waitFor();
  await page.getByLabel('Password', { exact: true }).fill('not the right one');
  await page.getByRole('button', { name: 'Make a new code' }).click();
  await page.getByText('This is not your password.').waitFor();
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Make a new code' }).click();
}

/** Another password ends the other sign-ins; another code is shown like the first. */
async function settings(ada, other) {
  const { page } = ada;
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Settings' });
  await dialog.getByLabel('Current password').fill('not the right one');
  await dialog.getByLabel('New password').fill(SECOND);
  await dialog.getByLabel('Password again').fill(SECOND);
  await dialog.getByRole('button', { name: 'Change password' }).click();
  await dialog.getByText('This is not your password.').waitFor();
  await dialog.getByLabel('Current password').fill(PASSWORD);
  await dialog.getByRole('button', { name: 'Change password' }).click();
  await page.getByText('The password is changed.').first().waitFor();
  await other.page.getByText('You were signed out on this device.').waitFor();
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
  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('Recovery code').fill(first);
  await page.getByLabel('New password').fill(THIRD);
  await page.getByLabel('Password again').fill(THIRD);
  await page.getByRole('button', { name: 'Set new password' }).click();
  await page.getByText('This code does not match. Check each group.').waitFor();
  await page.getByLabel('Recovery code').fill(second.toLowerCase().replaceAll('-', ' '));
  await page.getByRole('button', { name: 'Set new password' }).click();
  const third = await other.keepsCode();
  assert.notEqual(third, second);
  await other.arrived();
  await ada.page.getByText('You were signed out on this device.').waitFor();
  await ada.signIn('ada', THIRD);
  await ada.arrived();
}
