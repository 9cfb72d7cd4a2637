/** @typedef {import('../core/session.js').Session} Session */
/** @typedef {Extract<import('../core/session.js').SessionState, { phase: 'out' }>} Outside */
/** @typedef {Extract<import('../core/session.js').SessionState, { phase: 'code' }>} WithCode */
/** @typedef {import('../core/types.js').Clock} Clock */

import { usernameFault } from '../core/problems.js';
import { words } from '../core/words.js';
import { h, icon, svg } from './dom.js';
import { alertBox, allRight, brand, field, link, newPassword, submitting, tellFaults } from './forms.js';

/** The groups of the code that are asked for, from 1: enough to show that it is written down. */
const ASKED = [3, 6];

/**
 * The recovery code, which is shown once and kept nowhere, until its owner has shown that they have it.
 * @param {Session} session
 * @param {WithCode} state
 * @param {Clock} clock
 * @returns {HTMLElement}
 */
export function codeGate(session, state, clock) {
  return h('div', { class: 'gate short' },
    h('aside', { class: 'art', 'aria-label': words.aboutApp(state.appName) },
      svg('seal', '#seal', '0 0 200 200'),
      h('h2', { class: 'display' }, words.codeArtTitle),
      h('p', {}, words.codeArtText)),
    h('main', {}, state.code === null ? makeAnother(session, state, clock) : showCode(session, state, state.code, clock)));
}

/**
 * @param {Session} session
 * @param {WithCode} state
 * @param {string} code
 * @param {Clock} clock
 */
function showCode(session, state, code, clock) {
  const groups = code.split('-');
  const fields = ASKED.map((number) => field(words.group(number), 'username', { autocomplete: 'off', maxlength: '6' }));
  const checks = fields.map((one, at) => ({
    field: one,
    fault: () => (one.input.value.trim().toUpperCase() === groups[(ASKED[at] ?? 1) - 1] ? null : words.checkGroup),
  }));
  const said = h('p', { class: 'fine', role: 'status' });
  const copy = () => {
    navigator.clipboard.writeText(code).then(() => { said.textContent = words.copied; }, () => { said.textContent = words.notCopied; });
  };
  const act = (/** @type {string} */ picture, /** @type {string} */ label, /** @type {() => void} */ onclick) => (
    h('button', { type: 'button', class: 'btn plain', onclick }, icon(picture, 'sm'), label));
  const go = (/** @type {Event} */ event) => {
    event.preventDefault();
    if (allRight(checks)) session.codeKept();
  };
  return h('form', { novalidate: true, onsubmit: go },
    brand(state.appName), h('h1', { class: 'display' }, words.codeTitle), h('p', { class: 'fine' }, words.codeText),
    h('div', { class: 'cert' }, svg('seal', '#seal', '0 0 200 200'),
      h('div', { class: 'k' }, h('span', {}, words.codeFor(state.user.username)), h('span', {}, new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' }).format(clock.now()))),
      h('div', { class: 'code', role: 'group', 'aria-label': words.codeLabel }, ...groups.map((group) => h('span', {}, group)))),
    h('div', { class: 'btns' }, act('copy', words.copy, copy), act('down2', words.saveFile, () => save(state, code)),
      act('print', words.print, () => print())),
    said, h('p', { class: 'fine' }, words.typeGroups(ASKED)),
    h('div', { class: 'pair' }, ...fields.map((one) => one.element)),
    h('button', { type: 'submit', class: 'btn primary wide' }, words.goOn));
}

/**
 * @param {WithCode} state
 * @param {string} code
 */
function save(state, code) {
  const file = new Blob([`${words.codeFor(state.user.username)} · ${state.appName}\n\n${code}\n\n${words.codeText}\n`], { type: 'text/plain' });
  const url = URL.createObjectURL(file);
  h('a', { href: url, download: words.codeFile(state.user.username) }).click();
  URL.revokeObjectURL(url);
}

/**
 * After a reload: the code that was shown is gone, and a new one takes its place.
 * @param {Session} session
 * @param {WithCode} state
 * @param {Clock} clock
 */
function makeAnother(session, state, clock) {
  const password = field(words.password, 'password', { autocomplete: 'current-password' });
  const alert = alertBox(null);
  const button = h('button', { type: 'submit', class: 'btn primary wide' }, words.makeCode);
  const submit = submitting(button, words.makingCode, alert, clock, () => session.anotherCode(password.input.value), (problem) => {
    if (problem.code === 'invalid_credentials') alert.say(words.wrongPassword);
    password.input.focus();
  });
  return h('form', { novalidate: true, onsubmit: submit },
    brand(state.appName), h('h1', { class: 'display' }, words.codeTitle), h('p', { class: 'fine' }, words.codeVoid),
    alert.element, password.element, button, h('p', { class: 'fine' }, link(words.signOut, () => void session.signOut())));
}

/**
 * The way back into an account with its recovery code.
 * @param {Session} session
 * @param {Outside} state
 * @param {Clock} clock
 * @param {() => void} toSignIn
 * @returns {HTMLFormElement}
 */
export function recoverForm(session, state, clock, toSignIn) {
  const username = field(words.username, 'username', { autocomplete: 'username' });
  const code = field(words.codeLabel, 'username', { autocomplete: 'off', class: 'input mono' }, words.codeHelp);
  const password = newPassword(words.newPassword);
  const alert = alertBox(null);
  const checks = [
    { field: username, fault: () => usernameFault(username.input.value) },
    { field: code, fault: () => (code.input.value.replace(/[ -]/g, '').length === 32 ? null : words.codeLength) },
    ...password.checks,
  ];
  tellFaults(checks);
  code.input.addEventListener('change', () => {
    code.input.value = (code.input.value.toUpperCase().replace(/[ -]/g, '').match(/.{1,4}/g) ?? []).join(' ');
  });
  const button = h('button', { type: 'submit', class: 'btn primary wide' }, words.recover);
  const submit = submitting(button, words.recovering, alert, clock, async () => {
    if (allRight(checks)) await session.recover(username.input.value, code.input.value, password.value());
  }, (problem) => {
    if (problem.code !== 'invalid_credentials' && problem.code !== 'bad_recovery_code') return;
    alert.say(null);
    code.fault(words.codeWrong);
    code.input.focus();
  });
  return h('form', { novalidate: true, onsubmit: submit },
    brand(state.appName), h('h1', { class: 'display' }, words.useCode),
    alert.element, username.element, code.element, ...password.elements, button,
    h('p', { class: 'fine' }, link(words.signIn, toSignIn)));
}

/**
 * New keys for who has lost password and code, with the link of an administrator.
 * @param {Session} session
 * @param {Outside} state
 * @param {Clock} clock
 * @param {string} token
 * @param {() => void} toSignIn
 * @returns {HTMLFormElement}
 */
export function startOverForm(session, state, clock, token, toSignIn) {
  const password = newPassword(words.newPassword);
  const alert = alertBox(null);
  tellFaults(password.checks);
  const button = h('button', { type: 'submit', class: 'btn primary wide' }, words.startOver);
  const submit = submitting(button, words.startingOver, alert, clock, async () => {
    if (allRight(password.checks)) await session.startOver(token, password.value());
  }, (problem) => {
    if (problem.code === 'invalid_credentials') alert.say(words.linkVoid);
  });
  return h('form', { novalidate: true, onsubmit: submit },
    brand(state.appName), h('h1', { class: 'display' }, words.startOverTitle), h('p', { class: 'fine' }, words.startOverText),
    alert.element, ...password.elements, button, h('p', { class: 'fine' }, link(words.signIn, toSignIn)));
}
