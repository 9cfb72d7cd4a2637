/** @typedef {import('./types.js').Platform} Platform */
/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Room} Summary */
/** @typedef {import('./types.js').Frame} Frame */
/** @typedef {import('./types.js').Message} Message */

import { createDraft } from './drafts.js';
import { createHistory } from './history.js';
import { createOutbox } from './outbox.js';
import { may } from './membership.js';
import { createPause } from './pause.js';
import { createPending } from './pending.js';
import { createPeople } from './people.js';
import { oneLine } from './rows.js';
import { createTimeline } from './timeline.js';
import { createTyping } from './typing.js';
import { value } from './value.js';

/** A room counts as read when its newest message has been in view for so long. */
const READ_AFTER = 1_000;

/**
 * One room: its messages, what is written in it and on its way, who is typing, how far it has been read.
 * @param {{
 *   platform: Platform, me: Person, send: (frame: Frame) => boolean, summary: Summary,
 *   speak: (message: Message) => void, unread?: (seq: number, after: readonly Message[]) => void,
 * }} needs `speak` is told of messages that arrive live from others, `unread` up to where the reader wants the room to
 *   count as read, and what is held of what comes after
 */
export function createRoom({ platform, me, send, summary, speak, unread = () => {} }) {
  const { clock, http, storage } = platform;
  const { id } = summary;
  const room = value(summary);
  /** Counts up whenever what the feed shows has changed. */
  const changes = value(0);
  const connected = value(false);
  const changed = () => changes.set(changes.get() + 1);

  const timeline = createTimeline();
  const outbox = createOutbox(platform, me.id, id, send);
  const pause = createPause(clock);
  const typing = createTyping(platform, me, id, send);
  const draft = createDraft(storage, me.id, id);
  const people = createPeople(platform, id);
  const pending = createPending(platform, me, id, timeline, changed);
  const history = createHistory(platform, id, timeline, { last: () => room.get().last_seq, held, changed });
  outbox.entries.watch(changed);
  people.list.watch(changed);
  draft.value.watch(changed);

  let opened = false;
  /** Where reading had stopped when the room was opened, or when the reader looked away. @type {number | null} */
  let line = null;
  let readSeq = summary.read_seq ?? 0;
  let watching = false;
  // The server knows only how far somebody has read at most; what is unread again is so in this browser.
  const unreadKey = `unread:${me.id}:${id}`;
  /** Marked as unread just now: that it is in view does not make it read. */
  let isKept = false;
  /** @type {(() => void) | null} */
  let stopReading = null;

  /**
   * A message has come from the server: if it is one of ours, it is sent.
   * @param {Message} message
   */
  function held(message) {
    if (message.user_id === me.id && message.client_id) outbox.settle(message.client_id);
  }

  /** @param {Frame} frame */
  function hear(frame) {
    if (frame.type === 'typing') return typing.hear(frame);
    if (frame.type === 'room_changed') changedTo(frame.room);
    if (frame.type === 'member_joined' || frame.type === 'member_left') came(frame);
    const message = timeline.take(frame);
    if (frame.type === 'new_message') held(frame.message);
    if (message) arrived(message);
    if (opened) history.mend();
    changed();
  }

  /** @param {Summary} next */
  function changedTo(next) {
    room.set({ ...room.get(), ...next });
    if (room.get().slow_mode === 0) pause.end();
  }

  /** @param {Frame} frame */
  function came(frame) {
    const joined = frame.type === 'member_joined';
    people[joined ? 'joined' : 'left'](frame.user);
    const here = room.get();
    if (frame.seq > here.last_seq) room.set({ ...here, members: (here.members ?? 0) + (joined ? 1 : -1), last_seq: frame.seq });
  }

  /** @param {Message} message */
  function arrived(message) {
    typing.stopped(message.user_id);
    if (message.user_id === me.id || !history.begun()) return;
    if (opened) speak(message);
    if (watching) readSoon();
    else if (opened) line ??= message.seq - 1;
  }

  /** What was marked as unread stays so, whatever the server knows. */
  function keepUnread() {
    const kept = storage.read(unreadKey);
    if (kept === null) return;
    readSeq = Math.min(readSeq, Number(kept));
    unread(readSeq, timeline.messages().filter((message) => message.seq > readSeq));
  }

  function readSoon() {
    if (isKept) return;
    stopReading ??= clock.after(READ_AFTER, () => {
      stopReading = null;
      markRead(timeline.upTo());
    });
  }

  /** @param {number} seq */
  function markRead(seq) {
    if (timeline.isDetached() || !history.begun() || seq <= readSeq) return;
    const before = readSeq;
    readSeq = seq;
    storage.remove(unreadKey);
    room.set({ ...room.get(), read_seq: seq });
    http.post(`/api/rooms/${id}/read`, { seq }).catch(() => { readSeq = Math.min(readSeq, before); });
  }

  /** What stands in the message box is sent, or takes the place of the message that is being edited. */
  function submit() {
    const { text, replyTo, editing } = draft.value.get();
    if (draft.shown().trim() === '' || (!editing && pause.left.get() > 0)) return false;
    if (editing) {
      draft.set({ editing: null });
      edit(editing.id, editing.text);
    } else {
      draft.set({ text: '', replyTo: null });
      outbox.write(text, replyTo?.id ?? null);
      typing.sent();
    }
    return true;
  }

  /**
   * @param {number} messageId
   * @param {string} text
   */
  function edit(messageId, text) {
    if (timeline.get(messageId)?.content === text) return;
    pending.edit(messageId, text, () => { if (!draft.value.get().editing) draft.set({ editing: { id: messageId, text } }); });
  }

  return {
    id, me, room, changes, connected, outbox, typing, draft, people, pause,
    history: history.state,
    notice: pending.notice,
    dismiss: pending.dismiss,
    hear, submit, edit, changed,

    /** The reader comes to the room. */
    open() {
      if (opened) return;
      opened = true;
      line = readSeq > 0 && readSeq < room.get().last_seq ? readSeq : null;
      history.start(line);
    },

    /** The reader leaves it. */
    close() {
      opened = false;
      line = null;
      isKept = false;
      this.sees(false);
      typing.wrote(false);
    },

    /**
     * The connection is there, for the first time or again.
     * @param {Summary} next
     */
    welcomed(next) {
      room.set(next);
      readSeq = Math.max(readSeq, next.read_seq ?? 0);
      keepUnread();
      connected.set(true);
      if (opened) history.catchUp();
      outbox.flush();
      pending.resume();
    },

    /** The connection is gone. */
    interrupted() {
      connected.set(false);
      outbox.interrupted();
      typing.clear();
    },

    /**
     * @param {Frame} frame
     * @returns {boolean} whether the message was written here
     */
    acknowledged(frame) {
      const entry = outbox.settle(frame.client_id);
      if (!entry) return false;
      // Shown from here on as stored; the message itself follows and takes the same place.
      timeline.take({
        type: 'new_message',
        message: {
          id: frame.id, room_id: id, seq: frame.seq, user_id: me.id, username: me.username, content: entry.content,
          message_type: 'text', created_at: frame.created_at, client_id: frame.client_id,
          ...(entry.replyTo !== null && { reply_to: entry.replyTo }),
        },
      });
      if (!may(room.get(), me).change) pause.begin(room.get().slow_mode);
      changed();
      return true;
    },

    /**
     * @param {Frame} frame
     * @returns {boolean} whether the message was written here
     */
    refused(frame) {
      const ours = outbox.refused(frame.client_id, /** @type {any} */ (frame));
      if (ours && frame.code === 'rate_limited' && room.get().slow_mode > 0) pause.begin(frame.retry_after ?? 1);
      return ours;
    },

    /** How many messages wait to be sent. */
    waiting: () => outbox.entries.get().filter((entry) => entry.state !== 'failed').length,

    messages: timeline.messages,
    /** @param {Message} message */
    shown: (message) => pending.apply(message),
    target: timeline.target,
    hasOlder: timeline.hasOlder,
    isDetached: timeline.isDetached,
    upTo: timeline.upTo,
    older: history.older,
    newer: history.newer,
    reload: history.reload,
    find: history.find,
    toNewest: history.toNewest,

    /** Where the line of new messages stands. */
    line: () => line,
    /** The reader has seen it. */
    clearLine() {
      if (line === null) return;
      line = null;
      changed();
    },

    /**
     * Whether the newest message is in view of somebody who looks.
     * @param {boolean} now
     */
    sees(now) {
      watching = now;
      if (now && timeline.upTo() > readSeq) readSoon();
      if (!now) {
        stopReading?.();
        stopReading = null;
      }
    },

    markRead,

    /** The reader has seen enough: everything that is here counts as read. */
    readAll() {
      isKept = false;
      this.clearLine();
      markRead(timeline.upTo());
    },

    /**
     * Counts the room as unread from a message on, until the reader comes back to it.
     * @param {number} messageId
     */
    markUnread(messageId) {
      const message = timeline.get(messageId);
      if (!message) return;
      isKept = true;
      stopReading?.();
      stopReading = null;
      line = message.seq - 1;
      storage.write(unreadKey, String(line));
      keepUnread();
      changed();
    },

    /** @param {string} text */
    write(text) {
      if (text.trim() !== '') outbox.write(text);
    },

    /** @param {number} messageId */
    startEdit(messageId) {
      const message = timeline.get(messageId);
      const text = message && pending.apply(message).content;
      if (message?.user_id !== me.id || typeof text !== 'string') return;
      draft.set({ editing: { id: messageId, text } });
    },

    /** Edits the message that one has said last. */
    editLast() {
      const last = timeline.messages().findLast((message) => message.user_id === me.id && !pending.apply(message).deleted);
      if (last) this.startEdit(last.id);
    },

    /** @param {number} messageId */
    startReply(messageId) {
      const message = timeline.get(messageId);
      if (!message || message.deleted) return;
      const { username, user_id: userId, content } = message;
      draft.set({ editing: null, replyTo: { id: messageId, username, userId, text: oneLine(content ?? '') } });
    },

    /** @returns {boolean} whether there was an edit or a reply to leave */
    cancel() {
      const { editing, replyTo } = draft.value.get();
      if (editing) draft.set({ editing: null });
      else if (replyTo) draft.set({ replyTo: null });
      return editing !== null || replyTo !== null;
    },

    /** @param {number} messageId */
    mayRemove(messageId) {
      const message = timeline.get(messageId);
      const role = room.get().role;
      return message !== null && !message.deleted
        && (message.user_id === me.id || me.is_admin || role === 'owner' || role === 'moderator');
    },

    /** @param {number} messageId */
    remove(messageId) {
      if (draft.value.get().editing?.id === messageId) draft.set({ editing: null });
      pending.remove(messageId);
    },

    /**
     * @param {number} messageId
     * @param {string} emoji
     */
    react: (messageId, emoji) => pending.react(messageId, emoji),
    tell: pending.tell,
  };
}

/** @typedef {ReturnType<typeof createRoom>} Room */
