/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./types.js').Frame} Frame */

/**
 * The messages of a room that are held here, in the order of the room. Events may come twice and in any order (live,
 * and read again after a gap): a place is taken once.
 */
export function createTimeline() {
  /** @type {Map<number, Message>} */
  const bySeq = new Map();
  /** Places that have been seen beyond `upTo`. @type {Set<number>} */
  const early = new Set();
  /** Everything up to here has been seen, as far back as the oldest page. */
  let upTo = 0;
  let hasOlder = false;
  /** @type {Message[] | null} */
  let sorted = null;

  /** @param {number} seq */
  function seen(seq) {
    if (seq > upTo) early.add(seq);
    while (early.delete(upTo + 1)) upTo += 1;
  }

  /** @param {Message} message */
  function put(message) {
    if (message.deleted) return remove(message.seq);
    const held = bySeq.get(message.seq);
    // The acknowledgement comes before the message itself, which knows more.
    bySeq.set(message.seq, { ...held, ...message });
    sorted = null;
  }

  /** @param {number} seq */
  function remove(seq) {
    bySeq.delete(seq);
    sorted = null;
  }

  /**
   * What happened to a message that was said before. One that is not held here is left to its page.
   * @param {Frame} frame
   */
  function change(frame) {
    if (frame.type === 'message_edited' && bySeq.has(frame.message.seq)) put(frame.message);
    if (frame.type === 'message_deleted') remove(frame.target_seq);
  }

  return {
    /** @returns {readonly Message[]} oldest first */
    messages() {
      sorted ??= [...bySeq.values()].sort((a, b) => a.seq - b.seq);
      return sorted;
    },
    upTo: () => upTo,
    hasOlder: () => hasOlder,
    oldest: () => Math.min(...bySeq.keys()),

    /**
     * Starts with the newest page, read when the room's newest place was `last`.
     * @param {readonly Message[]} page
     * @param {boolean} more
     * @param {number} last
     */
    begin(page, more, last) {
      for (const message of page) put(message);
      hasOlder = more;
      upTo = Math.max(upTo, last, ...page.map((message) => message.seq));
      for (const seq of [...early]) if (seq <= upTo) early.delete(seq);
      seen(0);
    },

    /**
     * @param {readonly Message[]} page
     * @param {boolean} more
     */
    older(page, more) {
      for (const message of page) put(message);
      hasOlder = more;
    },

    /**
     * Takes an event of the room; what is no event is left alone.
     * @param {Frame} frame
     * @returns {Message | null} the message, if it is new here
     */
    take(frame) {
      if (frame.type === 'new_message') {
        const message = /** @type {Message} */ (frame.message);
        const known = bySeq.has(message.seq) || (message.seq <= upTo && upTo > 0);
        put(message);
        seen(message.seq);
        return known || message.deleted ? null : message;
      }
      change(frame);
      for (let seq = frame.seq; seq <= (frame.to_seq ?? frame.seq); seq += 1) seen(seq);
      return null;
    },

    /** Whether something is missing before what has been seen. */
    hasGap: () => early.size > 0,
  };
}
