import assert from 'node:assert/strict';

import { survey } from './look.mjs';

const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

/** How the page behaves: what one chooses in the settings, what is told of, what counts as read, ways there and back. */
export default async function manners({ browser }) {
  const [ada, bea] = [await browser.person('ada'), await browser.person('bea')];
  await bea.page.addInitScript(standIn);
  await ada.signUp();
  await bea.signUp();
  await choose(bea);
  await enterMakesALine(bea);
  await tellsOfMessages(ada, bea);
  await readAndUnread(ada, bea);
  await thereAndBack(ada, bea);
  await finds(bea);
  await talksToOne(ada, bea);
  await slowly(ada, bea);
  await swipe(browser);
}

const one = (person, text) => person.articles.filter({ hasText: text }).last();
const row = (person, name) => person.page.getByRole('navigation', { name: 'Conversations' }).getByRole('link', { name });
const box = (person) => person.page.getByRole('textbox', { name: /^Message / });
const title = (person, name) => person.page.getByRole('heading', { name, exact: true, level: 2 });
const settled = (page) => page.waitForFunction(() => history.state.layers === 0);

/** Does something that comes to be read, and waits until the server knows that it was. */
const isRead = (page, act) => Promise.all([page.waitForResponse((answer) => answer.url().endsWith('/read') && answer.ok()), act()]);

/** A browser whose notifications can be read, and that somebody looks at or not. */
function standIn() {
  globalThis.told = [];
  globalThis.looking = true;
  globalThis.asked = 0;
  class Notification extends EventTarget {
    static permission = 'default';

    static async requestPermission() {
      globalThis.asked += 1;
      Notification.permission = 'granted';
      return 'granted';
    }

    constructor(heading, { body }) {
      super();
      globalThis.told.push({ heading, body, press: () => this.dispatchEvent(new Event('click')) });
    }

    close() {}
  }
  globalThis.Notification = Notification;
  Document.prototype.hasFocus = () => globalThis.looking;
}

async function look(person, name, sizes) {
  await survey(person.page, name, sizes);
  await person.page.setViewportSize(DESKTOP);
}

/** Settings are a sheet in the place of the conversation; the sidebar stays, and Esc leads back. */
async function choose(bea) {
  const { page } = bea;
  assert.equal(await page.evaluate(() => globalThis.asked), 0, 'nobody is asked on load');
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  const sheet = page.getByRole('dialog', { name: 'Settings' });
  await sheet.getByText('This device').waitFor();
  assert.equal(await page.evaluate(() => document.documentElement.scrollHeight - innerHeight), 0, 'the page itself never scrolls');
  const sections = sheet.getByRole('navigation', { name: 'Settings sections' });
  assert.deepEqual(await sections.getByRole('button').allTextContents(), ['Devices', 'Appearance', 'Password and recovery', 'Notifications', 'Shortcuts']);
  await sections.getByRole('button', { name: 'Notifications' }).click();
  await sheet.getByRole('button', { name: 'Turn on notifications' }).click();
  await sheet.getByRole('radio', { name: 'All messages', checked: true }).waitFor();
  assert.equal(await page.evaluate(() => globalThis.asked), 1);
  assert.equal(await sheet.getByRole('switch', { name: 'Hide text' }).getAttribute('aria-checked'), 'true');
  await sheet.getByRole('switch', { name: 'Quiet hours' }).click();
  await sheet.getByLabel('From', { exact: true }).fill('21:30');
  await look(bea, 'settings-notifications');
  await sheet.getByRole('switch', { name: 'Quiet hours' }).click();
  await sections.getByRole('button', { name: 'Shortcuts' }).click();
  await sheet.getByRole('button', { name: 'All shortcuts' }).click();
  await page.getByRole('dialog', { name: 'Shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: 'Shortcuts' }).waitFor({ state: 'detached' });
  await sheet.waitFor();
  await row(bea, 'plain').click();
  await sheet.waitFor({ state: 'detached' });
  await box(bea).waitFor();
  await settled(page);

  // On a phone it is the whole screen, and Back leaves it.
  await page.setViewportSize(PHONE);
  await page.getByRole('button', { name: 'Back to conversations' }).click();
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await sheet.getByText('This device').waitFor();
  const { width, height } = await sheet.boundingBox();
  assert.deepEqual([width, height], [PHONE.width, PHONE.height]);
  await sheet.getByRole('button', { name: 'Close Settings' }).first().click();
  await sheet.waitFor({ state: 'detached' });
  await settled(page);
  await page.setViewportSize(DESKTOP);
  await box(bea).waitFor();
}

async function enterMakesALine(bea) {
  const { page } = bea;
  const turn = async () => {
    await page.getByRole('button', { name: 'Settings', exact: true }).click();
    await page.getByRole('switch', { name: 'Enter sends the message' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await settled(page);
  };
  await turn();
  await page.getByText('Shift + Enter to send, Enter for a new line').waitFor();
  await box(bea).focus();
  await page.keyboard.type('one');
  await page.keyboard.press('Enter');
  await page.keyboard.type('two');
  assert.equal(await box(bea).inputValue(), 'one\ntwo');
  await page.keyboard.press('Shift+Enter');
  await bea.sees('two');
  assert.equal(await box(bea).inputValue(), '');
  await turn();
  await page.getByText('Enter to send, Shift + Enter for a new line').waitFor();
}

/** Only who does not look is told, of no more than where something is new; a press leads there. */
async function tellsOfMessages(ada, bea) {
  const { page } = bea;
  const told = () => page.evaluate(() => globalThis.told.map(({ heading, body }) => [heading, body]));
  await isRead(page, () => ada.say('seen at once'));
  await bea.sees('seen at once');
  assert.deepEqual(await told(), []);
  await page.evaluate(() => { globalThis.looking = false; dispatchEvent(new Event('blur')); });
  // Not at its end: the list of names would take the Enter if it was there in time.
  await ada.say('for @bea alone, a secret');
  await page.waitForFunction(() => globalThis.told.length === 1);
  assert.deepEqual(await told(), [['New message in plain', '']]);
  await page.waitForFunction(() => document.title.startsWith('(1) plain'));
  await row(bea, /plain.*1 unread, you are mentioned/).waitFor();
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await page.evaluate(() => globalThis.told[0].press());
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.evaluate(() => { globalThis.looking = true; dispatchEvent(new Event('focus')); });
  await page.waitForFunction(() => document.title.startsWith('plain'));
  await settled(page);
}

/** What is marked unread stays so until one comes back; Esc reads everything. */
async function readAndUnread(ada, bea) {
  const { page } = bea;
  await ada.say('low water at nine');
  await bea.sees('low water at nine');
  await isRead(page, () => ada.say('high water at three'));
  // Beneath the settings nothing is read.
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await ada.say('slack water');
  await row(bea, /plain.*1 unread/).waitFor();
  await isRead(page, () => page.keyboard.press('Escape'));
  await settled(page);
  await one(bea, 'low water').focus();
  await page.keyboard.press('u');
  await row(bea, /plain.*3 unread/).waitFor();
  await page.locator('.newline').getByText(/^3 new/).waitFor();
  await look(bea, 'unread', ['desktop']);
  await page.reload();
  await row(bea, /plain.*3 unread/).waitFor();
  await page.locator('.newline').waitFor();
  await row(bea, /plain.*unread/).waitFor({ state: 'detached' });
  await row(bea, 'plain').focus();
  await page.keyboard.press('Escape');
  await page.locator('.newline').waitFor({ state: 'detached' });
}

/** A press on a quote leads to what is answered, and Back to where one was. Home and End, and places that are counted. */
async function thereAndBack(ada, bea) {
  const { page } = bea;
  await ada.say('where it begins');
  await ada.page.locator('.msg.own.stored').filter({ hasText: 'where it begins' }).waitFor();
  for (let at = 0; at < 40; at += 1) await ada.say(`sounding ${at}`);
  await bea.sees('sounding 39');
  await one(bea, 'where it begins').focus();
  await page.keyboard.press('r');
  await page.keyboard.type('an answer');
  await page.keyboard.press('Enter');
  await one(bea, 'an answer').locator('.quote').click();
  await page.locator('.msg:focus.flash').filter({ hasText: 'where it begins' }).waitFor();
  await page.goBack();
  await page.waitForFunction(() => {
    const feed = document.querySelector('.feed');
    return feed.scrollHeight - feed.scrollTop - feed.clientHeight < 40;
  });
  const places = await bea.articles.evaluateAll((all) => all.map((article) => [article.getAttribute('aria-posinset'), article.getAttribute('aria-setsize')]));
  assert.deepEqual(places.at(-1), [String(places.length), String(places.length)]);
  await one(bea, 'an answer').focus();
  await page.keyboard.press('Home');
  await page.locator('.msg:focus[aria-posinset="1"]').waitFor();
  await page.keyboard.press('PageDown');
  assert.ok(Number(await page.locator('.msg:focus').getAttribute('aria-posinset')) > 5, 'a screen further');
  await page.keyboard.press('End');
  await page.locator('.msg:focus').filter({ hasText: 'an answer' }).waitFor();
}

/** Rooms, people, messages that are here, commands: in that order. */
async function finds(bea) {
  const { page } = bea;
  const dialog = page.getByRole('dialog', { name: 'Find or do' });
  await page.keyboard.press('Control+k');
  await page.keyboard.type('low wat');
  await dialog.getByRole('option', { name: /low water at nine.*ada, in plain/ }).waitFor();
  assert.deepEqual(await dialog.getByRole('group').evaluateAll((all) => all.map((group) => group.firstChild.textContent)), ['Messages on this device']);
  await look(bea, 'palette-messages');
  await page.keyboard.press('Enter');
  await page.locator('.msg:focus').filter({ hasText: 'low water at nine' }).waitFor();
  await dialog.waitFor({ state: 'detached' });
  await settled(page);
  await page.keyboard.press('Control+k');
  await page.keyboard.type('>mes');
  await dialog.getByRole('option').first().waitFor();
  assert.deepEqual(await dialog.getByRole('group').evaluateAll((all) => all.map((group) => group.firstChild.textContent)), ['Commands']);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await settled(page);
}

/** In a conversation of two the box is called by the other one, and what is not sent yet is marked in the list. */
async function talksToOne(ada, bea) {
  await bea.page.locator('.online-sec').getByRole('button', { name: 'ada' }).click();
  await bea.page.getByRole('textbox', { name: 'Message ada', exact: true }).fill('not finished');
  await row(bea, 'plain').click();
  await row(bea, /^ada.*draft/).waitFor();
  await bea.page.setViewportSize(PHONE);
  await bea.page.getByRole('button', { name: 'Back to conversations' }).click();
  await look(bea, 'list-draft', ['phone']);
  await box(bea).waitFor();
  await bea.page.keyboard.press('Control+k');
  await bea.page.getByRole('option', { name: 'ada' }).waitFor();
  await bea.page.getByRole('group', { name: 'Recent' }).waitFor();
  await look(bea, 'palette-recent', ['desktop']);
  await bea.page.keyboard.press('Enter');
  await title(bea, 'ada').waitFor();
  await bea.page.keyboard.press('Enter');
  await row(ada, /^bea.*1 unread/).waitFor();
  await row(bea, 'plain').click();
}

/** In a slow room the way is barred for a while, and what is written stays. */
async function slowly(ada, bea) {
  const { page } = ada;
  await page.getByRole('button', { name: 'New room or message' }).click();
  await page.getByRole('menuitem', { name: 'New room' }).click();
  await page.getByLabel('Name').fill('harbour-survey');
  await page.keyboard.press('Enter');
  await title(ada, 'harbour-survey').waitFor();
  await page.getByRole('button', { name: '1 member' }).click();
  await page.getByLabel('Add a person').fill('bea');
  await page.keyboard.press('Enter');
  await page.getByText('bea was added').waitFor();
  await page.getByRole('button', { name: 'Conversation menu' }).click();
  await page.getByRole('menuitem', { name: 'Room settings' }).click();
  await page.getByLabel('Slow mode').selectOption({ label: '1 minute' });
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved').waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('complementary').waitFor({ state: 'detached' });
  await page.locator('.members .stack .av').waitFor();
  await row(bea, 'harbour-survey').click();
  await title(bea, 'harbour-survey').waitFor();
  await bea.page.locator('.room').waitFor();
  await box(bea).fill('first');
  await bea.page.keyboard.press('Enter');
  await bea.page.getByText(/^You can write again in \d+ seconds$/).waitFor();
  await box(bea).fill('second');
  await bea.page.keyboard.press('Enter');
  assert.equal(await box(bea).inputValue(), 'second');
  await look(bea, 'slow');
}

/** A message that is pulled to the right with a finger is answered. */
async function swipe(browser) {
  const cid = await browser.person('cid', { viewport: PHONE, hasTouch: true, isMobile: true });
  await cid.signUp();
  await cid.sees('an answer');
  const { x, y, height } = await one(cid, 'an answer').locator('.body').boundingBox();
  const client = await cid.context.newCDPSession(cid.page);
  const touch = (type, far) => client.send('Input.dispatchTouchEvent', { type, touchPoints: far === null ? [] : [{ x: x + 10 + far, y: y + height / 2 }] });
  await touch('touchStart', 0);
  for (const far of [15, 30, 50, 70, 90]) await touch('touchMove', far);
  await touch('touchEnd', null);
  await cid.page.getByText('Replying to bea').waitFor();
  assert.equal(await one(cid, 'an answer').evaluate((article) => article.style.transform), '');
}
