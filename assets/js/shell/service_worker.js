import { SHELL } from './files.js';

/**
 * Keeps the page itself, so that it opens without a connection, and as it was checked. Nothing that anybody has written
 * comes here: only the files that are the same for everybody.
 *
 * What a service worker is given (W3C Service Workers), as far as it is used here.
 * @typedef {{ waitUntil(work: Promise<unknown>): void }} Lifetime
 * @typedef {Lifetime & { request: Request, respondWith(answer: Promise<Response>): void }} Asked
 * @typedef {{ location: Location, skipWaiting(): Promise<void>, addEventListener(name: string, act: (event: any) => void): void }} Scope
 */
const scope = /** @type {Scope} */ (/** @type {unknown} */ (globalThis));

const PREFIX = 'shell-';
const CACHE = PREFIX + SHELL.root;
const PAGE = '/';

/** @param {ArrayBuffer} bytes */
async function digestOf(bytes) {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * A file, if it is the one that belongs to this page.
 * @param {readonly [string, string]} file
 */
async function checked([path, digest]) {
  const answer = await fetch(path, { cache: path === PAGE ? 'no-cache' : 'default' });
  if (!answer.ok || await digestOf(await answer.clone().arrayBuffer()) !== digest) throw new Error(`not as built: ${path}`);
  return answer;
}

/** All of the files, or none. */
async function fill() {
  const answers = await Promise.all(SHELL.files.map(checked));
  const cache = await caches.open(CACHE);
  await Promise.all(SHELL.files.map(([path], at) => cache.put(path, /** @type {Response} */ (answers[at]))));
}

/** Files of pages that nobody has open any more. */
async function sweep() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
}

/** The page as the server has it now; without a connection as it was kept. @param {Request} request */
async function page(request) {
  try {
    return await fetch(request);
  } catch (fault) {
    const kept = await caches.match(PAGE);
    if (kept) return kept;
    throw fault;
  }
}

/** A file that is called by its hash is the same wherever it comes from. @param {Request} request */
const file = async (request) => (await caches.match(request)) ?? fetch(request);

scope.addEventListener('install', (/** @type {Lifetime} */ event) => event.waitUntil(fill()));
scope.addEventListener('activate', (/** @type {Lifetime} */ event) => event.waitUntil(sweep()));
scope.addEventListener('message', ({ data }) => { if (data === 'take over') void scope.skipWaiting(); });
scope.addEventListener('fetch', (/** @type {Asked} */ event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== scope.location.origin) return;
  if (request.mode === 'navigate' && pathname === PAGE) event.respondWith(page(request));
  else if (pathname.startsWith('/assets/')) event.respondWith(file(request));
});
