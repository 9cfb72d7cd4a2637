/** @typedef {import('../core/chat.js').Chat} Chat */
/** @typedef {import('../core/rooms.js').Entry} Entry */

import { may } from '../core/membership.js';
import { titleOf } from '../core/rooms.js';
import { words } from '../core/words.js';
import { avatar, glyph, h, icon, perFrame } from './dom.js';
import { menuButton } from './menu.js';

/** @typedef {{ back(): void, members(): void, settings(): void, leave(): void, security(): void }} Acts */

/** How many people stand in the head. */
const FACES = 3;

/**
 * The head of the open room: what it is called, that it is not encrypted, who is in it, and what can be done with it.
 * @param {Chat} chat
 * @param {number} id
 * @param {Acts} act
 */
export function createHeader(chat, id, act) {
  const title = h('div', { class: 'title grow' });
  const members = h('button', { type: 'button', class: 'members', onclick: act.members });
  const face = h('span', { class: 'face' });
  const menu = menuButton(words.roomMenu, 'more', () => choices(chat, id, act));
  let said = '';
  const stack = h('span', { class: 'stack', 'aria-hidden': 'true' });
  let counted = 0;

  const render = perFrame(() => {
    const room = chat.rooms.get(id);
    if (!room) return;
    const isOnline = room.peer ? chat.people.isOnline(room.peer.id) : false;
    const version = [titleOf(room), room.topic, room.members, room.join, room.read_only, isOnline].join('|');
    if (version === said) return;
    said = version;
    face.hidden = room.kind !== 'direct';
    face.replaceChildren(...(room.peer ? [avatar(room.peer, 's32', isOnline ? '' : 'off')] : []));
    title.replaceChildren(...titleParts(room, isOnline, act.security));
    members.hidden = room.kind === 'direct';
    if (room.kind !== 'direct' && room.members !== counted) void faces(room.members ?? 0);
    members.replaceChildren(stack, icon('people', 'sm'), h('span', { class: 'num', 'aria-hidden': 'true' }, String(room.members ?? '')),
      h('span', { class: 'sr' }, room.members ? words.members(room.members) : words.membersTitle));
  });

  /**
   * A few of those who are in the room.
   * @param {number} count
   */
  async function faces(count) {
    counted = count;
    const some = await chat.membership.some(id).catch(() => []);
    stack.replaceChildren(...some.filter((person) => person.id !== chat.me.id).slice(0, FACES).map((person) => avatar(person, 's24')));
  }

  const stops = [chat.rooms.list.watch(render), chat.people.online.watch(render)];
  return {
    element: h('header', { class: 'head' },
      h('button', { type: 'button', class: 'ib back', 'aria-label': words.back, onclick: act.back }, icon('left')),
      face, title, h('div', { class: 'acts' }, members, menu)),
    stop: () => stops.forEach((stop) => stop()),
  };
}

/**
 * @param {Entry} room
 * @param {boolean} isOnline
 * @param {() => void} security
 */
function titleParts(room, isOnline, security) {
  const name = titleOf(room);
  const direct = room.kind === 'direct';
  return [
    h('div', { class: 'tt' }, direct ? '' : glyph(room),
      h('h2', { class: 'display trunc', dir: 'auto', title: name }, name),
      direct && h('span', { class: 'sr' }, isOnline ? words.onlineAfter : words.offlineAfter)),
    h('button', { type: 'button', class: 'lockpill open', title: words.notEncryptedWhy, 'aria-haspopup': 'dialog', onclick: security },
      icon('unlock', 'xs'), words.notEncrypted),
    ...(room.topic ? [h('p', { class: 'topic trunc', dir: 'auto', title: room.topic }, room.topic)] : []),
  ];
}

/**
 * @param {Chat} chat
 * @param {number} id
 * @param {Acts} act
 */
function choices(chat, id, act) {
  const room = chat.rooms.get(id);
  if (!room) return [];
  const security = { label: words.roomSecurity, picture: 'unlock', act: act.security };
  if (room.kind === 'direct') return [security];
  return [
    { label: words.membersTitle, picture: 'people', act: act.members },
    { label: words.roomSettings, picture: 'gear', act: act.settings },
    security,
    ...(may(room, chat.me).leave ? [{ label: words.leaveRoom, picture: 'door', act: act.leave, danger: true }] : []),
  ];
}
