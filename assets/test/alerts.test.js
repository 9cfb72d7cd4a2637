import assert from 'node:assert/strict';
import { test } from 'node:test';

import { alertText, createAlerts, isQuiet, isWanted } from '../js/core/alerts.js';
import { createPreferences } from '../js/core/preferences.js';
import { message, world } from './fakes.js';

const ADA = { id: 1, username: 'ada', is_admin: false };
const ROOM = { id: 1, name: 'harbour-survey', kind: 'group' };
const DIRECT = { id: 2, name: 'x', kind: 'direct', peer: { id: 2, username: 'bea', is_admin: false } };
const chosen = (more) => ({ ...createPreferences(world().platform.storage).get(), ...more });

test('of what one is told', () => {
  const said = (content, room, notify) => isWanted(message(1, { content }), room, ADA, chosen({ notify }), 0);
  const each = (notify) => [said('hello', ROOM, notify), said('hello @ada', ROOM, notify), said('hello', DIRECT, notify)];
  assert.deepEqual(each('all'), [true, true, true]);
  assert.deepEqual(each('mentions'), [false, true, true]);
  assert.deepEqual(each('none'), [false, false, false]);
});

test('quiet hours may go over midnight', () => {
  const quiet = (from, to, at, on = true) => isQuiet(chosen({ quiet: on, quietFrom: from, quietTo: to }), at);
  assert.deepEqual([0, 419, 420, 1319, 1320].map((at) => quiet(1320, 420, at)), [true, true, false, false, true]);
  assert.deepEqual([59, 60, 119, 120].map((at) => quiet(60, 120, at)), [false, true, true, false]);
  assert.equal(quiet(1320, 420, 0, false), false);
  assert.equal(isWanted(message(1), ROOM, ADA, chosen({ notify: 'all', quiet: true, quietFrom: 0, quietTo: 60 }), 30), false);
});

test('the text is in it only by choice', () => {
  assert.deepEqual(alertText(message(1), ROOM, true), { title: 'New message in harbour-survey', body: '' });
  assert.deepEqual(alertText(message(1), DIRECT, true), { title: 'New message from bea', body: '' });
  assert.deepEqual(alertText(message(1, { content: 'a\nb' }), ROOM, false), { title: 'bea in harbour-survey', body: 'a b' });
  assert.deepEqual(alertText(message(1), DIRECT, false), { title: 'bea', body: 'text 1' });
});

test('nothing is shown to who looks at the page, or has not allowed it; a press leads to the room', () => {
  const { platform } = world();
  const shown = [];
  const state = { permission: 'granted', looking: false };
  const notifier = { permission: () => state.permission, isLooking: () => state.looking, ask: async () => '', show: (alert) => shown.push(alert) };
  const preferences = createPreferences(platform.storage);
  const gone = [];
  const alerts = createAlerts({ ...platform, notifier }, ADA, preferences, (room) => gone.push(room));
  alerts.arrived(message(1), ROOM);
  assert.equal(shown.length, 0, 'nothing was chosen');
  preferences.set({ notify: 'all' });
  state.looking = true;
  alerts.arrived(message(2), ROOM);
  state.looking = false;
  state.permission = 'default';
  alerts.arrived(message(3), ROOM);
  assert.equal(shown.length, 0);
  state.permission = 'granted';
  alerts.arrived(message(4), ROOM);
  assert.deepEqual(shown.map(({ title, tag }) => [title, tag]), [['New message in harbour-survey', 'room:1']]);
  shown[0].pressed();
  assert.deepEqual(gone, [1]);
});
