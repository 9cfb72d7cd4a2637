/** @typedef {import('../core/chat.js').Chat} Chat */
/** @typedef {import('../core/types.js').Platform} Platform */
/** @typedef {import('../core/types.js').Storage} Storage */
/** @typedef {import('../core/types.js').SignIn} SignIn */
/** @typedef {import('./toast.js').Toasts} Toasts */

import { dates } from '../core/dates.js';
import { deviceKind, deviceName } from '../core/devices.js';
import { explain, problemOf } from '../core/problems.js';
import { words } from '../core/words.js';
import { choice, switchRow } from './controls.js';
import { busyButton, h, icon } from './dom.js';
import { dialogOf } from './layers.js';
import { secretForms } from './secrets.js';
import { programKeys } from './tokens.js';

/**
 * Where one is signed in, how the page looks, and the way out.
 * @param {Chat} chat
 * @param {Platform} platform
 * @param {Toasts} toasts
 * @param {{ signOut(): Promise<void>, newCode(password: string): Promise<void>, renew(old: string, password: string): Promise<void>,
 *   lock(): void, shortcuts(): void }} act
 * @returns {HTMLDialogElement}
 */
export function settings(chat, platform, toasts, act) {
  const foot = h('div', { class: 'dfoot' });
  const dialog = dialogOf(words.settings, 'settings', [
    section(words.appearance, themes(platform.storage), compact(platform.storage)),
    section(words.devices, h('p', { class: 'lead' }, words.devicesLead), devices(platform, toasts)),
    ...(chat.me.hasKeys ? [section(words.passwordAndRecovery, ...secretForms(platform, chat.me, toasts, act))]
      : [section(words.programs, h('p', { class: 'lead' }, words.programsLead), programKeys(platform, toasts))]),
    section(words.shortcuts, h('div', {}, h('button', { type: 'button', class: 'btn plain', onclick: act.shortcuts }, icon('kbd'), words.allShortcuts))),
  ]);
  dialog.append(foot);

  const leave = () => {
    const unsent = chat.unsent();
    if (unsent === 0) void act.signOut();
    else ask(unsent);
  };
  /** @param {number} unsent */
  function ask(unsent) {
    foot.replaceChildren(
      h('p', { class: 'grow', role: 'alert' }, words.signOutAnyway(unsent)),
      h('button', { type: 'button', class: 'btn plain', onclick: rest }, words.stay),
      h('button', { type: 'button', class: 'btn danger', onclick: () => { chat.discard(); void act.signOut(); } }, words.signOut));
  }
  function rest() {
    foot.replaceChildren(h('button', { type: 'button', class: 'btn danger-plain', onclick: leave }, icon('door'), words.signOut));
  }
  rest();
  return dialog;
}

/**
 * @param {string} name
 * @param {...Node} parts
 */
function section(name, ...parts) {
  return h('section', {}, h('h3', { class: 'display' }, name), ...parts);
}

/** @param {Storage} storage */
function themes(storage) {
  /** @type {readonly ('system' | 'light' | 'dark')[]} */
  const names = ['system', 'light', 'dark'];
  const chosen = names.find((name) => name === storage.read('theme')) ?? 'system';
  return choice(words.theme, names.map((value) => ({ value, label: words.themes[value] })), chosen, true,
    (name) => applyTheme(name, storage)).element;
}

/** @param {Storage} storage */
function compact(storage) {
  return switchRow(words.compact, words.compactHelp, isCompact(), true, (on) => applyCompact(on, storage)).element;
}

/**
 * @param {'system' | 'light' | 'dark'} name
 * @param {Storage} storage
 */
export function applyTheme(name, storage) {
  if (name === 'system') {
    delete document.documentElement.dataset['theme'];
    storage.remove('theme');
  } else {
    document.documentElement.dataset['theme'] = name;
    storage.write('theme', name);
  }
}

/** Whether the page is dark now, by choice or as the system is. */
export function isDark() {
  const chosen = document.documentElement.dataset['theme'];
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

/** Whether messages are shown compactly. */
export function isCompact() {
  return document.documentElement.dataset['density'] === 'compact';
}

/**
 * @param {boolean} on
 * @param {Storage} storage
 */
export function applyCompact(on, storage) {
  if (on) {
    document.documentElement.dataset['density'] = 'compact';
    storage.write('density', 'compact');
  } else {
    delete document.documentElement.dataset['density'];
    storage.remove('density');
  }
}

/**
 * Where one is signed in; each other place can be signed out from here.
 * @param {Platform} platform
 * @param {Toasts} toasts
 */
function devices({ http, clock }, toasts) {
  const format = dates();
  const list = h('ul', { class: 'devs', hidden: true });
  const said = h('div', {}, h('p', { class: 'help late', role: 'status' }, words.loadingDevices));
  const others = h('div', { hidden: true }, busyButton(words.signOutOthers, words.signOutOthers, 'small plain', async () => {
    const { ended } = await http.post('/api/sessions/end-others', {});
    toasts.say(words.signedOutOthers(ended));
    await load();
  }));

  async function load() {
    try {
      const { sessions } = await http.get('/api/sessions');
      show([...sessions].sort((a, b) => Number(b.current) - Number(a.current)));
    } catch (error) {
      said.replaceChildren(h('p', { class: 'err', role: 'alert' }, icon('warn', 'sm'), words.loadDevicesFailed, ' ', explain(problemOf(error))),
        h('button', { type: 'button', class: 'btn small plain', onclick: () => void load() }, words.tryAgain));
    }
  }

  /** @param {readonly SignIn[]} all */
  function show(all) {
    said.replaceChildren();
    list.hidden = false;
    others.hidden = all.length < 2;
    list.replaceChildren(...all.map(device));
  }

  /** @param {SignIn} one */
  function device(one) {
    const name = deviceName(one.agent);
    const when = one.current ? words.activeNow : words.active(format.ago(Date.parse(one.last_used_at), clock.now()));
    const end = h('button', { type: 'button', class: 'btn small danger-plain', 'aria-label': words.signOutDevice(name), onclick: () => void signOut(one, name) }, words.signOut);
    return h('li', { class: `dev${one.current ? ' this' : ''}` }, h('span', { class: 'ic' }, icon(deviceKind(one.agent))),
      h('div', {}, h('b', {}, name), h('small', {}, words.where(when, one.address))),
      one.current ? h('span', { class: 'tag accent' }, words.thisDevice) : end);
  }

  /**
   * @param {SignIn} one
   * @param {string} name
   */
  async function signOut(one, name) {
    try {
      await http.remove(`/api/sessions/${one.id}`);
      toasts.say(words.signedOutDevice(name));
    } catch (error) {
      toasts.say(explain(problemOf(error)));
    }
    await load();
  }

  void load();
  return h('div', { class: 'stack-2' }, said, list, others);
}
