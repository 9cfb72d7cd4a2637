import assert from 'node:assert/strict';

import { survey } from './look.mjs';

const DESKTOP = { width: 1440, height: 900 };

/** Every state of the chat that no other scenario looks at: menus, dialogs, messages being changed, rooms that are empty or closed. */
export default async function screens({ server, browser }) {
  const [ada, bea] = [await browser.person('ada'), await browser.person('bea')];
  await ada.signUp();
  await ada.page.getByText('Say hello').waitFor();
  await look(ada, 'empty');
  await bea.signUp();
  await menus(ada);
  await rooms(ada, bea);
  await messages(server, ada, bea);
}

async function look(person, name, sizes) {
  await survey(person.page, name, sizes);
  await person.page.setViewportSize(DESKTOP);
}

/** Whether one of two lies over the other. */
async function overlap(one, other) {
  const [a, b] = [await one.boundingBox(), await other.boundingBox()];
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

const closes = async (dialog) => {
  await dialog.page().keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
};

async function menus(ada) {
  const { page } = ada;
  for (const [button, name] of [['New room or message', 'new-menu'], ['Conversation menu', 'room-menu']]) {
    await page.getByRole('button', { name: button }).click();
    await page.getByRole('menuitem').first().waitFor();
    await look(ada, name, ['desktop']);
    await page.keyboard.press('Escape');
  }
  await page.getByRole('button', { name: 'Not encrypted' }).click();
  await look(ada, 'security');
  await closes(page.getByRole('dialog', { name: 'Room security' }));
  await page.getByRole('button', { name: 'Insert emoji' }).click();
  await look(ada, 'composer-emoji');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('zzz');
  await page.getByText('No room, person, message or command matches').first().waitFor();
  await look(ada, 'palette-nothing');
  await closes(page.getByRole('dialog', { name: 'Find or do' }));
}

/** Rooms that are open to all, that one cannot write in, that one writes in slowly. */
async function rooms(ada, bea) {
  const { page } = ada;
  const choose = async (person, button, item) => {
    await person.page.getByRole('button', { name: button }).click();
    await person.page.getByRole('menuitem', { name: item }).click();
  };
  await choose(bea, 'New room or message', 'Join a room');
  await bea.page.getByText('There is no open room').first().waitFor();
  await look(bea, 'join-nothing');
  await closes(bea.page.getByRole('dialog', { name: 'Join a room' }));
  await choose(ada, 'New room or message', 'New room');
  await page.getByLabel('Name').fill('notices');
  await page.getByRole('radio', { name: /^Everybody/ }).check();
  await page.getByRole('button', { name: 'Make the room' }).click();
  await page.getByRole('heading', { name: 'notices', exact: true, level: 2 }).waitFor();
  await choose(ada, 'Conversation menu', 'Room settings');
  const panel = page.getByRole('complementary', { name: 'Room settings' });
  await panel.getByRole('switch', { name: 'Read-only' }).click();
  await panel.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved').waitFor();
  await panel.getByRole('button', { name: 'Close Room settings' }).click();
  await choose(bea, 'New room or message', 'Join a room');
  await bea.page.getByRole('option', { name: /notices/ }).waitFor();
  await look(bea, 'join');
  await bea.page.getByRole('option', { name: /notices/ }).click();
  await bea.page.getByText('Only moderators and owners can write in this room.').waitFor();
  await look(bea, 'read-only');
  for (const person of [ada, bea]) await person.page.getByRole('link', { name: /^plain/ }).click();
}

/** A message's toolbar, its menu, and the message box while one answers or changes it. */
async function messages(server, ada, bea) {
  const { page } = ada;
  const bot = await server.bot('jonas');
  const { message } = await bot.say('The boat is back on the slip.');
  await bot.say('Soundings are in the folder.', { reply_to: message.id });
  await ada.say('That is what the ferry crew told me.');
  await ada.page.locator('.msg.own.stored').waitFor();
  const own = ada.articles.filter({ hasText: 'ferry crew' });
  await own.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('toolbar', { name: 'Message actions' }).waitFor();
  await look(ada, 'toolbar', ['desktop']);
  await own.hover();
  await own.getByRole('button', { name: 'More actions' }).click();
  const menu = page.getByRole('dialog', { name: 'Message actions' });
  await menu.waitFor();
  assert.ok(!await overlap(menu, own.locator('.body')), 'the message stays readable');
  await look(ada, 'message-menu');
  await page.keyboard.press('Escape');
  await own.focus();
  await page.keyboard.press('e');
  await page.getByText('Editing a message').waitFor();
  await look(ada, 'edit');
  await page.keyboard.press('Escape');
  await ada.articles.filter({ hasText: 'on the slip' }).first().focus();
  await page.keyboard.press('r');
  await page.getByText('Replying to jonas').waitFor();
  await bea.composer.fill('A line');
  await bea.page.keyboard.type('.');
  await page.getByText('bea is typing').first().waitFor();
  await look(ada, 'reply');
  await ada.composer.focus();
  await page.keyboard.press('Escape');
  await ada.articles.filter({ hasText: 'Soundings' }).focus();
  for (const emoji of ['👍', '🎉']) {
    await page.keyboard.press('+');
    await page.getByRole('dialog', { name: 'Choose an emoji' }).getByRole('button', { name: emoji }).click();
    await ada.articles.filter({ hasText: 'Soundings' }).getByRole('button', { name: `${emoji}, 1 reaction` }).waitFor();
  }
  await own.focus();
  await page.keyboard.press('Delete');
  const toast = page.locator('.toast').filter({ hasText: 'Message deleted' });
  await toast.waitFor();
  for (const size of [DESKTOP, { width: 390, height: 844 }]) {
    await page.setViewportSize(size);
    assert.ok(!await overlap(toast, page.locator('.compose')), `the message box is free at ${size.width} px`);
  }
  await look(ada, 'deleted');
}
