/** @typedef {import('../core/chat.js').Chat} Chat */
/** @typedef {import('../core/types.js').Clock} Clock */

/** A room counts as read when it has been in sight for so long. */
const IN_SIGHT = 1_000;

/**
 * Marks the open room as read, as long as somebody looks at the page.
 * @param {Chat} chat
 * @param {Clock} clock
 * @returns {() => void} ends it
 */
export function markAsRead(chat, clock) {
  let stopTimer = () => {};
  let stopHistory = () => {};

  function look() {
    stopTimer();
    const room = chat.open.get();
    if (!room || room.history.get() !== 'ready' || !isLookedAt()) return;
    const known = chat.rooms.get(room.id);
    if (!known || (known.read_seq ?? 0) >= known.last_seq) return;
    stopTimer = clock.after(IN_SIGHT, () => chat.read(room.id));
  }

  const stops = [
    chat.open.watch((room) => {
      stopHistory();
      stopHistory = room ? room.history.watch(look) : () => {};
      look();
    }),
    chat.rooms.list.watch(look),
  ];
  for (const [target, event] of LOOKS) target.addEventListener(event, look);
  return () => {
    stopTimer();
    stopHistory();
    stops.forEach((stop) => stop());
    for (const [target, event] of LOOKS) target.removeEventListener(event, look);
  };
}

/** @type {readonly [EventTarget, string][]} */
const LOOKS = [[window, 'focus'], [window, 'blur'], [document, 'visibilitychange']];

function isLookedAt() {
  return document.visibilityState === 'visible' && document.hasFocus();
}
