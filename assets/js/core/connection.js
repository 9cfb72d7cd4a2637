/** @typedef {import('./types.js').Platform} Platform */
/** @typedef {import('./types.js').Frame} Frame */
/** @typedef {import('./types.js').Socket} Socket */

import { value } from './value.js';

/**
 * How the connection stands. `waiting` lasts until `retryAt`; `ended` is for good: the server has told why.
 * @typedef {{ phase: 'connecting' | 'open' | 'waiting' | 'ended', downSince: number | null, retryAt: number | null,
 *   code: number | null }} ConnectionState
 */

/** Seconds within which the n-th retry falls; the moment itself is drawn (full jitter), so that all the clients of a
 *  restarted server do not come back at once. */
const STEPS = [1, 2, 4, 8, 15, 30];
/** A connection that held for so long was a good one: the next retry is the first again. */
const STABLE = 10_000;
const PING_EVERY = 25_000;
const PONG_WITHIN = 10_000;
/** Close codes after which coming back is no use. */
const FINAL = new Set([4001, 4003, 4004]);

/**
 * Keeps one signed-in connection to the server: opens it, authenticates, notices its death, comes back.
 * @param {Pick<Platform, 'clock' | 'chance' | 'openSocket'>} platform
 * @param {(frame: Frame) => void} hear
 */
export function createConnection(platform, hear) {
  const { clock } = platform;
  /** @type {import('./value.js').Value<ConnectionState>} */
  const state = value(/** @type {ConnectionState} */ ({ phase: 'connecting', downSince: clock.now(), retryAt: null, code: null }));
  /** @type {Socket | null} */
  let socket = null;
  let attempt = 0;
  let openedAt = 0;
  let stopTimer = () => {};

  function open() {
    stopTimer();
    socket?.close();
    state.set({ ...state.get(), phase: 'connecting', retryAt: null, code: null });
    const mine = platform.openSocket({
      open: () => mine.send(JSON.stringify({ type: 'auth' })),
      message: (text) => take(text),
      close: (code) => { if (socket === mine) lost(code); },
    });
    socket = mine;
    // A server that takes the connection and then says nothing is as good as none.
    stopTimer = clock.after(PONG_WITHIN, () => lost(1006));
  }

  /** @param {string} text */
  function take(text) {
    const frame = /** @type {Frame} */ (JSON.parse(text));
    if (frame.type === 'auth_ok') {
      openedAt = clock.now();
      state.set({ phase: 'open', downSince: null, retryAt: null, code: null });
    }
    listen();
    hear(frame);
  }

  /** Waits for the next sign of life; asks for one when there is none. */
  function listen() {
    stopTimer();
    if (state.get().phase !== 'open') return;
    stopTimer = clock.after(PING_EVERY, () => {
      send({ type: 'ping', t: clock.now() });
      stopTimer = clock.after(PONG_WITHIN, () => lost(1006));
    });
  }

  /** @param {number} code */
  function lost(code) {
    stopTimer();
    const { phase, downSince } = state.get();
    if (phase === 'open' && clock.now() - openedAt >= STABLE) attempt = 0;
    socket?.close();
    socket = null;
    if (FINAL.has(code)) {
      state.set({ phase: 'ended', downSince: downSince ?? clock.now(), retryAt: null, code });
      return;
    }
    const within = (STEPS[Math.min(attempt, STEPS.length - 1)] ?? 30) * 1_000;
    const delay = Math.round(platform.chance() * within);
    attempt += 1;
    state.set({ phase: 'waiting', downSince: downSince ?? clock.now(), retryAt: clock.now() + delay, code });
    stopTimer = clock.after(delay, open);
  }

  /**
   * @param {Frame} frame
   * @returns {boolean} whether it was handed to an open connection
   */
  function send(frame) {
    if (state.get().phase !== 'open' || !socket) return false;
    socket.send(JSON.stringify(frame));
    return true;
  }

  return {
    state,
    send,
    start: open,
    /** Comes back at once, as when the reader asks or the network returns. */
    tryNow() {
      if (state.get().phase === 'waiting') open();
    },
    /** Notices at once that the network is gone. */
    networkLost() {
      if (state.get().phase !== 'ended' && state.get().phase !== 'waiting') lost(1006);
    },
    stop() {
      stopTimer();
      socket?.close();
      socket = null;
      state.set({ phase: 'ended', downSince: null, retryAt: null, code: null });
    },
  };
}
