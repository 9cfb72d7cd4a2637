import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPreferences, sends } from '../js/core/preferences.js';
import { world } from './fakes.js';

test('what was chosen survives a reload; what is damaged counts as not chosen', () => {
  const { platform, stored } = world();
  const first = createPreferences(platform.storage);
  assert.deepEqual([first.get().enterSends, first.get().notify, first.get().hideText], [true, 'none', true]);
  first.set({ notify: 'mentions', quietFrom: 90 });
  const again = createPreferences(platform.storage).get();
  assert.deepEqual([again.notify, again.quietFrom, again.enterSends], ['mentions', 90, true]);
  for (const kept of ['{', '{"notify":"loud","quietFrom":1440,"hideText":"no"}', 'null']) {
    stored.set('preferences', kept);
    const { notify, quietFrom, hideText } = createPreferences(platform.storage).get();
    assert.deepEqual([notify, quietFrom, hideText], ['none', 22 * 60, true], kept);
  }
});

test('Enter sends or makes a line, as one has chosen; never on touch, never while an input method composes', () => {
  const press = (more = {}) => ({ key: 'Enter', shiftKey: false, ctrlKey: false, metaKey: false, isComposing: false, ...more });
  assert.equal(sends(press(), true, false), true);
  assert.equal(sends(press({ shiftKey: true }), true, false), false);
  assert.equal(sends(press(), false, false), false);
  assert.equal(sends(press({ shiftKey: true }), false, false), true);
  assert.equal(sends(press({ ctrlKey: true }), false, false), true);
  assert.equal(sends(press(), true, true), false);
  assert.equal(sends(press({ isComposing: true }), true, false), false);
  assert.equal(sends({ ...press(), key: 'a' }, true, false), false);
});
