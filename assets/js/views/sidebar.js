/** @typedef {import('../core/chat.js').Chat} Chat */
/** @typedef {import('../core/rooms.js').Entry} Entry */
/** @typedef {import('../core/types.js').Person} Person */
/** @typedef {import('../core/types.js').Clock} Clock */

import { dates } from '../core/dates.js';
import { addressOf } from '../core/places.js';
import { titleOf } from '../core/rooms.js';
import { words } from '../core/words.js';
import { avatar, glyph, h, icon, keyed, mark, outlook, perFrame } from './dom.js';
import { menuButton } from './menu.js';

/**
 * @typedef {{ go(id: number): void, find(): void, newRoom(): void, newMessage(): void, joinRoom(): void,
 *   settings(): void, write(person: Person): void }} Acts
 */

/**
 * The sidebar: rooms, direct messages, who is online, and oneself. On a phone it is a screen of its own with tabs.
 * @param {Chat} chat
 * @param {string} appName
 * @param {Clock} clock
 * @param {HTMLElement} connection
 * @param {Acts} act
 */
export function createSidebar(chat, appName, clock, connection, act) {
  const format = dates();
  const rooms = roomList(words.rooms);
  const directs = roomList(words.directMessages);
  const people = onlineList(chat, act);
  const none = h('div', {});
  const list = h('nav', { class: 'side-scroll', 'aria-label': words.conversations, tabindex: '0' },
    none, rooms.element, directs.element, people.element);
  const tabs = createTabs(act, (tab) => { element.dataset['tab'] = tab; });

  const render = perFrame(() => {
    const all = chat.rooms.list.get();
    const current = chat.open.get()?.id ?? null;
    const [groups, pairs] = [all.filter((room) => room.kind !== 'direct'), all.filter((room) => room.kind === 'direct')];
    const show = (/** @type {Entry} */ room) => row(room, room.id === current);
    rooms.show(groups, show);
    directs.show(pairs, show);
    none.replaceChildren(...standIn(chat.phase.get(), all.length));
    tabs.count(all.reduce((sum, room) => sum + room.unread, 0));
  });

  /**
   * @param {Entry} room
   * @param {boolean} isCurrent
   */
  function row(room, isCurrent) {
    const latest = room.latest;
    return {
      version: [titleOf(room), room.join, room.unread, room.mentions, room.draft, room.failed, isCurrent, latest?.id, latest?.content, presence(room)].join('|'),
      make: () => h('li', {}, roomRow(room, isCurrent, presence(room), latest && {
        text: preview(latest, chat.me.id), when: format.brief(Date.parse(latest.created_at), clock.now()),
      }, act.go)),
    };
  }

  /** @param {Entry} room */
  function presence(room) {
    return room.kind === 'direct' && room.peer ? chat.people.isOnline(room.peer.id) : null;
  }

  const stops = [chat.rooms.list, chat.open, chat.phase, chat.people.online].map((one) => one.watch(render));
  const element = h('section', { class: 'side', 'aria-label': words.roomsAndPeople, 'data-tab': 'chats' },
    h('div', { class: 'side-top' }, mark(), h('h2', { class: 'display grow trunc' }, appName),
      menuButton(words.newMenu, 'plus', () => [
        { label: words.newRoom, picture: 'hash', act: act.newRoom },
        { label: words.newMessage, picture: 'chats', act: act.newMessage },
        { label: words.joinRoom, picture: 'door', act: act.joinRoom },
      ])),
    h('button', { type: 'button', class: 'jump', 'aria-haspopup': 'dialog', onclick: act.find }, icon('search', 'sm'),
      h('span', { class: 'grow' }, words.jump), h('kbd', { class: 'kbd', 'aria-hidden': 'true' }, modKey(), ' ', words.keys.k)),
    list,
    h('div', { class: 'me' }, avatar(chat.me, 's32'),
      h('div', { class: 'grow' }, h('b', { class: 'trunc' }, h('bdi', {}, chat.me.username)), connection),
      h('button', { type: 'button', class: 'ib', 'aria-label': words.settings, 'aria-haspopup': 'dialog', onclick: act.settings }, icon('gear'))),
    tabs.element);
  return { element, list, stop: () => { stops.forEach((stop) => stop()); people.stop(); } };
}

/** The key that goes with the letters: what it is called on this machine. */
export function modKey() {
  return /Mac|iPhone|iPad/.test(navigator.platform) ? words.keys.command : words.keys.mod;
}

/** @param {string} name */
function roomList(name) {
  const list = h('ul');
  const element = h('div', { class: 'chats-sec' }, h('h3', { class: 'sec' }, name), list);
  return {
    element,
    /**
     * @param {readonly Entry[]} rooms
     * @param {(room: Entry) => { version: string, make: () => HTMLElement }} row
     */
    show(rooms, row) {
      element.hidden = rooms.length === 0;
      keyed(list, rooms, (room) => String(room.id), (room) => row(room).version, (room) => row(room).make());
    },
  };
}

/**
 * @param {Entry} room
 * @param {boolean} isCurrent
 * @param {boolean | null} isOnline
 * @param {{ text: string, when: string } | null} latest
 * @param {(id: number) => void} go
 */
function roomRow(room, isCurrent, isOnline, latest, go) {
  const title = titleOf(room);
  const press = (/** @type {MouseEvent} */ event) => {
    // With a key held the browser opens it elsewhere, as it does with any link.
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(room.id);
  };
  return h('a', {
    class: `row${room.unread > 0 ? ' unread' : ''}`, href: addressOf(room.id), 'aria-current': isCurrent ? 'page' : null,
    title, onclick: press,
  },
  room.kind === 'direct' && room.peer
    ? avatar(room.peer, 's24', isOnline ? '' : 'off')
    : h('span', { class: 'gl' }, glyph(room)),
  h('span', { class: 'trunc' }, h('span', { class: 'name', dir: 'auto' }, title),
    room.unread > 0 && h('span', { class: 'sr' }, words.unreadAfter(room.unread), room.mentions > 0 ? words.mentionsAfter : ''),
    room.kind === 'group' && room.join === 'invite' && h('span', { class: 'sr' }, words.privateAfter),
    isOnline !== null && h('span', { class: 'sr' }, isOnline ? words.onlineAfter : words.offlineAfter),
    latest && h('span', { class: 'prev', dir: 'auto' }, latest.text)),
  h('span', { class: 'end' }, latest && h('span', { class: 'when' }, latest.when),
    room.failed ? sign('warn', words.failedAfter) : room.draft && !isCurrent && sign('edit', words.draftAfter),
    badge(room)));
}

/**
 * What lies in the room unsent.
 * @param {string} picture
 * @param {string} says
 */
function sign(picture, says) {
  return h('span', { class: 'sign', title: says.replace(', ', '') }, icon(picture, 'sm'), h('span', { class: 'sr' }, says));
}

/** @param {Entry} room */
function badge(room) {
  if (room.unread === 0) return null;
  if (room.mentions === 0) return h('span', { class: 'badge', 'aria-hidden': 'true' }, words.count(room.unread));
  return h('span', { class: 'badge at', 'aria-hidden': 'true' }, words.mentionCount(room.mentions));
}

/**
 * @param {import('../core/types.js').Message} message
 * @param {number} myId
 */
function preview(message, myId) {
  const who = message.user_id === myId ? words.you : message.username;
  return words.preview(who, (message.content ?? words.deleted).slice(0, 120).replaceAll('\n', ' '));
}

/**
 * What stands in the place of the rooms: the shapes of them while they are loaded, or that there are none.
 * @param {'loading' | 'ready'} phase
 * @param {number} count
 * @returns {HTMLElement[]}
 */
function standIn(phase, count) {
  if (count > 0) return [];
  if (phase === 'ready') return [outlook('chats', words.noRooms, words.noRoomsText)];
  const shape = () => h('div', { class: 'row sk-row' }, h('span', { class: 'sk gl' }), h('span', { class: 'sk l2' }));
  return [h('div', { class: 'late' }, h('span', { class: 'sr', role: 'status' }, words.loadingRooms),
    h('div', { 'aria-hidden': 'true' }, shape(), shape(), shape(), shape()))];
}

/**
 * @param {Chat} chat
 * @param {Acts} act
 */
function onlineList(chat, act) {
  const list = h('ul');
  const count = h('span', { class: 'num' });
  const nobody = h('p', { class: 'none' }, words.nobodyOnline);
  const element = h('div', { class: 'online-sec' },
    h('h3', { class: 'sec' }, h('span', {}, words.onlineNow, ' ', count)), list, nobody);
  const render = perFrame(() => {
    const people = chat.people.online.get();
    count.textContent = String(Math.max(chat.people.count.get(), people.length));
    nobody.hidden = people.length > 0;
    keyed(list, people, (person) => String(person.id), (person) => `${person.username}|${person.is_admin}`,
      (person) => h('li', {}, personRow(person, person.id === chat.me.id, act.write)));
  });
  const stops = [chat.people.online.watch(render), chat.people.count.watch(render)];
  return { element, stop: () => stops.forEach((stop) => stop()) };
}

/**
 * @param {Person} person
 * @param {boolean} myself
 * @param {(person: Person) => void} write
 */
function personRow(person, myself, write) {
  const parts = [
    avatar(person, 's24', ''),
    h('span', { class: 'trunc', title: person.username }, h('span', { class: 'name' }, h('bdi', {}, person.username))),
    h('span', { class: 'end' }, person.is_admin && h('span', { class: 'tag' }, words.admin), myself && h('span', { class: 'tag' }, words.you)),
  ];
  return myself
    ? h('div', { class: 'row still' }, ...parts)
    : h('button', { type: 'button', class: 'row', onclick: () => write(person) }, ...parts);
}

/**
 * The tabs at the foot of a phone's screen.
 * @param {Acts} act
 * @param {(tab: 'chats' | 'people') => void} show
 */
function createTabs(act, show) {
  const badge = h('span', { class: 'badge', 'aria-hidden': 'true', hidden: true });
  const said = h('span', { class: 'sr' });
  const tab = (/** @type {string} */ name, /** @type {string} */ picture, /** @type {() => void} */ press, /** @type {Node[]} */ ...more) =>
    h('button', { type: 'button', onclick: press }, icon(picture), h('span', {}, name), ...more);
  const chats = tab(words.chats, 'chats', () => pick('chats'), badge, said);
  const people = tab(words.people, 'people', () => pick('people'));

  /** @param {'chats' | 'people'} which */
  function pick(which) {
    chats.setAttribute('aria-current', String(which === 'chats'));
    people.setAttribute('aria-current', String(which === 'people'));
    show(which);
  }

  const element = h('nav', { class: 'tabs-bottom', 'aria-label': words.mainTabs }, chats, people,
    tab(words.search, 'search', act.find), tab(words.settings, 'gear', act.settings));
  chats.setAttribute('aria-current', 'true');
  return {
    element,
    /** @param {number} unread */
    count(unread) {
      badge.hidden = unread === 0;
      badge.textContent = words.count(unread);
      said.textContent = unread > 0 ? words.unreadAfter(unread) : '';
    },
  };
}
