import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPause } from '../js/core/pause.js';
import { world } from './fakes.js';

test('it counts down to the second, and the longer pause stays', () => {
  const w = world();
  const pause = createPause(w.platform.clock);
  const seen = [];
  pause.left.watch((left) => seen.push(left));
  pause.begin(3);
  pause.begin(1);
  w.advance(1_500);
  assert.equal(pause.left.get(), 2);
  w.advance(5_000);
  assert.deepEqual(seen, [0, 3, 2, 1, 0]);
  pause.begin(9);
  pause.end();
  assert.equal(pause.left.get(), 0);
});
