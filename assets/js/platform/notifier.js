/** @typedef {import('../core/types.js').Notifier} Notifier */

/**
 * The browser's notifications. Nobody is asked for them but by `ask`.
 * @returns {Notifier}
 */
export function browserNotifier() {
  return {
    permission: () => ('Notification' in globalThis ? Notification.permission : 'unsupported'),
    ask: async () => Notification.requestPermission(),
    isLooking: () => document.visibilityState === 'visible' && document.hasFocus(),
    show({ title, body, tag, pressed }) {
      try {
        const shown = new Notification(title, { body, tag });
        shown.addEventListener('click', () => {
          shown.close();
          focus();
          pressed();
        });
      } catch {
        // Some browsers on phones let only a service worker show them.
      }
    },
  };
}
