/**
 * Everything the page says, in one place, so that it can say it in another language.
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
  onlineNow: 'Online now',
  admin: 'Admin',
  you: 'You',
  conversations: 'Conversations',
  back: 'Back to conversations',
  skip: 'Skip to the message box',
  members: (/** @type {number} */ n) => plural(n, { one: '1 member', other: `${n} members` }),
  notEncrypted: 'Not encrypted',
  notEncryptedWhy: 'Messages in this room can be read by the server.',
  settings: 'Settings',
  theme: 'Theme',
  themes: { system: 'As the system', light: 'Light', dark: 'Dark' },
  close: 'Close',

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
  kicked: 'You were disconnected by an admin. You can come back now.',
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
  forbidden: 'You are not allowed to do this.',
  tooLong: 'This message is too long.',
  loadingApp: 'Loading',

  // The conversation: messages, what can be done with them, and the message box.
  newSince: (/** @type {number} */ n, /** @type {string} */ time) =>
    plural(n, { one: `1 new since ${time}`, other: `${n} new since ${time}` }),
  notChanged: (/** @type {string} */ why) => `Not changed. ${why}`,
  edited: 'Edited',
  undo: 'Undo',
  typing: (/** @type {readonly string[]} */ names) =>
    names.length === 0 ? '' : names.length === 1 ? `${names[0]} is typing`
      : names.length === 2 ? `${names[0]} and ${names[1]} are typing` : 'Several people are typing',
  messageActions: 'Message actions',
  reactThumb: 'React with thumbs up',
  addReaction: 'Add reaction',
  reply: 'Reply',
  edit: 'Edit',
  copyText: 'Copy text',
  copied: 'Copied',
  notCopied: 'The browser did not allow copying.',
  more: 'More actions',
  reactions: (/** @type {string} */ emoji, /** @type {number} */ n, /** @type {boolean} */ own) =>
    `${emoji}, ${plural(n, { one: '1 reaction', other: `${n} reactions` })}${own ? ', including yours' : ''}`,
  andMore: (/** @type {number} */ n) => `and ${n} more`,
  inReplyTo: 'In reply to',
  targetGone: 'Message deleted',
  targetFar: 'An earlier message',
  replyingTo: (/** @type {string} */ name) => `Replying to ${name}`,
  cancelReply: 'Cancel reply',
  editing: 'Editing a message',
  cancelEdit: 'Cancel editing',
  save: 'Save',
  mentionSomeone: 'Mention someone',
  insertEmoji: 'Insert emoji',
  chooseEmoji: 'Choose an emoji',
  nobodyByThatName: 'No one here by that name',
  found: (/** @type {number} */ n) => plural(n, { one: '1 person', other: `${n} people` }),
  readOnly: 'Only admins can write in this room.',
  beginning: 'This is where the conversation begins.',
  mentionsYou: 'mentions you',
};

/**
 * @param {number} n
 * @param {{ one: string, other: string }} forms
 * @returns {string}
 */
function plural(n, forms) {
  return new Intl.PluralRules('en').select(n) === 'one' ? forms.one : forms.other;
}
