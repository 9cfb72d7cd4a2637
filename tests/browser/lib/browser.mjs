import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { Person } from './person.mjs';
import { watchWire } from './wire.mjs';

const DESKTOP = { width: 1440, height: 900 };

/** Chromium, watching for what must not happen on any page: script errors and violations of the content policy. */
export class Browser {
  constructor(engine, server) {
    this.engine = engine;
    this.server = server;
    this.faults = [];
    this.pages = [];
    /** Faults that a scenario brings about on purpose, such as a server that is away. */
    this.expected = [];
  }

  /** Somebody new in a browser of their own. */
  async person(name, options = {}) {
    const context = await this.engine.newContext({ viewport: DESKTOP, locale: 'en-GB', ...options });
    const wire = watchWire(context);
    context.on('page', (page) => this.#watch(name, page));
    return new Person(name, await context.newPage(), context, this.server, wire);
  }

  #watch(name, page) {
    page.on('pageerror', (error) => this.faults.push(`${name}: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.faults.push(`${name}: ${message.text()}`);
    });
    this.pages.push(page);
  }

  /** Whether nothing has happened that must not. */
  check() {
    const faults = this.faults.filter((fault) => !this.expected.some((expected) => expected.test(fault)));
    if (faults.length > 0) throw new Error(`on the pages:\n${faults.join('\n')}`);
  }

  async picture(name) {
    const folder = process.env.SCREENSHOTS;
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    for (const [at, page] of this.pages.entries()) {
      if (!page.isClosed()) await page.screenshot({ path: join(folder, `${name}-${at}.png`) });
    }
  }
}
