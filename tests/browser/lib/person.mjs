import assert from 'node:assert/strict';

export const PASSWORD = 'correct horse battery';

/** A person in front of a page, who finds things by what they are called. */
export class Person {
  constructor(name, page, context, server, wire) {
    Object.assign(this, { name, page, context, server, wire });
  }

  /** The same person in another tab of the same browser. */
  async tab() {
    return new Person(this.name, await this.context.newPage(), this.context, this.server, this.wire);
  }

  get composer() {
    return this.page.getByRole('textbox', { name: 'Message #plain' });
  }

  get articles() {
    return this.page.getByRole('article');
  }

  get code() {
    return this.page.getByRole('group', { name: 'Recovery code' });
  }

  get connection() {
    return this.page.locator('.me').getByRole('status');
  }

  async open() {
    await this.page.goto(this.server.address);
  }

  async signUp(password = PASSWORD) {
    await this.makesAccount(password);
    const code = await this.keepsCode();
    await this.arrived();
    return code;
  }

  /** Up to the recovery code. */
  async makesAccount(password = PASSWORD) {
    await this.open();
    await this.page.getByRole('link', { name: 'Create an account' }).click();
    await this.page.getByLabel('Username').fill(this.name);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.page.getByLabel('Password again').fill(password);
    await this.page.getByRole('button', { name: 'Create account' }).click();
    await this.code.waitFor();
  }

  async signIn(username = this.name, password = PASSWORD) {
    await this.page.getByLabel('Username').fill(username);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Reads the recovery code, and types what is asked for to show that it is kept. */
  async keepsCode() {
    await this.code.waitFor();
    const groups = await this.code.locator('span').allTextContents();
    for (const number of [3, 6]) await this.page.getByLabel(`Group ${number}`).fill(groups[number - 1]);
    await this.page.getByRole('button', { name: 'Continue' }).click();
    return groups.join('-');
  }

  /** The code that was on the page is gone with it; another one takes its place. */
  async makesAnotherCode(password = PASSWORD) {
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.page.getByRole('button', { name: 'Make a new code' }).click();
  }

  /** From the sign-in screen, up to the next recovery code if this one is right. */
  async recovers(code, password, username = this.name) {
    await this.page.getByLabel('Username').fill(username);
    await this.page.getByLabel('Recovery code').fill(code);
    await this.page.getByLabel('New password').fill(password);
    await this.page.getByLabel('Password again').fill(password);
    await this.page.getByRole('button', { name: 'Set new password' }).click();
  }

  /** The settings, opened if they are not. */
  async settings() {
    const dialog = this.page.getByRole('dialog', { name: 'Settings' });
    if (!await dialog.isVisible()) await this.page.getByRole('button', { name: 'Settings', exact: true }).click();
    await dialog.waitFor();
    return dialog;
  }

  async changesPassword(from, to) {
    const dialog = await this.settings();
    await dialog.getByLabel('Current password').fill(from);
    await dialog.getByLabel('New password').fill(to);
    await dialog.getByLabel('Password again').fill(to);
    await dialog.getByRole('button', { name: 'Change password' }).click();
  }

  async wasSignedOut(why = 'You were signed out on this device.') {
    await this.page.getByText(why).waitFor();
  }

  async arrived() {
    // On a phone the list comes first, and the room is behind it.
    const room = this.page.getByRole('link', { name: /^plain/ });
    await room.waitFor({ state: 'attached' });
    if (await this.page.locator('.app[data-view="list"]').count() > 0) await room.click();
    await this.composer.waitFor();
    await this.page.getByText('Connected', { exact: true }).first().waitFor({ state: 'attached' });
  }

  async say(text) {
    await this.composer.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Waits until this text stands in a message. */
  async sees(text) {
    await this.articles.filter({ hasText: text }).first().waitFor();
  }

  /** The texts of all messages on the page, in order. */
  async texts() {
    // Not `innerText`: what is scrolled away is not laid out, and would have none.
    return this.articles.evaluateAll((all) => {
      const lines = (p) => [...p.childNodes].map((node) => (node.nodeName === 'BR' ? '\n' : node.textContent)).join('');
      return all.map((one) => [...one.querySelectorAll('p')].map(lines).join('\n\n'));
    });
  }

  /** Waits until the page shows exactly these messages. */
  async seesExactly(expected) {
    const deadline = Date.now() + 15_000;
    let texts = await this.texts();
    while (Date.now() < deadline && JSON.stringify(texts) !== JSON.stringify(expected)) {
      // Each look waits for the page's next frame; there is no other event that says "nothing more will come".
      await this.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(resolve); }));
      texts = await this.texts();
    }
    assert.deepEqual(texts, expected, `what ${this.name} sees`);
  }
}
