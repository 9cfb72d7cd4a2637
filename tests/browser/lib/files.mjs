import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const EMPTY = '<!doctype html><title>Tests</title><link rel="icon" href="data:,">';
const TYPES = { html: 'text/html', js: 'text/javascript', json: 'application/json' };

/**
 * Serves the browser client's folder with its tests, which the program does not have in it, and an empty page to run
 * them on.
 * @returns {Promise<{ address: string, end: () => void }>}
 */
export async function serveAssets() {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    try {
      const file = new URL(`../../../assets${pathname}`, import.meta.url);
      const body = pathname === '/' ? EMPTY : await readFile(file);
      response.setHeader('content-type', TYPES[pathname.split('.').at(-1)] ?? TYPES.html);
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { address: `http://127.0.0.1:${server.address().port}`, end: () => server.close() };
}
