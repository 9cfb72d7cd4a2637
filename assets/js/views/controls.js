import { words } from '../core/words.js';
import { h } from './dom.js';

let controls = 0;

/**
 * A switch with what it does.
 * @param {string} label
 * @param {string} help
 * @param {boolean} first
 * @param {boolean} open whether it can be moved
 * @param {(on: boolean) => void} [turned]
 */
export function switchRow(label, help, first, open = true, turned = () => {}) {
  const id = `switch-${controls += 1}`;
  let on = first;
  const button = h('button', {
    type: 'button', class: 'switch', role: 'switch', 'aria-checked': String(on), 'aria-labelledby': id,
    'aria-describedby': `${id}-help`, 'aria-disabled': open ? null : 'true',
    onclick: () => {
      if (!open) return;
      on = !on;
      button.setAttribute('aria-checked', String(on));
      turned(on);
    },
  });
  const element = h('div', { class: 'pref' },
    h('div', { class: 'grow' }, h('b', { id }, label), h('small', { id: `${id}-help` }, help)), button);
  return { element, value: () => on };
}

/**
 * One of several, each with a line about it.
 * @template {string} T
 * @param {string} name
 * @param {readonly { value: T, label: string, help?: string }[]} choices
 * @param {T} first
 * @param {boolean} open
 * @param {(value: T) => void} [chosen]
 */
export function choice(name, choices, first, open = true, chosen = () => {}) {
  const group = `choice-${controls += 1}`;
  let value = first;
  const element = h('fieldset', { class: 'choices', disabled: !open }, h('legend', {}, name),
    ...choices.map((one) => h('label', {},
      h('input', { type: 'radio', name: group, value: one.value, checked: one.value === first, onchange: () => { value = one.value; chosen(value); } }),
      h('span', {}, one.label, one.help ? h('small', {}, one.help) : null))));
  return { element, value: () => value };
}

/**
 * Who may join a room.
 * @param {'open' | 'invite'} first
 * @param {boolean} open
 */
export function joinChoice(first, open = true) {
  return choice(words.whoMayJoin, [
    { value: /** @type {const} */ ('open'), label: words.joinOpen, help: words.joinOpenHelp },
    { value: /** @type {const} */ ('invite'), label: words.joinInvite, help: words.joinInviteHelp },
  ], first, open);
}
