/** @typedef {import('../core/types.js').Platform} Platform */
/** @typedef {import('../core/types.js').Me} Me */
/** @typedef {import('./toast.js').Toasts} Toasts */

import { chooseIdle, IDLE_CHOICES, idleMinutes } from '../core/idle.js';
import { words } from '../core/words.js';
import { choice } from './controls.js';
import { h, icon } from './dom.js';
import { alertBox, allRight, field, newPassword, submitting, tellFaults } from './forms.js';

/**
 * What one does with one's keys: another password, another recovery code, other keys, and when they are put away. Each
 * act is for who types the present password.
 * @param {Platform} platform
 * @param {Me} me
 * @param {Toasts} toasts
 * @param {{ newCode(password: string): Promise<void>, renew(old: string, password: string): Promise<void>, lock(): void }} act
 * @returns {HTMLElement[]}
 */
export function secretForms(platform, me, toasts, act) {
  const { account, clock } = platform;
  return [
    group(words.password, passwordForm(account, clock, me, toasts)), group(words.codeLabel, codeForm(clock, act.newCode)),
    group(words.keysTitle, rotateForm(account, clock, me, toasts), renewForm(clock, act.renew)),
    group(words.lockTitle, idleChoice(platform, act.lock)),
  ];
}

/**
 * @param {string} title
 * @param {...HTMLElement} parts
 */
const group = (title, ...parts) => h('div', { class: 'group' }, h('h4', {}, title), ...parts);

/**
 * @param {Platform} platform
 * @param {() => void} lock
 */
function idleChoice(platform, lock) {
  /** @type {Record<string, string>} */
  const names = words.lockAfterTimes;
  const times = IDLE_CHOICES.map((minutes) => ({ value: String(minutes), label: names[minutes] ?? '' }));
  return h('div', { class: 'stack-2' },
    choice(words.lockAfter, times, String(idleMinutes(platform)), true, (minutes) => chooseIdle(platform, Number(minutes))).element,
    h('div', {}, h('button', { type: 'button', class: 'btn plain', onclick: lock }, icon('lock'), words.lockNow)));
}

/**
 * The field for the present password, and what to do when it is not that.
 * @param {string} label
 * @param {ReturnType<typeof alertBox>} alert
 */
function presentPassword(label, alert) {
  const present = field(label, 'password', { autocomplete: 'current-password' });
  /** @type {import('./forms.js').Check} */
  const check = { field: present, fault: () => (present.input.value === '' ? words.missing : null) };
  /** @param {import('../core/types.js').Problem} problem */
  const failed = ({ code }) => {
    if (code === 'invalid_credentials') {
      alert.say(null);
      present.fault(words.wrongPassword);
    }
    present.input.focus();
  };
  return { ...present, check, failed, value: () => present.input.value };
}

/**
 * @param {import('../core/types.js').Account} account
 * @param {import('../core/types.js').Clock} clock
 * @param {Me} me
 * @param {Toasts} toasts
 */
function rotateForm(account, clock, me, toasts) {
  const alert = alertBox(null);
  const present = presentPassword(words.passwordForKeys, alert);
  const button = h('button', { type: 'submit', class: 'btn plain' }, words.rotate);
  const submit = submitting(button, words.rotating, alert, clock, async () => {
    if (!allRight([present.check])) return;
    await account.rotate(me, present.value());
    form.reset();
    toasts.say(words.rotated);
  }, present.failed);
  const form = h('form', { class: 'stack-2', id: 'change-keys', novalidate: true, onsubmit: submit },
    h('p', { class: 'lead' }, words.keysLead), alert.element, present.element, h('div', {}, button));
  return form;
}

/**
 * @param {import('../core/types.js').Clock} clock
 * @param {(old: string, password: string) => Promise<void>} renew
 */
function renewForm(clock, renew) {
  const alert = alertBox(null);
  const present = presentPassword(words.passwordForRenewal, alert);
  const next = newPassword(words.passwordAfterRenewal, words.passwordAfterRenewalAgain);
  const checks = [present.check, ...next.checks];
  tellFaults(checks);
  const button = h('button', { type: 'submit', class: 'btn danger-plain' }, words.renew);
  const submit = submitting(button, words.renewing, alert, clock, async () => {
    if (allRight(checks)) await renew(present.value(), next.value());
  }, present.failed);
  const form = h('form', { class: 'stack-2', novalidate: true, onsubmit: submit },
    h('p', { class: 'lead' }, words.renewLead), alert.element, present.element, ...next.elements, h('div', {}, button));
  return h('details', { class: 'fold' }, h('summary', {}, words.renewSummary), form);
}

/**
 * @param {import('../core/types.js').Account} account
 * @param {import('../core/types.js').Clock} clock
 * @param {Me} me
 * @param {Toasts} toasts
 */
function passwordForm(account, clock, me, toasts) {
  const alert = alertBox(null);
  const present = presentPassword(words.presentPassword, alert);
  const next = newPassword(words.newPassword);
  const checks = [present.check, ...next.checks];
  tellFaults(checks);
  const button = h('button', { type: 'submit', class: 'btn primary' }, words.changePassword);
  const submit = submitting(button, words.changingPassword, alert, clock, async () => {
    if (!allRight(checks)) return;
    await account.changePassword(me, present.value(), next.value());
    form.reset();
    toasts.say(words.passwordChanged);
  }, present.failed);
  const form = h('form', { class: 'stack-2', novalidate: true, onsubmit: submit },
    alert.element, present.element, ...next.elements, h('div', {}, button));
  return form;
}

/**
 * @param {import('../core/types.js').Clock} clock
 * @param {(password: string) => Promise<void>} newCode
 */
function codeForm(clock, newCode) {
  const alert = alertBox(null);
  const present = presentPassword(words.passwordForCode, alert);
  const button = h('button', { type: 'submit', class: 'btn plain' }, words.makeCode);
  const submit = submitting(button, words.makingCode, alert, clock, async () => {
    if (allRight([present.check])) await newCode(present.value());
  }, present.failed);
  return h('form', { class: 'stack-2', novalidate: true, onsubmit: submit },
    h('p', { class: 'lead' }, words.newCodeLead), alert.element, present.element, h('div', {}, button));
}
