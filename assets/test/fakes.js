/** A world that the tests move by hand: its clock stands still until it is told to move. */
export function world() {
  let now = 1_700_000_000_000;
  let timers = [];
  const stored = new Map();
  const sockets = [];
  let ids = 0;
  const platform = {
    clock: {
      now: () => now,
      after(delay, act) {
        const timer = { at: now + delay, act };
        timers.push(timer);
        return () => { timers = timers.filter((other) => other !== timer); };
      },
    },
    storage: {
      read: (key) => stored.get(key) ?? null,
      write: (key, value) => { stored.set(key, value); },
      remove: (key) => { stored.delete(key); },
      keys: (prefix) => [...stored.keys()].filter((key) => key.startsWith(prefix)).sort(),
    },
    chance: () => 0.5,
    notifier: { permission: () => 'default', ask: async () => 'denied', isLooking: () => true, show() {} },
    randomId: () => `id-${ids += 1}`,
    openSocket(handlers) {
      const socket = {
        handlers, sent: [], closed: false,
        send(text) { socket.sent.push(JSON.parse(text)); },
        close() { socket.closed = true; },
        hear(frame) { handlers.message(JSON.stringify(frame)); },
      };
      sockets.push(socket);
      return socket;
    },
    http: { get: async () => ({}), post: async () => ({}), forget() {} },
  };
  return {
    platform, stored, sockets,
    last: () => sockets.at(-1),
    advance(span) {
      const until = now + span;
      for (;;) {
        const due = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
        if (!due) break;
        now = Math.max(now, due.at);
        timers = timers.filter((timer) => timer !== due);
        due.act();
      }
      now = until;
    },
  };
}

/** A message of the plain room. */
export function message(seq, more = {}) {
  return {
    id: 1000 + seq, room_id: 1, seq, user_id: 2, username: 'bea', content: `text ${seq}`, message_type: 'text',
    created_at: new Date(1_700_000_000_000 + seq * 1000).toISOString(), ...more,
  };
}
