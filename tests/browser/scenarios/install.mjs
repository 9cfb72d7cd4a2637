import assert from 'node:assert/strict';

import { relay } from '../lib/relay.mjs';

/** The page as an app: what the system is told of it, that it opens without the server, and that it is as it was built. */
export default async function install({ server, browser }) {
  browser.expected.push(/net::ERR|WebSocket connection|ERR_CONNECTION/);
  const ada = await browser.person('ada');
  const { page } = ada;
  await ada.signUp();
  await isDescribed(page, server);
  const kept = await page.evaluate(whatIsKept);
  await isAsServed(server, kept);
  await opensWithoutTheServer(server, ada);
  await aNewerPage(server, ada);
}

async function isDescribed(page, server) {
  const address = await page.locator('link[rel="manifest"]').getAttribute('href');
  const answer = await fetch(server.address + address);
  assert.equal(answer.headers.get('content-type'), 'application/manifest+json');
  const manifest = await answer.json();
  assert.deepEqual([manifest.name, manifest.display, manifest.start_url], ['Secure Chat', 'standalone', '/']);
  for (const { src, type } of manifest.icons) {
    const icon = await fetch(server.address + src);
    assert.deepEqual([icon.status, icon.headers.get('content-type')], [200, type]);
  }
}

/** Waits until the page is kept, and says what of it. */
async function whatIsKept() {
  await navigator.serviceWorker.ready;
  const [name, ...others] = await caches.keys();
  if (others.length > 0) throw new Error(`more than one: ${others}`);
  const cache = await caches.open(name);
  return (await cache.keys()).map(({ url }) => new URL(url).pathname);
}

/** What is kept is what the server serves, all of it that the page needs, and nothing that anybody has written. */
async function isAsServed(server, kept) {
  assert.ok(kept.includes('/'), kept.join());
  assert.ok(kept.some((path) => path.startsWith('/assets/js/e2ee/worker.')), kept.join());
  assert.ok(kept.every((path) => path === '/' || path.startsWith('/assets/')), kept.join());
  const html = await (await fetch(server.address)).text();
  for (const [, path] of html.matchAll(/"(\/assets\/[^"]+)"/g)) assert.ok(kept.includes(path), path);
}

async function opensWithoutTheServer(server, ada) {
  const { page } = ada;
  await page.reload();
  await ada.arrived();
  await server.kill();
  await page.reload();
  await page.getByText('The server does not answer.').waitFor();
  await server.restart();
  await ada.arrived();
  await ada.say('Back again');
  await ada.sees('Back again');
}

/** Who has the page open for long is told that there is a newer one, and has it at a press; a spoilt one is not taken. */
async function aNewerPage(server, ada) {
  const { page } = ada;
  let change = (path, body) => body;
  const between = await relay(server.port, (path, body) => change(path, body));
  await page.goto(between.address);
  // The cookie is good for every port of the machine; the keys are kept for one address.
  await ada.unlocks();
  const update = () => page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update().catch(() => {});
    const found = registration.installing ?? registration.waiting;
    if (!found || found.state === 'installed') return found?.state ?? null;
    return new Promise((resolve) => { found.addEventListener('statechange', () => resolve(found.state), { once: true }); });
  });
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await ada.arrived();
  let spoilt = '';
  change = (path, body) => {
    if (path !== '/service_worker.js') return body;
    spoilt = body.toString().replace(/"[0-9a-f]{64}"\]/, `"${'0'.repeat(64)}"]`);
    return Buffer.from(spoilt);
  };
  assert.notEqual(await update(), 'installed', 'a file is not as it was built');
  assert.ok(spoilt.includes('0'.repeat(64)));
  change = (path, body) => (path === '/service_worker.js' ? Buffer.concat([body, Buffer.from('// newer')]) : body);
  assert.equal(await update(), 'installed');
  await page.getByText('A new version of this page is ready.').waitFor();
  const loaded = page.waitForEvent('load');
  await page.getByRole('button', { name: 'Load it' }).click();
  await loaded;
  await ada.arrived();
  await page.goto(server.address);
  between.end();
}
