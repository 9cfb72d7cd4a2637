/** @typedef {import('./types.js').Platform} Platform */

const MINUTE = 60_000;
/** Between two looks, and between two notes that somebody is there. */
const STEP = 30_000;
/** The minutes without a touch after which keys are forgotten, of which one is chosen; 0: never. */
export const IDLE_CHOICES = Object.freeze([15, 60, 720, 0]);
const DEFAULT = 720;
const CHOSEN = 'idle';
const PUT_AWAY = 0;

/** @param {Pick<Platform, 'storage'>} platform */
export function idleMinutes({ storage }) {
  const chosen = Number(storage.read(CHOSEN) ?? DEFAULT);
  return IDLE_CHOICES.includes(chosen) ? chosen : DEFAULT;
}

/**
 * @param {Pick<Platform, 'storage'>} platform
 * @param {number} minutes
 */
export const chooseIdle = ({ storage }, minutes) => storage.write(CHOSEN, String(minutes));

/**
 * Notices that nobody has touched the page for long, in any tab of this browser, also while the machine slept.
 * @param {Pick<Platform, 'clock' | 'storage'>} platform
 * @param {number} userId
 */
export function createIdle(platform, userId) {
  const { clock, storage } = platform;
  const mark = `touched:${userId}`;
  let stop = () => {};

  const touched = () => Number(storage.read(mark) ?? clock.now());

  /** Whether it was too long, or somebody has put the keys away in another tab. */
  function isOver() {
    const minutes = idleMinutes(platform);
    if (touched() === PUT_AWAY) return true;
    return minutes > 0 && clock.now() - touched() >= minutes * MINUTE;
  }

  /** Somebody is there. */
  function touch() {
    if (storage.read(mark) === null || clock.now() - touched() >= STEP) storage.write(mark, String(clock.now()));
  }

  return {
    isOver,
    touch,
    /** For all tabs, at their next look. */
    putAway: () => storage.write(mark, String(PUT_AWAY)),
    /** From here on it counts anew. */
    begin: () => storage.write(mark, String(clock.now())),

    /** @param {() => void} over is called once */
    watch(over) {
      const look = () => {
        if (isOver()) over();
        else stop = clock.after(STEP, look);
      };
      look();
    },
    stop: () => stop(),
  };
}
