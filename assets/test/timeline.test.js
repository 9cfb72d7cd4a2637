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

test('an edit changes the text, a deletion takes the message away, and their places count', () => {
  const timeline = createTimeline();
  timeline.begin([message(1), message(2)], false, 2);
  timeline.take({ type: 'message_edited', room_id: 1, seq: 3, message: { ...message(2), content: 'better' } });
  timeline.take({ type: 'message_deleted', room_id: 1, seq: 4, id: 1, target_seq: 1, by: 'author' });
  timeline.take({ type: 'reaction', room_id: 1, seq: 5, target_id: 2, user_id: 1, emoji: '👍', added: true });
  timeline.take({ type: 'withheld', room_id: 1, seq: 6, to_seq: 8 });
  assert.deepEqual(timeline.messages().map((m) => [m.seq, m.content]), [[2, 'better']]);
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
