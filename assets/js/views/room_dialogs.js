/** @typedef {import('../core/chat.js').Chat} Chat */
/** @typedef {import('../core/types.js').Room} Room */
/** @typedef {import('../core/types.js').Person} Person */

import { best } from '../core/find.js';
import { explain, problemOf } from '../core/problems.js';
import { titleOf } from '../core/rooms.js';
import { words } from '../core/words.js';
import { createChooser } from './chooser.js';
import { joinChoice } from './controls.js';
import { avatar, busyButton, h, icon, once } from './dom.js';
import { alertBox } from './forms.js';
import { dialogOf } from './layers.js';

/** As many as one looks through. */
const FOUND = 50;

/** @param {unknown} error */
const why = (error) => explain(problemOf(error));

/**
 * Makes a room.
 * @param {Chat} chat
 * @param {(room: Room) => void} made
 */
export function newRoomDialog(chat, made) {
  const alert = alertBox(null);
  const name = h('input', { class: 'input', type: 'text', id: 'new-room', dir: 'auto', autocomplete: 'off', maxlength: '80', required: true, autofocus: true, 'aria-describedby': 'new-room-help' });
  const help = h('p', { class: 'help', id: 'new-room-help' }, words.roomNameHelp);
  const join = joinChoice('invite');
  const button = h('button', { type: 'submit', class: 'btn primary', form: 'new-room-form' }, words.makeRoom);

  async function make() {
    const missing = name.value.trim() === '';
    name.setAttribute('aria-invalid', String(missing));
    help.className = missing ? 'err' : 'help';
    help.textContent = missing ? words.missing : words.roomNameHelp;
    if (missing) return name.focus();
    try {
      made(await chat.membership.create({ name: name.value.trim(), join: join.value() }));
    } catch (error) {
      alert.say(why(error));
    }
  }

  const form = h('form', {
    class: 'form', id: 'new-room-form', novalidate: true,
    onsubmit: (event) => { event.preventDefault(); void once(button, words.makingRoom, make); },
  }, alert.element, h('div', { class: 'field' }, h('label', { for: 'new-room' }, words.roomName), name, help), join.element,
  h('div', { class: 'alert amber' }, icon('unlock'), h('span', {}, words.serverReads)));
  const dialog = dialogOf(words.newRoom, 'form-dialog', [form], [
    h('button', { type: 'button', class: 'btn plain', onclick: () => dialog.close() }, words.cancel), button,
  ]);
  return dialog;
}

/**
 * Finds somebody to write to: who is online, and who is in the room that everybody finds first.
 * @param {Chat} chat
 * @param {(person: Person) => void} chosen
 */
export function newMessageDialog(chat, chosen) {
  const others = (/** @type {readonly Person[]} */ all) => all.filter((person) => person.id !== chat.me.id);
  let people = others(chat.people.online.get());
  const alert = alertBox(null);
  const chooser = createChooser({
    label: words.findPerson,
    find: (typed) => [{
      label: words.people,
      options: best(people, typed, (person) => person.username, FOUND).map((person) => ({
        picture: avatar(person, 's24', chat.people.isOnline(person.id) ? '' : 'off'), text: person.username,
        end: person.is_admin ? h('span', { class: 'tag' }, words.admin) : null, act: () => chosen(person),
      })),
    }],
    nothing: () => words.nobodyByName,
  });

  const first = chat.rooms.list.get()[0];
  if (first && first.kind !== 'direct') {
    chat.membership.members(first.id).then((members) => {
      const known = new Set(people.map((person) => person.id));
      people = [...people, ...others(members).filter((person) => !known.has(person.id))];
      chooser.render();
    }, (error) => alert.say(why(error)));
  }
  return chooserDialog(words.newMessage, chooser, alert.element);
}

/**
 * Rooms that one may join.
 * @param {Chat} chat
 * @param {(room: Room) => void} joined
 */
export function joinDialog(chat, joined) {
  /** @type {readonly Room[]} */
  let rooms = [];
  let known = false;
  const alert = alertBox(null);

  /** @param {Room} room */
  async function join(room) {
    try {
      const mine = await chat.membership.join(room.id);
      if (mine) joined(mine);
    } catch (error) {
      alert.say(why(error));
    }
  }

  const chooser = createChooser({
    label: words.findRoom,
    find: (typed) => [{
      label: words.rooms,
      options: best(rooms, typed, titleOf, FOUND).map((room) => ({
        picture: icon('hash'), text: room.name, note: room.topic ?? (room.members ? words.members(room.members) : ''),
        act: () => void join(room),
      })),
    }],
    nothing: (typed) => (!known ? words.loadingRooms : typed === '' ? words.noOpenRooms : words.noRoomByName),
  });
  chat.membership.joinable().then((all) => {
    const mine = new Set(chat.rooms.list.get().map((room) => room.id));
    rooms = all.filter((room) => !mine.has(room.id));
    known = true;
    chooser.render();
  }, (error) => alert.say(why(error)));
  return chooserDialog(words.joinRoom, chooser, alert.element);
}

/**
 * @param {string} name
 * @param {ReturnType<typeof createChooser>} chooser
 * @param {HTMLElement} alert
 */
function chooserDialog(name, chooser, alert) {
  chooser.input.className = 'input soft';
  return dialogOf(name, 'choose-dialog', [
    alert, h('span', { class: 'with-icon' }, icon('search'), chooser.input), chooser.status, chooser.none, chooser.list,
  ]);
}

/**
 * Asks before one leaves a room.
 * @param {Chat} chat
 * @param {Room} room
 * @param {() => void} left
 */
export function leaveDialog(chat, room, left) {
  const alert = alertBox(null);
  const leave = busyButton(words.leaveRoom, words.leaving, 'danger', async () => {
    try {
      await chat.membership.leave(room.id);
      left();
    } catch (error) {
      alert.say(problemOf(error).code === 'forbidden' ? words.nobodyLeaves : why(error));
    }
  });
  const dialog = dialogOf(words.leaveTitle(room.name), 'small-dialog',
    [alert.element, h('p', {}, room.join === 'open' ? words.leaveOpen : words.leaveInvite)],
    [h('button', { type: 'button', class: 'btn plain', autofocus: true, onclick: () => dialog.close() }, words.stay), leave]);
  return dialog;
}

/** Says how a room's messages travel: today the server reads every room. */
export function securityDialog() {
  return dialogOf(words.roomSecurity, 'small-dialog', [
    h('p', { class: 'lead' }, icon('unlock'), h('b', {}, words.notEncrypted)),
    h('p', {}, words.notEncryptedWhy), h('p', { class: 'muted' }, words.serverSees),
  ]);
}
