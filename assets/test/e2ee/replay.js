import { createReadStream } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { createInterface } from 'node:readline';

import { fromB64u, fromHex } from '../../js/e2ee/codec.js';
import { Directory } from '../../js/e2ee/directory.js';
import { E2eeError } from '../../js/e2ee/errors.js';
import { apply, emptyLog, summarize } from '../../js/e2ee/log.js';

/**
 * Applies every step of a log in turn; a refused one leaves the state as it was.
 * @returns {Promise<{ steps: number, difference: null | Record<string, unknown> }>} up to the first difference
 */
export async function replayLog({ instance, room, directory: records, steps, state: wanted }) {
  const directory = await Directory.replay(fromHex(instance), records);
  let state = emptyLog(fromHex(instance), room);
  for (const [step, { e, s, want }] of steps.entries()) {
    const before = state;
    let got = 'ok';
    try {
      state = await apply(before, fromB64u(e), fromB64u(s), directory);
    } catch (fault) {
      if (!(fault instanceof E2eeError)) throw fault;
      got = fault.code;
    }
    if (got !== want) return { steps: step + 1, difference: { step, e, s, got, want } };
  }
  const got = state.seq === -1 ? null : summarize(state);
  const same = isDeepStrictEqual(got, state.seq === -1 ? null : wanted);
  return { steps: steps.length, difference: same ? null : { step: 'state', got, want: wanted } };
}

async function main(file) {
  let logs = 0;
  let steps = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (line.trim() === '') continue;
    const found = await replayLog(JSON.parse(line));
    logs += 1;
    steps += found.steps;
    if (found.difference) {
      console.error(`log ${logs} differs:`);
      console.error(JSON.stringify(found.difference, null, 2));
      process.exitCode = 1;
      return;
    }
  }
  console.log(`${logs} logs, ${steps} steps: no difference`);
}

if (process.argv[1] === new URL(import.meta.url).pathname && process.argv[2]) await main(process.argv[2]);
