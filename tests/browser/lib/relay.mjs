import { createServer, request } from 'node:http';
import { connect } from 'node:net';

/**
 * Stands between browsers and a server, and changes what is told of it here.
 * @param {number} port of the server
 * @param {(path: string, body: Buffer) => Buffer} change
 */
export async function relay(port, change) {
  const to = ({ method, url, headers: { 'if-none-match': known, ...headers } }) => ({
    host: '127.0.0.1', port, method, path: url, headers: { ...headers, 'accept-encoding': 'identity' },
  });
  const between = createServer((asked, answer) => {
    const onward = request(to(asked), async (given) => {
      const parts = [];
      for await (const part of given) parts.push(part);
      const body = change(asked.url, Buffer.concat(parts));
      const headers = { ...given.headers, 'content-length': String(body.length) };
      if (given.headers['transfer-encoding']) delete headers['transfer-encoding'];
      answer.writeHead(given.statusCode, headers).end(body);
    });
    onward.on('error', () => answer.destroy());
    asked.pipe(onward);
  });
  between.on('upgrade', (asked, socket, head) => {
    const onward = connect(port, '127.0.0.1', () => {
      const headers = Object.entries(asked.headers).map(([name, text]) => `${name}: ${text}`).join('\r\n');
      onward.write(`${asked.method} ${asked.url} HTTP/1.1\r\n${headers}\r\n\r\n`);
      onward.write(head);
      socket.pipe(onward).pipe(socket);
    });
    for (const side of [socket, onward]) side.on('error', () => { socket.destroy(); onward.destroy(); });
  });
  await new Promise((resolve) => { between.listen(0, '127.0.0.1', resolve); });
  return { address: `http://127.0.0.1:${between.address().port}`, end: () => { between.closeAllConnections(); between.close(); } };
}
