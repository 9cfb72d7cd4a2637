import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';

import { WIDTHS, misplaced } from '../lib/layout.mjs';

const DESKTOP = { width: 1440, height: 900 };
const LONG_NAME = 'Wolfeschlegelsteinhausenbergerdorff_welche_vor_alt';
const ROOM = 'Everything about the harbour of the northern island';
const WORD = 'Donaudampfschifffahrt'.repeat(10).slice(0, 200);
const RIGHT_TO_LEFT = 'שלום לכולם, המים נמוכים היום בנמל הצפוני ולכן אין מעבר';

/** Names, words and messages as long as they may be, text twice as large, colours that are the system's, and nothing that moves. */
export default async function extremes({ browser }) {
  const ada = await browser.person(LONG_NAME);
  const bea = await browser.person('bea');
  await ada.signUp();
  await bea.signUp();
  await ada.say(`${'Five thousand letters. '.repeat(218)}`.slice(0, 5_000));
  await bea.say(WORD);
  await ada.say(`${RIGHT_TO_LEFT} (${LONG_NAME})`);
  await bea.say(`\`\`\`\n${WORD}\n\`\`\`\n- ${WORD}\n> ${WORD}`);
  await bea.say(`https://example.org/${WORD}`);
  await ada.sees('https://example.org');
  await bea.articles.filter({ hasText: RIGHT_TO_LEFT }).last().focus();
  await bea.page.keyboard.press('r');
  await bea.composer.fill(`@${LONG_NAME} ${WORD}`);
  await bea.page.keyboard.press('Enter');
  await ada.sees(`@${LONG_NAME}`);
  await rightToLeft(bea);
  await fits(bea, 'long');
  await panels(ada, bea);
  await largeText(bea);
  await systemColours(bea);
  await nothingMoves(bea);
}

/** At every width everything is where it belongs. */
async function fits(person, name, widths = WIDTHS) {
  const folder = process.env.SCREENSHOTS;
  if (folder) mkdirSync(folder, { recursive: true });
  for (const width of widths) {
    await person.page.setViewportSize({ width, height: 800 });
    await person.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
    if (folder) await person.page.screenshot({ path: `${folder}/extremes-${name}-${width}.png` });
    assert.deepEqual(await misplaced(person.page), [], `${name} at ${width} px`);
  }
  await person.page.setViewportSize(DESKTOP);
}

async function rightToLeft(person) {
  const paragraph = person.articles.filter({ hasText: RIGHT_TO_LEFT }).locator('p').first();
  assert.equal(await paragraph.evaluate((p) => getComputedStyle(p).direction), 'rtl');
}

/** The names of people and rooms wherever they stand: the list, the head, the members, the dialogs, the message box. */
async function panels(ada, bea) {
  const { page } = bea;
  await page.getByRole('button', { name: 'New room or message' }).click();
  await page.getByRole('menuitem', { name: 'New room' }).click();
  await page.getByLabel('Name').fill(ROOM);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: ROOM, level: 2 }).waitFor();
  await page.getByRole('button', { name: '1 member' }).click();
  const panel = page.getByRole('complementary', { name: 'Members' });
  await panel.getByLabel('Add a person').fill(LONG_NAME);
  await page.keyboard.press('Enter');
  await panel.getByRole('button', { name: `Remove ${LONG_NAME}` }).waitFor();
  await fits(bea, 'members');
  await page.getByRole('button', { name: 'Close Members' }).click();
  await ada.page.getByRole('link', { name: new RegExp(`^${ROOM}`) }).click();
  await ada.page.getByRole('textbox', { name: `Message #${ROOM}` }).fill('A');
  await ada.page.keyboard.type('nd');
  await page.locator('.typing').getByText('is typing').first().waitFor();
  await page.locator('#compose').fill('');
  await page.keyboard.type('@Wolf');
  await page.getByRole('option').first().waitFor();
  await fits(bea, 'completion');
  await page.locator('#compose').fill('');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('harb');
  await page.getByRole('option', { name: ROOM }).first().waitFor();
  await fits(bea, 'palette');
  await page.keyboard.press('Escape');
  const row = page.getByRole('link', { name: new RegExp(`^${ROOM}`) });
  const isCut = () => row.locator('.name').evaluate((one) => [one, one.parentElement].some((box) => box.scrollWidth > box.clientWidth));
  const before = await row.boundingBox();
  assert.ok(await isCut());
  await page.keyboard.press('Shift+F6');
  await row.focus();
  assert.ok(!await isCut(), 'a name is shown in full where the focus is');
  assert.deepEqual(await row.boundingBox(), before, 'and nothing moves for it');
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/extremes-focused-name.png` });
  await page.locator('.online-sec').getByRole('button', { name: LONG_NAME }).click();
  await page.getByRole('heading', { name: LONG_NAME, level: 2 }).waitFor();
  await fits(bea, 'direct');
  await fits(ada, 'own');
  await page.getByRole('link', { name: /^plain/ }).click();
  await bea.composer.waitFor();
}

/** Text twice as large, as a reader sets it in the browser. */
async function largeText(person) {
  const scale = (size) => person.page.evaluate((to) => { document.documentElement.style.fontSize = to; }, size);
  await scale('200%');
  await fits(person, 'large', [390, 768, 1280, 1440]);
  for (const size of [DESKTOP, { width: 390, height: 844 }]) {
    await person.page.setViewportSize(size);
    for (const control of [person.composer, person.page.getByRole('button', { name: 'Send' }), person.page.getByRole('button', { name: 'Conversation menu' })]) {
      const box = await control.boundingBox();
      assert.ok(box && box.x >= 0 && box.y >= 0 && box.x + box.width <= size.width && box.y + box.height <= size.height, `${control} at ${JSON.stringify(box)}`);
    }
  }
  await person.page.setViewportSize(DESKTOP);
  await person.settings();
  await fits(person, 'large-settings', [390, 1440]);
  await person.page.keyboard.press('Escape');
  await scale('');
}

/** Where the system decides about colours, borders tell what colours told. */
async function systemColours(person) {
  const { page } = person;
  await page.emulateMedia({ forcedColors: 'active' });
  const folder = process.env.SCREENSHOTS;
  if (folder) await page.screenshot({ path: `${folder}/forced-colours.png` });
  const seen = await page.evaluate(() => {
    const border = (element) => element !== null && parseFloat(getComputedStyle(element).borderTopWidth) >= 1 && getComputedStyle(element).borderTopStyle === 'solid';
    const canvas = document.createElement('div');
    canvas.style.color = 'Canvas';
    document.body.append(canvas);
    const ground = getComputedStyle(canvas).color;
    canvas.remove();
    const controls = [...document.querySelectorAll('button, a, textarea')].filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true }));
    return {
      current: border(document.querySelector('.row[aria-current=page]')),
      others: [...document.querySelectorAll('.row:not([aria-current])')].some(border),
      box: border(document.querySelector('.box')),
      bubbles: [...document.querySelectorAll('.bub')].every(border),
      unseen: controls.filter((one) => getComputedStyle(one).color === ground).map((one) => one.outerHTML.slice(0, 100)),
    };
  });
  assert.deepEqual(seen, { current: true, others: false, box: true, bubbles: true, unseen: [] });
  await page.emulateMedia({ forcedColors: 'none' });
}

/** Who wants nothing to move has nothing move: neither as things come nor as they go. */
async function nothingMoves(person) {
  const { page } = person;
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const moving = () => page.evaluate(() => [...document.querySelectorAll('*')].flatMap((element) => [null, '::before', '::after'].flatMap((part) => {
    const { animationName, animationDuration, animationIterationCount, transitionDuration, scrollBehavior } = getComputedStyle(element, part);
    const lasts = (durations) => durations.split(',').some((one) => parseFloat(one) > 0.01);
    const isMoving = (animationName !== 'none' && (lasts(animationDuration) || animationIterationCount.includes('infinite')))
      || lasts(transitionDuration) || scrollBehavior === 'smooth';
    return isMoving ? [element.outerHTML.slice(0, 120)] : [];
  })));
  assert.deepEqual(await moving(), []);
  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Find or do' }).waitFor();
  assert.deepEqual(await moving(), []);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: '2 members' }).or(page.getByRole('button', { name: '3 members' })).click();
  await page.getByRole('complementary', { name: 'Members' }).waitFor();
  assert.deepEqual(await moving(), []);
  // That it would have been found.
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  assert.notDeepEqual(await moving(), []);
}
