import assert from 'node:assert/strict';

import { survey } from './look.mjs';

/** Two people and everything that can be done with a message; then an outage. */
export default async function timeline({ server, browser }) {
  browser.expected.push(/ERR_INTERNET_DISCONNECTED|WebSocket connection to|ERR_CONNECTION_REFUSED/);
  const [ada, bea] = [await browser.person('ada'), await browser.person('bea')];
  await ada.signUp();
  await bea.signUp();
  await markdown(ada, bea);
  await changes(ada, bea);
  await completion(ada, bea);
  await survey(bea.page, 'timeline');
  await bea.page.setViewportSize({ width: 1440, height: 900 });
  await keyboard(bea);
  await menus(bea);
  await touch(server, browser);
  await outage(ada, bea);
}

/** What was written shows as meant, and nothing of it is markup. */
async function markdown(ada, bea) {
  await ada.say('**Low water** is at *16:40*, ~~16:20~~: `WGS 84`, [tables](https://example.org/tides)');
  await ada.say('> as said\n\n- buoy one\n- buoy two\n\n```\nlet depth = 4;\n```');
  await bea.sees('Low water');
  const feed = bea.page.getByRole('feed');
  for (const tag of ['strong', 'em', 's', 'blockquote', 'ul > li', 'pre > code']) await feed.locator(tag).first().waitFor();
  await ada.say('[x](javascript:alert(1)) <b onclick=alert(1)>no</b>');
  await bea.sees('onclick=alert');
  assert.deepEqual(await feed.getByRole('link').evaluateAll((all) => all.map((a) => a.href)), ['https://example.org/tides']);
  assert.equal(await feed.locator('b[onclick]').count(), 0);
}

const one = (person, text) => person.articles.filter({ hasText: text }).last();

/** A message is answered, reacted to, edited, deleted and undone: here at once, there soon. */
async function changes(ada, bea) {
  await bea.say('Same tide window tomorrow?');
  await ada.sees('Same tide window');
  await one(ada, 'Same tide').hover();
  await one(ada, 'Same tide').getByRole('button', { name: 'Reply' }).click();
  await ada.page.getByText('Replying to bea').waitFor();
  await ada.page.keyboard.type('Yes, at nine');
  await ada.page.keyboard.press('Enter');
  await one(bea, 'Yes, at nine').getByRole('button', { name: 'In reply to ada' }).count();
  await one(bea, 'Yes, at nine').locator('.quote').filter({ hasText: 'Same tide window' }).waitFor();

  await one(bea, 'Yes, at nine').hover();
  await one(bea, 'Yes, at nine').getByRole('button', { name: 'React with thumbs up' }).click();
  await one(bea, 'Yes, at nine').getByRole('button', { name: '1 reaction, including yours', pressed: true }).waitFor();
  await one(ada, 'Yes, at nine').getByRole('button', { name: '👍, 1 reaction', pressed: false }).click();
  await one(bea, 'Yes, at nine').getByRole('button', { name: '2 reactions, including yours' }).waitFor();

  // The last one of one's own, by an arrow; and back out of it.
  await ada.composer.focus();
  await ada.page.keyboard.press('ArrowUp');
  await ada.page.getByText('Editing a message').waitFor();
  assert.equal(await ada.composer.inputValue(), 'Yes, at nine');
  await ada.page.keyboard.press('Escape');
  assert.equal(await ada.composer.inputValue(), '');
  await ada.page.keyboard.press('ArrowUp');
  await ada.composer.fill('Yes, at ten');
  await ada.page.keyboard.press('Enter');
  await one(ada, 'Yes, at ten').getByText('Edited').waitFor();
  await one(bea, 'Yes, at ten').getByText('Edited').waitFor();

  await ada.say('a slip');
  await ada.page.locator('.msg.own.stored').filter({ hasText: 'a slip' }).waitFor();
  await one(ada, 'a slip').focus();
  await ada.page.keyboard.press('Delete');
  await ada.page.getByRole('button', { name: 'Undo' }).click();
  await one(ada, 'a slip').focus();
  await ada.page.keyboard.press('Delete');
  await one(ada, 'Message deleted').waitFor();
  await one(bea, 'Message deleted').waitFor();
}

/** Names are completed by key and by press; typing shows on the other side. */
async function completion(ada, bea) {
  const field = ada.page.locator('#compose');
  await field.focus();
  await ada.page.keyboard.type('Thanks @be');
  const options = ada.page.getByRole('option');
  await options.first().waitFor();
  assert.equal(await field.getAttribute('aria-controls'), await ada.page.getByRole('listbox').getAttribute('id'));
  assert.equal(await ada.page.locator(`#${await field.getAttribute('aria-activedescendant')}`).textContent(), 'Bebea');
  await bea.page.locator('.typing').getByText('ada is typing').first().waitFor();
  await survey(ada.page, 'completion', ['desktop', 'phone']);
  await ada.page.setViewportSize({ width: 1440, height: 900 });
  await ada.page.keyboard.press('Enter');
  assert.equal(await field.inputValue(), 'Thanks @bea ');
  await ada.page.keyboard.type('and @');
  await ada.page.getByRole('option', { name: 'ada' }).click();
  assert.equal(await field.inputValue(), 'Thanks @bea and @ada ');
  await ada.page.keyboard.type('@nobody_here');
  await ada.page.getByText('No one here by that name').first().waitFor();
  await field.fill('Thanks @bea and @ada!');
  await ada.page.keyboard.press('Enter');
  await one(bea, 'Thanks').locator('.men.you').filter({ hasText: '@bea' }).waitFor();
  await bea.page.locator('.msg.mention').filter({ hasText: 'Thanks' }).waitFor();
  await bea.page.locator('.typing').getByText('is typing').first().waitFor({ state: 'hidden' });
}

/** Into the messages, through them, into the toolbar and out again. */
async function keyboard(bea) {
  const { page } = bea;
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
  await bea.articles.last().focus();
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowDown');
  assert.match(await focused(), /^ada, /);
  await page.keyboard.press('Enter');
  assert.equal(await focused(), 'React with thumbs up');
  await page.keyboard.press('ArrowRight');
  assert.equal(await focused(), 'Add reaction');
  await page.keyboard.press('Escape');
  assert.match(await focused(), /^ada, /);
  await page.keyboard.press('r');
  await page.getByText('Replying to ada').waitFor();
  assert.equal(await focused(), 'Message #plain');
  await page.keyboard.press('Escape');
  await page.getByText('Replying to ada').waitFor({ state: 'hidden' });
  const stops = await bea.articles.evaluateAll((all) => all.filter((article) => article.tabIndex === 0).length);
  assert.equal(stops, 1, 'one message is in the tab order');
}

/** The menu and the emoji; a press on an emoji is a reaction. */
async function menus(bea) {
  const { page } = bea;
  await one(bea, 'Thanks').focus();
  await page.keyboard.press('+');
  await page.getByRole('dialog', { name: 'Choose an emoji' }).waitFor();
  await survey(page, 'emoji');
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.getByRole('button', { name: '🎉' }).click();
  await one(bea, 'Thanks').getByRole('button', { name: '🎉, 1 reaction, including yours' }).waitFor();
  assert.match(await page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? ''), /^ada, /, 'the focus is back');
}

/** A finger that rests on a message opens the sheet. */
async function touch(server, browser) {
  const cid = await browser.person('cid', { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  await cid.signUp();
  await cid.sees('Thanks');
  const box = await one(cid, 'Thanks').boundingBox();
  const client = await cid.context.newCDPSession(cid.page);
  const touchPoints = [{ x: box.x + 80, y: box.y + 30 }];
  await client.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints });
  await cid.page.getByRole('dialog', { name: 'Message actions' }).waitFor();
  await client.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  await survey(cid.page, 'sheet', ['phone']);
  await cid.page.setViewportSize({ width: 390, height: 844 });
  await cid.page.getByRole('button', { name: 'Reply', exact: true }).click();
  await cid.page.getByText('Replying to ada').waitFor();
  await cid.page.close();
}

/** What was written while away, and what was being written, survive a reload: each message arrives once, in order. */
async function outage(ada, bea) {
  await ada.context.setOffline(true);
  await ada.page.getByText('Offline', { exact: true }).waitFor();
  await ada.page.locator('.box.offline').getByText('Not encrypted').waitFor();
  const said = ['first of three', 'second of three', 'third of three'];
  for (const text of said) await ada.say(text);
  await ada.page.getByText('Waiting for a connection').nth(2).waitFor();
  await ada.composer.fill('a thought that is not finished');
  await picture(ada.page, 'queued');
  // The page itself comes from the server, so it is loaded in the moment in which that is there again.
  await ada.context.setOffline(false);
  await ada.page.reload();
  await ada.arrived();
  assert.equal(await ada.composer.inputValue(), 'a thought that is not finished');
  for (const person of [ada, bea]) {
    await person.sees('third of three');
    const texts = (await person.texts()).filter((text) => text.endsWith('of three'));
    assert.deepEqual(texts, said, `what ${person.name} sees`);
  }
}

async function picture(page, name) {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });
}
