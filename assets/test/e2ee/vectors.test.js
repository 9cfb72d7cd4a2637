import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { checkVectors } from './check_vectors.js';

const file = new URL('../../../tests/vectors/e2ee-v1.json', import.meta.url);

test('the vectors that all implementations share', { skip: !existsSync(file) && 'no vectors file' }, async (t) => {
  const vectors = JSON.parse(readFileSync(file, 'utf8'));
  assert.deepEqual([vectors.protocol, vectors.format], ['e2ee-chat/1', 1]);
  const { passed, failed, needsMore, missing } = await checkVectors(vectors);
  t.diagnostic(`${passed} passed; ${needsMore.length} need a primitive WebCrypto has not`);
  assert.deepEqual([missing, failed], [[], []]);
});
