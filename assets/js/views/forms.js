/** @typedef {import('../core/types.js').Clock} Clock */

import { explain, passwordFault, problemOf, strength } from '../core/problems.js';
import { words } from '../core/words.js';
import { h, icon, mark } from './dom.js';

/** @param {string} appName */
export function brand(appName) {
  return h('div', { class: 'brand display' }, mark(), h('span', {}, appName));
}

/**
 * @param {string} text
 * @param {() => void} act
 */
export function link(text, act) {
  return h('a', { class: 'link', href: '#', onclick: (event) => { event.preventDefault(); act(); } }, text);
}

let fields = 0;

/**
 * A labelled field; a password can be shown.
 * @param {string} label
 * @param {'username' | 'password'} kind
 * @param {Record<string, string>} attributes
 * @param {string} [help]
 */
export function field(label, kind, attributes, help) {
  fields += 1;
  const id = `field-${fields}`;
  const input = h('input', {
    class: 'input', id, type: kind === 'password' ? 'password' : 'text', required: true,
    autocapitalize: 'none', spellcheck: 'false', 'aria-describedby': `${id}-help`, ...attributes,
  });
  const help_ = h('div', { id: `${id}-help` });
  const element = h('div', { class: 'field' }, h('label', { for: id }, label),
    kind === 'password' ? h('span', { class: 'with-icon nopad' }, input, eye(input)) : input, help_);
  const say = (/** @type {string | null} */ fault) => {
    input.setAttribute('aria-invalid', String(fault !== null));
    if (fault !== null) help_.replaceChildren(h('p', { class: 'err' }, icon('warn', 'sm'), fault));
    else help_.replaceChildren(...(help ? [h('p', { class: 'help' }, help)] : []));
    return fault !== null;
  };
  say(null);
  return { element, input, fault: say };
}

/** @param {HTMLInputElement} input */
function eye(input) {
  const button = h('button', {
    type: 'button', class: 'ib', 'aria-label': words.showPassword,
    onclick: () => {
      const hidden = input.type === 'password';
      input.type = hidden ? 'text' : 'password';
      button.setAttribute('aria-label', hidden ? words.hidePassword : words.showPassword);
      button.classList.toggle('on', hidden);
    },
  }, icon('eye'));
  return button;
}

/**
 * Whether keys stay in this browser.
 * @param {import('../core/session.js').Session} session
 */
export function stayBox(session) {
  const box = h('input', {
    type: 'checkbox', class: 'check', checked: session.stays(), 'aria-describedby': 'stay-help',
    onchange: () => session.chooseStay(box.checked),
  });
  return h('div', { class: 'stay' }, h('label', {}, box, h('span', {}, words.staySignedIn)),
    h('p', { class: 'help', id: 'stay-help' }, words.staySignedInHelp));
}

/** @param {string | null} first */
export function alertBox(first) {
  const element = h('div', { role: 'alert' });
  const say = (/** @type {string | null} */ text) => {
    element.replaceChildren(...(text === null ? [] : [h('div', { class: 'alert' }, icon('warn'), h('span', {}, text))]));
    element.hidden = text === null;
  };
  say(first);
  return { element, say };
}

/**
 * Sends a form once at a time, says what came of it, and waits when it must.
 * @param {HTMLButtonElement} button
 * @param {string} busy
 * @param {ReturnType<typeof alertBox>} alert
 * @param {Clock} clock
 * @param {() => Promise<void>} act
 * @param {(problem: import('../core/types.js').Problem) => void} failed
 * @returns {(event: Event) => void}
 */
export function submitting(button, busy, alert, clock, act, failed) {
  const label = button.textContent ?? '';
  const disabled = () => button.getAttribute('aria-disabled') === 'true';
  const enable = (/** @type {boolean} */ on) => button.setAttribute('aria-disabled', String(!on));

  /** @param {number} seconds */
  function countDown(seconds) {
    if (seconds <= 0) {
      alert.say(null);
      enable(true);
      return;
    }
    alert.say(words.tooManyTries(seconds));
    clock.after(1_000, () => countDown(seconds - 1));
  }

  return (event) => {
    event.preventDefault();
    if (disabled()) return;
    enable(false);
    button.textContent = busy;
    alert.say(null);
    act().then(() => enable(true), (error) => {
      const problem = problemOf(error);
      if (problem.code === 'rate_limited') countDown(problem.retry_after ?? 1);
      else {
        enable(true);
        alert.say(explain(problem));
        failed(problem);
      }
    }).finally(() => { button.textContent = label; });
  };
}

/** @typedef {{ field: ReturnType<typeof field>, fault(): string | null }} Check */

/**
 * A new password and the same again, with how strong it looks.
 * @param {string} label
 * @param {string} [labelAgain]
 */
export function newPassword(label, labelAgain = words.passwordAgain) {
  const password = field(label, 'password', { autocomplete: 'new-password' }, words.passwordHelp);
  const again = field(labelAgain, 'password', { autocomplete: 'new-password' });
  const meter = h('div', { class: 'meter', 'aria-hidden': 'true' }, h('i'), h('i'), h('i'), h('i'));
  password.element.insertBefore(meter, password.element.lastElementChild);
  password.input.addEventListener('input', () => {
    const reached = strength(password.input.value);
    [...meter.children].forEach((bar, at) => bar.classList.toggle('on', at < reached));
  });
  /** @type {Check[]} */
  const checks = [
    { field: password, fault: () => passwordFault(password.input.value) },
    { field: again, fault: () => (again.input.value === password.input.value ? null : words.passwordsDiffer) },
  ];
  return { elements: [password.element, again.element], checks, value: () => password.input.value };
}

/**
 * Errors appear when a field is left, never while it is first filled in; and they go while it is mended, not when it is
 * left: what is about to be pressed must not move away.
 * @param {readonly Check[]} checks
 */
export function tellFaults(checks) {
  for (const check of checks) {
    check.field.element.classList.add('tells');
    check.field.input.addEventListener('blur', () => {
      const fault = check.fault();
      if (check.field.input.value !== '' && fault !== null) check.field.fault(fault);
    });
    check.field.input.addEventListener('input', () => {
      if (check.field.input.getAttribute('aria-invalid') === 'true') check.field.fault(check.fault());
    });
  }
}

/**
 * Whether all is well; the first that is not has the focus then.
 * @param {readonly Check[]} checks
 */
export function allRight(checks) {
  const wrong = checks.filter((check) => check.field.fault(check.fault()));
  wrong[0]?.field.input.focus();
  return wrong.length === 0;
}
