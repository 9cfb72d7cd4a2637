import { scriptUrl } from './trusted.js';

/** @type {Map<string, Promise<(shared: object) => any>>} */
const asked = new Map();

/**
 * Fetches a part of the page that is not needed at first. It is a script with its integrity, and hands over a function
 * that makes its module of those that are here already.
 * @param {string} path what the part is called
 * @param {string} address
 * @param {string} integrity
 */
export function loadLater(path, address, integrity) {
  const known = asked.get(path);
  if (known) return known;
  const loaded = new Promise((resolve, reject) => {
    const script = document.createElement('script');
    const taken = (/** @type {Event & { make?: unknown }} */ event) => resolve(event.make);
    addEventListener(path, taken, { once: true });
    script.addEventListener('error', () => {
      removeEventListener(path, taken);
      script.remove();
      asked.delete(path);
      reject(Object.assign(new Error(path), { problem: { status: 0, code: 'unreachable', message: '' } }));
    });
    script.type = 'module';
    script.integrity = integrity;
    script.src = scriptUrl(new URL(address, document.baseURI));
    document.head.append(script);
  });
  asked.set(path, loaded);
  return loaded;
}
