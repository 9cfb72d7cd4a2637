/** @typedef {import('../core/types.js').Platform} Platform */
/** @typedef {import('../core/types.js').Message} Message */
/** @typedef {Extract<import('../core/session.js').SessionState, { phase: 'in' }>} Inside */

import { createChat } from '../core/chat.js';
import { createSession } from '../core/session.js';
import { words } from '../core/words.js';
import { createChatView } from './chat.js';
import { h, icon, svg } from './dom.js';
import { gate } from './gate.js';
import { alarmScreen, lockGate } from './lock.js';
import { codeGate } from './recovery.js';

/**
 * Puts on the screen what the session calls for.
 * @param {Platform} platform
 * @param {HTMLElement} root
 * @param {HTMLElement} log where new messages are spoken
 * @param {import('../core/places.js').Past} past
 */
export function startApp(platform, root, log, past) {
  const session = createSession(platform, document.title);
  let leave = () => {};

  session.state.watch((state) => {
    leave();
    leave = () => {};
    if (state.phase === 'in') leave = inside(state);
    else if (state.phase === 'code') {
      document.title = `${words.codeTitle} · ${state.appName}`;
      root.replaceChildren(codeGate(session, state, platform.clock));
    } else if (state.phase === 'out') {
      document.title = `${words.signIn} · ${state.appName}`;
      root.replaceChildren(gate(session, state, platform.clock, past));
    } else if (state.phase === 'locked') {
      document.title = `${words.lockedTitle} · ${state.appName}`;
      root.replaceChildren(lockGate(session, state, platform.clock));
    } else if (state.phase === 'alarm') {
      document.title = `${words.alarmTitle} · ${state.appName}`;
      root.replaceChildren(alarmScreen(session, state));
    } else if (state.phase === 'unreachable') root.replaceChildren(unreachable(() => void session.start()));
    else root.replaceChildren(h('p', { class: 'sr', role: 'status' }, words.loadingApp));
  });

  /** @param {Inside} state */
  function inside(state) {
    const chat = createChat(platform, state.user, speaker(log), (frame) => void session.heard(frame));
    const view = createChatView(chat, platform, past, state.appName, {
      signOut: () => session.signOut(), newCode: (password) => session.anotherCode(password),
      renew: (old, password) => session.renew(old, password), lock: () => session.lock(),
    });
    const stopWatching = chat.connection.state.watch(({ phase, code }) => {
      if (phase === 'ended' && code !== null) ended(code, chat.reason(), () => chat.connection.start());
    });
    const online = () => chat.connection.tryNow();
    const offline = () => chat.connection.networkLost();
    addEventListener('online', online);
    addEventListener('offline', offline);
    root.replaceChildren(view.element);
    if (state.notice !== null) inform(state.notice);
    chat.connection.start();
    return () => {
      removeEventListener('online', online);
      removeEventListener('offline', offline);
      stopWatching();
      view.stop();
      chat.connection.stop();
    };
  }

  /**
   * The server has closed the connection for good.
   * @param {number} code
   * @param {string | null} reason
   * @param {() => void} comeBack
   */
  function ended(code, reason, comeBack) {
    if (code === 4003) return disconnected(reason, comeBack);
    const banned = reason === null ? words.banned : words.bannedReason(reason);
    return void session.ended(code === 4004 ? banned : words.signedOut);
  }

  /**
   * @param {string | null} reason
   * @param {() => void} comeBack
   */
  function disconnected(reason, comeBack) {
    message('door', words.kicked, reason === null ? words.kickedText : words.kickedReason(reason), words.reconnect, comeBack);
  }

  /** What one should know before going on. @param {string} notice */
  function inform(notice) {
    message('warn', words.noticeTitle, notice, words.close, () => {});
  }

  /**
   * @param {string} picture
   * @param {string} title
   * @param {string} text
   * @param {string} way
   * @param {() => void} closed
   */
  function message(picture, title, text, way, closed) {
    const dialog = h('dialog', { 'aria-labelledby': 'message-title' }, h('div', { class: 'empty' }, icon(picture, 'lg'),
      h('h2', { class: 'display', id: 'message-title' }, title), h('p', {}, text),
      h('button', { type: 'button', class: 'btn primary', onclick: () => dialog.close() }, way)));
    dialog.addEventListener('close', () => {
      dialog.remove();
      closed();
    });
    root.append(dialog);
    dialog.showModal();
  }

  for (const touch of ['pointerdown', 'keydown', 'focus']) {
    addEventListener(touch, () => session.touched(), { capture: true, passive: true });
  }
  void session.start();
}

/**
 * Speaks messages that arrive, for those who do not see them; a crowd of them as one.
 * @param {HTMLElement} log
 * @returns {(message: Message) => void}
 */
function speaker(log) {
  /** @type {Message[]} */
  let waiting = [];
  return (message) => {
    waiting.push(message);
    if (waiting.length > 1) return;
    setTimeout(() => {
      const lines = waiting.length > 3
        ? [words.newMessages(waiting.length)]
        : waiting.map((m) => words.spoken(m.username, m.content ?? words.deleted));
      waiting = [];
      log.replaceChildren(...lines.map((line) => h('p', {}, line)));
    }, 300);
  };
}

/** @param {() => void} again */
function unreachable(again) {
  return h('main', { class: 'alone' }, h('div', { class: 'empty' },
    h('div', { class: 'art' }, svg('seal', '#seal-s', '0 0 200 200'), icon('cloudoff')),
    h('h1', { class: 'display' }, words.loadFailed), h('p', {}, words.unreachable),
    h('button', { type: 'button', class: 'btn primary', onclick: again }, words.tryAgain)));
}
