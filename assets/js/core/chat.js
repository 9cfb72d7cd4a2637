/** @typedef {import('./types.js').Platform} Platform */
/** @typedef {import('./types.js').Me} Me */
/** @typedef {import('./types.js').Room} Room */
/** @typedef {import('./types.js').Frame} Frame */
/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./room.js').Room} RoomState */

import { createConnection } from './connection.js';
import { createMembership } from './membership.js';
import { createOnline } from './online.js';
import { createRoom } from './room.js';
import { COUNTED, createRooms, placeOf } from './rooms.js';
import { value } from './value.js';

/** At most so many rooms are looked into at a time to count what waits in them. */
const LOOKS = 40;
/** So many rooms are known as those that were open last. */
const RECENT = 8;

/**
 * The chat of a signed-in user: the rooms they are in, of which one is open, who is online, and one connection that
 * all of it comes through. Each frame is heard once here and given to the room it belongs to.
 * @param {Platform} platform
 * @param {Me} me
 * @param {(message: Message) => void} speak is told of messages that arrive live from others in the open room
 * @param {(frame: Frame) => void} [tell] is told of what concerns the account and its keys
 */
export function createChat(platform, me, speak, tell = () => {}) {
  const { http, storage } = platform;
  const remembered = `room:${me.id}`;
  const rooms = createRooms(me);
  const people = createOnline();
  /** The open room: null while there is none. */
  const open = value(/** @type {RoomState | null} */ (null));
  /** The message of somebody else that has come last, in whatever room. */
  const arrivals = value(/** @type {Message | null} */ (null));
  /** Whether the rooms are known. */
  const phase = value(/** @type {'loading' | 'ready'} */ ('loading'));
  /** @type {Map<number, RoomState>} */
  const states = new Map();
  /** Why an administrator closed the connection. @type {string | null} */
  let reason = null;
  let looking = false;
  let refreshing = false;

  const connection = createConnection(platform, hear);
  connection.state.watch(({ phase: now }) => {
    if (now !== 'open') for (const state of states.values()) state.interrupted();
  });
  const membership = createMembership(http, rooms);

  /** @param {Frame} frame */
  function hear(frame) {
    switch (frame.type) {
      case 'auth_ok': tell(frame); return welcomed(frame);
      case 'dir': case 'state': case 'recovered': return tell(frame);
      case 'ack': return void states.get(frame.room_id)?.acknowledged(frame);
      case 'error': return refused(frame);
      case 'kicked': case 'banned': reason = frame.reason ?? null; return undefined;
      default: return people.hear(frame) ? undefined : happened(frame);
    }
  }

  /** @param {Frame} frame */
  function welcomed(frame) {
    people.welcome(frame);
    take(frame.rooms);
    phase.set('ready');
    // The room that is opened now asks first.
    void look();
  }

  /**
   * All rooms as the server names them now.
   * @param {readonly Room[]} all
   */
  function take(all) {
    rooms.welcome(all);
    for (const id of states.keys()) if (!rooms.get(id)) forget(id);
    for (const room of all) {
      const known = states.get(room.id);
      (known ?? begin(room)).welcomed(room);
    }
  }

  /** @param {Room} room */
  function begin(room) {
    const state = createRoom({ platform, me, send: connection.send, summary: room, speak, unread: (seq, after) => unread(room.id, seq, after) });
    states.set(room.id, state);
    // The room knows how far it has been read; the list counts what comes after.
    state.room.watch(({ id, read_seq: seq }) => rooms.read(id, seq ?? 0));
    const mark = () => rooms.mark(room.id, {
      draft: state.draft.value.get().text.trim() !== '', failed: state.outbox.entries.get().some((entry) => entry.state === 'failed'),
    });
    state.draft.value.watch(mark);
    state.outbox.entries.watch(mark);
    return state;
  }

  /**
   * @param {number} id
   * @param {number} seq
   * @param {readonly Message[]} after
   */
  function unread(id, seq, after) {
    rooms.unread(id, seq);
    if (after.length > 0) rooms.count(id, after);
  }

  /** @param {number} id */
  function forget(id) {
    states.delete(id);
    if (open.get()?.id === id) close();
  }

  /** @param {Frame} frame */
  function refused(frame) {
    if (!frame.client_id) return;
    for (const state of states.values()) if (state.refused(frame)) return;
  }

  /** @param {Frame} frame */
  function happened(frame) {
    const id = placeOf(frame);
    if (id === null) return;
    const before = rooms.get(id)?.last_seq ?? 0;
    const place = rooms.hear(frame);
    if (place === 'left') return forget(id);
    // One was brought into a room, or a conversation was begun with one, elsewhere.
    if (place === 'unknown') return void refresh();
    states.get(id)?.hear(frame);
    const message = frame.type === 'new_message' ? /** @type {Message} */ (frame.message) : null;
    if (message && message.seq > before && message.user_id !== me.id) arrivals.set(message);
  }

  /** Asks which rooms there are, when one is heard of that is not known. */
  async function refresh() {
    if (refreshing) return;
    refreshing = true;
    try {
      take((await http.get('/api/rooms')).rooms);
      void look();
    } catch {
      // The next welcome names them.
    } finally {
      refreshing = false;
    }
  }

  /** Looks into rooms in which something was missed, for how much of it waits to be read. */
  async function look() {
    if (looking) return;
    looking = true;
    try {
      for (const room of rooms.uncounted().slice(0, LOOKS)) await peek(room);
    } catch {
      // Nothing is counted then until the next welcome.
    } finally {
      looking = false;
    }
  }

  /** @param {Room} room */
  async function peek(room) {
    const limit = Math.max(1, Math.min(COUNTED, room.last_seq - (room.read_seq ?? 0)));
    const page = await http.get(`/api/messages?room_id=${room.id}&limit=${limit}`);
    rooms.count(room.id, page.messages);
  }

  /** @returns {readonly number[]} the rooms that were open last in this browser, the last one first */
  function recent() {
    return (storage.read(remembered) ?? '').split(',').map(Number).filter((id) => id > 0);
  }

  function close() {
    open.get()?.close();
    open.set(null);
  }

  /**
   * @param {number} id
   * @returns {boolean} whether there is such a room
   */
  function show(id) {
    const state = states.get(id);
    if (!state) return false;
    if (state === open.get()) return true;
    open.get()?.close();
    storage.write(remembered, [id, ...recent().filter((one) => one !== id)].slice(0, RECENT).join());
    state.open();
    open.set(state);
    return true;
  }

  return {
    me, rooms, people, open, arrivals, phase, connection, membership, show, close,

    /** The room that was open last in this browser, or the one that everybody finds first. */
    home() {
      return rooms.get(recent()[0] ?? 0) ?? rooms.list.get()[0] ?? null;
    },

    /**
     * A room that was just made, entered or begun.
     * @param {Room} room
     */
    entered(room) {
      rooms.put(room);
      if (!states.has(room.id)) begin(room).welcomed(room);
    },

    /**
     * One has left.
     * @param {number} id
     */
    left(id) {
      rooms.drop(id);
      forget(id);
    },

    /** Reads the newest message of rooms that have not told it yet, for the list to show. */
    async preview() {
      const silent = rooms.list.get().filter((room) => room.latest === null && room.last_seq > 0);
      for (const room of silent.slice(0, LOOKS)) await peek(room).catch(() => {});
    },

    recent,

    /** The messages that are held on this device, by their rooms. */
    held: () => rooms.list.get().map((room) => ({ room, messages: states.get(room.id)?.messages() ?? [] })),

    /** Why an administrator closed the connection, if they said so. */
    reason: () => reason,

    /** How many messages wait to be sent, in all rooms. */
    waiting: () => [...states.values()].reduce((sum, state) => sum + state.waiting(), 0),

    /** How many are not delivered, those that were refused among them. */
    unsent: () => [...states.values()].reduce((sum, state) => sum + state.outbox.entries.get().length, 0),

    /** Forgets what is not delivered. */
    discard() {
      for (const state of states.values()) state.outbox.clear();
    },
  };
}

/** @typedef {ReturnType<typeof createChat>} Chat */
