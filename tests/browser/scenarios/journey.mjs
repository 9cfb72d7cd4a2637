import assert from 'node:assert/strict';

import { PASSWORD } from '../lib/person.mjs';

const SECOND = 'another horse entirely';
const THIRD = 'a third horse, recovered';

/** One person's way through everything an account goes through, and another one who talks with them meanwhile. */
export default async function journey({ server, browser }) {
  browser.expected.push(/ERR_INTERNET_DISCONNECTED|WebSocket connection to|status of (401|403)/);
  const [ada, bea] = [await browser.person('ada'), await browser.person('bea')];
  await ada.makesAccount();
  await theCodeIsNotPassedOver(ada);
  const code = await ada.keepsCode();
  await ada.arrived();
  await bea.signUp();
  const said = ['Hello bea', 'Hello ada'];
  await ada.say(said[0]);
  await bea.sees(said[0]);
  await bea.say(said[1]);
  await ada.sees(said[1]);
  await whatIsUnsentSurvives(ada, bea, said);
  await anAcknowledgementIsLost(browser, bea, said);
  for (const person of [ada, bea]) await person.seesExactly(said);
  assert.deepEqual(await server.stored(), said);
  await anotherTabIsNobodysBusiness(server, ada, bea, said);

  const elsewhere = await browser.person('ada');
  await elsewhere.open();
  await elsewhere.signIn();
  await elsewhere.arrived();
  await elsewhere.seesExactly(said);
  await ada.changesPassword(PASSWORD, SECOND);
  await elsewhere.wasSignedOut();
  await ada.page.keyboard.press('Escape');

  await elsewhere.page.getByRole('link', { name: 'Use your recovery code' }).click();
  await elsewhere.recovers(code, THIRD);
  await elsewhere.keepsCode();
  await elsewhere.arrived();
  await elsewhere.seesExactly(said);
  await ada.wasSignedOut('Somebody has used your recovery code');
  await ada.signIn('ada', SECOND);
  await ada.page.getByText('Username or password is not right.').waitFor();
  await ada.signIn('ada', THIRD);
  await ada.arrived();
  await ada.seesExactly(said);
}

/** Neither a reload nor Back, nor an address, nor another tab leads past the recovery code. */
async function theCodeIsNotPassedOver(ada) {
  const { page } = ada;
  const isAsked = async (where) => {
    await where.getByRole('heading', { name: 'Your recovery code' }).waitFor();
    assert.equal(await where.getByRole('textbox', { name: /^Message/ }).count(), 0);
    assert.equal(await where.getByRole('navigation', { name: 'Conversations' }).count(), 0);
  };
  await page.goBack();
  if (!page.url().startsWith(ada.server.address)) await page.goForward();
  await isAsked(page);
  await page.reload();
  await isAsked(page);
  for (const address of ['/', '/#/room/1', '/#/', '/?anything']) {
    await page.goto('about:blank');
    await page.goto(ada.server.address + address);
    await isAsked(page);
  }
  await page.goto(ada.server.address);
  const tab = await ada.tab();
  await tab.open();
  await isAsked(tab.page);
  await tab.page.close();
  assert.ok(!ada.wire.sent.some((sent) => String(sent).includes('"type":"auth"')), 'no connection is made before');
  await ada.makesAnotherCode();
}

/** Written without a network, and the page loaded again without one and with one: it waits, and arrives once and in order. */
async function whatIsUnsentSurvives(ada, bea, said) {
  await ada.context.setOffline(true);
  await ada.page.getByText('Offline', { exact: true }).waitFor();
  for (const text of ['first without a network', 'second without a network']) {
    said.push(text);
    await ada.say(text);
  }
  await ada.page.getByText('Waiting for a connection').nth(1).waitFor();
  await ada.composer.fill('not finished');
  await bea.say('meanwhile');
  said.splice(-2, 0, 'meanwhile');
  await bea.sees('meanwhile');
  // The browser may have nothing to show as long as the network is away.
  await ada.page.reload().catch(() => {});
  await ada.context.setOffline(false);
  await ada.open();
  await ada.arrived();
  for (const person of [ada, bea]) await person.seesExactly(said);
  assert.equal(await ada.composer.inputValue(), 'not finished');
  await ada.composer.fill('');
  await ada.say('and further');
  said.push('and further');
  for (const person of [ada, bea]) await person.seesExactly(said);
}

/** The server has the message, and the page does not know it: sent again after a reload, it is still one message. */
async function anAcknowledgementIsLost(browser, bea, said) {
  const cid = await browser.person('cid');
  let isDeaf = false;
  await cid.context.routeWebSocket(/\/ws$/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((frame) => { if (!isDeaf) socket.send(frame); });
  });
  await cid.signUp();
  isDeaf = true;
  const text = 'told twice, heard once';
  await cid.say(text);
  await bea.sees(text);
  assert.equal(await cid.page.locator('.msg.own.stored').count(), 0, 'the page does not know that it is stored');
  isDeaf = false;
  await cid.page.reload();
  await cid.arrived();
  said.push(text);
  await cid.seesExactly(said);
  await cid.page.locator('.msg.own.stored').filter({ hasText: text }).waitFor();
  await cid.say('and after');
  said.push('and after');
  await bea.sees('and after');
  await cid.context.close();
}

/** A second tab is announced to nobody, neither as it opens nor as it closes; the last one's closing is. */
async function anotherTabIsNobodysBusiness(server, ada, bea, said) {
  const tell = async (person, text) => {
    await person.say(text);
    said.push(text);
    await bea.sees(text);
  };
  const about = (type) => bea.wire.heard.filter((frame) => frame.type === type && frame.user?.username === 'ada').length;
  const count = () => bea.page.locator('.online-sec h3').innerText();
  await server.connections(2);
  const before = [about('user_joined'), about('user_left'), await count()];
  const tab = await ada.tab();
  await tab.open();
  await tab.arrived();
  await server.connections(3);
  await tell(tab, 'from the second tab');
  assert.deepEqual([about('user_joined'), about('user_left'), await count()], before);
  await tab.page.close();
  await server.connections(2);
  await tell(ada, 'from the first tab');
  assert.deepEqual([about('user_joined'), about('user_left'), await count()], before);
  // That it would have been heard.
  await ada.page.goto('about:blank');
  await server.connections(1);
  await bea.page.locator('.online-sec').getByText('ada').waitFor({ state: 'detached' });
  assert.deepEqual([about('user_joined'), about('user_left')], [before[0], before[1] + 1]);
  await ada.open();
  await ada.arrived();
}
