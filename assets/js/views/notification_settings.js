/** @typedef {import('../core/types.js').Notifier} Notifier */
/** @typedef {import('../core/preferences.js').Preferences} Preferences */

import { words } from '../core/words.js';
import { choice, switchRow } from './controls.js';
import { h, icon } from './dom.js';

/**
 * Of what one is told while nobody looks at the page. The browser asks its reader only after the first press here.
 * @param {Notifier} notifier
 * @param {Preferences} preferences
 * @returns {HTMLElement[]}
 */
export function notificationSettings(notifier, preferences) {
  const element = h('div', { class: 'stack-2' });

  async function turnOn() {
    await notifier.ask();
    if (notifier.permission() === 'granted') preferences.set({ notify: 'all' });
    show();
    /** @type {HTMLElement | null} */ (element.querySelector('input:checked, button'))?.focus();
  }

  function show() {
    const permission = notifier.permission();
    if (permission === 'granted') element.replaceChildren(...choices(preferences));
    else if (permission === 'default') element.replaceChildren(...offer(() => void turnOn()));
    else {
      const why = permission === 'denied' ? words.notificationsDenied : words.notificationsUnsupported;
      element.replaceChildren(h('p', { class: 'lead', role: 'status' }, why));
    }
  }
  show();
  return [element];
}

/** @param {() => void} turnOn */
function offer(turnOn) {
  return [
    h('p', { class: 'lead' }, words.notificationsLead),
    h('div', {}, h('button', { type: 'button', class: 'btn plain', onclick: turnOn }, icon('bell'), words.turnOnNotifications)),
  ];
}

/** @param {Preferences} preferences */
function choices(preferences) {
  const { notify, hideText, quiet } = preferences.get();
  const hours = quietHours(preferences);
  hours.hidden = !quiet;
  return [
    choice(words.tellOf, [
      { value: /** @type {const} */ ('all'), label: words.tellAll },
      { value: /** @type {const} */ ('mentions'), label: words.tellMentions },
      { value: /** @type {const} */ ('none'), label: words.tellNone },
    ], notify, true, (value) => preferences.set({ notify: value })).element,
    h('div', {},
      switchRow(words.hideText, words.hideTextHelp, hideText, true, (on) => preferences.set({ hideText: on })).element,
      switchRow(words.quietHours, words.quietHoursHelp, quiet, true, (on) => {
        preferences.set({ quiet: on });
        hours.hidden = !on;
      }).element,
      hours),
  ];
}

/** @param {Preferences} preferences */
function quietHours(preferences) {
  const hour = (/** @type {'quietFrom' | 'quietTo'} */ name, /** @type {string} */ label) => {
    const input = h('input', { class: 'input', type: 'time', id: name, required: true, onchange: () => {
      const [hours, minutes] = input.value.split(':').map(Number);
      if (input.value !== '') preferences.set({ [name]: (hours ?? 0) * 60 + (minutes ?? 0) });
    } });
    const at = preferences.get()[name];
    input.value = [Math.floor(at / 60), at % 60].map((part) => String(part).padStart(2, '0')).join(':');
    return h('div', { class: 'field' }, h('label', { for: name }, label), input);
  };
  return h('div', { class: 'pair' }, hour('quietFrom', words.quietFrom), hour('quietTo', words.quietTo));
}
