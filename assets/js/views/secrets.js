/** @typedef {import('../core/types.js').Platform} Platform */
/** @typedef {import('../core/types.js').Me} Me */
/** @typedef {import('./toast.js').Toasts} Toasts */

import { words } from '../core/words.js';
import { h } from './dom.js';
import { alertBox, allRight, field, newPassword, submitting, tellFaults } from './forms.js';

/**
 * Another password, and another recovery code, for who types the present password.
 * @param {Platform} platform
 * @param {Me} me
 * @param {Toasts} toasts
 * @param {(password: string) => Promise<void>} newCode
 * @returns {HTMLElement[]}
 */
export function secretForms({ account, clock }, me, toasts, newCode) {
  return [passwordForm(account, clock, me, toasts), codeForm(clock, newCode)];
}

/**
 * @param {import('../core/types.js').Account} account
 * @param {import('../core/types.js').Clock} clock
 * @param {Me} me
 * @param {Toasts} toasts
 */
function passwordForm(account, clock, me, toasts) {
  const present = field(words.presentPassword, 'password', { autocomplete: 'current-password' });
  const next = newPassword(words.newPassword);
  const alert = alertBox(null);
  const checks = [{ field: present, fault: () => (present.input.value === '' ? words.missing : null) }, ...next.checks];
  tellFaults(checks);
  const button = h('button', { type: 'submit', class: 'btn primary' }, words.changePassword);
  const submit = submitting(button, words.changingPassword, alert, clock, async () => {
    if (!allRight(checks)) return;
    await account.changePassword(me, present.input.value, next.value());
    form.reset();
    toasts.say(words.passwordChanged);
  }, (problem) => {
    if (problem.code !== 'invalid_credentials') return;
    alert.say(null);
    present.fault(words.wrongPassword);
    present.input.focus();
  });
  const form = h('form', { class: 'stack-2', novalidate: true, onsubmit: submit },
    alert.element, present.element, ...next.elements, h('div', {}, button));
  return form;
}

/**
 * @param {import('../core/types.js').Clock} clock
 * @param {(password: string) => Promise<void>} newCode
 */
function codeForm(clock, newCode) {
  const present = field(words.passwordForCode, 'password', { autocomplete: 'current-password' });
  const alert = alertBox(null);
  const button = h('button', { type: 'submit', class: 'btn plain' }, words.makeCode);
  const submit = submitting(button, words.makingCode, alert, clock, () => newCode(present.input.value), (problem) => {
    if (problem.code === 'invalid_credentials') {
      alert.say(null);
      present.fault(words.wrongPassword);
    }
    present.input.focus();
  });
  return h('form', { class: 'stack-2', novalidate: true, onsubmit: submit },
    h('p', { class: 'lead' }, words.newCodeLead), alert.element, present.element, h('div', {}, button));
}
