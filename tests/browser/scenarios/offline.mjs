import assert from 'node:assert/strict';

/** The network goes: what is written waits, survives a reload, and arrives once and in order. */
export default async function offline({ server, browser }) {
  browser.expected.push(/ERR_INTERNET_DISCONNECTED|WebSocket connection to|ERR_CONNECTION_REFUSED/);
  const [ada, bea] = [await browser.person('ada'), await browser.person('bea')];
  await ada.signUp();
  await bea.signUp();
  await ada.context.setOffline(true);
  await ada.page.getByText('Offline', { exact: true }).waitFor();
  const said = ['one', 'two', 'three'];
  for (const text of said) await ada.say(text);
  await ada.page.getByText('Waiting for a connection').nth(2).waitFor();
  await bea.say('meanwhile');
  await ada.context.setOffline(false);
  await ada.seesExactly(['meanwhile', ...said]);
  await bea.seesExactly(['meanwhile', ...said]);

  // Written while the server is away, then reloaded as soon as it is back.
  await server.kill();
  await ada.page.getByText('Reconnecting', { exact: true }).waitFor();
  await ada.say('four');
  await ada.page.getByText('Waiting for a connection').waitFor();
  await server.restart();
  await ada.page.reload();
  await ada.seesExactly(['meanwhile', ...said, 'four']);
  await bea.seesExactly(['meanwhile', ...said, 'four']);
  assert.deepEqual(await server.stored(), ['meanwhile', ...said, 'four']);
}
