import assert from 'node:assert/strict';

/**
 * The first administrator signs in with the password that was printed, gets keys and a recovery code, and is marked as
 * one. From then on nobody can send that password.
 */
export default async function admin({ server, browser }) {
  const { username, password } = server.admin;
  const person = await browser.person('admin');
  await person.open();
  await person.signIn(username, password);
  await person.keepsCode();
  await person.arrived();
  await person.page.locator('.online-sec').getByText('Admin', { exact: true }).waitFor();

  browser.expected.push(/status of 400/);
  const other = await browser.person('other');
  await other.open();
  await other.page.getByRole('link', { name: 'Sign in without keys' }).click();
  await other.signIn(username, password);
  await other.page.getByText('This account has keys.').waitFor();
  await other.page.getByRole('link', { name: 'Sign in' }).click();
  await other.signIn(username, password);
  await other.arrived();
  assert.equal(await other.page.getByRole('group', { name: 'Recovery code' }).count(), 0);
}
