/** @typedef {import('./types.js').Platform} Platform */
/** @typedef {import('./types.js').Frame} Frame */
/** @typedef {import('./types.js').Problem} Problem */

import { explain } from './problems.js';
import { value } from './value.js';
import { words } from './words.js';

/**
 * A message that was written and is not acknowledged yet. Its name never changes, so however often it is sent, it is
 * one message.
 * @typedef {{ clientId: string, roomId: number, content: string, replyTo: number | null, at: number,
 *   state: 'queued' | 'sending' | 'failed', fault: string | null }} Outgoing
 */

/**
 * What was written in a room and not acknowledged. It is kept in the browser until then, under a key of its own for each
 * message: two tabs may hold the same one after a reload, and both may send it, which is harmless, for its name makes
 * it one message; what one of them has delivered the other hears of and forgets.
 * @param {Pick<Platform, 'clock' | 'storage' | 'randomId'>} platform
 * @param {number} userId
 * @param {number} roomId
 * @param {(frame: Frame) => boolean} send
 */
export function createOutbox(platform, userId, roomId, send) {
  const { clock, storage } = platform;
  const prefix = `outbox:${userId}:${roomId}:`;
  /** @type {import('./value.js').Value<readonly Outgoing[]>} */
  const entries = value(/** @type {readonly Outgoing[]} */ (load()));
  let stopTimer = () => {};

  /** @returns {Outgoing[]} */
  function load() {
    const kept = storage.keys(prefix).map((key) => read(storage.read(key)));
    const whole = /** @type {Outgoing[]} */ (kept.filter((entry) => entry !== null));
    return whole.sort((a, b) => a.at - b.at);
  }

  /** @param {Outgoing} entry */
  function keep(entry) {
    storage.write(prefix + entry.clientId, JSON.stringify(entry));
  }

  /**
   * @param {string} clientId
   * @param {Partial<Outgoing>} change
   */
  function change(clientId, change) {
    entries.set(entries.get().map((entry) => (entry.clientId === clientId ? { ...entry, ...change } : entry)));
  }

  /** @param {string} clientId */
  function forget(clientId) {
    storage.remove(prefix + clientId);
    entries.set(entries.get().filter((entry) => entry.clientId !== clientId));
  }

  /** Sends the first that waits; the next one follows its acknowledgement, so that the order holds. */
  function flush() {
    stopTimer();
    if (entries.get().some((entry) => entry.state === 'sending')) return;
    const next = entries.get().find((entry) => entry.state === 'queued');
    if (!next) return;
    const frame = {
      type: 'message', content: next.content, message_type: 'text', room_id: roomId, client_id: next.clientId,
      ...(next.replyTo !== null && { reply_to: next.replyTo }),
    };
    if (send(frame)) change(next.clientId, { state: 'sending', fault: null });
  }

  return {
    entries,
    flush,

    /**
     * @param {string} content
     * @param {number | null} [replyTo]
     */
    write(content, replyTo = null) {
      const last = entries.get().at(-1);
      const at = Math.max(clock.now(), (last?.at ?? 0) + 1);
      /** @type {Outgoing} */
      const entry = { clientId: platform.randomId(), roomId, content, replyTo, at, state: 'queued', fault: null };
      keep(entry);
      entries.set([...entries.get(), entry]);
      flush();
    },

    /**
     * It is stored: by its acknowledgement, or because it has come back to us.
     * @param {string} clientId
     * @returns {Outgoing | null}
     */
    settle(clientId) {
      const entry = entries.get().find((held) => held.clientId === clientId) ?? null;
      if (entry) {
        forget(clientId);
        flush();
      }
      return entry;
    },

    /**
     * It was refused. What only came too fast is sent again by itself.
     * @param {string} clientId
     * @param {Problem} problem
     * @returns {boolean} whether it was one of these
     */
    refused(clientId, problem) {
      if (!entries.get().some((entry) => entry.clientId === clientId)) return false;
      if (problem.code === 'rate_limited' || problem.code === 'unavailable') {
        change(clientId, { state: 'queued', fault: words.heldBack });
        stopTimer();
        stopTimer = clock.after((problem.retry_after ?? 1) * 1_000, flush);
        return true;
      }
      change(clientId, { state: 'failed', fault: explain(problem) });
      flush();
      return true;
    },

    /** The connection is gone: what was under way has to be sent again. */
    interrupted() {
      stopTimer();
      for (const entry of entries.get()) if (entry.state === 'sending') change(entry.clientId, { state: 'queued' });
    },

    /** @param {string} clientId */
    retry(clientId) {
      change(clientId, { state: 'queued', fault: null });
      flush();
    },

    remove: forget,

    /** Forgets everything, as when the reader signs out and says so. */
    clear() {
      for (const entry of entries.get()) forget(entry.clientId);
    },
  };
}

/**
 * @param {string | null} text
 * @returns {Outgoing | null}
 */
function read(text) {
  try {
    const entry = JSON.parse(text ?? '');
    const whole = typeof entry.clientId === 'string' && typeof entry.content === 'string' && entry.roomId > 0;
    return whole ? { ...entry, replyTo: entry.replyTo ?? null, state: 'queued', fault: null } : null;
  } catch {
    return null;
  }
}
