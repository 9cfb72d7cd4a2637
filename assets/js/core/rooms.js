/** @typedef {import('./types.js').Room} Room */
/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./types.js').Frame} Frame */
/** @typedef {import('./types.js').Person} Person */

import { mentions } from './mentions.js';
import { value } from './value.js';

/**
 * A room as the list shows it: how many messages of others wait in it, how many of them name the reader, the newest
 * one, and whether something is written there that is not sent, or was refused.
 * @typedef {Room & { unread: number, mentions: number, latest: Message | null, draft: boolean, failed: boolean }} Entry
 */

/** More waiting messages than this are not counted one by one. */
export const COUNTED = 100;

const order = new Intl.Collator(undefined, { sensitivity: 'base', numeric: true });

/**
 * The rooms that one is in: what they are called, how much waits in each, and how they change.
 * @param {Person} me
 */
export function createRooms(me) {
  /** @type {Map<number, Held>} */
  const held = new Map();
  const list = value(/** @type {readonly Entry[]} */ ([]));

  function tell() {
    list.set(inOrder([...held.values()].map(entry)));
  }

  /** @param {Room} room */
  function keep(room) {
    const known = held.get(room.id);
    if (!known) {
      held.set(room.id, { room, waiting: new Map(), latest: null, counted: nothingMissed(room), draft: false, failed: false });
      return;
    }
    const missed = room.last_seq > known.room.last_seq;
    known.room = {
      ...room,
      read_seq: Math.max(room.read_seq ?? 0, known.room.read_seq ?? 0),
      members: room.members ?? known.room.members ?? null,
    };
    if (missed) known.counted = false;
    forgetRead(known);
  }

  /**
   * @param {Held} known
   * @param {Frame} frame
   */
  function posted(known, frame) {
    const message = /** @type {Message} */ (frame.message);
    if (message.seq <= known.room.last_seq) return;
    known.latest = message;
    if (message.user_id !== me.id && known.waiting.size < COUNTED) known.waiting.set(message.seq, names(message));
  }

  /**
   * Whether the reader is named in a message.
   * @param {Message} message
   */
  function names(message) {
    return mentions(message.content ?? '', me.username);
  }

  /**
   * What happened in a room that is known.
   * @param {Held} known
   * @param {Frame} frame
   */
  function happened(known, frame) {
    const { room } = known;
    const seq = frame.seq ?? frame.message?.seq ?? 0;
    const isNew = seq > room.last_seq;
    if (frame.type === 'new_message') posted(known, frame);
    if (frame.type === 'message_deleted') gone(known, frame.target_seq);
    if (frame.type === 'message_edited' && known.latest?.id === frame.message.id) known.latest = frame.message;
    if (frame.type === 'room_changed') known.room = changed(room, frame.room);
    if (isNew && frame.type === 'member_joined') known.room = counted(room, 1);
    if (isNew && frame.type === 'member_left') known.room = counted(room, -1);
    known.room = { ...known.room, last_seq: Math.max(known.room.last_seq, frame.to_seq ?? seq) };
  }

  return {
    list,

    /** @param {number} id */
    get: (id) => list.get().find((room) => room.id === id) ?? null,

    /**
     * All rooms, as the server names them.
     * @param {readonly Room[]} rooms
     */
    welcome(rooms) {
      const ids = new Set(rooms.map((room) => room.id));
      for (const id of held.keys()) if (!ids.has(id)) held.delete(id);
      rooms.forEach(keep);
      tell();
    },

    /** @param {Room} room */
    put(room) {
      keep(room);
      tell();
    },

    /** @param {number} id */
    drop(id) {
      held.delete(id);
      tell();
    },

    /**
     * Takes an event of a room.
     * @param {Frame} frame
     * @returns {'known' | 'unknown' | 'left'} whether the room is known, and whether one is out of it now
     */
    hear(frame) {
      const known = held.get(placeOf(frame) ?? 0);
      if (!known) return 'unknown';
      if (frame.type === 'member_left' && frame.user.id === me.id) {
        held.delete(known.room.id);
        tell();
        return 'left';
      }
      if (EVENTS.has(frame.type)) {
        happened(known, frame);
        tell();
      }
      return 'known';
    },

    /**
     * One has read up to here.
     * @param {number} id
     * @param {number} seq
     * @returns {boolean} whether that is further than before
     */
    read(id, seq) {
      const known = held.get(id);
      if (!known || seq <= (known.room.read_seq ?? 0)) return false;
      known.room = { ...known.room, read_seq: seq };
      forgetRead(known);
      tell();
      return true;
    },

    /**
     * What the reader has written there and not sent.
     * @param {number} id
     * @param {{ draft: boolean, failed: boolean }} left
     */
    mark(id, { draft, failed }) {
      const known = held.get(id);
      if (!known || (known.draft === draft && known.failed === failed)) return;
      Object.assign(known, { draft, failed });
      tell();
    },

    /**
     * One wants it to be unread from here on.
     * @param {number} id
     * @param {number} seq
     */
    unread(id, seq) {
      const known = held.get(id);
      if (!known) return;
      known.room = { ...known.room, read_seq: seq };
      known.counted = false;
      tell();
    },

    /**
     * Rooms of which it is not known yet how many of the missed events are messages.
     * @returns {readonly Room[]}
     */
    uncounted: () => [...held.values()].filter((known) => !known.counted).map((known) => known.room),

    /**
     * The newest messages of a room, from which is counted what waits there.
     * @param {number} id
     * @param {readonly Message[]} page
     */
    count(id, page) {
      const known = held.get(id);
      if (!known) return;
      const readUpTo = known.room.read_seq ?? 0;
      for (const message of page) {
        if (message.seq > readUpTo && message.user_id !== me.id) known.waiting.set(message.seq, names(message));
      }
      const newest = page.at(-1);
      if (newest && newest.seq > (known.latest?.seq ?? 0)) known.latest = newest;
      known.counted = true;
      tell();
    },
  };
}

/** @typedef {ReturnType<typeof createRooms>} Rooms */
/** @typedef {{ room: Room, waiting: Map<number, boolean>, latest: Message | null, counted: boolean, draft: boolean, failed: boolean }} Held */

/** What takes a place in a room. */
const EVENTS = new Set([
  'new_message', 'message_edited', 'message_deleted', 'reaction', 'member_joined', 'member_left', 'room_changed', 'withheld',
]);

/**
 * The room that a frame is about.
 * @param {Frame} frame
 * @returns {number | null}
 */
export function placeOf(frame) {
  return frame.room_id ?? frame.message?.room_id ?? null;
}

/**
 * What a room is called: a direct one after the other person.
 * @param {Room} room
 * @returns {string}
 */
export function titleOf(room) {
  return room.kind === 'direct' ? room.peer?.username ?? room.name : room.name;
}

/**
 * The room before or after this one in the list.
 * @param {readonly Entry[]} list
 * @param {number | null} from
 * @param {1 | -1} step
 * @param {boolean} unreadOnly
 * @returns {Entry | null}
 */
export function neighbour(list, from, step, unreadOnly) {
  const at = list.findIndex((room) => room.id === from);
  const start = at < 0 && step < 0 ? 0 : at;
  for (let far = 1; far <= list.length; far += 1) {
    const room = list[(start + step * far + list.length * 2) % list.length];
    if (room && room.id !== from && (!unreadOnly || room.unread > 0)) return room;
  }
  return null;
}

/** @param {Held} known */
function entry({ room, waiting, latest, draft, failed }) {
  return { ...room, unread: waiting.size, mentions: [...waiting.values()].filter(Boolean).length, latest, draft, failed };
}

/**
 * The room that everybody finds first, then rooms by name, then people by name: an order that does not move under the
 * reader's hand.
 * @param {Entry[]} all
 */
function inOrder(all) {
  const first = firstRoom(all);
  const rank = (/** @type {Room} */ room) => (room === first ? 0 : room.kind === 'direct' ? 2 : 1);
  return all.sort((a, b) => rank(a) - rank(b) || order.compare(titleOf(a), titleOf(b)) || a.id - b.id);
}

/**
 * The lobby; on a server that has none, its oldest room.
 * @param {readonly Entry[]} all
 */
function firstRoom(all) {
  const groups = all.filter((room) => room.kind !== 'direct').sort((a, b) => a.id - b.id);
  return groups.find((room) => room.lobby) ?? groups[0] ?? null;
}

/**
 * @param {Held} known
 * @param {number} seq
 */
function gone(known, seq) {
  known.waiting.delete(seq);
  if (known.latest?.seq === seq) known.latest = { ...known.latest, content: null };
}

/** @param {Held} known */
function forgetRead(known) {
  const upTo = known.room.read_seq ?? 0;
  for (const seq of known.waiting.keys()) if (seq <= upTo) known.waiting.delete(seq);
  if (nothingMissed(known.room)) known.counted = true;
}

/** @param {Room} room */
function nothingMissed(room) {
  return (room.read_seq ?? 0) >= room.last_seq;
}

/**
 * The settings as they are now. What the reader alone has in the room stays, for the frame is the same for everybody.
 * @param {Room} before
 * @param {Room} now
 * @returns {Room}
 */
function changed(before, now) {
  const { name, join, topic, slow_mode: slowMode, read_only: readOnly } = now;
  return { ...before, name: before.kind === 'direct' ? before.name : name, join, topic, slow_mode: slowMode, read_only: readOnly };
}

/**
 * @param {Room} room
 * @param {1 | -1} by
 * @returns {Room}
 */
function counted(room, by) {
  return typeof room.members === 'number' ? { ...room, members: room.members + by } : room;
}
