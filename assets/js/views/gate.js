/** @typedef {import('../core/session.js').Session} Session */
/** @typedef {Extract<import('../core/session.js').SessionState, { phase: 'out' }>} Outside */
/** @typedef {import('../core/types.js').Clock} Clock */

import { usernameFault } from '../core/problems.js';
import { words } from '../core/words.js';
import { h, svg } from './dom.js';
import { alertBox, allRight, brand, field, link, newPassword, stayBox, submitting, tellFaults } from './forms.js';
import { recoverForm, startOverForm } from './recovery.js';

/** The part of a link from an administrator that no server sees. */
const RESET = /^#\/reset\/([A-Za-z0-9_-]+)$/;

/**
 * The screens before the chat: sign in, create an account, the way back with the recovery code.
 * @param {Session} session
 * @param {Outside} state
 * @param {Clock} clock
 * @param {import('../core/places.js').Past} past
 * @returns {HTMLElement}
 */
export function gate(session, state, clock, past) {
  const main = h('main');
  const show = (/** @type {HTMLElement} */ form) => {
    main.replaceChildren(form);
    form.querySelector('input')?.focus();
  };
  const toSignIn = () => show(signIn(session, state, clock, ways));
  const ways = {
    toSignUp: () => show(signUp(session, state, clock, toSignIn)),
    toRecovery: () => show(recoverForm(session, state, clock, toSignIn)),
    toKeyless: () => show(keyless(session, state, clock, toSignIn)),
  };
  const token = RESET.exec(past.hash())?.[1];
  // Out of the address, so that it does not stay in the history of the browser.
  if (token) past.replace({}, '');
  main.append(token ? startOverForm(session, state, clock, token, toSignIn) : signIn(session, state, clock, ways));
  return h('div', { class: 'gate' },
    h('aside', { class: 'art', 'aria-label': words.aboutApp(state.appName) },
      svg('seal', '#seal', '0 0 200 200'),
      h('h2', { class: 'display' }, words.artTitle),
      h('p', {}, words.artText)),
    main);
}

/**
 * @param {Session} session
 * @param {Outside} state
 * @param {Clock} clock
 * @param {{ toSignUp(): void, toRecovery(): void, toKeyless(): void }} ways
 * @returns {HTMLFormElement}
 */
function signIn(session, state, clock, ways) {
  const username = field(words.username, 'username', { autocomplete: 'username' });
  const password = field(words.password, 'password', { autocomplete: 'current-password' });
  const alert = alertBox(state.notice);
  const button = h('button', { type: 'submit', class: 'btn primary wide' }, words.signIn);
  const submit = submitting(button, words.signingIn, alert, clock, async () => {
    await session.signIn(username.input.value, password.input.value);
  }, () => password.input.focus());
  return h('form', { novalidate: true, onsubmit: submit },
    brand(state.appName),
    h('h1', { class: 'display' }, words.signIn),
    alert.element, username.element, password.element, stayBox(session), button,
    state.registration === 'open'
      ? h('p', { class: 'fine' }, `${words.newHere} `, link(words.createAccount, ways.toSignUp))
      : h('p', { class: 'fine' }, words.registrationClosed),
    h('p', { class: 'fine' }, `${words.forgotPassword} `, link(words.useCode, ways.toRecovery)),
    h('p', { class: 'fine' }, `${words.madeForPrograms} `, link(words.keyless, ways.toKeyless)));
}

/**
 * Sign in to an account of programs, whose password the server keeps a hash of. Apart from the other form, so that
 * nobody sends a password there that only opens keys.
 * @param {Session} session
 * @param {Outside} state
 * @param {Clock} clock
 * @param {() => void} toSignIn
 * @returns {HTMLFormElement}
 */
function keyless(session, state, clock, toSignIn) {
  const username = field(words.username, 'username', { autocomplete: 'username' });
  const password = field(words.password, 'password', { autocomplete: 'current-password' });
  const alert = alertBox(null);
  const button = h('button', { type: 'submit', class: 'btn primary wide' }, words.signIn);
  const submit = submitting(button, words.signingIn, alert, clock, async () => {
    await session.signInKeyless(username.input.value, password.input.value);
  }, () => password.input.focus());
  return h('form', { novalidate: true, onsubmit: submit },
    brand(state.appName), h('h1', { class: 'display' }, words.keyless), h('p', { class: 'fine' }, words.keylessText),
    alert.element, username.element, password.element, button,
    h('p', { class: 'fine' }, link(words.signIn, toSignIn)));
}

/**
 * @param {Session} session
 * @param {Outside} state
 * @param {Clock} clock
 * @param {() => void} toSignIn
 * @returns {HTMLFormElement}
 */
function signUp(session, state, clock, toSignIn) {
  const username = field(words.username, 'username', { autocomplete: 'username' });
  const password = newPassword(words.password);
  const alert = alertBox(null);
  const checks = [{ field: username, fault: () => usernameFault(username.input.value) }, ...password.checks];
  tellFaults(checks);

  const button = h('button', { type: 'submit', class: 'btn primary wide' }, words.signUp);
  const submit = submitting(button, words.signingUp, alert, clock, async () => {
    if (allRight(checks)) await session.signUp(username.input.value, password.value());
  }, (problem) => {
    if (problem.code !== 'username_taken') return;
    username.fault(words.usernameTaken);
    alert.say(null);
    username.input.focus();
  });
  return h('form', { novalidate: true, onsubmit: submit },
    brand(state.appName),
    h('h1', { class: 'display' }, words.signUpTitle),
    alert.element, username.element, ...password.elements, button,
    h('p', { class: 'fine' }, `${words.haveAccount} `, link(words.signIn, toSignIn)));
}
