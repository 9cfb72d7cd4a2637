// What the encryption protocol's operations cost in Chromium: `node tests/browser/bench.mjs`, with CHROMIUM for another one.
import { chromium } from 'playwright-core';

import { serveAssets } from './lib/files.mjs';

const files = await serveAssets();
const engine = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'],
});
const page = await engine.newPage();
await page.goto(files.address);
console.log(`Chromium ${engine.version()}`);
console.table(await page.evaluate(async () => (await import('/test/e2ee/bench.js')).bench()));
await engine.close();
files.end();
