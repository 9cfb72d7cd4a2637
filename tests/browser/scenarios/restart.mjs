import assert from 'node:assert/strict';

/** The server dies and comes back: so do its people, with everything that was said and what was written meanwhile. */
export default async function restart({ server, browser }) {
  browser.expected.push(/ERR_CONNECTION_REFUSED|WebSocket connection to/);
  const [ada, bea] = [await browser.person('ada'), await browser.person('bea')];
  await ada.signUp();
  await bea.signUp();
  const said = [];
  for (let i = 0; i < 5; i += 1) {
    said.push(`before ${i}`);
    await ada.say(said.at(-1));
  }
  await bea.sees('before 4');

  await server.kill();
  await ada.page.getByText('Reconnecting', { exact: true }).waitFor();
  for (let i = 0; i < 3; i += 1) {
    said.push(`meanwhile ${i}`);
    await ada.say(said.at(-1));
  }
  await ada.page.getByText('Waiting for a connection').first().waitFor();
  await ada.page.getByRole('button', { name: 'Try now' }).waitFor();
  await browser.picture('offline');
  await server.restart();

  for (const person of [ada, bea]) {
    const tryNow = person.page.getByRole('button', { name: 'Try now' });
    if (await tryNow.isVisible()) await tryNow.click().catch(() => {});
    await person.seesExactly(said);
  }
  assert.deepEqual(await server.stored(), said, 'each message once, in order');
  for (const person of [ada, bea]) {
    await person.page.reload();
    await person.arrived();
    await person.seesExactly(said);
  }
}
