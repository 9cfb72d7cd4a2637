import { scriptAddress } from './trusted.js';

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

/** @returns {Keeper} */
export function startKeeper() {
  const address = scriptAddress('e2ee-worker');
  if (address === null) throw new KeeperError('unsupported_browser');
  const worker = new Worker(address, { type: 'module' });
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
