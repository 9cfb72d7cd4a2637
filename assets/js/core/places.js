/**
 * The browser's history, as far as it is needed here.
 * @typedef {{
 *   state(): { layers?: number, list?: boolean } | null, hash(): string,
 *   push(state: object, hash: string): void, replace(state: object, hash: string): void, back(steps: number): void,
 *   watch(turned: () => void): () => void,
 * }} Past
 */

/**
 * The address of a room in this page; of the list of rooms without one.
 * @param {number | null} id
 * @returns {string}
 */
export function addressOf(id) {
  return id === null ? '#/' : `#/room/${id}`;
}

/**
 * @param {string} hash
 * @returns {number | null}
 */
export function roomOf(hash) {
  const found = /^#\/room\/(\d{1,15})$/.exec(hash);
  return found ? Number(found[1]) : null;
}

/**
 * Where the reader is, and the way back: rooms, and what lies over them (panels, dialogs). Each is one entry of the
 * browser's history, so that Back closes them in the order in which they came.
 * @param {Past} past
 * @param {(room: number | null) => void} show is told where the reader has gone
 */
export function createPlaces(past, show) {
  /** How to close what lies over the room, the lowest first. @type {(() => void)[]} */
  const layers = [];
  /** Steps back that were made here; the browser reports each later. */
  let ownSteps = 0;
  /** What waits until the browser has gone back. @type {(() => void)[]} */
  const later = [];

  const stop = past.watch(() => {
    ownSteps = Math.max(0, ownSteps - 1);
    if (ownSteps > 0) return;
    // After a step of one's own too: the reader may have gone further back meanwhile, and the browser reports both as one.
    closeDownTo(past.state()?.layers ?? 0);
    show(roomOf(past.hash()));
    while (ownSteps === 0 && later.length > 0) later.shift()?.();
  });

  /** @param {number} count */
  function closeDownTo(count) {
    while (layers.length > count) layers.pop()?.();
  }

  /** @param {() => void} act */
  function settled(act) {
    if (ownSteps === 0) act();
    else later.push(act);
  }

  /** @param {number} count */
  function leave(count) {
    const steps = layers.length - count;
    if (steps <= 0) return;
    closeDownTo(count);
    ownSteps += 1;
    past.back(steps);
  }

  /** @param {number | null} id */
  function put(id) {
    past.replace({ layers: 0, list: past.state()?.list ?? false }, addressOf(id));
    show(id);
  }

  return {
    /** Where the address leads as the page is opened. What lay over the room before a reload is gone. */
    start() {
      past.replace({ layers: 0, list: past.state()?.list ?? false }, past.hash());
      return roomOf(past.hash());
    },

    /** Where the address leads now. */
    here: () => roomOf(past.hash()),

    /**
     * Goes to a room. What lies over the present one is closed, and its place in the history taken.
     * @param {number} id
     * @param {boolean} oneAreaAtATime on a phone Back leads from any room to the list
     */
    go(id, oneAreaAtATime) {
      settled(() => {
        const before = roomOf(past.hash());
        if (before === id) return leave(0);
        const covered = layers.length > 0;
        closeDownTo(0);
        if (covered || (oneAreaAtATime && before !== null)) return put(id);
        past.push({ layers: 0, list: before === null }, addressOf(id));
        return show(id);
      });
    },

    /**
     * Goes to a room, or to the list, in the place of the present one.
     * @param {number | null} id
     */
    instead(id) {
      settled(() => {
        closeDownTo(0);
        put(id);
      });
    },

    /** Goes back to the list. */
    toList() {
      settled(() => {
        if (layers.length === 0 && past.state()?.list) return past.back(1);
        closeDownTo(0);
        return put(null);
      });
    },

    /**
     * Something is laid over the room.
     * @param {() => void} close
     * @returns {() => void} to be called when it is closed by itself
     */
    enter(close) {
      settled(() => {
        layers.push(close);
        past.push({ ...past.state(), layers: layers.length }, past.hash());
      });
      return () => settled(() => {
        const at = layers.indexOf(close);
        if (at >= 0) leave(at);
      });
    },

    stop,
  };
}

/** @typedef {ReturnType<typeof createPlaces>} Places */
