/** @typedef {import('./types.js').Platform} Platform */
/** @typedef {import('./types.js').Message} Message */
/** @typedef {ReturnType<typeof import('./timeline.js').createTimeline>} Timeline */

import { explain, problemOf } from './problems.js';
import { reacted } from './timeline.js';
import { value } from './value.js';
import { words } from './words.js';

/**
 * A line that says what has just happened, for a while; `undo` takes it back.
 * @typedef {{ text: string, bad: boolean, undo: (() => void) | null }} Notice
 */

/** How long a deletion can be taken back, and how long a notice stands. */
const UNDO_FOR = 6_000;

/**
 * Changes of messages that show at once and are confirmed later: edits, reactions, deletions. What the server refuses
 * is taken back, with its reason.
 * @param {Platform} platform
 * @param {{ id: number }} me
 * @param {number} roomId
 * @param {Timeline} timeline
 * @param {() => void} changed
 */
export function createPending(platform, me, roomId, timeline, changed) {
  const { clock, http, storage } = platform;
  const notice = value(/** @type {Notice | null} */ (null));
  /** @type {Map<number, string>} */
  const edits = new Map();
  /** @type {Map<string, { id: number, emoji: string, added: boolean }>} */
  const reactions = new Map();
  /** Deletions, and how to stop the time that is left to undo each. @type {Map<number, () => void>} */
  const deletions = new Map();
  // A page that is closed before the time to undo is over still means it.
  const prefix = `deleting:${me.id}:${roomId}:`;
  const promised = storage.keys(prefix).map((key) => Number(key.slice(prefix.length)));
  for (const id of promised) deletions.set(id, () => {});
  let last = Promise.resolve();
  let stopNotice = () => {};

  /**
   * @param {string} text
   * @param {Partial<Notice>} [more]
   */
  function tell(text, more = {}) {
    stopNotice();
    notice.set({ text, bad: false, undo: null, ...more });
    stopNotice = clock.after(UNDO_FOR, () => notice.set(null));
  }

  /**
   * Sends one change after the other, so that the last one wanted is the last one made.
   * @param {string} path
   * @param {object} body
   * @param {(answer: any) => void} done
   * @param {() => void} undone
   */
  function post(path, body, done, undone) {
    last = last.then(() => http.post(path, body)).then(done, (error) => {
      undone();
      tell(words.notChanged(explain(problemOf(error))), { bad: true });
    }).finally(changed);
    changed();
  }

  /** @param {number} id */
  function commit(id) {
    deletions.get(id)?.();
    deletions.set(id, () => {});
    const forget = () => {
      deletions.delete(id);
      storage.remove(prefix + id);
    };
    post('/api/delete-message', { message_id: id }, () => {
      forget();
      timeline.empty(timeline.get(id), 'author');
    }, forget);
  }

  return {
    notice,
    dismiss: () => notice.set(null),

    /**
     * A message as it will be once everything is confirmed.
     * @param {Message} message
     * @returns {Message}
     */
    apply(message) {
      if (deletions.has(message.id)) return { ...message, content: null, reactions: [], deleted: { by: 'author' } };
      const text = edits.get(message.id);
      const wanted = [...reactions.values()].filter((one) => one.id === message.id);
      if (text === undefined && wanted.length === 0) return message;
      let all = message.reactions ?? [];
      for (const { emoji, added } of wanted) all = reacted(all, me.id, emoji, added);
      return { ...message, reactions: all, ...(text !== undefined && { content: text, edited_at: message.edited_at ?? '' }) };
    },

    /**
     * @param {number} id
     * @param {string} text
     * @param {() => void} refused gives the text back
     */
    edit(id, text, refused) {
      edits.set(id, text);
      post('/api/edit-message', { message_id: id, content: text }, ({ message }) => {
        if (edits.get(id) === text) edits.delete(id);
        if (timeline.get(id)) timeline.put(message);
      }, () => {
        edits.delete(id);
        refused();
      });
    },

    /**
     * Puts an emoji of one's own under a message, or takes it back.
     * @param {number} id
     * @param {string} emoji
     */
    react(id, emoji) {
      const message = timeline.get(id);
      if (!message || message.deleted) return;
      const there = this.apply(message).reactions?.find((one) => one.emoji === emoji);
      const added = !there?.user_ids.includes(me.id);
      const key = `${id} ${emoji}`;
      const wish = { id, emoji, added };
      reactions.set(key, wish);
      const over = () => { if (reactions.get(key) === wish) reactions.delete(key); };
      post('/api/react', { message_id: id, emoji, added }, () => {
        over();
        timeline.react(id, me.id, emoji, added);
      }, over);
    },

    /**
     * Deletes a message after the time to undo it.
     * @param {number} id
     */
    remove(id) {
      storage.write(prefix + id, '1');
      deletions.set(id, clock.after(UNDO_FOR, () => commit(id)));
      tell(words.deleted, { undo: () => this.restore(id) });
      changed();
    },

    /** @param {number} id */
    restore(id) {
      deletions.get(id)?.();
      deletions.delete(id);
      storage.remove(prefix + id);
      notice.set(null);
      changed();
    },

    /** Carries out what was promised before the page was loaded. */
    resume() {
      for (const id of promised.splice(0)) commit(id);
    },

    tell,
  };
}
