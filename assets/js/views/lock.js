/** @typedef {import('../core/session.js').Session} Session */
/** @typedef {import('../core/session.js').SessionState} SessionState */
/** @typedef {import('../core/types.js').Clock} Clock */

import { words } from '../core/words.js';
import { h, icon, svg } from './dom.js';
import { alertBox, brand, field, link, stayBox, submitting } from './forms.js';

/**
 * Somebody is signed in whose keys are to be opened.
 * @param {Session} session
 * @param {Extract<SessionState, { phase: 'locked' }>} state
 * @param {Clock} clock
 * @returns {HTMLElement}
 */
export function lockGate(session, state, clock) {
  const password = field(words.password, 'password', { autocomplete: 'current-password' });
  const alert = alertBox(null);
  const button = h('button', { type: 'submit', class: 'btn primary wide' }, words.unlock);
  const submit = submitting(button, words.unlocking, alert, clock, () => session.unlock(password.input.value), (problem) => {
    if (problem.code === 'invalid_credentials') {
      alert.say(null);
      password.fault(words.wrongPassword);
    }
    password.input.focus();
  });
  const form = h('form', { novalidate: true, onsubmit: submit },
    brand(state.appName), h('h1', { class: 'display' }, words.lockedTitle),
    h('p', { class: 'fine' }, words.lockedText(state.user.username)),
    state.notice === null ? null : h('div', { class: 'alert info' }, icon('lock'), h('span', {}, state.notice)),
    alert.element, userOf(state.user.username), password.element, stayBox(session), button,
    h('p', { class: 'fine' }, link(words.signOut, () => void session.signOut())));
  queueMicrotask(() => password.input.focus());
  return h('div', { class: 'gate' },
    h('aside', { class: 'art', 'aria-label': words.aboutApp(state.appName) },
      svg('seal', '#seal', '0 0 200 200'), h('h2', { class: 'display' }, words.artTitle), h('p', {}, words.artText)),
    h('main', {}, form));
}

/** Password managers look for the name beside the password. @param {string} username */
function userOf(username) {
  return h('input', { class: 'sr', type: 'text', autocomplete: 'username', value: username, readonly: true, tabindex: '-1', 'aria-hidden': 'true' });
}

/**
 * The server does not show what it showed before.
 * @param {Session} session
 * @param {Extract<SessionState, { phase: 'alarm' }>} state
 * @returns {HTMLElement}
 */
export function alarmScreen(session, state) {
  return h('main', { class: 'alone' }, h('div', { class: 'empty', role: 'alert' },
    h('div', { class: 'art' }, svg('seal', '#seal-s', '0 0 200 200'), icon('warn')),
    h('h1', { class: 'display' }, words.alarmTitle), h('p', {}, words.alarms[state.code]), h('p', {}, words.alarmNext),
    state.user === null
      ? h('button', { type: 'button', class: 'btn plain', onclick: () => void session.start() }, words.tryAgain)
      : h('button', { type: 'button', class: 'btn plain', onclick: () => void session.signOut() }, words.signOut),
    state.code === 'instance_changed' ? link(words.forgetServer, () => void session.forgetServer()) : null));
}
