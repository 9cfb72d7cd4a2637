// Runs one scenario against a server of its own: `node run.mjs NAME`. What it needs comes by the environment:
// SECURE_CHAT (the program), CHROMIUM (the browser), SCREENSHOTS (where pictures go).
import { chromium } from 'playwright-core';

import { Browser } from './lib/browser.mjs';
import { Server } from './lib/server.mjs';

const name = process.argv[2];
const { default: scenario } = await import(`./scenarios/${name}.mjs`);
const server = await Server.start();
const engine = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: [
    '--no-sandbox', '--disable-dev-shm-usage', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
  ],
});
const browser = new Browser(engine, server);
let failed = null;
try {
  await scenario({ server, browser });
  browser.check();
} catch (error) {
  failed = error;
  await browser.picture(`failed-${name}`);
}
await engine.close();
await server.end();
if (failed) {
  console.error(failed);
  process.exit(1);
}
