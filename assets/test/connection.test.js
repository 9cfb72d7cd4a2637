import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createConnection } from '../js/core/connection.js';
import { world } from './fakes.js';

function connect() {
  const w = world();
  const heard = [];
  const connection = createConnection(w.platform, (frame) => heard.push(frame.type));
  connection.start();
  const greet = () => {
    w.last().handlers.open();
    w.last().hear({ type: 'auth_ok' });
  };
  return { w, heard, connection, greet };
}

test('it says who it is first, and is open when it is greeted', () => {
  const { w, heard, connection } = connect();
  w.last().handlers.open();
  assert.deepEqual(w.last().sent, [{ type: 'auth' }]);
  assert.equal(connection.send({ type: 'message' }), false, 'not before the greeting');
  w.last().hear({ type: 'auth_ok' });
  assert.equal(connection.state.get().phase, 'open');
  assert.deepEqual(heard, ['auth_ok']);
  assert.equal(connection.send({ type: 'message' }), true);
});

test('retries come within 1, 2, 4, 8, 15 and 30 seconds, and then within 30 again', () => {
  const { w, connection } = connect();
  const delays = [];
  for (let i = 0; i < 8; i += 1) {
    w.last().handlers.close(1006);
    const { phase, retryAt } = connection.state.get();
    assert.equal(phase, 'waiting');
    delays.push((retryAt - w.platform.clock.now()) / 1000);
    w.advance(retryAt - w.platform.clock.now());
    assert.equal(connection.state.get().phase, 'connecting');
  }
  assert.deepEqual(delays, [0.5, 1, 2, 4, 7.5, 15, 15, 15], 'half of each, as the drawn number says');
});

test('only a connection that held makes the next retry the first again', () => {
  const { w, connection, greet } = connect();
  w.last().handlers.close(1006);
  w.advance(500);
  greet();
  w.advance(9_000);
  w.last().handlers.close(1006);
  assert.equal(connection.state.get().retryAt - w.platform.clock.now(), 1_000);
  w.advance(1_000);
  greet();
  w.advance(10_000);
  w.last().handlers.close(1006);
  assert.equal(connection.state.get().retryAt - w.platform.clock.now(), 500);
});

test('a silent server is asked, and left when it does not answer', () => {
  const { w, connection, greet } = connect();
  greet();
  w.advance(25_000);
  assert.equal(w.last().sent.at(-1).type, 'ping');
  w.last().hear({ type: 'pong' });
  w.advance(24_000);
  assert.equal(connection.state.get().phase, 'open');
  w.advance(1_000 + 10_000);
  assert.equal(connection.state.get().phase, 'waiting');
  assert.equal(w.sockets[0].closed, true);
});

test('a server that takes the connection and says nothing is left', () => {
  const { w, connection } = connect();
  w.last().handlers.open();
  w.advance(10_000);
  assert.equal(connection.state.get().phase, 'waiting');
});

test('signed out, kicked and banned are for good', () => {
  for (const code of [4001, 4003, 4004]) {
    const { w, connection, greet } = connect();
    greet();
    w.last().handlers.close(code);
    assert.deepEqual([connection.state.get().phase, connection.state.get().code], ['ended', code]);
    w.advance(60_000);
    assert.equal(w.sockets.length, 1);
  }
});

test('what an old socket still says is not heard', () => {
  const { w, connection, greet } = connect();
  greet();
  const old = w.last();
  old.handlers.close(1006);
  connection.tryNow();
  greet();
  old.handlers.close(4001);
  assert.equal(connection.state.get().phase, 'open');
});
