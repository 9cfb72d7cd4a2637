import assert from 'node:assert/strict';
import { test } from 'node:test';

import { dates } from '../js/core/dates.js';
import { deviceKind, deviceName } from '../js/core/devices.js';
import { best, fit } from '../js/core/find.js';

test('names are found by their start, the start of a part, or anywhere, whatever case and accents', () => {
  const names = ['sam_carter', 'harbour-survey', 'old harbour', 'Hárley', 'orchard'];
  assert.deepEqual(best(names, 'har', (name) => name, 9), ['harbour-survey', 'Hárley', 'old harbour', 'orchard']);
  assert.deepEqual(best(names, '', (name) => name, 2), names.slice(0, 2));
  assert.deepEqual([fit('carter', 'x'), fit('sam_carter', 'CART')], [0, 2]);
});

test('devices are named by what they say they are', () => {
  const name = (agent) => [deviceName(agent), deviceKind(agent)];
  assert.deepEqual(name('Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'), ['Firefox on Linux', 'laptop']);
  assert.deepEqual(name('Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36'), ['Chrome on Android', 'phone']);
  assert.deepEqual(name('Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605 Version/17.5 Mobile/15E148 Safari/604.1'), ['Safari on iPhone', 'phone']);
  assert.deepEqual(name(''), ['Unknown device', 'laptop']);
  assert.deepEqual(name('secure-chat-cli/1.0'), ['secure-chat-cli/1.0', 'laptop']);
});

test('how long ago, and as short as a list has room for', () => {
  const format = dates('en-GB', 'UTC');
  const now = Date.parse('2026-05-14T20:00:00Z');
  const before = (minutes) => now - minutes * 60_000;
  assert.deepEqual([0, 20, 180, 1440 * 2, 1440 * 11].map((m) => format.ago(before(m), now)),
    ['this minute', '20 minutes ago', '3 hours ago', '2 days ago', '3 May']);
  assert.deepEqual([20, 1440, 1440 * 11].map((m) => format.brief(before(m), now)), ['19:40', 'Wed', '3 May']);
});
