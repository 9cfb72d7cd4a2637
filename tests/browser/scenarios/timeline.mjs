import assert from 'node:assert/strict';

import { survey } from './look.mjs';

const MANY = Number(process.env.MANY_MESSAGES ?? 10_000);
const MOST = 200;

/** Two people and everything that can be done with a message; then an outage; then a history of thousands. */
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
  await long(server, browser);
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

/** Thousands of messages: few elements, nothing that is read moves, and frames come in time. */
async function long(server, browser) {
  const bot = await server.bot('logbook');
  const began = Date.now();
  let early = 0;
  for (let at = 0; at < MANY; at += 20) {
    const said = await Promise.all(Array.from({ length: 20 }, (_, i) => enter(bot, at + i)));
    if (at === 0) early = said[7].message.id;
  }
  console.log(`${MANY} messages in ${Date.now() - began} ms`);
  const dan = await browser.person('dan');
  await dan.signUp();
  await dan.page.locator('[role=article]').filter({ hasText: 'entry' }).last().waitFor();
  const moved = await dan.page.evaluate(rest);
  assert.ok(moved <= 1, `what is read moved by ${moved} px`);
  await dan.page.evaluate(watch);
  // With the wheel, as a reader would: scrolling by script in the frame of a change would count as a shift.
  await dan.page.mouse.move(720, 400);
  const first = dan.articles.filter({ hasText: 'entry 0:' });
  for (let turn = 0; turn < 3_000 && await first.count() === 0; turn += 1) {
    await dan.page.mouse.wheel(0, -400);
    await dan.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(resolve); }));
  }
  await first.waitFor();
  const seen = await dan.page.evaluate(() => {
    const frames = globalThis.seen.frames.sort((a, b) => a - b);
    return { ...globalThis.seen, frames: frames.length, median: frames[frames.length >> 1], p95: frames[Math.floor(frames.length * 0.95)] };
  });
  console.log(JSON.stringify(seen));
  assert.ok(seen.articles <= MOST, `${seen.articles} messages in the page`);
  assert.ok(seen.elements <= 3_000, `${seen.elements} elements in the conversation`);
  assert.ok(seen.shift <= 0.02, `a layout shift of ${seen.shift}`);

  await pull(dan);
  await dan.page.getByRole('button', { name: 'Newest' }).click();
  await dan.articles.last().filter({ hasText: 'entry' }).waitFor();
  await dan.page.waitForFunction(() => {
    const f = document.querySelector('.feed');
    return f.scrollHeight - f.scrollTop - f.clientHeight < 40;
  });
  await backAndForth(dan, bot, early);
}

/** One entry, said again if its connection was closed under it: by its name it is one message. */
async function enter(bot, number) {
  const say = () => bot.say(`entry ${number}: ${'wind and water '.repeat(number % 9)}`, { client_id: `entry-${number}` });
  return say().catch(say);
}

/** What came while one was away stands under a line; a press on a quote leads far back, and the pill to the newest. */
async function backAndForth(dan, bot, target) {
  const { page } = dan;
  const newest = (await dan.texts()).at(-1);
  assert.match(newest, /^entry/);
  await page.waitForResponse((answer) => answer.url().endsWith('/read') && answer.ok());
  await page.goto('about:blank');
  await bot.say('news: one');
  await bot.say('news: two', { reply_to: target });
  await dan.open();
  await dan.arrived();
  await page.locator('.newline').getByText(/^2 new since/).waitFor();
  await picture(page, 'new-messages');
  const quote = one(dan, 'news: two').locator('.quote');
  await quote.filter({ hasText: 'An earlier message' }).click();
  await page.locator('.msg:focus').filter({ hasText: 'entry 7:' }).waitFor();
  await picture(page, 'jump');
  assert.ok(await dan.articles.count() <= MOST);
  await page.getByRole('button', { name: 'Newest' }).click();
  await dan.sees('news: two');
  await page.locator('.newline').waitFor();
  await dan.composer.focus();
  await page.keyboard.press('Escape');
  await page.locator('.newline').waitFor({ state: 'detached' });
}

/** Pulls the scroll bar to the middle of all that is held: there are messages there as well. */
async function pull(dan) {
  const there = await dan.page.evaluate(async () => {
    const list = document.querySelector('.feed');
    const frame = () => new Promise((resolve) => { requestAnimationFrame(resolve); });
    for (let n = 0; n < 10; n += 1) await frame();
    list.scrollTop = list.scrollHeight / 2;
    for (let n = 0; n < 10; n += 1) await frame();
    const box = list.getBoundingClientRect();
    return document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2)?.closest('.col') !== null;
  });
  assert.ok(there);
}

/** Scrolls up and stands still now and then: whatever comes above, what is read stays. Tells by how much it did not. */
async function rest() {
  const list = document.querySelector('.feed');
  const frame = () => new Promise((resolve) => { requestAnimationFrame(resolve); });
  let moved = 0;
  for (let step = 0; step < 40; step += 1) {
    for (let n = 0; n < 4; n += 1) {
      list.scrollTop -= 150;
      await frame();
    }
    const held = [...list.querySelectorAll('[role=article]')].find((a) => a.getBoundingClientRect().bottom > list.getBoundingClientRect().top + 100);
    const top = held?.getBoundingClientRect().top ?? 0;
    for (let n = 0; n < 6; n += 1) await frame();
    if (held?.isConnected) moved = Math.max(moved, Math.abs(held.getBoundingClientRect().top - top));
  }
  return moved;
}

/** Watches the page from now on: layout shifts, the number of elements, and how long frames take. */
function watch() {
  const list = document.querySelector('.feed');
  globalThis.seen = { shift: 0, articles: 0, elements: 0, frames: [] };
  const { seen } = globalThis;
  new PerformanceObserver((entries) => { for (const entry of entries.getEntries()) seen.shift += entry.value; }).observe({ type: 'layout-shift' });
  let last = performance.now();
  const look = () => {
    const now = performance.now();
    seen.frames.push(now - last);
    last = now;
    seen.articles = Math.max(seen.articles, list.querySelectorAll('[role=article]').length);
    seen.elements = Math.max(seen.elements, list.querySelectorAll('*').length);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
