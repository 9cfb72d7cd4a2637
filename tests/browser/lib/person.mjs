import assert from 'node:assert/strict';

export const PASSWORD = 'correct horse battery';

/** A person in front of a page, who finds things by what they are called. */
export class Person {
  constructor(name, page, context, server) {
    Object.assign(this, { name, page, context, server });
  }

  get composer() {
    return this.page.getByRole('textbox', { name: 'Message #plain' });
  }

  get articles() {
    return this.page.getByRole('article');
  }

  get connection() {
    return this.page.locator('.me').getByRole('status');
  }

  async open() {
    await this.page.goto(this.server.address);
  }

  async signUp(password = PASSWORD) {
    await this.open();
    await this.page.getByRole('link', { name: 'Create an account' }).click();
    await this.page.getByLabel('Username').fill(this.name);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.page.getByLabel('Password again').fill(password);
    await this.page.getByRole('button', { name: 'Create account' }).click();
    await this.keepsCode();
    await this.arrived();
  }

  async signIn(username = this.name, password = PASSWORD) {
    await this.page.getByLabel('Username').fill(username);
    await this.page.getByLabel('Password', { exact: true }).fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Reads the recovery code, and types what is asked for to show that it is kept. */
  async keepsCode() {
    const code = this.page.getByRole('group', { name: 'Recovery code' });
    await code.waitFor();
    const groups = await code.locator('span').allTextContents();
    for (const number of [3, 6]) await this.page.getByLabel(`Group ${number}`).fill(groups[number - 1]);
    await this.page.getByRole('button', { name: 'Continue' }).click();
    return groups.join('-');
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
