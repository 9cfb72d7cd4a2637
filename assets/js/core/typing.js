/** @typedef {import('./types.js').Platform} Platform */
/** @typedef {import('./types.js').Frame} Frame */

import { value } from './value.js';

/** The server forgets after 6 seconds without a repeat; said again well before that. */
const AGAIN_AFTER = 3_000;
/** Somebody whose end of typing got lost stops by itself. */
const FORGET_AFTER = 8_000;

/**
 * Who is typing in a room, and saying that one is oneself.
 * @param {Pick<Platform, 'clock'>} platform
 * @param {{ id: number }} me
 * @param {number} roomId
 * @param {(frame: Frame) => boolean} send
 */
export function createTyping({ clock }, me, roomId, send) {
  const people = value(/** @type {readonly string[]} */ ([]));
  /** @type {Map<number, { username: string, forget: () => void }>} */
  const typing = new Map();
  let saidAt = -Infinity;

  const tell = () => people.set([...typing.values()].map((one) => one.username));

  /** @param {number} userId */
  function stopped(userId) {
    typing.get(userId)?.forget();
    if (typing.delete(userId)) tell();
  }

  return {
    people,

    /** @param {Frame} frame */
    hear(frame) {
      if (frame.user_id === me.id) return;
      if (!frame.is_typing) return stopped(frame.user_id);
      const known = typing.get(frame.user_id);
      known?.forget();
      const forget = clock.after(FORGET_AFTER, () => stopped(frame.user_id));
      typing.set(frame.user_id, { username: frame.username, forget });
      if (!known) tell();
    },

    /** Whoever has sent a message has stopped typing it. */
    stopped,

    /**
     * The reader has written something, or everything is gone from the box again.
     * @param {boolean} something
     */
    wrote(something) {
      const now = clock.now();
      if (something && now - saidAt < AGAIN_AFTER) return;
      if (!something && saidAt === -Infinity) return;
      saidAt = something ? now : -Infinity;
      send({ type: 'typing', is_typing: something, room_id: roomId });
    },

    /** What was typed is sent, which the server takes as the end of it. */
    sent() {
      saidAt = -Infinity;
    },

    /** Nobody is known to type once the connection is gone. */
    clear() {
      saidAt = -Infinity;
      for (const userId of [...typing.keys()]) stopped(userId);
    },
  };
}
