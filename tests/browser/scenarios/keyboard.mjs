import assert from 'node:assert/strict';

import { Keyboard } from '../lib/keyboard.mjs';
import { PASSWORD } from '../lib/person.mjs';

/** Nobody touches a mouse here: from the account to the way out, on a wide window and on a narrow one. */
export default async function keyboard({ server, browser }) {
  const bot = await server.bot('jonas');
  const ada = await browser.person('ada');
  const keys = new Keyboard(ada.page);
  await signUp(ada, keys);
  await bot.say('The boat is back on the slip.');
  await ada.sees('on the slip');
  await talk(ada, keys);
  await members(ada, keys);
  await newRoom(ada, keys);
  await roomSettings(ada, keys);
  await dialogs(ada, keys);
  await narrow(ada, keys);
  await leave(ada, keys);
}

const button = (ada, name) => ada.page.getByRole('button', { name, exact: true });
const title = (ada, name) => ada.page.getByRole('heading', { name, exact: true, level: 2 });
const box = (ada) => ada.page.getByRole('textbox', { name: /^Message / });

async function signUp(ada, keys) {
  const { page } = ada;
  await ada.open();
  await keys.tabTo(page.getByRole('link', { name: 'Create an account' }));
  await keys.press('Enter');
  await keys.comesTo(page.getByLabel('Username'));
  await keys.type('ada');
  await keys.tabTo(page.getByLabel('Password', { exact: true }));
  await keys.type(PASSWORD);
  await keys.tabTo(button(ada, 'Show password').first());
  await keys.tabTo(page.getByLabel('Password again'));
  await keys.type(PASSWORD);
  await keys.press('Enter');
  await ada.code.waitFor();
  const groups = await ada.code.locator('span').allTextContents();
  for (const number of [3, 6]) {
    await keys.tabTo(page.getByLabel(`Group ${number}`));
    await keys.type(groups[number - 1]);
  }
  await keys.tabTo(button(ada, 'Continue'));
  await keys.press('Enter');
  await ada.arrived();
}

/** Into the message box by the first stop of the page, into the messages, through them, and all that one does with them. */
async function talk(ada, keys) {
  const { page } = ada;
  await keys.comesTo(box(ada));
  await keys.tabTo(page.getByRole('link', { name: 'Skip to the message box' }), 'Shift+Tab');
  await keys.press('Enter');
  await keys.comesTo(box(ada));
  await keys.type('Soundings are in');
  await keys.press('Enter');
  await page.locator('.msg.own.stored').waitFor();
  const [first, own] = [page.getByRole('article', { name: /^jonas, / }), ada.articles.filter({ hasText: 'Soundings' })];

  await keys.press('Shift+F6', 'End');
  await keys.comesTo(own);
  await keys.press('ArrowUp');
  await keys.comesTo(first);
  await keys.press('Enter', 'Enter');
  await first.getByRole('button', { name: '👍, 1 reaction, including yours' }).waitFor();
  await keys.press('Escape');
  await keys.comesTo(first);
  await keys.press('+');
  const emoji = page.getByRole('dialog', { name: 'Choose an emoji' });
  await keys.tabTo(emoji.getByRole('button', { name: '🎉' }));
  await keys.press('Enter');
  await first.getByRole('button', { name: '🎉, 1 reaction, including yours' }).waitFor();
  await keys.comesTo(first);
  await keys.press('+', 'Escape');
  await keys.comesTo(first);

  await keys.press('r');
  await page.getByText('Replying to jonas').waitFor();
  await keys.comesTo(box(ada));
  await keys.type('Good');
  await keys.press('Enter');
  const reply = ada.articles.filter({ hasText: 'Good' });
  await page.locator('.msg.own.stored').filter({ hasText: 'Good' }).waitFor();
  await keys.press('Shift+F6', 'End');
  await keys.tabTo(reply.locator('.quote'));
  await keys.press('Enter');
  await keys.comesTo(first);
  await keys.press('F6');
  await keys.comesTo(box(ada));
  await keys.press('ArrowUp');
  await page.getByText('Editing a message').waitFor();
  await keys.type(' news');
  await keys.press('Enter');
  await reply.getByText('Edited').waitFor();
  await keys.press('Shift+F6', 'End');
  await keys.comesTo(reply);
  await keys.press('Enter', 'End');
  await keys.comesTo(reply.getByRole('button', { name: 'More actions' }));
  await keys.press('Enter');
  const menu = page.getByRole('dialog', { name: 'Message actions' });
  await keys.tabTo(menu.getByRole('button', { name: 'Delete' }));
  await keys.press('Enter');
  await keys.tabTo(button(ada, 'Undo'));
  await keys.press('Enter');
  await ada.sees('Good news');
  await keys.tabTo(box(ada), 'Shift+Tab');
  await keys.press('Shift+F6', 'End');
  await keys.comesTo(reply);
  await keys.press('Delete');
  await ada.sees('Message deleted');
  await button(ada, 'Undo').waitFor({ state: 'detached' });
}

async function members(ada, keys) {
  const { page } = ada;
  await keys.tabTo(button(ada, '2 members').or(button(ada, '3 members')), 'Shift+Tab');
  await keys.press('Enter');
  const panel = page.getByRole('complementary', { name: 'Members' });
  await keys.comesTo(panel.getByRole('heading', { name: 'Members' }));
  await keys.tabTo(panel.getByRole('button', { name: 'Message jonas' }));
  await keys.press('Escape');
  await panel.waitFor({ state: 'detached' });
  await keys.comesTo(button(ada, '2 members').or(button(ada, '3 members')));
}

async function newRoom(ada, keys) {
  const { page } = ada;
  await keys.press('Control+k');
  await keys.type('new room');
  await keys.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'New room' });
  await keys.comesTo(dialog.getByLabel('Name'));
  await keys.type('harbour');
  await keys.tabTo(dialog.getByRole('radio', { checked: true }));
  await keys.press('ArrowUp');
  await keys.comesTo(dialog.getByRole('radio', { name: /^Everybody/ }));
  await keys.tabTo(dialog.getByRole('button', { name: 'Make the room' }));
  await keys.press('Enter');
  await title(ada, 'harbour').waitFor();
  await keys.comesTo(box(ada));
}

async function roomSettings(ada, keys) {
  const { page } = ada;
  await keys.tabTo(button(ada, 'Conversation menu'), 'Shift+Tab');
  await keys.press('Enter', 'ArrowDown', 'Enter');
  const panel = page.getByRole('complementary', { name: 'Room settings' });
  await keys.comesTo(panel.getByRole('heading', { name: 'Room settings' }));
  await keys.tabTo(panel.getByLabel('Topic'));
  await keys.type('North channel');
  await keys.tabTo(panel.getByRole('switch', { name: 'Read-only' }));
  await keys.press('Space', 'Space');
  await keys.tabTo(panel.getByRole('button', { name: 'Save' }));
  await keys.press('Enter');
  await page.locator('.head').getByText('North channel').waitFor({ state: 'attached' });
  await keys.press('Escape');
  await panel.waitFor({ state: 'detached' });
  await keys.comesTo(button(ada, 'Conversation menu'));
}

/** Every dialog gives the focus back to what opened it, and Tab does not leave it meanwhile. */
async function dialogs(ada, keys) {
  const { page } = ada;
  const opens = async (opener, name, back = 'Tab') => {
    await keys.tabTo(opener, back);
    await keys.press('Enter');
    const dialog = page.getByRole('dialog', { name });
    await dialog.waitFor();
    for (let stop = 0; stop < 40; stop += 1) {
      await keys.press('Tab');
      const isInside = await dialog.evaluate((one) => one.contains(document.activeElement) || document.activeElement === document.body);
      assert.ok(isInside, `${name}: ${await keys.where()}`);
    }
    await keys.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await keys.comesTo(opener);
  };
  await opens(button(ada, 'Not encrypted'), 'Room security', 'Shift+Tab');
  await settings(ada, keys);
  await opens(page.getByRole('button', { name: /^Search or jump to/ }), 'Find or do', 'Shift+Tab');
  await keys.tabTo(button(ada, 'New room or message'), 'Shift+Tab');
  await keys.press('Enter', 'ArrowDown', 'Escape');
  await keys.comesTo(button(ada, 'New room or message'));
  await keys.press('Enter', 'End', 'Enter');
  await keys.press('Escape');
  await keys.comesTo(button(ada, 'New room or message'));
}

/** A sheet in the place of the conversation: the sidebar stays within reach, so Tab may leave it. */
async function settings(ada, keys) {
  const { page } = ada;
  const opener = button(ada, 'Settings');
  await keys.tabTo(opener, 'Shift+Tab');
  await keys.press('Enter');
  const sheet = page.getByRole('dialog', { name: 'Settings' });
  await keys.comesTo(sheet.getByRole('heading', { name: 'Settings' }));
  await keys.tabTo(sheet.getByRole('button', { name: 'All shortcuts' }));
  await keys.press('Enter', 'Escape');
  await keys.comesTo(sheet.getByRole('button', { name: 'All shortcuts' }));
  await keys.press('Escape');
  await sheet.waitFor({ state: 'detached' });
  await keys.comesTo(opener);
}

/** A window zoomed in until it is as narrow as a phone is used with keys as well. */
async function narrow(ada, keys) {
  const { page } = ada;
  await page.setViewportSize({ width: 390, height: 844 });
  await keys.tabTo(button(ada, 'Back to conversations'));
  await keys.tabTo(button(ada, 'Conversation menu'));
  await keys.tabTo(box(ada));
  await keys.tabTo(button(ada, 'Back to conversations'), 'Shift+Tab');
  await keys.press('Enter');
  await keys.comesTo(page.getByRole('navigation', { name: 'Conversations' }).getByRole('link', { name: 'harbour' }));
  await keys.tabTo(button(ada, 'People'));
  await keys.press('Enter');
  await keys.tabTo(button(ada, 'Chats'), 'Shift+Tab');
  await keys.press('Enter');
  await keys.tabTo(page.getByRole('link', { name: /^plain/ }), 'Shift+Tab');
  await keys.press('Enter');
  await title(ada, 'plain').waitFor();
  await page.setViewportSize({ width: 1440, height: 900 });
  await box(ada).waitFor();
}

async function leave(ada, keys) {
  const { page } = ada;
  await keys.press('Control+k');
  await keys.type('>dark');
  await keys.press('Enter');
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await keys.tabTo(button(ada, 'Settings'), 'Shift+Tab');
  await keys.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Settings' });
  await keys.tabTo(dialog.getByRole('button', { name: 'Sign out', exact: true }));
  await keys.press('Enter');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
}
