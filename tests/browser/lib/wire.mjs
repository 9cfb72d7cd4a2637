/**
 * What goes over the wire of one browser: what its pages send (addresses, headers, bodies, frames) and the frames that
 * they hear.
 * @param {import('playwright-core').BrowserContext} context
 */
export function watchWire(context) {
  const wire = { sent: [], heard: [] };
  context.on('request', (request) => {
    wire.sent.push(request.url(), JSON.stringify(request.headers()));
    const body = request.postDataBuffer();
    if (body) wire.sent.push(body);
  });
  context.on('page', (page) => page.on('websocket', (socket) => {
    socket.on('framesent', ({ payload }) => wire.sent.push(payload));
    socket.on('framereceived', ({ payload }) => wire.heard.push(JSON.parse(payload)));
  }));
  return wire;
}
