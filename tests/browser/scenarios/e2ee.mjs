import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';

import { serveAssets } from '../lib/files.mjs';

const VECTORS = new URL('../../vectors/e2ee-v1.json', import.meta.url);

/** The encryption protocol in a real browser: the shared vectors, keys that nobody can read, and the worker as it is served. */
export default async function e2ee({ server, browser }) {
  const { page, context } = await browser.person('tester');
  await context.addInitScript(rememberPolicy);
  const files = await serveAssets();
  await page.goto(files.address);
  await vectors(page);
  await keysAreNotShown(page);
  files.end();
  await page.goto(server.address);
  await worker(page);
}

/** @param {import('playwright-core').Page} page */
async function vectors(page) {
  const text = await readFile(VECTORS, 'utf8');
  const found = await page.evaluate(async (all) => {
    const { checkVectors } = await import('/test/e2ee/check_vectors.js');
    return checkVectors(JSON.parse(all));
  }, text);
  assert.deepEqual([found.missing, found.failed], [[], []]);
  const cases = Object.values(JSON.parse(text).sections).flat().length;
  assert.equal(found.passed + found.needsMore.length, cases);
  console.log(`${found.passed} cases of the vectors are green here, ${found.needsMore.length} need a primitive it has not`);
}

/** @param {import('playwright-core').Page} page */
async function keysAreNotShown(page) {
  const refused = await page.evaluate(async () => {
    const { fromPkcs8, importPrivate, toPkcs8 } = await import('/js/e2ee/keys.js');
    const outcomes = [];
    for (const kind of ['ed25519', 'x25519']) {
      const secret = crypto.getRandomValues(new Uint8Array(32));
      fromPkcs8(kind, toPkcs8(kind, secret));
      const key = await importPrivate(kind, secret);
      for (const format of ['pkcs8', 'jwk', 'raw']) {
        outcomes.push(await crypto.subtle.exportKey(format, key.key ?? key).then(() => 'shown', (fault) => fault.name));
      }
    }
    return outcomes;
  });
  assert.ok(refused.every((outcome) => outcome !== 'shown'), String(refused));
}

/** The content policy allows one policy for the addresses of scripts; the page makes it, and a scenario can only borrow it. */
function rememberPolicy() {
  const factory = globalThis.trustedTypes;
  if (!factory) {
    globalThis.policyOfPage = { createScriptURL: (url) => url };
    return;
  }
  const create = factory.createPolicy.bind(factory);
  factory.createPolicy = (...given) => {
    globalThis.policyOfPage = create(...given);
    return globalThis.policyOfPage;
  };
}

/** @param {import('playwright-core').Page} page */
async function worker(page) {
  await page.waitForFunction(() => globalThis.policyOfPage !== undefined);
  const answers = await page.evaluate(async () => {
    const address = document.querySelector('meta[name="e2ee-worker"]').content;
    const keeper = new Worker(globalThis.policyOfPage.createScriptURL(address), { type: 'module' });
    const ask = (id, op, args) => new Promise((resolve, reject) => {
      keeper.addEventListener('message', ({ data }) => { if (data.id === id) resolve(data); });
      keeper.addEventListener('error', ({ message }) => reject(new Error(message)));
      keeper.postMessage({ id, op, args });
    });
    return [
      await ask(1, 'selfTest'),
      await ask(2, 'nothing of the kind'),
      await ask(3, 'toString'),
      await ask(4, 'sealState', { version: 1, plaintext: new Uint8Array(1) }),
    ];
  });
  assert.deepEqual(answers[0], { id: 1, ok: { ok: true, code: null, missing: [] } });
  for (const { ok, error } of answers.slice(1)) assert.deepEqual([ok, typeof error.code], [undefined, 'string']);
}
