import { h } from './dom.js';

/** The first ones are offered with everything else that can be done with a message. */
const QUICK = 6;
const EMOJI = [
  '👍', '❤️', '😂', '🎉', '😮', '😢', '👀', '🙏', '👏', '🔥', '✅', '❌', '🙂', '😊', '😉', '😍',
  '🤔', '😅', '😭', '😡', '😎', '🤝', '💪', '👋', '👎', '💡', '⭐', '🌊', '☕',
];

/**
 * Emoji to choose from. Each is named by itself, in whatever language it is read out.
 * @param {(emoji: string) => void} choose
 * @param {boolean} [quick] only the first ones
 */
export function emojiGrid(choose, quick = false) {
  const list = quick ? EMOJI.slice(0, QUICK) : EMOJI;
  return h('div', { class: 'emoji' }, ...list.map((emoji) =>
    h('button', { type: 'button', class: 'em', onclick: () => choose(emoji) }, emoji)));
}
