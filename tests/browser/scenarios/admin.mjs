/** The first administrator signs in with the password that was printed, and is marked as one. */
export default async function admin({ server, browser }) {
  const person = await browser.person('admin');
  await person.open();
  await person.signIn(server.admin.username, server.admin.password);
  await person.arrived();
  await person.page.locator('.online-sec').getByText('Admin', { exact: true }).waitFor();
}
