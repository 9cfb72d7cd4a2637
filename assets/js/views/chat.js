/** @typedef {import('../core/chat.js').Chat} Chat */
/** @typedef {import('../core/types.js').Platform} Platform */
/** @typedef {import('../core/types.js').Person} Person */
/** @typedef {import('../core/types.js').Room} Room */
/** @typedef {import('../core/room.js').Room} RoomState */

import { createAlerts } from '../core/alerts.js';
import { addressOf, createPlaces } from '../core/places.js';
import { createPreferences } from '../core/preferences.js';
import { explain, problemOf } from '../core/problems.js';
import { neighbour, titleOf } from '../core/rooms.js';
import { words } from '../core/words.js';
import { applyCompact, applyTheme, isCompact, isDark } from './appearance.js';
import { createBanner } from './banner.js';
import { createConversation } from './conversation.js';
import { h, outlook, perFrame, whenIdle } from './dom.js';
import { createHeader } from './header.js';
import { listenToKeys, skipLink } from './keys.js';
import { createLayers } from './layers.js';
import { createSidebar, modKey } from './sidebar.js';
import { createToasts } from './toast.js';

/** Where one area at a time fits on the screen; the style sheet says the same. */
const NARROW = '(max-width: 759px), (max-height: 460px) and (max-width: 959px)';

/**
 * The chat itself: the sidebar, the conversation, and what lies over them.
 * @param {Chat} chat
 * @param {Platform} platform
 * @param {import('../core/places.js').Past} past
 * @param {string} appName
 * @param {{ signOut(): Promise<void>, newCode(password: string): Promise<void>,
 *   renew(old: string, password: string): Promise<void>, lock(): void }} account
 */
export function createChatView(chat, platform, past, appName, account) {
  const app = h('div', { class: 'app', 'data-view': 'list' });
  const connection = h('div', { class: 'conn', role: 'status' });
  const heading = h('h1', { class: 'sr' });
  const main = h('main', { class: 'room sheet', id: 'main' });
  const banner = createBanner(chat, platform, connection);
  const toasts = createToasts(platform.clock);
  const narrow = matchMedia(NARROW);
  const places = createPlaces(past, arrive);
  const layers = createLayers(places, app);
  const preferences = createPreferences(platform.storage);
  const alerts = createAlerts(platform, chat.me, preferences, go);
  const side = createSidebar(chat, appName, platform.clock, connection, { go, find, newRoom, newMessage, joinRoom, settings: openSettings, write });
  const skip = skipLink(words.skip);
  let stopConversation = () => {};
  /** @type {ReturnType<typeof createConversation> | null} */
  let here = null;
  let shown = /** @type {RoomState | null} */ (null);
  /** The message that is to be shown with its room. @type {number | null} */
  let wanted = null;
  /** What the room that was shown last is called. */
  let shownName = '';

  /** @param {number} id */
  function go(id) {
    places.go(id, narrow.matches);
  }

  /**
   * The address leads to a room, or to the list. A wide window has room for both, and always shows a conversation.
   * @param {number | null} id
   */
  function arrive(id) {
    if (chat.phase.get() === 'loading') return;
    if (id !== null && chat.show(id)) return;
    const home = narrow.matches ? null : chat.open.get() ?? chat.home();
    if (home) places.instead(home.id);
    else if (id !== null) places.instead(null);
    else chat.close();
  }

  /**
   * @param {number} room
   * @param {number} message
   */
  function toMessage(room, message) {
    wanted = message;
    go(room);
    layers.closeDialog();
    if (shown?.id === room) reach();
  }

  /** Goes to the message that is wanted in the room that is shown. */
  function reach() {
    if (wanted !== null) void here?.jump(wanted);
    wanted = null;
  }

  /** @param {Room} room */
  function enter(room) {
    chat.entered(room);
    go(room.id);
  }

  /** @param {Person} person */
  async function write(person) {
    try {
      enter(await chat.membership.direct(person.id));
    } catch (error) {
      toasts.say(explain(problemOf(error)));
    }
  }

  /**
   * Opens what is loaded when it is first asked for.
   * @param {(sheets: import('./sheets.js')['sheets']) => void} open
   */
  async function over(open) {
    try {
      open((await import('./sheets.js')).sheets);
    } catch (error) {
      toasts.say(explain(problemOf(error)));
    }
  }

  /** @param {(sheets: import('./sheets.js')['sheets']) => HTMLDialogElement} make */
  function dialog(make) { void over((sheets) => layers.show(make(sheets))); }
  function find() { dialog((sheets) => sheets.palette(chat, commands(), { go, write, toMessage })); }
  function newRoom() { dialog((sheets) => sheets.newRoomDialog(chat, enter)); }
  function newMessage() { dialog((sheets) => sheets.newMessageDialog(chat, write)); }
  function joinRoom() { dialog((sheets) => sheets.joinDialog(chat, enter)); }
  function openShortcuts() { dialog((sheets) => sheets.shortcutsDialog(preferences.get().enterSends)); }
  function openSettings() {
    void over(({ createSettings }) => {
      layers.closeDialog();
      layers.cover(words.settings, createSettings(chat, platform, preferences, toasts, { ...account, shortcuts: openShortcuts }), main);
    });
  }

  /** @param {number} id */
  function openMembers(id) {
    void over(({ createMembers }) => {
      const members = createMembers(chat, id, toasts, write);
      layers.panel(words.membersTitle, members.element, members.stop);
    });
  }

  /** @param {number} id */
  function openRoomSettings(id) {
    void over(({ createRoomSettings }) => layers.panel(words.roomSettings, createRoomSettings(chat, id, toasts)));
  }

  /** @param {number} id */
  function leave(id) {
    const room = chat.rooms.get(id);
    if (!room) return;
    dialog((sheets) => sheets.leaveDialog(chat, room, () => {
      shownName = '';
      chat.left(id);
      toasts.say(words.leftRoom(room.name));
    }));
  }

  /** What can be done from anywhere, by name. */
  function commands() {
    const { storage } = platform;
    const [dark, dense] = [isDark(), isCompact()];
    const room = chat.rooms.get(chat.open.get()?.id ?? 0);
    return [
      { label: words.newRoom, picture: 'plus', act: newRoom },
      { label: words.newMessage, picture: 'chats', act: newMessage },
      { label: words.joinRoom, picture: 'door', act: joinRoom },
      ...(room && room.kind !== 'direct' ? [
        { label: words.membersOf(room.name), picture: 'people', act: after(() => openMembers(room.id)) },
        { label: words.roomSettingsOf(room.name), picture: 'gear', act: after(() => openRoomSettings(room.id)) },
      ] : []),
      { label: dark ? words.toLight : words.toDark, picture: dark ? 'sun' : 'moon', act: after(() => applyTheme(dark ? 'light' : 'dark', storage)) },
      { label: dense ? words.compactOff : words.compactOn, picture: 'chats', act: after(() => applyCompact(!dense, storage)) },
      { label: words.settings, picture: 'gear', act: openSettings },
      { label: words.shortcuts, picture: 'kbd', act: openShortcuts, keys: `${modKey()} ${words.keys.slash}` },
    ];
  }

  /**
   * A command that ends the dialog it was given in.
   * @param {() => void} act
   */
  function after(act) {
    return () => {
      layers.closeDialog();
      act();
    };
  }

  /**
   * Closes the topmost thing, or leaves what was begun in the room.
   * @returns {boolean} whether there was something of the kind
   */
  function escape() {
    if (app.querySelector('dialog:modal')) return false;
    if (!layers.escape()) here?.escape();
    return true;
  }

  /** @param {RoomState | null} room */
  function show(room) {
    stopConversation();
    stopConversation = () => {};
    here = null;
    const left = shown?.id ?? null;
    shown = room;
    layers.closePanel();
    app.dataset['view'] = room ? 'chat' : 'list';
    skip.hidden = room === null;
    landmark();
    if (!room) {
      main.replaceChildren(outlook('chats', words.pickRoom, words.pickRoomText));
      if (narrow.matches) toRow(left);
      return;
    }
    const head = createHeader(chat, room.id, {
      back: places.toList, members: () => openMembers(room.id), settings: () => openRoomSettings(room.id),
      leave: () => leave(room.id), security: () => dialog((sheets) => sheets.securityDialog()),
    });
    const conversation = createConversation(room, platform, preferences, places.enter);
    here = conversation;
    stopConversation = () => {
      head.stop();
      conversation.stop();
    };
    main.replaceChildren(head.element, banner.element, conversation.feed, conversation.composer);
    // On touch the keyboard on the screen would come up.
    if (matchMedia('(pointer: fine)').matches && !layers.hasDialog()) conversation.focus();
    reach();
  }

  /**
   * Back in the list, the focus is on the room that was left.
   * @param {number | null} id
   */
  function toRow(id) {
    const row = side.list.querySelector(`a[href="${addressOf(id)}"]`) ?? side.list.querySelector('a');
    /** @type {HTMLElement | null} */ (row)?.focus();
  }

  /** On a phone one area is there at a time, and that one is the main one. */
  function landmark() {
    if (narrow.matches && app.dataset['view'] === 'list') side.element.setAttribute('role', 'main');
    else side.element.removeAttribute('role');
  }

  function resized() {
    landmark();
    if (chat.phase.get() === 'ready') arrive(places.here());
    if (narrow.matches) void chat.preview();
  }

  const name = perFrame(() => {
    const room = chat.rooms.get(chat.open.get()?.id ?? 0);
    const unread = chat.rooms.list.get().reduce((sum, one) => sum + one.unread, 0);
    const title = room ? titleOf(room) : '';
    if (room) shownName = title;
    document.title = words.pageTitle(unread, title, appName);
    heading.textContent = words.placeIn(appName, title);
  });

  /** A room that was open and is not there any more has been left elsewhere, or somebody removed us. */
  function stillThere() {
    if (shown || chat.phase.get() === 'loading') return;
    const id = places.here();
    if (id === null || chat.rooms.get(id)) return;
    if (shownName !== '') toasts.say(words.removedFrom(shownName));
    arrive(id);
  }

  // So that what opens is there before it is asked for, and the first letters after Ctrl K are not lost.
  whenIdle(() => void import('./sheets.js').catch(() => {}));
  places.start();
  narrow.addEventListener('change', resized);
  const stops = [
    chat.open.watch(show), chat.open.watch(name), chat.open.watch(stillThere), chat.rooms.list.watch(name),
    chat.arrivals.watch((message) => {
      const room = message && chat.rooms.get(message.room_id);
      if (room) alerts.arrived(message, room);
    }),
    chat.phase.watch((phase) => { if (phase === 'ready') resized(); }),
    listenToKeys({
      find: () => preferences.get().paletteKey && (find(), true), shortcuts: openShortcuts, escape, hasDialog: layers.hasDialog,
      step(by, unreadOnly) {
        const next = neighbour(chat.rooms.list.get(), chat.open.get()?.id ?? null, by, unreadOnly);
        if (next) go(next.id);
      },
    }),
    side.stop, banner.stop, layers.stop, places.stop, () => stopConversation(), () => narrow.removeEventListener('change', resized),
  ];
  app.append(h('header', { class: 'sr' }, heading), side.element, main, toasts.element);
  return {
    element: h('div', {}, skip, app),
    stop: () => stops.forEach((stop) => stop()),
  };
}
