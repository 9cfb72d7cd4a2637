/** @typedef {import('../core/chat.js').Chat} Chat */
/** @typedef {import('../core/types.js').Member} Member */
/** @typedef {import('../core/types.js').Person} Person */
/** @typedef {import('../core/types.js').Frame} Frame */
/** @typedef {import('./toast.js').Toasts} Toasts */

import { best } from '../core/find.js';
import { may } from '../core/membership.js';
import { sorted } from '../core/online.js';
import { explain, problemOf } from '../core/problems.js';
import { words } from '../core/words.js';
import { avatar, h, icon, keyed, once, outlook } from './dom.js';

/** More rows than this are found by name. */
const SHOWN = 200;

/**
 * Who is in the room: those online first, then by name. Who may, adds and removes people here.
 * @param {Chat} chat
 * @param {number} id
 * @param {Toasts} toasts
 * @param {(person: Person) => void} write
 */
export function createMembers(chat, id, toasts, write) {
  const list = h('ul', { class: 'people' });
  const around = h('div', {});
  const filter = h('input', { class: 'input soft', type: 'search', 'aria-label': words.findMember, placeholder: words.findMember, oninput: render });
  const box = h('span', { class: 'with-icon find', hidden: true }, icon('search'), filter);
  const adding = addForm(chat, id, toasts, load);
  /** @type {readonly Member[] | null} */
  let members = null;
  let counted = chat.rooms.get(id)?.members ?? 0;

  async function load() {
    try {
      members = await chat.membership.members(id);
      around.replaceChildren();
    } catch (error) {
      if (members === null) around.replaceChildren(failed(explain(problemOf(error)), load));
    }
    render();
  }

  function render() {
    const room = chat.rooms.get(id);
    if (!room || members === null) return;
    const rights = may(room, chat.me);
    adding.element.hidden = !rights.add;
    box.hidden = members.length < 12;
    const online = (/** @type {Member} */ member) => chat.people.isOnline(member.id);
    const ordered = [...sorted(members)].sort((a, b) => Number(online(b)) - Number(online(a)));
    const shown = best(ordered, filter.value, (member) => member.username, SHOWN);
    keyed(list, shown, (member) => String(member.id), (member) => [member.role, online(member), rights.remove(member)].join('|'),
      (member) => memberRow(member, online(member), member.id === chat.me.id, rights.remove(member) ? remove : null, write));
  }

  /** @param {Member} member */
  async function remove(member) {
    try {
      await chat.membership.remove(id, member.id);
      toasts.say(words.removed(member.username), { label: words.undoIt, act: () => void bringBack(member) });
    } catch (error) {
      toasts.say(explain(problemOf(error)));
    }
    await load();
  }

  /** @param {Member} member */
  async function bringBack(member) {
    try {
      await chat.membership.add(id, member.username);
    } catch (error) {
      toasts.say(explain(problemOf(error)));
    }
    await load();
  }

  const stops = [
    chat.people.online.watch(render),
    // Somebody has come or gone: the list is asked for again.
    chat.rooms.list.watch(() => {
      const now = chat.rooms.get(id)?.members ?? counted;
      if (now === counted) return;
      counted = now;
      void load();
    }),
  ];
  around.replaceChildren(shapes());
  void load();
  return {
    element: h('div', { class: 'members-panel' }, adding.element, box, around, list),
    stop: () => stops.forEach((stop) => stop()),
  };
}

/**
 * @param {Member} member
 * @param {boolean} isOnline
 * @param {boolean} myself
 * @param {((member: Member) => Promise<void>) | null} remove
 * @param {(person: Person) => void} write
 */
function memberRow(member, isOnline, myself, remove, write) {
  const tags = [
    ...(myself ? [words.you] : []), ...(member.is_admin ? [words.admin] : []),
    ...(member.role === 'member' ? [] : [words.roles[member.role]]),
  ];
  return h('li', { class: 'prow' }, avatar(member, 's32', isOnline ? '' : 'off'),
    h('span', { class: 'grow trunc', title: member.username }, h('bdi', {}, member.username),
      h('span', { class: 'sr' }, isOnline ? words.onlineAfter : words.offlineAfter)),
    ...tags.map((tag) => h('span', { class: 'tag' }, tag)),
    !myself && h('button', { type: 'button', class: 'ib', 'aria-label': words.messagePerson(member.username), onclick: () => write(member) }, icon('chats')),
    remove && h('button', { type: 'button', class: 'ib', 'aria-label': words.removeNamed(member.username), onclick: () => void remove(member) }, icon('x')));
}

/**
 * @param {Chat} chat
 * @param {number} id
 * @param {Toasts} toasts
 * @param {() => Promise<void>} added
 */
function addForm(chat, id, toasts, added) {
  const input = h('input', {
    class: 'input', type: 'text', id: 'add-member', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false',
    maxlength: '50', 'aria-describedby': 'add-member-help',
  });
  const help = h('div', { id: 'add-member-help', role: 'status' }, h('p', { class: 'help' }, words.addMemberHelp));
  const button = h('button', { type: 'submit', class: 'btn primary' }, words.add);
  const fault = (/** @type {string | null} */ text) => {
    input.setAttribute('aria-invalid', String(text !== null));
    help.replaceChildren(text === null ? h('p', { class: 'help' }, words.addMemberHelp) : h('p', { class: 'err' }, icon('warn', 'sm'), text));
  };

  async function submit() {
    const username = input.value.trim();
    if (username === '') return fault(words.missing);
    try {
      const person = await chat.membership.add(id, username);
      input.value = '';
      fault(null);
      toasts.say(words.added(person.username));
      await added();
    } catch (error) {
      const problem = problemOf(error);
      fault(['not_found', 'invalid'].includes(problem.code) ? words.noSuchPerson : explain(problem));
    }
    input.focus();
  }

  const element = h('form', {
    class: 'field', hidden: true, novalidate: true,
    onsubmit: (event) => { event.preventDefault(); void once(button, words.adding, submit); },
  }, h('label', { for: 'add-member' }, words.addMember), h('div', { class: 'beside' }, input, button), help);
  return { element };
}

/**
 * @param {string} why
 * @param {() => Promise<void>} again
 */
function failed(why, again) {
  return outlook('cloudoff', words.loadMembersFailed, why,
    h('button', { type: 'button', class: 'btn primary', onclick: () => void again() }, words.tryAgain));
}

function shapes() {
  const shape = () => h('div', { class: 'prow' }, h('span', { class: 'sk a' }), h('span', { class: 'sk l2' }));
  return h('div', { class: 'late' }, h('span', { class: 'sr', role: 'status' }, words.loadingMembers),
    h('div', { 'aria-hidden': 'true' }, shape(), shape(), shape()));
}
