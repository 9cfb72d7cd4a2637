/** @typedef {import('./types.js').Platform} Platform */
/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Room} Summary */
/** @typedef {import('./types.js').Frame} Frame */
/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./room.js').Room} Room */

import { createConnection } from './connection.js';
import { createRoom } from './room.js';
import { value } from './value.js';

/**
 * The chat of a signed-in user: one room, and who is online.
 * @param {Platform} platform
 * @param {Person} me
 * @param {(message: Message) => void} speak is told of messages that arrive live from others
 */
export function createChat(platform, me, speak) {
  const here = value(/** @type {Room | null} */ (null));
  const room = value(/** @type {Summary | null} */ (null));
  const online = value(/** @type {readonly Person[]} */ ([]));

  const connection = createConnection(platform, hear);
  connection.state.watch(({ phase }) => { if (phase !== 'open') here.get()?.interrupted(); });

  /** @param {Frame} frame */
  function hear(frame) {
    switch (frame.type) {
      case 'auth_ok': return welcomed(frame);
      case 'ack': return here.get()?.acknowledged(frame);
      case 'error': return frame.client_id ? here.get()?.refused(frame) : undefined;
      case 'user_joined': return came([frame.user], []);
      case 'user_left': return came([], [frame.user]);
      case 'presence': return came(frame.joined, frame.left);
      default: return happened(frame);
    }
  }

  /** @param {Frame} frame */
  function happened(frame) {
    const place = frame.room_id ?? frame.message?.room_id;
    if (place === here.get()?.id) here.get()?.hear(frame);
  }

  /** @param {Frame} frame */
  function welcomed(frame) {
    online.set(byName(frame.online ?? []));
    const first = /** @type {Summary | undefined} */ (frame.rooms[0]);
    if (!first) return;
    const known = here.get();
    const mine = known ?? createRoom({ platform, me, send: connection.send, summary: first, speak });
    if (known) known.welcomed(first);
    else {
      mine.open();
      mine.welcomed(first);
      mine.room.watch(room.set);
      here.set(mine);
    }
  }

  /**
   * @param {readonly Person[]} joined
   * @param {readonly Person[]} left
   */
  function came(joined, left) {
    const gone = new Set([...joined, ...left].map((person) => person.id));
    online.set(byName([...online.get().filter((person) => !gone.has(person.id)), ...joined]));
  }

  return {
    me, room, here, online, connection,
    outbox: {
      entries: { get: () => here.get()?.outbox.entries.get() ?? [] },
      clear: () => here.get()?.outbox.clear(),
    },
  };
}

/** @typedef {ReturnType<typeof createChat>} Chat */

/**
 * @param {readonly Person[]} people
 * @returns {readonly Person[]}
 */
function byName(people) {
  return [...people].sort((a, b) => a.username.localeCompare(b.username));
}
