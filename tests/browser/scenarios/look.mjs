import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const SIZES = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const WIDTHS = [320, 390, 768, 1024, 1280, 1440, 2560];

/** Every screen on desktop and phone, light and dark: a picture of each, nothing to scroll sideways, no axe finding. */
export default async function look({ server, browser }) {
  const bot = await server.bot('jonas');
  const ada = await browser.person('leila');
  await ada.signUp();
  await bot.say('The boat is back on the slip. Soundings of the north channel are in the folder.');
  await bot.say('It has shoaled by almost a metre since March.');
  await ada.say('That is what the ferry crew told me. Can we mark it?');
  await bot.say('Two buoys and a notice to mariners, then. I write the draft today: https://example.org/notices/draft');
  await ada.say('Thank you. I read it tonight.');
  await ada.sees('I read it tonight');
  await bot.say('Same tide window tomorrow?');
  await ada.sees('Same tide window');
  await survey(ada.page, 'chat');
  await ada.page.setViewportSize(SIZES.phone);
  await ada.page.getByRole('button', { name: 'Back to conversations' }).click();
  await survey(ada.page, 'list', ['phone']);
  await ada.page.getByRole('button', { name: 'Settings' }).click();
  await ada.page.getByRole('dialog').waitFor();
  await survey(ada.page, 'settings');

  const stranger = await browser.person('stranger');
  await stranger.open();
  await survey(stranger.page, 'sign-in');
  await stranger.page.getByRole('link', { name: 'Create an account' }).click();
  await stranger.page.getByRole('button', { name: 'Create account' }).click();
  await survey(stranger.page, 'sign-up');
}

/** Looks at a page in every size and colour. */
export async function survey(page, name, sizes = ['desktop', 'phone']) {
  const folder = process.env.SCREENSHOTS;
  if (folder) mkdirSync(folder, { recursive: true });
  for (const size of sizes) {
    for (const colorScheme of ['light', 'dark']) {
      await page.setViewportSize(SIZES[size]);
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.evaluate(() => document.fonts.ready);
      if (folder) await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`) });
      const findings = await axe(page);
      assert.deepEqual(findings, [], `${name}, ${size}, ${colorScheme}`);
    }
  }
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 800 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${name} at ${width} px scrolls sideways by ${overflow} px`);
  }
}

/** axe goes in through the debugger, which no content policy binds; the page itself could not load it. */
async function axe(page) {
  await page.evaluate(AXE);
  const { violations, asked } = await page.evaluate(async () => {
    const { violations: found, passes, incomplete, inapplicable } = await globalThis.axe.run(document, {
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice', 'experimental'],
      rules: { 'target-size': { enabled: true } },
    });
    return { violations: found, asked: [found, passes, incomplete, inapplicable].flat().map((rule) => rule.id) };
  });
  for (const rule of ['target-size', 'color-contrast', 'label-content-name-mismatch']) assert.ok(asked.includes(rule), rule);
  return violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(' | ')}`);
}
