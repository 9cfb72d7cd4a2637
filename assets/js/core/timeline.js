/** @typedef {import('./types.js').Message} Message */
/** @typedef {import('./types.js').Frame} Frame */

/**
 * The messages of a room that are held here: one unbroken stretch, in the order of the room. Events may come twice and
 * in any order (live, and read again after a gap): a place is taken once. After a jump far back the stretch is
 * detached from the newest end until reading on has reached it again.
 */
export function createTimeline() {
  /** @type {Map<number, Message>} */
  const bySeq = new Map();
  /** @type {Map<number, number>} */
  const seqOf = new Map();
  /** Places that have been seen beyond `upTo`. @type {Set<number>} */
  const early = new Set();
  /** Everything up to here has been seen, as far back as the oldest page. */
  let upTo = 0;
  /** The newest place that is known to exist. */
  let newest = 0;
  let hasOlder = false;
  let detached = false;
  /** @type {Message[] | null} */
  let sorted = null;

  /** @param {number} seq */
  function seen(seq) {
    newest = Math.max(newest, seq);
    if (detached) return;
    if (seq > upTo) early.add(seq);
    joinUp();
  }

  /** What was seen early is no longer beyond a gap once that is closed. */
  function joinUp() {
    for (const seq of [...early]) if (seq <= upTo) early.delete(seq);
    while (early.delete(upTo + 1)) upTo += 1;
  }

  /** @param {Message} message */
  function put(message) {
    const held = bySeq.get(message.seq);
    if (message.deleted && !held) return;
    // The acknowledgement comes before the message itself, which knows more.
    const next = { ...held, ...message };
    bySeq.set(message.seq, next);
    seqOf.set(message.id, message.seq);
    if (sorted && held) sorted[placeOf(sorted, message.seq)] = next;
    else if (sorted && message.seq > (sorted.at(-1)?.seq ?? 0)) sorted.push(next);
    else sorted = null;
  }

  /**
   * @param {number} id
   * @returns {Message | null}
   */
  const get = (id) => bySeq.get(seqOf.get(id) ?? 0) ?? null;

  /**
   * Leaves what it held in its place, emptied.
   * @param {Message | null | undefined} held
   * @param {string} by
   */
  function empty(held, by) {
    if (held) put({ ...held, content: null, reactions: [], deleted: { by } });
  }

  /**
   * @param {number} id
   * @param {number} userId
   * @param {string} emoji
   * @param {boolean} added
   */
  function react(id, userId, emoji, added) {
    const held = get(id);
    if (held && !held.deleted) put({ ...held, reactions: reacted(held.reactions ?? [], userId, emoji, added) });
  }

  /**
   * What happened to a message that was said before. One that is not held here is left to its page.
   * @param {Frame} frame
   */
  function change(frame) {
    if (frame.type === 'message_edited' && bySeq.has(frame.message.seq)) put(frame.message);
    if (frame.type === 'message_deleted') empty(bySeq.get(frame.target_seq), frame.by);
    if (frame.type === 'reaction') react(frame.target_id, frame.user_id, frame.emoji, frame.added);
  }

  /** @returns {readonly Message[]} oldest first */
  function messages() {
    sorted ??= [...bySeq.values()].sort((a, b) => a.seq - b.seq);
    return sorted;
  }

  function clear() {
    bySeq.clear();
    seqOf.clear();
    early.clear();
    sorted = null;
    upTo = 0;
  }

  return {
    messages, get, react, put, empty,
    upTo: () => upTo,
    hasOlder: () => hasOlder,
    oldest: () => Math.min(...bySeq.keys()),
    /** Whether there are newer messages than those that are held. */
    isDetached: () => detached,

    /**
     * Starts with the newest page, read when the room's newest place was `last`.
     * @param {readonly Message[]} page
     * @param {boolean} more
     * @param {number} last
     */
    begin(page, more, last) {
      if (detached) clear();
      detached = false;
      for (const message of page) put(message);
      hasOlder = more;
      upTo = Math.max(upTo, last, ...page.map((message) => message.seq));
      newest = Math.max(newest, upTo);
      joinUp();
    },

    /**
     * Starts somewhere in the middle of the room.
     * @param {readonly Message[]} page
     * @param {boolean} more
     */
    beginAt(page, more) {
      clear();
      detached = true;
      for (const message of page) put(message);
      hasOlder = more;
      upTo = Math.max(0, ...page.map((message) => message.seq));
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
     * The events that follow what is held.
     * @param {readonly Frame[]} events
     * @param {boolean} more
     */
    newer(events, more) {
      for (const event of events) {
        if (event.type === 'new_message') put(event.message);
        else change(event);
        upTo = Math.max(upTo, event.to_seq ?? event.seq ?? event.message.seq);
      }
      if (more) return;
      detached = false;
      newest = Math.max(newest, upTo);
      joinUp();
    },

    /**
     * Takes an event of the room; what is no event is left alone.
     * @param {Frame} frame
     * @returns {Message | null} the message, if it is new here
     */
    take(frame) {
      if (frame.type === 'new_message') {
        const message = /** @type {Message} */ (frame.message);
        const known = bySeq.has(message.seq) || (message.seq <= (detached ? newest : upTo) && upTo > 0);
        if (!detached || bySeq.has(message.seq)) put(message);
        seen(message.seq);
        return known || message.deleted ? null : message;
      }
      change(frame);
      for (let seq = frame.seq; seq <= (frame.to_seq ?? frame.seq); seq += 1) seen(seq);
      return null;
    },

    /** Whether something is missing before what has been seen. */
    hasGap: () => !detached && upTo < newest,

    /**
     * What is known of a message that another one answers.
     * @param {number} id
     * @returns {Message | 'gone' | 'unknown'}
     */
    target(id) {
      const held = get(id);
      if (held) return held.deleted ? 'gone' : held;
      const [first] = messages();
      // Deleted messages are left out of the pages, and the numbers of a room grow with its places.
      return !hasOlder || (first && id > first.id) ? 'gone' : 'unknown';
    },
  };
}

/**
 * Where a message stands.
 * @param {readonly Message[]} list
 * @param {number} seq
 * @returns {number} the first place that is not before it
 */
export function placeOf(list, seq) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.seq ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * The reactions after somebody has put one there or taken it back, in the order of their coming.
 * @param {readonly import('./types.js').Reaction[]} reactions
 * @param {number} userId
 * @param {string} emoji
 * @param {boolean} added
 * @returns {import('./types.js').Reaction[]}
 */
export function reacted(reactions, userId, emoji, added) {
  const others = (/** @type {import('./types.js').Reaction} */ one) => one.user_ids.filter((id) => id !== userId);
  const known = reactions.some((one) => one.emoji === emoji);
  const list = known || !added ? reactions : [...reactions, { emoji, user_ids: [] }];
  return list
    .map((one) => (one.emoji === emoji ? { emoji, user_ids: added ? [...others(one), userId] : others(one) } : one))
    .filter((one) => one.user_ids.length > 0);
}
