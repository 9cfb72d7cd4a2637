/** @typedef {import('../core/room.js').RoomState} RoomState */

/**
 * Tells a room whether somebody looks at it.
 * @param {RoomState} room
 * @returns {() => void} ends it
 */
export function markAsRead(room) {
  const look = () => room.sees(document.visibilityState === 'visible' && document.hasFocus());
  const stop = room.changes.watch(look);
  for (const [target, event] of LOOKS) target.addEventListener(event, look);
  return () => {
    stop();
    room.sees(false);
    for (const [target, event] of LOOKS) target.removeEventListener(event, look);
  };
}

/** @type {readonly [EventTarget, string][]} */
const LOOKS = [[window, 'focus'], [window, 'blur'], [document, 'visibilitychange']];
