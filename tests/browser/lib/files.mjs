import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

const EMPTY = '<!doctype html><title>Tests</title><link rel="icon" href="data:,">';
const TYPES = { html: 'text/html', js: 'text/javascript', json: 'application/json' };

/**
 * Serves the browser client's folder with its tests, which the program does not have in it, and an empty page to run
 * them on. What goes to the API is passed on to a server.
 * @param {string} [api] its address
 * @returns {Promise<{ address: string, end: () => void }>}
 */
export async function serveAssets(api) {
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname.startsWith('/api/')) {
      await passOn(api, request, response);
      return;
    }
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

/** One request, and its answer, between a page and the server that it talks to. */
async function passOn(api, request, response) {
  const { host, origin, connection, ...headers } = request.headers;
  const body = [];
  for await (const part of request) body.push(part);
  const answer = await fetch(api + request.url, {
    method: request.method, headers, body: body.length > 0 ? Buffer.concat(body) : undefined,
  });
  response.writeHead(answer.status, {
    'content-type': answer.headers.get('content-type') ?? '', 'set-cookie': answer.headers.getSetCookie(),
  });
  response.end(Buffer.from(await answer.arrayBuffer()));
}
