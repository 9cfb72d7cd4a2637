/** @typedef {import('../core/room.js').Room} Room */

import { words } from '../core/words.js';
import { h, icon } from './dom.js';
import { emojiGrid } from './emoji.js';
import { listenToSwipes } from './swipe.js';

/** How long a finger rests on a message until it means something. */
const LONG = 500;
/** How far it may slip meanwhile. */
const SLIP = 10;
/** Between a dialog and what it is about, and the edge of the window. */
const GAP = 8;
const THUMB = '👍';

/**
 * What can be done with a message: by the one toolbar that goes from message to message, by keys, by what is inside
 * the message, and by a finger that rests on it.
 * @param {Room} room
 * @param {HTMLElement} column
 * @param {{ toComposer(): void, jump(id: number): void }} act
 */
export function createActions(room, column, act) {
  const bar = h('div', { class: 'bar', role: 'toolbar', 'aria-label': words.messageActions });
  /** @type {HTMLElement | null} */
  let host = null;
  let stopPress = () => {};

  const articleOf = (/** @type {EventTarget | null} */ target) =>
    /** @type {HTMLElement | null} */ (target instanceof Element ? target.closest('[role=article]') : null);
  const idOf = (/** @type {HTMLElement} */ article) => Number(article.dataset['id'] ?? 0);
  const alive = (/** @type {number} */ id) => typeof room.target(id) === 'object';

  /** @param {HTMLElement} article */
  function attach(article) {
    if (host === article && bar.parentElement === article) return;
    const id = idOf(article);
    host = article;
    if (id === 0 || article.querySelector('.gone') || !alive(id)) return bar.remove();
    bar.replaceChildren(...buttons(article));
    article.append(bar);
  }

  /** @param {HTMLElement} article */
  function buttons(article) {
    const own = article.classList.contains('own');
    return [
      h('button', { type: 'button', class: 'ib', 'data-act': 'react', 'data-emoji': THUMB, 'aria-label': words.reactThumb, tabindex: '-1' },
        h('span', { class: 'em', 'aria-hidden': 'true' }, THUMB)),
      button('add', words.addReaction, 'smile', { 'aria-haspopup': 'dialog' }),
      button('reply', words.reply, 'reply'),
      ...(own ? [button('edit', words.edit, 'edit')] : []),
      button('more', words.more, 'more', { 'aria-haspopup': 'dialog' }),
    ];
  }

  /**
   * @param {string} name
   * @param {HTMLElement} article
   * @param {HTMLElement | null} [from]
   */
  function run(name, article, from = null) {
    const id = idOf(article);
    const clientId = article.dataset['client'] ?? '';
    switch (name) {
      case 'retry': return room.outbox.retry(clientId);
      case 'drop': return room.outbox.remove(clientId);
      case 'jump': return act.jump(Number(from?.dataset['to']));
      case 'allreactions': return unfold(article);
      default: return id > 0 && alive(id) ? change(name, article, id, from) : undefined;
    }
  }

  /**
   * @param {string} name
   * @param {HTMLElement} article
   * @param {number} id
   * @param {HTMLElement | null} from
   */
  function change(name, article, id, from) {
    switch (name) {
      case 'react': return room.react(id, from?.dataset['emoji'] ?? THUMB);
      case 'add': return sheet(article, id, true);
      case 'more': return sheet(article, id, false);
      case 'reply': room.startReply(id); return act.toComposer();
      case 'edit': return edit(id);
      case 'copy': return void copy(id);
      case 'unread': return unread(id);
      case 'remove': return room.mayRemove(id) ? room.remove(id) : undefined;
    }
  }

  /** @param {number} id */
  function edit(id) {
    room.startEdit(id);
    if (room.draft.value.get().editing?.id === id) act.toComposer();
  }

  /** @param {number} id */
  function unread(id) {
    room.markUnread(id);
    room.tell(words.markedUnread);
  }

  /** @param {number} id */
  async function copy(id) {
    const message = room.target(id);
    if (typeof message !== 'object') return;
    try {
      await navigator.clipboard.writeText(message.content ?? '');
      room.tell(words.copied);
    } catch {
      room.tell(words.notCopied, { bad: true });
    }
  }

  /** @param {HTMLElement} article */
  function unfold(article) {
    for (const chip of article.querySelectorAll('.rx [hidden]')) chip.removeAttribute('hidden');
    article.querySelector('[data-act=allreactions]')?.remove();
  }

  /**
   * Everything that can be done, or only the reactions, in a dialog: a sheet from the bottom where the screen is small.
   * @param {HTMLElement} article
   * @param {number} id
   * @param {boolean} emojiOnly
   */
  function sheet(article, id, emojiOnly) {
    const own = article.classList.contains('own');
    const dialog = h('dialog', { class: 'actions', 'aria-label': emojiOnly ? words.chooseEmoji : words.messageActions });
    const choose = (/** @type {string} */ name) => {
      dialog.close();
      change(name, article, id, null);
    };
    const item = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string} */ picture, style = '') =>
      h('button', { type: 'button', class: `act ${style}`.trim(), onclick: () => choose(name) }, icon(picture), label);
    dialog.append(
      emojiGrid((emoji) => { dialog.close(); room.react(id, emoji); }, !emojiOnly),
      ...(emojiOnly ? [] : [
        item('reply', words.reply, 'reply'),
        ...(own ? [item('edit', words.edit, 'edit')] : []),
        item('copy', words.copyText, 'copy'),
        item('unread', words.markUnread, 'chats'),
        ...(room.mayRemove(id) ? [item('remove', words.remove, 'trash', 'danger')] : []),
      ]));
    show(dialog, column, article);
  }

  /** @param {KeyboardEvent} event */
  function keys(event) {
    const article = articleOf(event.target);
    if (!article) return;
    if (bar.contains(document.activeElement)) return along(event, article);
    if (event.target !== article || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter' || event.key === 'ArrowRight') into(event, article);
    const name = { r: 'reply', e: 'edit', c: 'copy', '+': 'add', u: 'unread', Delete: 'remove' }[event.key];
    if (name === undefined) return;
    event.preventDefault();
    run(name, article);
  }

  /**
   * Into the toolbar, or to what a message that is not sent has instead.
   * @param {KeyboardEvent} event
   * @param {HTMLElement} article
   */
  function into(event, article) {
    event.preventDefault();
    attach(article);
    const first = article.querySelector('.bar button, .foot button, a');
    if (first instanceof HTMLElement) first.focus();
  }

  /**
   * Along the toolbar, and back to its message.
   * @param {KeyboardEvent} event
   * @param {HTMLElement} article
   */
  function along(event, article) {
    const all = /** @type {HTMLElement[]} */ ([...bar.querySelectorAll('button')]);
    const at = all.findIndex((one) => one === document.activeElement);
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === 'Escape') article.focus();
    else if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (to !== undefined) all[(to + all.length) % all.length]?.focus();
  }

  /** @param {PointerEvent} event */
  function press(event) {
    const article = articleOf(event.target);
    stopPress();
    if (event.pointerType !== 'touch' || !article || idOf(article) === 0) return;
    const timer = setTimeout(() => {
      stopPress();
      swallowClick();
      run('more', article);
    }, LONG);
    const moved = (/** @type {PointerEvent} */ next) => {
      if (Math.hypot(next.clientX - event.clientX, next.clientY - event.clientY) > SLIP) stopPress();
    };
    column.addEventListener('pointermove', moved);
    stopPress = () => {
      clearTimeout(timer);
      column.removeEventListener('pointermove', moved);
    };
  }

  column.addEventListener('click', (event) => {
    const from = /** @type {HTMLElement | null} */ (event.target instanceof Element ? event.target.closest('[data-act]') : null);
    const article = articleOf(from);
    if (from && article) run(from.dataset['act'] ?? '', article, from);
  });
  column.addEventListener('pointerover', (event) => {
    const article = articleOf(event.target);
    if (article && event.pointerType !== 'touch' && !bar.contains(document.activeElement)) attach(article);
  });
  column.addEventListener('focusin', ({ target }) => {
    const article = articleOf(target);
    if (article) attach(article);
  });
  column.addEventListener('keydown', keys);
  column.addEventListener('pointerdown', press);
  listenToSwipes(column, (article) => run('reply', article));
  for (const name of ['pointerup', 'pointercancel', 'pointerleave']) column.addEventListener(name, () => stopPress());
  column.addEventListener('contextmenu', (event) => {
    if (matchMedia('(pointer: coarse)').matches && articleOf(event.target)) event.preventDefault();
  });

  return {
    /**
     * Changes the inside of a message around the toolbar, which keeps its place and the focus in it.
     * @param {HTMLElement} article
     * @param {() => void} fill
     */
    around(article, fill) {
      const inside = host === article && bar.parentElement === article;
      const focused = inside && bar.contains(document.activeElement);
      fill();
      if (!inside) return;
      if (article.querySelector('.gone')) {
        if (focused) article.focus();
        return;
      }
      article.append(bar);
      if (focused) /** @type {HTMLElement | null} */ (bar.querySelector('button'))?.focus();
    },

    /** @param {HTMLElement} article */
    leave(article) {
      if (host === article) {
        bar.remove();
        host = null;
      }
    },

    stop: () => stopPress(),
  };

  /**
   * @param {string} name
   * @param {string} label
   * @param {string} picture
   * @param {Record<string, string>} [more]
   */
  function button(name, label, picture, more = {}) {
    return h('button', { type: 'button', class: 'ib', 'data-act': name, 'aria-label': label, title: label, tabindex: '-1', ...more }, icon(picture));
  }
}

/** The finger that has opened something is still there: its going must not press what is under it now. */
function swallowClick() {
  const swallow = (/** @type {Event} */ event) => {
    event.preventDefault();
    event.stopPropagation();
  };
  document.addEventListener('click', swallow, { capture: true });
  document.addEventListener('pointerdown', () => document.removeEventListener('click', swallow, { capture: true }), { capture: true, once: true });
}

/**
 * Shows a dialog that goes away with a press beside it; on a wide screen it stands near what it is about, and not on it.
 * @param {HTMLDialogElement} dialog
 * @param {HTMLElement} place where it lives in the page
 * @param {HTMLElement} near
 */
export function show(dialog, place, near) {
  const parent = place.closest('.room') ?? document.body;
  parent.append(dialog);
  dialog.addEventListener('close', () => {
    dialog.remove();
    if (document.activeElement === document.body && near.isConnected) near.focus({ preventScroll: true });
  });
  dialog.addEventListener('click', (event) => { if (event.target === dialog) dialog.close(); });
  dialog.showModal();
  if (matchMedia('(min-width: 760px)').matches) putBy(dialog, near);
}

/**
 * Puts a dialog below what it is about, or above, or, where neither has room, beside.
 * @param {HTMLDialogElement} dialog
 * @param {HTMLElement} near
 */
function putBy(dialog, near) {
  const { top, right, bottom, left } = (near.querySelector('.body') ?? near).getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height, style } = dialog;
  const lowest = innerHeight - height - GAP;
  const [above, below] = [top - height - GAP, bottom + GAP];
  // Always beside one's own: the second press of a double one must not meet what removes it.
  const isBeside = near.classList.contains('own') || (below > lowest && above < GAP);
  style.margin = '0';
  style.left = `${Math.max(GAP, (isBeside ? left - GAP : right) - width)}px`;
  if (isBeside) style.top = `${Math.max(GAP, Math.min(top, lowest))}px`;
  else style.top = `${below > lowest ? above : below}px`;
}
