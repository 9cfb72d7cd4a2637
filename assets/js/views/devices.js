/** @typedef {import('../core/types.js').Platform} Platform */
/** @typedef {import('../core/types.js').SignIn} SignIn */
/** @typedef {import('./toast.js').Toasts} Toasts */

import { dates } from '../core/dates.js';
import { deviceKind, deviceName } from '../core/devices.js';
import { explain, problemOf } from '../core/problems.js';
import { words } from '../core/words.js';
import { busyButton, h, icon } from './dom.js';

/**
 * Where one is signed in; each other place can be signed out from here.
 * @param {Platform} platform
 * @param {Toasts} toasts
 * @param {(() => void) | null} changeKeys leads to where keys are changed: who was signed out had them
 */
export function devices({ http, clock }, toasts, changeKeys) {
  const format = dates();
  const list = h('ul', { class: 'devs', hidden: true });
  const said = h('div', {}, h('p', { class: 'help late', role: 'status' }, words.loadingDevices));
  const others = h('div', { hidden: true }, busyButton(words.signOutOthers, words.signOutOthers, 'small plain', async () => {
    const { ended } = await http.post('/api/sessions/end-others', {});
    toasts.say(words.signedOutOthers(ended), changeKeys && ended > 0 ? { label: words.rotate, act: changeKeys } : undefined);
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
