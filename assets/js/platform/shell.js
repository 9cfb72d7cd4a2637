import { scriptAddress } from './trusted.js';

/** So often is it asked whether there is a newer page, while one is open for long. */
const ASK_EVERY = 3_600_000;

/**
 * Has the page itself kept in the browser, and says when there is a newer one. Where the browser keeps nothing the page
 * works all the same, with a connection.
 * @param {import('../core/types.js').Clock} clock
 * @returns {import('../core/types.js').Shell}
 */
export function browserShell(clock) {
  /** @type {ServiceWorker | null} */
  let newer = null;
  /** @type {Set<() => void>} */
  const told = new Set();

  /** @param {ServiceWorkerRegistration} registration */
  function follow(registration) {
    const found = registration.installing;
    found?.addEventListener('statechange', () => {
      // Without one before it this is no newer page, but the first.
      if (found.state !== 'installed' || !navigator.serviceWorker.controller) return;
      newer = found;
      for (const tell of told) tell();
    });
  }

  async function keep() {
    const address = scriptAddress('service-worker');
    if (!address) return;
    const registration = await navigator.serviceWorker.register(address, { updateViaCache: 'none' });
    registration.addEventListener('updatefound', () => follow(registration));
    const ask = () => {
      registration.update().catch(() => {});
      clock.after(ASK_EVERY, ask);
    };
    clock.after(ASK_EVERY, ask);
  }

  // After everything that is needed to begin with.
  if ('serviceWorker' in navigator) addEventListener('load', () => { keep().catch(() => {}); });

  return {
    isNewer: () => newer !== null,
    watch(tell) {
      told.add(tell);
      return () => told.delete(tell);
    },
    renew() {
      navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
      newer?.postMessage('take over');
    },
  };
}
