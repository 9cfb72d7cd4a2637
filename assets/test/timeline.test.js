import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createTimeline } from '../js/core/timeline.js';
import { message } from './fakes.js';

const seqs = (timeline) => timeline.messages().map((m) => m.seq);
const live = (seq, more) => ({ type: 'new_message', message: message(seq, more) });

test('a place is taken once, whatever the order', () => {
  const timeline = createTimeline();
  timeline.begin([message(3), message(4)], true, 5);
  assert.equal(timeline.upTo(), 5, 'the room had a newest place that is no message');
  assert.ok(timeline.take(live(6)));
  assert.equal(timeline.take(live(6)), null);
  assert.equal(timeline.take(live(4)), null);
  assert.deepEqual(seqs(timeline), [3, 4, 6]);
  assert.equal(timeline.hasGap(), false);
});

test('a gap is noticed, and closed by what is read again', () => {
  const timeline = createTimeline();
  timeline.begin([message(1)], false, 1);
  timeline.take(live(4));
  assert.ok(timeline.hasGap());
  timeline.take({ type: 'member_joined', room_id: 1, seq: 2 });
  timeline.take(live(3));
  assert.deepEqual([timeline.hasGap(), timeline.upTo(), seqs(timeline)], [false, 4, [1, 3, 4]]);
});

test('what comes live before the first page is there is kept', () => {
  const timeline = createTimeline();
  timeline.take(live(5));
  timeline.begin([message(3), message(4)], true, 4);
  assert.deepEqual([timeline.upTo(), seqs(timeline), timeline.hasGap()], [5, [3, 4, 5], false]);
});

test('the acknowledgement shows the message, and the message itself takes its place', () => {
  const timeline = createTimeline();
  timeline.begin([], false, 0);
  timeline.take(live(1, { client_id: 'c', content: 'mine' }));
  timeline.take(live(1, { client_id: 'c', content: 'mine', username: 'Ada' }));
  assert.deepEqual(timeline.messages().map((m) => [m.seq, m.username]), [[1, 'Ada']]);
});

test('older pages go before', () => {
  const timeline = createTimeline();
  timeline.begin([message(8), message(9)], true, 9);
  assert.equal(timeline.oldest(), 8);
  timeline.older([message(6), message(7)], false);
  assert.deepEqual([seqs(timeline), timeline.hasOlder()], [[6, 7, 8, 9], false]);
});

test('an edit changes the text, a deletion leaves an empty place, a reaction is counted, and their places count', () => {
  const timeline = createTimeline();
  timeline.begin([message(1), message(2)], false, 2);
  timeline.take({ type: 'message_edited', room_id: 1, seq: 3, message: { ...message(2), content: 'better' } });
  timeline.take({ type: 'message_deleted', room_id: 1, seq: 4, id: 1, target_seq: 1, by: 'author' });
  timeline.take({ type: 'reaction', room_id: 1, seq: 5, target_id: 1002, user_id: 1, emoji: '👍', added: true });
  timeline.take({ type: 'withheld', room_id: 1, seq: 6, to_seq: 8 });
  assert.deepEqual(timeline.messages().map((m) => [m.seq, m.content]), [[1, null], [2, 'better']]);
  assert.deepEqual(timeline.messages()[1].reactions, [{ emoji: '👍', user_ids: [1] }]);
  assert.equal(timeline.target(1001), 'gone');
  assert.deepEqual([timeline.upTo(), timeline.hasGap()], [8, false]);
});

test('what was deleted meanwhile is not shown when it is read again', () => {
  const timeline = createTimeline();
  timeline.begin([message(1)], false, 1);
  assert.equal(timeline.take(live(2, { content: null, deleted: { by: 'author' } })), null);
  assert.deepEqual([seqs(timeline), timeline.upTo()], [[1], 2]);
});

test('an edit of a message that is not held here waits for its page', () => {
  const timeline = createTimeline();
  timeline.begin([message(8)], true, 8);
  timeline.take({ type: 'message_edited', room_id: 1, seq: 9, message: message(2) });
  assert.deepEqual([seqs(timeline), timeline.upTo()], [[8], 9]);
});

test('a stretch in the middle leaves alone what comes live until it has reached it', () => {
  const timeline = createTimeline();
  timeline.begin([message(90)], true, 90);
  timeline.beginAt([message(10), message(11)], true);
  assert.ok(timeline.take(live(91)));
  assert.equal(timeline.take(live(91)), null);
  timeline.take({ type: 'reaction', room_id: 1, seq: 92, target_id: 1011, user_id: 1, emoji: '👍', added: true });
  assert.deepEqual([seqs(timeline), timeline.isDetached(), timeline.hasGap()], [[10, 11], true, false]);
  timeline.newer([live(12), { type: 'message_deleted', room_id: 1, seq: 13, id: 1010, target_seq: 10, by: 'author' }], true);
  assert.deepEqual([timeline.upTo(), timeline.isDetached(), timeline.messages()[0].content], [13, true, null]);
  timeline.newer([live(91)], false);
  assert.deepEqual([timeline.isDetached(), timeline.hasGap()], [false, true], 'the reaction has yet to be read');
  timeline.newer([{ type: 'reaction', room_id: 1, seq: 92, target_id: 1011, user_id: 1, emoji: '👍', added: true }], false);
  assert.deepEqual([timeline.hasGap(), timeline.get(1011).reactions.length], [false, 1]);
});

test('what a message answers is there, gone, or too far to know', () => {
  const timeline = createTimeline();
  timeline.begin([message(5), message(8)], true, 8);
  const { target } = timeline;
  assert.deepEqual([target(1005).seq, target(1006), target(1002)], [5, 'gone', 'unknown']);
});

test('whatever the order and however often, the places are the same', () => {
  let seed = 7;
  const random = (n) => { seed = (seed * 48271) % 2147483647; return seed % n; };
  for (let round = 0; round < 200; round += 1) {
    const timeline = createTimeline();
    const events = Array.from({ length: 30 }, (_, i) => live(i + 1));
    const cut = random(30);
    timeline.begin(events.slice(Math.max(0, cut - 8), cut).map((e) => e.message), cut > 8, cut);
    const order = events.slice(cut).flatMap((e) => Array(1 + random(2)).fill(e)).sort(() => random(3) - 1);
    for (const event of order) timeline.take(event);
    assert.deepEqual(seqs(timeline), Array.from({ length: 30 - Math.max(0, cut - 8) }, (_, i) => i + 1 + Math.max(0, cut - 8)));
    assert.deepEqual([timeline.upTo(), timeline.hasGap()], [30, false]);
  }
});
