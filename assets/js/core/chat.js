/** @typedef {import('./types.js').Platform} Platform */
/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Room} Room */
/** @typedef {import('./types.js').Frame} Frame */
/** @typedef {import('./types.js').Message} Message */

import { createConnection } from './connection.js';
import { createOutbox } from './outbox.js';
import { createTimeline } from './timeline.js';
import { value } from './value.js';

/**
 * The chat of a signed-in user: one room, its messages, who is online, and what is on its way.
 * @param {Platform} platform
 * @param {Person} me
 * @param {(message: Message) => void} speak is told of messages that arrive live from others
 */
export function createChat(platform, me, speak) {
  const timeline = createTimeline();
  const room = value(/** @type {Room | null} */ (null));
  const online = value(/** @type {readonly Person[]} */ ([]));
  const history = value(/** @type {'loading' | 'ready' | 'failed'} */ ('loading'));
  /** Counts up whenever the timeline has changed. */
  const changes = value(0);
  let begun = false;
  let catchingUp = false;
  let loadingOlder = false;

  const connection = createConnection(platform, hear);
  const outbox = createOutbox(platform, me.id, connection.send);
  connection.state.watch(({ phase }) => { if (phase !== 'open') outbox.interrupted(); });

  const changed = () => changes.set(changes.get() + 1);

  /** @param {Frame} frame */
  function hear(frame) {
    switch (frame.type) {
      case 'auth_ok': return welcomed(frame);
      case 'ack': return acknowledged(frame);
      case 'error': return frame.client_id ? outbox.refused(frame.client_id, /** @type {any} */ (frame)) : undefined;
      case 'user_joined': return came([frame.user], []);
      case 'user_left': return came([], [frame.user]);
      case 'presence': return came(frame.joined, frame.left);
      default: return happened(frame);
    }
  }

  /** @param {Frame} frame */
  function welcomed(frame) {
    online.set(byName(frame.online ?? []));
    const first = /** @type {Room | undefined} */ (frame.rooms[0]);
    room.set(first ?? null);
    if (first) void catchUp(first);
    else history.set('ready');
    outbox.flush();
  }

  /**
   * @param {readonly Person[]} joined
   * @param {readonly Person[]} left
   */
  function came(joined, left) {
    const gone = new Set([...joined, ...left].map((person) => person.id));
    online.set(byName([...online.get().filter((person) => !gone.has(person.id)), ...joined]));
  }

  /** @param {Frame} frame */
  function acknowledged(frame) {
    const entry = outbox.settle(frame.client_id);
    if (!entry) return;
    // Shown from here on as stored; the message itself follows and takes the same place.
    timeline.take({
      type: 'new_message',
      message: {
        id: frame.id, room_id: frame.room_id, seq: frame.seq, user_id: me.id, username: me.username,
        content: entry.content, message_type: 'text', created_at: frame.created_at, client_id: frame.client_id,
      },
    });
    changed();
  }

  /** @param {Frame} frame */
  function happened(frame) {
    const here = room.get();
    const place = frame.room_id ?? frame.message?.room_id;
    if (!here || place !== here.id) return;
    count(here, frame);
    const message = timeline.take(frame);
    if (frame.message?.client_id && frame.message.user_id === me.id) outbox.settle(frame.message.client_id);
    if (message && message.user_id !== me.id && begun) speak(message);
    if (begun && !catchingUp && timeline.hasGap()) void catchUp(here);
    changed();
  }

  /**
   * @param {Room} here
   * @param {Frame} frame
   */
  function count(here, frame) {
    if (frame.type === 'member_joined' && frame.seq > here.last_seq) {
      room.set({ ...here, members: here.members + 1, last_seq: frame.seq });
    }
  }

  /**
   * Brings the room up to date: from nothing, or from where the connection was lost. Live events may come meanwhile;
   * each place is taken once.
   * @param {Room} here
   */
  async function catchUp(here) {
    if (catchingUp) return;
    catchingUp = true;
    try {
      if (begun) await readOn(here);
      else await readNewest(here);
      history.set('ready');
    } catch {
      history.set('failed');
    } finally {
      catchingUp = false;
      changed();
    }
  }

  /** @param {Room} here */
  async function readNewest(here) {
    const page = await platform.http.get(`/api/messages?room_id=${here.id}`);
    timeline.begin(page.messages, page.has_more, here.last_seq);
    begun = true;
  }

  /** @param {Room} here */
  async function readOn(here) {
    let more = timeline.upTo() < here.last_seq || timeline.hasGap();
    while (more) {
      const path = `/api/messages?room_id=${here.id}&after=${timeline.upTo()}`;
      const { events, has_more: hasMore } = await platform.http.get(path);
      const before = timeline.upTo();
      for (const event of events) {
        timeline.take(event);
        if (event.message?.client_id && event.message.user_id === me.id) outbox.settle(event.message.client_id);
      }
      more = hasMore && timeline.upTo() > before;
    }
  }

  return {
    me, room, online, history, changes, connection, outbox,
    messages: timeline.messages,
    hasOlder: timeline.hasOlder,

    /** Reads a page of older messages, unless one is on its way. */
    async loadOlder() {
      const here = room.get();
      if (!here || loadingOlder || !timeline.hasOlder()) return;
      loadingOlder = true;
      try {
        const path = `/api/messages?room_id=${here.id}&before=${timeline.oldest()}`;
        const page = await platform.http.get(path);
        timeline.older(page.messages, page.has_more);
        changed();
      } catch {
        // The next scroll tries again.
      } finally {
        loadingOlder = false;
      }
    },

    /** Tries to load the history once more. */
    reload() {
      const here = room.get();
      if (!here) return;
      history.set('loading');
      void catchUp(here);
    },

    /** @param {string} text */
    write(text) {
      const here = room.get();
      if (here && text.trim() !== '') outbox.write(here.id, text);
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
