import assert from 'node:assert/strict';

import { survey } from './look.mjs';

const DESKTOP = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

/** Rooms, direct messages and who is in them: two people, with mouse and keyboard, on a desk and on a phone. */
export default async function rooms({ browser, server }) {
  // A name that nobody has is looked for on purpose.
  // Two browsers of one account may store its state at once; the second tries again.
  browser.expected.push(/status of (404|409)/);
  const [ada, bea] = [await browser.person('ada'), await browser.person('bea')];
  await ada.signUp();
  await bea.signUp();
  await makeRoom(ada);
  await bringIn(ada, bea);
  await unreadRisesAndFalls(ada, bea);
  await directMessages(ada, bea);
  await byKeyboard(ada);
  await changeSettings(ada, bea);
  await removeAndUndo(ada, bea);
  await onAPhone(bea);
  await settings(ada, browser);
  await keysForPrograms(server, browser);
  await leave(bea);
}

const row = (person, name) => person.page.getByRole('navigation', { name: 'Conversations' }).getByRole('link', { name });
const title = (person, name) => person.page.getByRole('heading', { name, exact: true, level: 2 });
const box = (person) => person.page.getByRole('textbox', { name: /^Message / });
const menu = async (person, button, item) => {
  await person.page.getByRole('button', { name: button }).click();
  await person.page.getByRole('menuitem', { name: item }).click();
};

/** The browser takes its step back a moment after a dialog is gone; who presses Back comes later than that. */
const settled = (page) => page.waitForFunction(() => history.state.layers === 0);

async function say(person, text) {
  await box(person).fill(text);
  await person.page.keyboard.press('Enter');
}

/** Looks at what is on the screen, in every size and colour, and goes back to the desk. */
async function look(person, name, sizes) {
  await survey(person.page, name, sizes);
  await person.page.setViewportSize(DESKTOP);
}

async function makeRoom(ada) {
  const { page } = ada;
  await menu(ada, 'New room or message', 'New room');
  await page.getByRole('button', { name: 'Make the room' }).click();
  await page.getByText('This is missing.').waitFor();
  await look(ada, 'new-room');
  await page.getByLabel('Name').fill('harbour-survey');
  await page.keyboard.press('Enter');
  await title(ada, 'harbour-survey').waitFor();
  assert.match(page.url(), /#\/room\/\d+$/);
  assert.equal(await page.getByRole('dialog').count(), 0);
  await page.getByText('Say hello').waitFor();
  await page.getByRole('button', { name: 'Not encrypted' }).click();
  const security = page.getByRole('dialog', { name: 'Room security' });
  await security.getByText('can be read by the server').waitFor();
  await page.keyboard.press('Escape');
  await security.waitFor({ state: 'detached' });
  await settled(page);
  // Back leads to the room before, and forward to this one again.
  await page.goBack();
  await title(ada, 'plain').waitFor();
  await page.goForward();
  await title(ada, 'harbour-survey').waitFor();
}

async function bringIn(ada, bea) {
  const { page } = ada;
  await page.getByRole('button', { name: '1 member' }).click();
  const panel = page.getByRole('complementary', { name: 'Members' });
  await panel.getByText('Owner').waitFor();
  await panel.getByLabel('Add a person').fill('nobody_here');
  await panel.getByRole('button', { name: 'Add', exact: true }).click();
  await panel.getByText('There is no one by that name.').waitFor();
  await panel.getByLabel('Add a person').fill('bea');
  await page.keyboard.press('Enter');
  await page.getByText('bea was added').waitFor();
  await panel.getByRole('button', { name: 'Remove bea' }).waitFor();
  await row(bea, 'harbour-survey').waitFor();
  await look(ada, 'members');
  // Esc closes the panel and gives the focus back.
  await panel.getByRole('heading', { name: 'Members' }).focus();
  await page.keyboard.press('Escape');
  await panel.waitFor({ state: 'detached' });
}

async function unreadRisesAndFalls(ada, bea) {
  await title(bea, 'plain').waitFor();
  await say(ada, 'Soundings are in.');
  await say(ada, 'The north channel has shoaled.');
  await row(bea, /harbour-survey.*, 2 unread/).waitFor();
  await bea.page.waitForFunction(() => document.title.startsWith('(2) plain'));
  // What waits is still counted after a reload: from what the server knows.
  await bea.page.reload();
  await row(bea, /harbour-survey.*, 2 unread/).waitFor();
  await box(bea).waitFor();
  await bea.page.keyboard.press('Alt+Shift+ArrowDown');
  await title(bea, 'harbour-survey').waitFor();
  await bea.sees('The north channel has shoaled.');
  await bea.page.waitForFunction(() => document.title.startsWith('harbour-survey'));
  await bea.page.reload();
  await title(bea, 'harbour-survey').waitFor();
  assert.equal(await row(bea, /unread/).count(), 0, 'what was read stays read');
}

async function directMessages(ada, bea) {
  await bea.page.locator('.online-sec').getByRole('button', { name: 'ada' }).click();
  await title(bea, 'ada').waitFor();
  await say(bea, 'Between us.');
  await row(ada, /^bea.*, 1 unread/).waitFor();
  await look(bea, 'direct');
  // Who has a conversation already is led to it.
  await menu(ada, 'New room or message', 'New message');
  const dialog = ada.page.getByRole('dialog', { name: 'New message' });
  await dialog.getByRole('option', { name: 'bea' }).waitFor();
  await look(ada, 'new-message');
  await dialog.getByRole('combobox').fill('be');
  await ada.page.keyboard.press('Enter');
  await title(ada, 'bea').waitFor();
  await ada.sees('Between us.');
  await say(ada, 'Yes.');
  await bea.sees('Yes.');
  await ada.page.waitForFunction(() => document.title.startsWith('bea'));
}

async function byKeyboard(ada) {
  const { page } = ada;
  await page.keyboard.press('Control+k');
  const found = page.getByRole('dialog', { name: 'Find or do' });
  await found.getByRole('option').first().waitFor();
  await look(ada, 'palette');
  await page.keyboard.type('har');
  await found.getByRole('option', { name: 'harbour-survey' }).first().waitFor();
  await page.keyboard.press('Enter');
  await title(ada, 'harbour-survey').waitFor();
  assert.equal(await found.count(), 0);
  await page.keyboard.press('Alt+ArrowUp');
  await title(ada, 'plain').waitFor();
  await page.keyboard.press('Alt+ArrowDown');
  await title(ada, 'harbour-survey').waitFor();

  await page.keyboard.press('Control+k');
  await page.keyboard.type('zzz');
  await found.getByText('No room, person, message or command matches').first().waitFor();
  await page.keyboard.press('Escape');
  await found.waitFor({ state: 'detached' });
  await page.keyboard.press('Control+/');
  await page.getByRole('dialog', { name: 'Shortcuts' }).waitFor();
  await look(ada, 'shortcuts');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog', { name: 'Shortcuts' }).waitFor({ state: 'detached' });
  await settled(page);
  await page.getByRole('dialog', { name: 'Shortcuts' }).waitFor({ state: 'detached' });

  // F6 goes through the areas.
  await box(ada).focus();
  const areas = [];
  for (let i = 0; i < 3; i += 1) {
    await page.keyboard.press('F6');
    areas.push(await page.evaluate(() => document.activeElement?.closest('.side, .feed, .compose')?.className.split(' ')[0]));
  }
  assert.deepEqual(areas, ['side', 'feed', 'compose']);
}

async function changeSettings(ada, bea) {
  await menu(ada, 'Conversation menu', 'Room settings');
  const panel = ada.page.getByRole('complementary', { name: 'Room settings' });
  await panel.getByLabel('Topic').fill('North channel and pier, spring series');
  await panel.getByLabel('Slow mode').selectOption({ label: '30 seconds' });
  await panel.getByRole('button', { name: 'Save' }).click();
  await ada.page.getByText('Saved').waitFor();
  await look(ada, 'room-settings');
  await panel.getByRole('button', { name: 'Close Room settings' }).click();
  await row(bea, 'harbour-survey').click();
  await bea.page.locator('.head').getByText('North channel and pier').waitFor();
  // Who may not change them sees them.
  await menu(bea, 'Conversation menu', 'Room settings');
  await bea.page.getByText('Only moderators and owners can change these settings.').waitFor();
  assert.equal(await bea.page.getByRole('button', { name: 'Save' }).count(), 0);
  await bea.page.goBack();
  await bea.page.getByRole('complementary').waitFor({ state: 'detached' });
  await title(bea, 'harbour-survey').waitFor();
}

async function removeAndUndo(ada, bea) {
  await ada.page.getByRole('button', { name: '2 members' }).click();
  await ada.page.getByRole('button', { name: 'Remove bea' }).click();
  await bea.page.getByText('You are no longer in harbour-survey').waitFor();
  await title(bea, 'plain').waitFor();
  await ada.page.getByRole('button', { name: 'Undo' }).click();
  await row(bea, 'harbour-survey').waitFor();
  await ada.page.getByRole('button', { name: 'Close Members' }).click();
}

async function onAPhone(bea) {
  const { page } = bea;
  await page.setViewportSize(PHONE);
  await page.goto(bea.server.address);
  await row(bea, 'harbour-survey').waitFor();
  assert.equal(await box(bea).count(), 0, 'the list comes first');
  await row(bea, /Soundings|shoaled/).waitFor();
  await survey(page, 'rooms', ['phone']);
  await page.setViewportSize(PHONE);
  await page.goto(bea.server.address);
  await row(bea, 'harbour-survey').click();
  await title(bea, 'harbour-survey').waitFor();
  await survey(page, 'room', ['phone']);
  await page.setViewportSize(PHONE);

  // Back closes what lies over the room first, then the room.
  await menu(bea, 'Conversation menu', 'Members');
  const panel = page.getByRole('dialog', { name: 'Members' });
  await panel.getByText('ada').waitFor();
  await page.goBack();
  await panel.waitFor({ state: 'detached' });
  await title(bea, 'harbour-survey').waitFor();
  await page.goBack();
  await row(bea, 'harbour-survey').waitFor();
  assert.equal(await box(bea).count(), 0);
  assert.equal(await page.evaluate(() => document.activeElement?.textContent?.includes('harbour-survey')), true, 'the room that was left');

  await page.getByRole('button', { name: 'People' }).click();
  await page.getByRole('button', { name: /^ada/ }).waitFor();
  await survey(page, 'people', ['phone']);
  await page.setViewportSize(PHONE);
  await page.goto(bea.server.address);
  await row(bea, 'harbour-survey').waitFor();
  for (const control of await page.locator('.side button:visible, .side a:visible').all()) {
    const { width, height } = await control.boundingBox();
    assert.ok(width >= 43.5 && height >= 43.5, `${await control.innerText()}: ${width} by ${height}`);
  }
  await page.setViewportSize(DESKTOP);
  await box(bea).waitFor();
}

async function settings(ada, browser) {
  const { page } = ada;
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Settings' });
  await dialog.getByText('This device').waitFor();
  const other = await browser.person('ada');
  await other.open();
  await other.signIn();
  await other.page.getByRole('navigation', { name: 'Conversations' }).getByRole('link').first().waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await dialog.getByRole('button', { name: 'Sign out all other devices' }).waitFor();
  await look(ada, 'settings-devices');
  await dialog.getByRole('button', { name: /^Sign out .* on / }).click();
  await other.wasSignedOut();

  await dialog.getByRole('switch', { name: 'Compact messages' }).click();
  await dialog.getByText('Dark', { exact: true }).click();
  await page.keyboard.press('Escape');
  await settled(page);
  await page.reload();
  await box(ada).waitFor();
  assert.deepEqual(await page.evaluate(() => ({ ...document.documentElement.dataset })), { theme: 'dark', density: 'compact' });
  await survey(page, 'compact', ['desktop']);
  await page.setViewportSize(DESKTOP);
}

/** An account of a program has keys for it; one whose password never leaves the browser has none. */
async function keysForPrograms(server, browser) {
  await server.bot('robot');
  const ada = await browser.person('robot');
  await ada.open();
  await ada.page.getByRole('link', { name: 'Sign in without keys' }).click();
  await ada.signIn();
  await ada.arrived();
  await ada.page.getByRole('button', { name: 'Settings', exact: true }).click();
  const dialog = ada.page.getByRole('dialog', { name: 'Settings' });
  await dialog.getByRole('button', { name: 'Make a key' }).click();
  await dialog.getByText('Give it a name, and at least one thing it may do.').waitFor();
  await dialog.getByLabel('Name of the program').fill('tide gauge');
  await dialog.getByRole('checkbox', { name: 'Write' }).check();
  await ada.page.keyboard.press('Tab');
  await dialog.getByRole('button', { name: 'Make a key' }).click();
  const secret = await dialog.getByLabel('New key').inputValue();
  const rooms = await fetch(`${ada.server.address}/api/rooms`, { headers: { authorization: `Bearer ${secret}` } });
  assert.equal(rooms.status, 200);
  await dialog.getByRole('button', { name: 'Revoke tide gauge' }).waitFor();
  await look(ada, 'settings-keys');
  await dialog.getByRole('button', { name: 'Revoke tide gauge' }).click();
  await dialog.getByRole('button', { name: 'Revoke tide gauge' }).waitFor({ state: 'detached' });
  const again = await fetch(`${ada.server.address}/api/rooms`, { headers: { authorization: `Bearer ${secret}` } });
  assert.equal(again.status, 401);
}

async function leave(bea) {
  await row(bea, 'harbour-survey').click();
  await title(bea, 'harbour-survey').waitFor();
  await menu(bea, 'Conversation menu', 'Leave the room');
  await bea.page.getByText('To come back, somebody has to add you again.').waitFor();
  await look(bea, 'leave');
  await bea.page.getByRole('dialog').getByRole('button', { name: 'Leave the room' }).click();
  await bea.page.getByText('You left harbour-survey').waitFor();
  await title(bea, 'plain').waitFor();
  assert.equal(await row(bea, 'harbour-survey').count(), 0);
  await menu(bea, 'New room or message', 'Join a room');
  await bea.page.getByText('There is no open room that you are not in.').first().waitFor();
  await bea.page.keyboard.press('Escape');
}
