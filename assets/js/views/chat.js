/** @typedef {import('../core/chat.js').Chat} Chat */
/** @typedef {import('../core/types.js').Platform} Platform */
/** @typedef {import('../core/types.js').Person} Person */
/** @typedef {import('../core/types.js').Room} Room */

import { words } from '../core/words.js';
import { createBanner } from './banner.js';
import { createConversation } from './conversation.js';
import { avatar, h, icon, mark } from './dom.js';
import { settings } from './settings.js';

/**
 * The chat itself: the sidebar and the conversation.
 * @param {Chat} chat
 * @param {Platform} platform
 * @param {string} appName
 * @param {() => Promise<void>} signOut
 */
export function createChatView(chat, platform, appName, signOut) {
  const app = h('div', { class: 'app', 'data-view': 'chat' });
  const connection = h('div', { class: 'conn', role: 'status' });
  const side = sidebar(chat, appName, connection, {
    openRoom: () => show('chat'),
    openSettings: () => {
      const dialog = settings(chat, platform.storage, signOut);
      app.append(dialog);
      dialog.showModal();
    },
  });
  const banner = createBanner(chat, platform.clock, connection);
  const main = h('main', { class: 'room sheet', id: 'main' });
  /** @type {(() => void)[]} */
  const stops = [side.stop, banner.stop, () => narrow.removeEventListener('change', landmark)];

  const narrow = matchMedia('(max-width: 759px)');

  /** @param {'list' | 'chat'} view */
  function show(view) {
    app.dataset['view'] = view;
    landmark();
  }

  /** On a phone one area is there at a time, and that one is the main one. */
  function landmark() {
    if (narrow.matches && app.dataset['view'] === 'list') side.element.setAttribute('role', 'main');
    else side.element.removeAttribute('role');
  }
  narrow.addEventListener('change', landmark);

  // The room is known once the server has greeted; until then its place is kept.
  stops.push(chat.room.watch((room) => { document.title = room ? `#${room.name} · ${appName}` : appName; }));
  stops.push(chat.here.watch((room) => {
    if (!room) return;
    const conversation = createConversation(room, platform);
    main.replaceChildren(header(chat, () => show('list'), stops), banner.element, conversation.feed, conversation.composer);
    stops.push(conversation.stop);
    if (matchMedia('(pointer: fine)').matches) conversation.focus();
  }));

  app.append(h('header', { class: 'sr' }, h('h1', {}, appName)), side.element, main);
  return {
    element: h('div', {}, h('a', { class: 'skip', href: '#compose' }, words.skip), app),
    stop: () => stops.forEach((stop) => stop()),
  };
}

/**
 * @param {Chat} chat
 * @param {string} appName
 * @param {HTMLElement} connection
 * @param {{ openRoom(): void, openSettings(): void }} act
 */
function sidebar(chat, appName, connection, act) {
  const rooms = h('ul');
  const people = h('ul');
  const count = h('span', { class: 'num' });
  const online = h('div', { class: 'online-sec' }, h('h3', { class: 'sec' }, h('span', {}, words.onlineNow, ' ', count)), people);
  const stops = [
    chat.room.watch((room) => rooms.replaceChildren(...(room ? [h('li', {}, roomRow(room, act.openRoom))] : []))),
    chat.online.watch((list) => {
      count.textContent = String(list.length);
      online.hidden = list.length === 0;
      people.replaceChildren(...list.map((person) => h('li', {}, personRow(person, person.id === chat.me.id))));
    }),
  ];
  const element = h('section', { class: 'side', 'aria-label': words.conversations },
    h('div', { class: 'side-top' }, mark(), h('h2', { class: 'display grow trunc' }, appName)),
    h('div', {}),
    h('nav', { class: 'side-scroll', 'aria-label': words.conversations, tabindex: '0' },
      h('h3', { class: 'sec' }, words.rooms), rooms, online),
    h('div', { class: 'me' }, avatar(chat.me, 's32'),
      h('div', { class: 'grow' }, h('b', { class: 'trunc' }, h('bdi', {}, chat.me.username)), connection),
      h('button', { type: 'button', class: 'ib', 'aria-label': words.settings, 'aria-haspopup': 'dialog', onclick: act.openSettings }, icon('gear'))));
  return { element, stop: () => stops.forEach((stop) => stop()) };
}

/**
 * @param {Room} room
 * @param {() => void} open
 */
function roomRow(room, open) {
  return h('a', { class: 'row', href: '#compose', 'aria-current': 'page', onclick: (event) => { event.preventDefault(); open(); } },
    h('span', { class: 'gl' }, icon('hash')), h('span', { class: 'trunc' }, h('span', { class: 'name', dir: 'auto' }, room.name)),
    h('span', { class: 'end' }));
}

/**
 * @param {Person} person
 * @param {boolean} myself
 */
function personRow(person, myself) {
  const tag = person.is_admin ? words.admin : myself ? words.you : null;
  return h('div', { class: 'row' }, avatar(person, 's24', ''),
    h('span', { class: 'trunc', title: person.username }, h('span', { class: 'name' }, h('bdi', {}, person.username))),
    h('span', { class: 'end' }, tag !== null && h('span', { class: 'tag' }, tag)));
}

/**
 * @param {Chat} chat
 * @param {() => void} back
 * @param {(() => void)[]} stops
 */
function header(chat, back, stops) {
  const name = h('h2', { class: 'display trunc', dir: 'auto' });
  const members = h('span', { class: 'members' });
  stops.push(chat.room.watch((room) => {
    name.textContent = room?.name ?? '';
    members.replaceChildren(icon('people', 'sm'), h('span', { class: 'num', 'aria-hidden': 'true' }, String(room?.members ?? 0)),
      h('span', { class: 'sr' }, words.members(room?.members ?? 0)));
  }));
  return h('header', { class: 'head' },
    h('button', { type: 'button', class: 'ib back', 'aria-label': words.back, onclick: back }, icon('left')),
    h('div', { class: 'title grow' }, h('div', { class: 'tt' }, icon('hash'), name),
      h('span', { class: 'lockpill open', title: words.notEncryptedWhy }, icon('unlock', 'xs'), words.notEncrypted)),
    h('div', { class: 'acts' }, members));
}
