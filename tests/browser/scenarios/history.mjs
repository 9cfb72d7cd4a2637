import assert from 'node:assert/strict';

const MANY = Number(process.env.MANY_MESSAGES ?? 10_000);
/** How long frames take is for `benches/browser.sh`; here only counts are judged. */
const WITH_TIMES = process.env.TIMES !== undefined;
const MOST = 200;
const MOST_SHIFT = 0.02;
/** Of an answer, for a message, with everything else that the page loads. */
const MOST_BYTES = 400;
/** So many messages come with a request. */
const PAGE = 50;

/** Thousands of messages: few elements, few requests, and nothing that is read moves. */
export default async function history({ server, browser }) {
  const bot = await server.bot('logbook');
  const began = Date.now();
  let early = 0;
  for (let at = 0; at < MANY; at += 20) {
    const said = await Promise.all(Array.from({ length: 20 }, (_, i) => enter(bot, at + i)));
    if (at === 0) early = said[7].message.id;
  }
  if (WITH_TIMES) console.log(`${MANY} messages are written in ${Date.now() - began} ms`);
  const dan = await browser.person('dan');
  const answers = countAnswers(dan.page);
  await dan.signUp();
  await one(dan, 'entry').waitFor();
  await opening(dan, answers);
  const moved = await dan.page.evaluate(rest);
  assert.ok(moved <= 1, `what is read moved by ${moved} px`);
  await toTheBeginning(dan);
  await judge(dan, await answers());
  await aShiftIsSeen(dan);

  await pull(dan);
  await dan.page.getByRole('button', { name: 'Newest' }).click();
  await dan.articles.last().filter({ hasText: 'entry' }).waitFor();
  await dan.page.waitForFunction(() => {
    const f = document.querySelector('.feed');
    return f.scrollHeight - f.scrollTop - f.clientHeight < 40;
  });
  await backAndForth(dan, bot, early);
}

/** A room opens with its newest page and those of the next screens above, and what has been drawn of the page stays where it is. */
async function opening(dan, answers) {
  const shift = await dan.page.evaluate(() => new Promise((resolve) => {
    new PerformanceObserver((entries) => resolve(entries.getEntries().reduce((sum, entry) => sum + entry.value, 0)))
      .observe({ type: 'layout-shift', buffered: true });
    // Without any shift nothing is told.
    requestAnimationFrame(() => requestAnimationFrame(() => resolve(0)));
  }));
  assert.ok(shift <= MOST_SHIFT, `a layout shift of ${shift} as the room opens`);
  const { messages, articles } = { ...await answers(), articles: await dan.articles.count() };
  assert.ok(messages.length <= 4, `${messages.length} requests for messages as the room opens`);
  assert.ok(articles <= MOST, `${articles} messages as the room opens`);
}

/** With the wheel, as a reader would: scrolling by script in the frame of a change would count as a shift. */
async function toTheBeginning(dan) {
  await dan.page.evaluate(watch);
  await dan.page.mouse.move(720, 400);
  const first = dan.articles.filter({ hasText: 'entry 0:' });
  for (let turn = 0; turn < 3_000 && await first.count() === 0; turn += 1) {
    await dan.page.mouse.wheel(0, -400);
    await dan.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(resolve); }));
  }
  await first.waitFor();
}

async function judge(dan, { messages, bytes }) {
  const { frames, ...seen } = await dan.page.evaluate(() => globalThis.seen);
  if (WITH_TIMES) {
    frames.sort((x, y) => x - y);
    console.log(`${frames.length} frames, half of them within ${frames[frames.length >> 1]} ms, 95 % within ${frames[Math.floor(frames.length * 0.95)]} ms`);
  }
  console.log(JSON.stringify({ ...seen, requests: messages.length, bytes }));
  assert.ok(seen.articles <= MOST, `${seen.articles} messages in the page`);
  assert.ok(seen.elements <= 3_000, `${seen.elements} elements in the conversation`);
  assert.ok(seen.shift <= MOST_SHIFT, `a layout shift of ${seen.shift}`);
  assert.ok(messages.length <= MANY / PAGE + 2, `${messages.length} requests for messages`);
  assert.equal(new Set(messages).size, messages.length, 'nothing is asked for twice');
  assert.ok(bytes <= MANY * MOST_BYTES, `${bytes} bytes for ${MANY} messages`);
}

/** That it would have been seen: the whole page, pushed down. */
async function aShiftIsSeen(dan) {
  const push = (by) => dan.page.evaluate((height) => { document.querySelector('#root').style.marginTop = height; }, by);
  await push('100px');
  await dan.page.waitForFunction((most) => globalThis.seen.shift > most, MOST_SHIFT);
  await push('0px');
}

/** Counts what the page asks for. @returns what tells it: the addresses of messages, and the bytes of all that came */
function countAnswers(page) {
  const sizes = [];
  const messages = [];
  page.on('requestfinished', (request) => {
    if (new URL(request.url()).pathname === '/api/messages') messages.push(request.url());
    const size = request.sizes().then(({ responseBodySize: body }) => body);
    // What comes as the browser closes is nobody's any more; who asks for the sum still hears of a fault.
    size.catch(() => {});
    sizes.push(size);
  });
  return async () => ({ messages: [...messages], bytes: (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) });
}

const one = (person, text) => person.articles.filter({ hasText: text }).last();

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

async function picture(page, name) {
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}.png` });
}
