/** @typedef {import('./types.js').Platform} Platform */
/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Room} Room */
/** @typedef {import('./types.js').Frame} Frame */
/** @typedef {import('./types.js').Message} Message */

import { createOutbox } from './outbox.js';
import { createTimeline } from './timeline.js';
import { value } from './value.js';

/** A room counts as read when its newest message has been in view for so long. */
const READ_AFTER = 1_000;

/**
 * One room: its messages, and what is on its way to it. It reads its history when it is first opened; until then it
 * only delivers what was written before.
 * @param {{ platform: Platform, me: Person, send: (frame: Frame) => boolean, summary: Room,
 *   speak: (message: Message) => void }} given
 */
export function createRoom({ platform, me, send, summary, speak }) {
  const timeline = createTimeline();
  const room = value(summary);
  const history = value(/** @type {'loading' | 'ready' | 'failed'} */ ('loading'));
  /** Counts up whenever the timeline has changed. */
  const changes = value(0);
  let isOpen = false;
  let begun = false;
  let catchingUp = false;
  let loadingOlder = false;
  let readSeq = summary.read_seq ?? 0;
  /** @type {(() => void) | null} */
  let stopReading = null;

  const outbox = createOutbox(platform, me.id, send, summary.id);
  const changed = () => changes.set(changes.get() + 1);

  /** @param {Frame} frame */
  function settleOwn(frame) {
    const message = frame.message;
    if (message?.client_id && message.user_id === me.id) outbox.settle(message.client_id);
  }

  /**
   * Brings the room up to date: from nothing, or from where the connection was lost. Live events may come meanwhile;
   * each place is taken once.
   */
  async function catchUp() {
    if (catchingUp) return;
    catchingUp = true;
    try {
      if (begun) await readOn();
      else await readNewest();
      history.set('ready');
    } catch {
      history.set('failed');
    } finally {
      catchingUp = false;
      changed();
    }
  }

  /** @param {number} seq */
  function markRead(seq) {
    if (seq <= readSeq) return;
    const before = readSeq;
    readSeq = seq;
    room.set({ ...room.get(), read_seq: seq });
    platform.http.post(`/api/rooms/${summary.id}/read`, { seq }).catch(() => { readSeq = Math.min(readSeq, before); });
  }

  async function readNewest() {
    const here = room.get();
    const page = await platform.http.get(`/api/messages?room_id=${here.id}`);
    timeline.begin(page.messages, page.has_more, here.last_seq);
    begun = true;
  }

  async function readOn() {
    const here = room.get();
    let more = timeline.upTo() < here.last_seq || timeline.hasGap();
    while (more) {
      const before = timeline.upTo();
      const { events, has_more: hasMore } = await platform.http.get(`/api/messages?room_id=${here.id}&after=${before}`);
      for (const event of events) {
        timeline.take(event);
        settleOwn(event);
      }
      more = hasMore && timeline.upTo() > before;
    }
  }

  return {
    id: summary.id, me, room, history, changes, outbox,
    messages: timeline.messages,
    hasOlder: timeline.hasOlder,

    open() {
      isOpen = true;
      if (!begun) void catchUp();
    },

    close() {
      isOpen = false;
    },

    /**
     * The connection is there (again), and the room stands like this.
     * @param {Room} now
     */
    welcomed(now) {
      room.set(now);
      readSeq = Math.max(readSeq, now.read_seq ?? 0);
      if (begun || isOpen) void catchUp();
      outbox.flush();
    },

    /** @param {Frame} frame */
    hear(frame) {
      settleOwn(frame);
      if (!begun && !isOpen) return;
      const message = timeline.take(frame);
      if (message && message.user_id !== me.id && begun && isOpen) speak(message);
      if (begun && !catchingUp && timeline.hasGap()) void catchUp();
      changed();
    },

    interrupted: () => outbox.interrupted(),

    /**
     * @param {Frame} frame
     * @returns {boolean} whether it was a message of this room
     */
    acknowledged(frame) {
      const entry = outbox.settle(frame.client_id);
      if (!entry) return false;
      // Shown from here on as stored; the message itself follows and takes the same place.
      timeline.take({
        type: 'new_message',
        message: {
          id: frame.id, room_id: frame.room_id, seq: frame.seq, user_id: me.id, username: me.username,
          content: entry.content, message_type: 'text', created_at: frame.created_at, client_id: frame.client_id,
        },
      });
      changed();
      return true;
    },

    /**
     * @param {Frame} frame
     * @returns {boolean} whether it was a message of this room
     */
    refused(frame) {
      if (!outbox.entries.get().some((entry) => entry.clientId === frame.client_id)) return false;
      outbox.refused(frame.client_id, /** @type {any} */ (frame));
      return true;
    },

    /** How many messages are not delivered yet. */
    waiting: () => outbox.entries.get().length,

    /**
     * Whether the newest message is in view of somebody who looks.
     * @param {boolean} now
     */
    sees(now) {
      if (now && begun && timeline.upTo() > readSeq) {
        stopReading ??= platform.clock.after(READ_AFTER, () => {
          stopReading = null;
          markRead(timeline.upTo());
        });
      }
      if (!now) {
        stopReading?.();
        stopReading = null;
      }
    },

    /** Reads a page of older messages, unless one is on its way. */
    async loadOlder() {
      if (loadingOlder || !timeline.hasOlder()) return;
      loadingOlder = true;
      try {
        const page = await platform.http.get(`/api/messages?room_id=${summary.id}&before=${timeline.oldest()}`);
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
      history.set('loading');
      void catchUp();
    },

    /** @param {string} text */
    write(text) {
      if (text.trim() !== '') outbox.write(summary.id, text);
    },
  };
}

/** @typedef {ReturnType<typeof createRoom>} RoomState */
