import { Custody } from './custody.js';
import { E2eeError } from './errors.js';
import { keptByBrowser } from './kept.js';
import { answerOf, createOperations } from './operations.js';
import { selfTest } from './self_test.js';

/**
 * The only place where keys are. The page sends `{ id, op, args }` and is answered `{ id, ok }` or
 * `{ id, error: { code } }`; `selfTest` tells what the browser lacks, and without it nothing else is done.
 */

const operations = createOperations(new Custody(), keptByBrowser());
const tested = selfTest();

/**
 * @param {string} op
 * @param {unknown} args
 */
async function run(op, args) {
  const { ok, code, missing } = await tested;
  if (op === 'selfTest') return { ok, code, missing };
  if (!ok) throw new E2eeError(code ?? 'unsupported_browser');
  const operation = Object.hasOwn(operations, op) ? operations[op] : undefined;
  if (!operation) throw new E2eeError('unknown_operation');
  return operation(args);
}

// One after another: an entry has to be in its log before a message that names it is looked at.
let last = Promise.resolve();

globalThis.addEventListener('message', ({ data: { id, op, args } }) => {
  last = last.then(async () => globalThis.postMessage({ id, ...(await answerOf(() => run(op, args))) }));
});
