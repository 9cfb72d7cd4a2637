// Fills the corpus from the vectors: `node fuzz/seed.mjs`. What the fuzzer found is kept beside it.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../tests/vectors/e2ee-v1.json', import.meta.url);
const { sections, fixtures } = JSON.parse(readFileSync(file, 'utf8'));
const cases = Object.values(sections).flat();

const keep = (parser, bytes) => {
  const folder = new URL(`corpus/${parser}/`, import.meta.url);
  mkdirSync(folder, { recursive: true });
  const name = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  writeFileSync(new URL(name, folder), bytes);
};
const hex = (text) => Buffer.from(text, 'hex');
const wire = (text) => Buffer.from(text, 'base64url');

const FROM = {
  entry_parse: ({ e }) => keep('entry', hex(e)),
  log_apply: ({ then }) => then && keep('entry', wire(then.e)),
  statement_parse: ({ t }) => keep('statement', hex(t)),
  statement_check: ({ t }) => keep('statement', hex(t)),
  header_parse: ({ h }) => keep('header', hex(h)),
  message_receive: ({ envelope }) => envelope.length < 2_000 && keep('envelope', envelope),
  tombstone_parse: ({ envelope }) => keep('tombstone', envelope),
  content_parse: ({ kind, content }) => keep({ 3: 'redaction', 4: 'reaction' }[kind] ?? 'content', content),
  report_verify: ({ item }) => keep('report', JSON.stringify({ v: 1, room: 7, items: [item], note: 'spam' })),
  recovery_parse: ({ code }) => keep('recovery', code),
  pkcs8_parse: ({ pkcs8 }) => keep('pkcs8', hex(pkcs8)),
  at_rest_open: ({ record }) => keep('at_rest', hex(record)),
};
for (const { op, in: given } of cases) FROM[op]?.(given);
for (const { e } of Object.values(fixtures.logs).flat()) keep('entry', wire(e));

const key = (byte) => Buffer.alloc(32, byte).toString('base64url');
keep('qr', `v1.42.${key(7)}.43.${key(8)}`);
keep('invite', `#i=${Buffer.alloc(16, 1).toString('base64url')}&k=${key(7)}&a=42.${key(8)}&r=7.${key(9)}`);
