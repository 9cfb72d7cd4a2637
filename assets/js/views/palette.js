/** @typedef {import('../core/chat.js').Chat} Chat */
/** @typedef {import('../core/rooms.js').Entry} Entry */
/** @typedef {import('../core/types.js').Person} Person */

import { dates } from '../core/dates.js';
import { best } from '../core/find.js';
import { recall } from '../core/recall.js';
import { titleOf } from '../core/rooms.js';
import { words } from '../core/words.js';
import { createChooser } from './chooser.js';
import { avatar, glyph, h, icon } from './dom.js';

/** As many of each kind as stand in the list. */
const FOUND = 8;

/**
 * A command: what it is called, its picture, what it does, and its keys.
 * @typedef {{ label: string, picture: string, act: () => void, keys?: string }} Command
 */

/**
 * Finds rooms, people, messages that are here, and commands by a few letters. With `>` only commands.
 * @param {Chat} chat
 * @param {readonly Command[]} commands
 * @param {{ go(id: number): void, write(person: Person): void, toMessage(room: number, message: number): void }} act
 * @returns {HTMLDialogElement}
 */
export function palette(chat, commands, act) {
  const format = dates();
  const chooser = createChooser({
    label: words.findWhat,
    find(typed) {
      const only = typed.startsWith('>');
      const wish = only ? typed.slice(1) : typed;
      const doing = { label: words.commands, options: best(commands, wish, (one) => one.label, FOUND).map(commandOption) };
      if (only) return [doing];
      if (wish === '') return [{ label: words.recentRooms, options: recent() }, doing];
      return [{ label: words.roomsAndPeopleGroup, options: places(wish) }, { label: words.messagesHere, options: said(wish) }, doing];
    },
    nothing: words.nothingFoundText,
  });

  /** @param {Command} command */
  function commandOption(command) {
    const keys = command.keys ? h('kbd', { class: 'kbd' }, command.keys) : null;
    return { picture: icon(command.picture), text: command.label, end: keys, act: command.act };
  }

  /** @param {string} typed */
  function places(typed) {
    const rooms = chat.rooms.list.get();
    const met = new Set(rooms.map((room) => room.peer?.id));
    const strangers = chat.people.online.get().filter((person) => person.id !== chat.me.id && !met.has(person.id));
    return [
      ...best(rooms, typed, titleOf, FOUND).map((room) => roomOption(room, chat, act.go)),
      ...best(strangers, typed, (person) => person.username, FOUND).map((person) => ({
        picture: avatar(person, 's24', ''), text: person.username, act: () => act.write(person),
      })),
    ];
  }

  /** The rooms that were open last, but for the one that is; then those in which something waits. */
  function recent() {
    const rooms = chat.rooms.list.get();
    const last = chat.recent().flatMap((id) => rooms.filter((room) => room.id === id && id !== chat.open.get()?.id));
    return [...new Set([...last, ...rooms.filter((room) => room.unread > 0)])].slice(0, FOUND).map((room) => roomOption(room, chat, act.go));
  }

  /** @param {string} typed */
  function said(typed) {
    return recall(chat.held(), typed, FOUND / 2).map(({ room, message, text }) => ({
      picture: icon('chats'), text, act: () => act.toMessage(room.id, message.id),
      note: words.saidIn(message.user_id === chat.me.id ? words.you : message.username, titleOf(room), format.brief(Date.parse(message.created_at), Date.now())),
    }));
  }

  const dialog = h('dialog', { class: 'pal', 'aria-label': words.find },
    h('div', { class: 'q' }, icon('search'), chooser.input,
      h('button', { type: 'button', class: 'ib', 'aria-label': words.close, onclick: () => dialog.close() }, icon('x'))),
    chooser.status, chooser.none, chooser.list,
    h('div', { class: 'pfoot', 'aria-hidden': 'true' },
      h('span', {}, key(words.keys.up), key(words.keys.down), words.choose),
      h('span', {}, key(words.keys.enter), words.openIt),
      h('span', {}, key(words.keys.escape), words.close)));
  return dialog;
}

/**
 * @param {Entry} room
 * @param {Chat} chat
 * @param {(id: number) => void} go
 */
function roomOption(room, chat, go) {
  const isDirect = room.kind === 'direct' && room.peer;
  return {
    picture: isDirect && room.peer
      ? avatar(room.peer, 's24', chat.people.isOnline(room.peer.id) ? '' : 'off')
      : glyph(room),
    text: titleOf(room),
    note: words.membersAndUnread(isDirect ? 0 : room.members ?? 0, room.unread),
    end: room.unread > 0 ? h('span', { class: 'badge', 'aria-hidden': 'true' }, words.count(room.unread)) : null,
    act: () => go(room.id),
  };
}

/** @param {string} name */
function key(name) {
  return h('kbd', { class: 'kbd' }, name);
}
