import assert from 'node:assert/strict';

/** Signing up, in and out, and what is said when it does not work. */
export default async function accounts({ browser }) {
  // 403: what one has read may be on its way to the server while the session ends in another tab.
  browser.expected.push(/status of (401|403|409|429)/);
  const ada = await browser.person('ada');
  const { page } = ada;
  await ada.open();
  await page.getByRole('link', { name: 'Create an account' }).click();
  await page.getByLabel('Username').fill('a b');
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.getByText('Use only letters, numbers and underscores.').waitFor();
  await page.getByLabel('Password again').fill('other');
  await page.getByText('Use at least 8 characters.').waitFor();
  await page.getByRole('button', { name: 'Create account' }).click();
  await page.getByText('The two passwords are not the same.').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('autocomplete')), 'username');
  await page.getByLabel('Username').fill('ada');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.getByLabel('Password again').fill('correct horse battery');
  await page.getByRole('button', { name: 'Show password' }).first().click();
  assert.equal(await page.getByLabel('Password', { exact: true }).getAttribute('type'), 'text');
  await page.keyboard.press('Tab');
  await page.getByRole('button', { name: 'Create account' }).click();
  await ada.keepsCode();
  await ada.arrived();

  const bea = await browser.person('Ada');
  await bea.open();
  await bea.page.getByRole('link', { name: 'Create an account' }).click();
  await bea.page.getByLabel('Username').fill('Ada');
  await bea.page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await bea.page.getByLabel('Password again').fill('correct horse battery');
  await bea.page.getByRole('button', { name: 'Create account' }).click();
  await bea.page.getByText('Somebody has this name already.').waitFor();
  await bea.page.getByRole('link', { name: 'Sign in' }).click();
  await bea.signIn('ada', 'wrong password');
  await bea.page.getByText('Username or password is not right.').waitFor();
  assert.equal(await bea.page.getByLabel('Username').inputValue(), 'ada', 'both fields are kept');
  await bea.signIn('ada');
  await bea.arrived();

  // Signing out in one browser leaves the other alone, and closes what it showed.
  await page.getByRole('button', { name: 'Settings' }).click();
  await page.getByRole('button', { name: 'Sign out', exact: true }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  assert.equal(await ada.articles.count(), 0);
  await page.goBack().catch(() => {});
  await page.goto(ada.server.address);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await bea.say('still here');
  await bea.sees('still here');

  // Two tabs of one session: the other one is told.
  const tab = await bea.tab();
  await tab.open();
  await tab.arrived();
  await (await tab.settings()).getByRole('button', { name: 'Sign out', exact: true }).click();
  await bea.wasSignedOut();
}
