/** @typedef {import('./types.js').Platform} Platform */
/** @typedef {import('./types.js').Message} Message */
/** @typedef {ReturnType<typeof import('./timeline.js').createTimeline>} Timeline */

import { value } from './value.js';

/** So many places after a place that one jumps to are read with it. */
const AFTER = 25;
/** Who has missed more than this starts again at the newest page instead of reading everything. */
const MUCH = 1_000;
/** How often a page is read in search of a message before that is given up. */
const SEARCH = 40;

/**
 * Reads a room's pages from the server into its timeline: the newest, older and newer ones, and what was missed. Live
 * events may come meanwhile; each place is taken once.
 * @param {Pick<Platform, 'http'>} platform
 * @param {number} roomId
 * @param {Timeline} timeline
 * @param {{ last: () => number, held: (message: Message) => void, changed: () => void }} room
 */
export function createHistory({ http }, roomId, timeline, room) {
  const state = value(/** @type {'loading' | 'ready' | 'failed'} */ ('loading'));
  const url = `/api/messages?room_id=${roomId}`;
  let begun = false;
  let busy = false;
  let again = false;
  let pageBusy = false;
  /** @type {number | null} */
  let from = null;

  /** Brings the room up to date: from nothing, or from where the connection was lost. */
  async function catchUp() {
    again = busy;
    if (busy) return;
    busy = true;
    try {
      await readUp();
      state.set('ready');
    } catch {
      state.set('failed');
    } finally {
      busy = false;
      room.changed();
    }
    if (again && state.get() === 'ready') await catchUp();
  }

  async function readUp() {
    if (!begun && from !== null && room.last() - from > 2 * AFTER) await readAround(from);
    else if (!begun || room.last() - timeline.upTo() > MUCH) await readNewest();
    else if (!timeline.isDetached()) await readOn();
    begun = true;
  }

  async function readNewest() {
    const last = room.last();
    const page = await http.get(url);
    timeline.begin(page.messages, page.has_more, last);
    for (const message of page.messages) room.held(message);
  }

  /** @param {number} seq */
  async function readAround(seq) {
    const page = await http.get(`${url}&before=${seq + AFTER + 1}`);
    timeline.beginAt(page.messages, page.has_more);
    await readPage();
  }

  async function readOn() {
    let more = timeline.upTo() < room.last() || timeline.hasGap();
    while (more) {
      const before = timeline.upTo();
      more = await readPage() && timeline.upTo() > before;
    }
  }

  /** @returns {Promise<boolean>} whether there is more */
  async function readPage() {
    const { events, has_more: more } = await http.get(`${url}&after=${timeline.upTo()}`);
    timeline.newer(events, more);
    for (const event of events) if (event.type === 'new_message') room.held(event.message);
    return more;
  }

  /**
   * One page at a time, whichever end it is for. What fails is tried again by the next scroll.
   * @param {() => Promise<unknown>} read
   */
  async function page(read) {
    if (pageBusy || busy) return;
    pageBusy = true;
    try {
      await read();
      room.changed();
    } catch {
      // Nothing has changed.
    } finally {
      pageBusy = false;
    }
  }

  /**
   * Where a message stands that is not held: the numbers of messages grow with their places, so the place is found by
   * halving.
   * @param {number} id
   * @returns {Promise<Message | null>}
   */
  async function search(id) {
    let low = 1;
    let high = timeline.oldest();
    for (let tries = 0; tries < SEARCH && low < high; tries += 1) {
      const middle = (low + high) >> 1;
      const { messages } = await http.get(`${url}&before=${middle + 1}&limit=1`);
      const found = /** @type {Message | undefined} */ (messages[0]);
      if (found?.id === id) return found;
      if (found && found.id > id) high = found.seq;
      else low = middle + 1;
    }
    return null;
  }

  return {
    state,
    begun: () => begun,
    catchUp: () => void catchUp(),

    /**
     * @param {number | null} seq where reading is to go on, if that is known
     */
    start(seq) {
      if (!begun) from = seq;
      void catchUp();
    },

    /** Closes a gap, if there is one. */
    mend() {
      if (begun && !busy && timeline.hasGap()) void catchUp();
    },

    /** Tries to load the messages once more. */
    reload() {
      state.set('loading');
      void catchUp();
    },

    /** Reads a page of older messages, unless one is on its way. */
    older: () => page(async () => {
      if (!begun || !timeline.hasOlder()) return;
      const { messages, has_more: more } = await http.get(`${url}&before=${timeline.oldest()}`);
      timeline.older(messages, more);
    }),

    /** Reads a page of newer messages after a jump back. */
    newer: () => page(async () => {
      if (timeline.isDetached()) await readPage();
    }),

    /** Back to the newest messages after a jump. */
    async toNewest() {
      if (timeline.isDetached()) await page(readNewest);
    },

    /**
     * Makes sure that a message is held.
     * @param {number} id
     * @returns {Promise<boolean>} whether it is
     */
    async find(id) {
      if (timeline.get(id)) return true;
      await page(async () => {
        const target = await search(id);
        if (target) await readAround(target.seq);
      });
      return timeline.get(id) !== null;
    },
  };
}
