import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

import { fromHex, fromUtf8 } from '../../js/e2ee/codec.js';
import { parseContent } from '../../js/e2ee/content.js';
import { encodeEntry, parseEntry } from '../../js/e2ee/entry.js';
import { E2eeError } from '../../js/e2ee/errors.js';
import { encodeHeader, parseHeader } from '../../js/e2ee/header.js';
import { encodeStatement, parseStatement } from '../../js/e2ee/identity.js';
import { parseEnvelope, parseTombstone } from '../../js/e2ee/message.js';
import { equal } from '../../js/e2ee/primitives.js';
import { parseRecoveryCode } from '../../js/e2ee/recovery.js';

function same(bytes, written) {
  if (!equal(bytes, written)) throw new Error('what was parsed is written in another way');
}

const content = (kind) => (bytes) => parseContent(bytes, { kind, files: [] });

const PARSERS = {
  entry: (bytes) => same(bytes, encodeEntry(parseEntry(bytes))),
  statement: (bytes) => same(bytes, encodeStatement(parseStatement(bytes))),
  header: (bytes) => same(bytes, encodeHeader(parseHeader(bytes))),
  envelope: (bytes) => parseEnvelope(fromUtf8(bytes, 'malformed')),
  tombstone: (bytes) => parseTombstone(fromUtf8(bytes, 'malformed')),
  content: content(1),
  redaction: content(3),
  reaction: content(4),
  recovery: (bytes) => parseRecoveryCode(fromUtf8(bytes, 'bad_recovery_code')),
};

/** What becomes of bytes in a parser: `ok`, or the code of the refusal. */
async function outcome(parser, bytes) {
  try {
    await PARSERS[parser](bytes);
    return 'ok';
  } catch (fault) {
    if (!(fault instanceof E2eeError)) throw fault;
    return fault.code;
  }
}

/** Reads lines `{ parser, bytes, want }` and ends at the first that comes out otherwise here. */
async function main(file) {
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    const { parser, bytes, want } = JSON.parse(line);
    const got = await outcome(parser, fromHex(bytes));
    count += 1;
    if (got === want) continue;
    console.error(`${parser}: ${got}, not ${want}: ${bytes} ${JSON.stringify(Buffer.from(bytes, 'hex').toString())}`);
    process.exitCode = 1;
    return;
  }
  console.log(`${count} inputs: no difference`);
}

if (process.argv[1] === new URL(import.meta.url).pathname && process.argv[2]) await main(process.argv[2]);
