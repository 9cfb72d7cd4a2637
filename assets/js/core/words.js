/** The language of this catalogue; what follows rules of a language (plurals, lists) follows those of this one. */
export const LANGUAGE = 'en';
const plurals = new Intl.PluralRules(LANGUAGE);
const lists = new Intl.ListFormat(LANGUAGE, { type: 'unit' });

/**
 * Everything the page says, by key, in one place, so that it can say it in another language.
 */
export const words = {
  signIn: 'Sign in',
  signingIn: 'Signing in',
  signUp: 'Create account',
  signingUp: 'Creating account',
  signUpTitle: 'Create your account',
  signOut: 'Sign out',
  username: 'Username',
  password: 'Password',
  passwordAgain: 'Password again',
  showPassword: 'Show password',
  hidePassword: 'Hide password',
  passwordHelp: 'At least 8 characters; a short sentence is best.',
  newHere: 'New here?',
  createAccount: 'Create an account',
  haveAccount: 'Already have an account?',
  registrationClosed: 'An admin makes the accounts here.',
  artTitle: 'A quiet place to talk.',
  artText: 'Kept on your own server. Messages in this room can be read by the server.',
  aboutApp: (/** @type {string} */ app) => `About ${app}`,

  rooms: 'Rooms',
  directMessages: 'Direct messages',
  onlineNow: 'Online now',
  admin: 'Admin',
  you: 'You',
  conversations: 'Conversations',
  roomsAndPeople: 'Rooms and people',
  mainTabs: 'Main',
  chats: 'Chats',
  people: 'People',
  search: 'Search',
  back: 'Back to conversations',
  skip: 'Skip to the message box',
  count: (/** @type {number} */ n) => count(n),
  unreadAfter: (/** @type {number} */ n) => `, ${count(n)} unread`,
  privateAfter: ', private room',
  onlineAfter: ', online',
  offlineAfter: ', offline',
  preview: (/** @type {string} */ who, /** @type {string} */ text) => `${who}: ${text}`,
  pageTitle: (/** @type {number} */ unread, /** @type {string} */ place, /** @type {string} */ app) =>
    `${unread > 0 ? `(${count(unread)}) ` : ''}${place === '' ? '' : `${place} · `}${app}`,
  room: (/** @type {string} */ name) => `#${name}`,
  placeIn: (/** @type {string} */ app, /** @type {string} */ room) => (room === '' ? app : `${app}: ${room}`),
  noRooms: 'No rooms yet',
  noRoomsText: 'Make a room, or join one that is open to everybody.',
  nobodyOnline: 'Nobody is online.',
  loadingRooms: 'Loading rooms',
  pickRoom: 'Pick a conversation',
  pickRoomText: 'Your rooms and direct messages are in the list.',

  newMenu: 'New room or message',
  newRoom: 'New room',
  newMessage: 'New message',
  joinRoom: 'Join a room',
  roomName: 'Name',
  roomNameHelp: 'Everybody in the room sees it.',
  whoMayJoin: 'Who may join',
  joinOpen: 'Everybody',
  joinOpenHelp: 'People find it under Join a room.',
  joinInvite: 'Only who is added',
  joinInviteHelp: 'The room cannot be found.',
  serverReads: 'The server can read this room, and this cannot be changed later.',
  makeRoom: 'Make the room',
  makingRoom: 'Making the room',
  findPerson: 'Find a person',
  nobodyByName: 'No one here by that name',
  findRoom: 'Find a room',
  noOpenRooms: 'There is no open room that you are not in.',
  noRoomByName: 'No open room by that name',
  results: (/** @type {number} */ n) => plural(n, { one: '1 result', other: `${n} results` }),

  members: (/** @type {number} */ n) => memberCount(n),
  membersTitle: 'Members',
  membersOf: (/** @type {string} */ room) => `Members of ${room}`,
  roles: { member: 'Member', moderator: 'Moderator', owner: 'Owner' },
  addMember: 'Add a person',
  addMemberHelp: 'Their username',
  add: 'Add',
  adding: 'Adding',
  added: (/** @type {string} */ who) => `${who} was added`,
  removeNamed: (/** @type {string} */ who) => `Remove ${who}`,
  removed: (/** @type {string} */ who) => `${who} was removed`,
  messagePerson: (/** @type {string} */ who) => `Message ${who}`,
  undoIt: 'Undo',
  alreadyMember: 'They are in this room already.',
  noSuchPerson: 'There is no one by that name.',
  loadingMembers: 'Loading members',
  loadMembersFailed: 'Could not load members',
  findMember: 'Find a member',

  roomMenu: 'Conversation menu',
  roomSettings: 'Room settings',
  roomSettingsOf: (/** @type {string} */ room) => `Settings of ${room}`,
  topic: 'Topic',
  topicHelp: 'What this room is about; it stands beside the name.',
  readOnlySwitch: 'Read-only',
  readOnlyHelp: 'Only moderators and owners can write.',
  slowMode: 'Slow mode',
  slowModeHelp: 'How long everybody waits between two messages.',
  slowModes: { 0: 'Off', 10: '10 seconds', 30: '30 seconds', 60: '1 minute', 300: '5 minutes', 900: '15 minutes', 3600: '1 hour', 21600: '6 hours' },
  slowModeOf: (/** @type {number} */ s) => plural(s, { one: '1 second', other: `${s} seconds` }),
  saveSettings: 'Save',
  saving: 'Saving',
  saved: 'Saved',
  onlyOwners: 'Only owners change this.',
  onlyModerators: 'Only moderators and owners change this.',
  notEditable: 'Only moderators and owners can change these settings.',
  leaveRoom: 'Leave the room',
  leaving: 'Leaving',
  leaveTitle: (/** @type {string} */ room) => `Leave ${room}?`,
  leaveOpen: 'You can come back at any time.',
  leaveInvite: 'To come back, somebody has to add you again.',
  nobodyLeaves: 'Everybody is in this room; nobody can leave it.',
  leftRoom: (/** @type {string} */ room) => `You left ${room}`,
  removedFrom: (/** @type {string} */ room) => `You are no longer in ${room}`,
  notEncrypted: 'Not encrypted',
  notEncryptedWhy: 'Messages in this room can be read by the server.',
  roomSecurity: 'Room security',
  serverSees: 'The server can see who is in this room, when messages are sent and what they say.',

  find: 'Find or do',
  findWhat: 'Room, person or command',
  jump: 'Search or jump to',
  roomsAndPeopleGroup: 'Rooms and people',
  commands: 'Commands',
  nothingFoundText: (/** @type {string} */ typed) => `No room, person or command matches \u201c${typed}\u201d.`,
  choose: 'Choose',
  openIt: 'Open',
  toLight: 'Switch to the light theme',
  toDark: 'Switch to the dark theme',
  compactOn: 'Show compact messages',
  compactOff: 'Show messages with room',
  membersAndUnread: (/** @type {number} */ members, /** @type {number} */ unread) =>
    lists.format([...(members > 0 ? [memberCount(members)] : []), ...(unread > 0 ? [`${count(unread)} unread`] : [])]),

  shortcuts: 'Shortcuts',
  allShortcuts: 'All shortcuts',
  keys: {
    mod: 'Ctrl', command: 'Cmd', alt: 'Alt', shift: 'Shift', up: '\u2191', down: '\u2193', enter: 'Enter', escape: 'Esc', f6: 'F6',
    k: 'K', slash: '/', home: 'Home', end: 'End',
  },
  shortcutPlaces: { anywhere: 'Anywhere', composer: 'In the message box', messages: 'In the messages' },
  shortcutDoes: {
    find: 'Find a room, person or command',
    shortcuts: 'Show this list',
    previousNext: 'Previous or next conversation',
    previousNextUnread: 'Previous or next unread conversation',
    areas: 'Next or previous area',
    close: 'Close the topmost thing',
    send: 'Send',
    line: 'New line',
    walk: 'Previous or next message',
    ends: 'Oldest or newest message',
  },

  settings: 'Settings',
  appearance: 'Appearance',
  theme: 'Theme',
  themes: { system: 'Match system', light: 'Light', dark: 'Dark' },
  compact: 'Compact messages',
  compactHelp: 'Smaller rows, all messages on the left',
  devices: 'Devices',
  devicesLead: 'Where you are signed in. Sign out any device you do not know, then change your password.',
  thisDevice: 'This device',
  deviceOn: (/** @type {string} */ browser, /** @type {string} */ system) => `${browser} on ${system}`,
  unknownDevice: 'Unknown device',
  activeNow: 'Active now',
  active: (/** @type {string} */ when) => `Active ${when}`,
  where: (/** @type {string} */ when, /** @type {string} */ address) => `${when} \u00b7 ${address}`,
  signOutDevice: (/** @type {string} */ device) => `Sign out ${device}`,
  signedOutDevice: (/** @type {string} */ device) => `${device} was signed out`,
  signOutOthers: 'Sign out all other devices',
  signedOutOthers: (/** @type {number} */ n) => plural(n, { one: '1 device was signed out', other: `${n} devices were signed out` }),
  loadingDevices: 'Loading devices',
  loadDevicesFailed: 'Could not load devices',
  close: 'Close',
  closeNamed: (/** @type {string} */ what) => `Close ${what}`,
  cancel: 'Cancel',

  messageTo: (/** @type {string} */ room) => `Message #${room}`,
  messagesIn: (/** @type {string} */ room) => `Messages in ${room}`,
  send: 'Send',
  hint: 'Enter to send, Shift + Enter for a new line',
  emptyTitle: 'Say hello',
  emptyText: 'You are the first one here. Messages in this room can be read by the server.',
  loading: 'Loading messages',
  loadFailed: 'Could not load messages',
  loadFailedText: 'The server did not answer. Your unsent messages are safe on this device.',
  tryAgain: 'Try again',
  remove: 'Delete',
  deleted: 'Message deleted',
  sending: 'Sending',
  sent: 'Sent',
  queued: 'Waiting for a connection. Will send by itself.',
  notSent: 'Not sent.',
  newest: 'Newest',
  newMessages: (/** @type {number} */ n) => plural(n, { one: '1 new message', other: `${n} new messages` }),
  spoken: (/** @type {string} */ who, /** @type {string} */ text) => `${who}: ${text}`,

  connected: 'Connected',
  reconnecting: 'Reconnecting',
  offline: 'Offline',
  offlineTitle: 'You are offline.',
  reconnectingIn: (/** @type {number} */ s) =>
    s > 0 ? plural(s, { one: 'Reconnecting in 1 second.', other: `Reconnecting in ${s} seconds.` }) : 'Reconnecting.',
  waiting: (/** @type {number} */ n) =>
    plural(n, { one: '1 message is waiting.', other: `${n} messages are waiting.` }),
  tryNow: 'Try now',
  backOnline: 'Back online',
  signOutAnyway: (/** @type {number} */ n) =>
    plural(n, {
      one: '1 message has not been sent. Sign out and lose it?',
      other: `${n} messages have not been sent. Sign out and lose them?`,
    }),
  stay: 'Stay',

  signedOut: 'You were signed out on this device.',
  banned: 'You can no longer use this chat.',
  bannedReason: (/** @type {string} */ reason) => `An admin has banned this account. Reason given: ${reason}`,
  kicked: 'You were disconnected by an admin',
  kickedText: 'You can come back now.',
  kickedReason: (/** @type {string} */ reason) => `Reason given: ${reason}. You can come back now.`,
  reconnect: 'Reconnect',
  today: 'Today',
  yesterday: 'Yesterday',

  wrongDetails: 'Username or password is not right.',
  usernameTaken: 'Somebody has this name already.',
  usernameLength: 'Use 3 to 50 characters.',
  usernameLetters: 'Use only letters, numbers and underscores.',
  passwordShort: 'Use at least 8 characters.',
  passwordsDiffer: 'The two passwords are not the same.',
  missing: 'This is missing.',
  tooManyTries: (/** @type {number} */ s) =>
    plural(s, { one: 'Too many tries. Wait 1 second.', other: `Too many tries. Wait ${s} seconds.` }),
  unreachable: 'The server does not answer. Check your connection and try again.',
  failed: 'Something went wrong. Try again.',
  storageFull: 'The server cannot store anything at the moment.',
  tooManyRooms: 'Nobody can be in more rooms than this.',
  forbidden: 'You are not allowed to do this.',
  tooLong: 'This message is too long.',
  loadingApp: 'Loading',
};

/**
 * @param {number} n
 * @param {{ one: string, other: string }} forms
 * @returns {string}
 */
function plural(n, forms) {
  return plurals.select(n) === 'one' ? forms.one : forms.other;
}

/**
 * As much of a count as one wants to read.
 * @param {number} n
 * @returns {string}
 */
function count(n) {
  return n > 99 ? '99+' : String(n);
}

/**
 * @param {number} n
 * @returns {string}
 */
function memberCount(n) {
  return plural(n, { one: '1 member', other: `${n} members` });
}
