import assert from 'node:assert/strict';

/** A long history: it loads as one scrolls, nothing that is read moves, and new messages do not pull the reader. */
export default async function scroll({ server, browser }) {
  const bot = await server.bot('bot');
  for (let i = 0; i < 180; i += 1) await bot.say(`message ${i}`);
  const ada = await browser.person('ada');
  await ada.signUp();
  await ada.sees('message 179');
  const feed = ada.page.locator('.feed');
  const gap = () => feed.evaluate((f) => f.scrollHeight - f.scrollTop - f.clientHeight);
  assert.ok(await gap() < 40, 'it opens at the newest');

  // Upwards, page by page, to the first message.
  const shift = await ada.page.evaluate(async () => {
    const list = document.querySelector('.feed');
    const frame = () => new Promise((resolve) => { requestAnimationFrame(resolve); });
    let most = 0;
    for (let i = 0; i < 600 && !list.textContent.includes('message 0'); i += 1) {
      const articles = () => [...list.querySelectorAll('[role=article]')];
      list.scrollTop = Math.max(0, list.scrollTop - 200);
      await frame();
      const held = articles().find((a) => a.getBoundingClientRect().bottom > list.getBoundingClientRect().top + 100);
      const before = held.getBoundingClientRect().top;
      const count = articles().length;
      for (let n = 0; n < 5; n += 1) await frame();
      if (articles().length !== count) most = Math.max(most, Math.abs(held.getBoundingClientRect().top - before));
    }
    return most;
  });
  assert.ok(shift <= 1.5, `what is read moved by ${shift} px`);
  await ada.sees('message 0');
  assert.deepEqual(await ada.texts(), Array.from({ length: 180 }, (_, i) => `message ${i}`));

  // Up here a new message does not pull; the pill counts it and leads down.
  const before = await feed.evaluate((f) => f.scrollTop);
  await bot.say('news');
  await ada.page.getByRole('button', { name: '1 new message' }).waitFor();
  assert.equal(await feed.evaluate((f) => f.scrollTop), before);
  await ada.page.getByRole('button', { name: '1 new message' }).click();
  await ada.sees('news');
  assert.ok(await gap() < 40);
  await bot.say('more news');
  await ada.sees('more news');
  assert.ok(await gap() < 40, 'down here it follows');

  // One's own message always leads to the newest.
  await feed.evaluate((f) => { f.scrollTop = 0; });
  await ada.say('mine');
  await ada.sees('mine');
  await ada.page.waitForFunction(() => {
    const f = document.querySelector('.feed');
    return f.scrollHeight - f.scrollTop - f.clientHeight < 40;
  });
}
