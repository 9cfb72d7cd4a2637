/**
 * The Worker that has the keys, as a promise for each question. A refusal has the protocol's name in `code`.
 * @typedef {{ ask(op: string, args?: object): Promise<any>, end(): void }} Keeper
 */

/** A question that the keeper has refused, or could not be asked. */
export class KeeperError extends Error {
  /** @param {string} code */
  constructor(code) {
    super(code);
    this.code = code;
    this.problem = { status: 0, code, message: '' };
  }
}

/**
 * Chromium's, which has no types here yet (W3C Trusted Types).
 * @typedef {{ createPolicy(name: string, rules: { createScriptURL(text: string): string }):
 *   { createScriptURL(text: string): string } }} TrustedTypes
 */

/** The one address that a Worker is made from, which the page itself names. */
function address() {
  const named = document.querySelector('meta[name="e2ee-worker"]')?.getAttribute('content');
  if (!named) throw new KeeperError('unsupported_browser');
  const url = new URL(named, document.baseURI);
  if (url.origin !== location.origin) throw new KeeperError('unsupported_browser');
  const { trustedTypes } = /** @type {{ trustedTypes?: TrustedTypes }} */ (globalThis);
  if (!trustedTypes) return url.href;
  return trustedTypes.createPolicy('app', { createScriptURL: (text) => text }).createScriptURL(url.href);
}

/** @returns {Keeper} */
export function startKeeper() {
  const worker = new Worker(address(), { type: 'module' });
  /** @type {Map<number, { resolve(value: any): void, reject(fault: Error): void }>} */
  const waiting = new Map();
  let last = 0;

  worker.addEventListener('message', ({ data: { id, ok, error } }) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error) asked?.reject(new KeeperError(error.code));
    else asked?.resolve(ok);
  });
  worker.addEventListener('error', () => {
    for (const { reject } of waiting.values()) reject(new KeeperError('unsupported_browser'));
    waiting.clear();
  });

  return {
    ask: (op, args = {}) => new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      worker.postMessage({ id: last, op, args });
    }),
    end: () => worker.terminate(),
  };
}
