/** @typedef {import('../core/types.js').SocketHandlers} SocketHandlers */
/** @typedef {import('../core/types.js').Socket} Socket */

/**
 * Opens the socket of this page's own server.
 * @param {SocketHandlers} handlers
 * @returns {Socket}
 */
export function openSocket(handlers) {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  const socket = new WebSocket(`${scheme}//${location.host}/ws`);
  socket.onopen = () => handlers.open();
  socket.onmessage = (event) => handlers.message(String(event.data));
  socket.onclose = (event) => handlers.close(event.code);
  return {
    send: (text) => socket.send(text),
    close() {
      // A connection that hangs would report its end only after minutes; it is over for us now.
      socket.onopen = null;
      socket.onmessage = null;
      socket.onclose = null;
      socket.close();
    },
  };
}
