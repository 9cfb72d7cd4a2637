import { words } from './words.js';

/** @typedef {import('./types.js').Problem} Problem */

/**
 * What a refusal is called on the screen.
 * @param {Problem} problem
 * @returns {string}
 */
export function explain(problem) {
  switch (problem.code) {
    case 'invalid_credentials': return words.wrongDetails;
    case 'username_taken': return words.usernameTaken;
    case 'rate_limited': return words.tooManyTries(problem.retry_after ?? 1);
    case 'banned': return problem.reason ? words.bannedReason(problem.reason) : words.banned;
    case 'forbidden': return words.forbidden;
    case 'already_member': return words.alreadyMember;
    case 'too_many_rooms': return words.tooManyRooms;
    case 'storage_full': return words.storageFull;
    case 'unreachable': return words.unreachable;
    case 'unsupported_browser': return words.oldBrowser;
    case 'insecure_context': return words.insecure;
    case 'kdf_refused': return words.passwordRefused;
    case 'derived_auth_required': return words.hasKeys;
    case 'bad_box': return words.notTrusted;
    case 'identity_conflict': return words.keysJustChanged;
    case 'invalid': return isAboutContent(problem) ? words.tooLong : problem.message;
    default: return saidOf(alarmOf(problem));
  }
}

/**
 * A refusal over the socket names no fields; its words begin with the one that is meant.
 * @param {Problem} problem
 */
function isAboutContent({ fields, message }) {
  return fields ? fields.some((f) => f.field === 'content') : message.startsWith('content ');
}

/** @typedef {keyof typeof words.alarms} Alarm */

/** @param {Alarm | null} alarm */
const saidOf = (alarm) => (alarm === null ? words.failed : words.alarms[alarm]);

/**
 * The alarm in a refusal, if it says that the server does not show what it showed before: a thing to stop at, not to try
 * again. Only what was found here is one.
 * @param {Problem} problem
 * @returns {Alarm | null}
 */
export function alarmOf({ status, code }) {
  return status === 0 && Object.hasOwn(words.alarms, code) ? /** @type {Alarm} */ (code) : null;
}

/**
 * The problem inside whatever was thrown.
 * @param {unknown} error
 * @returns {Problem}
 */
export function problemOf(error) {
  if (error && typeof error === 'object' && 'problem' in error) return /** @type {Problem} */ (error.problem);
  return { status: 0, code: 'internal', message: String(error) };
}

/**
 * What is wrong with a username, or null.
 * @param {string} text
 * @returns {string | null}
 */
export function usernameFault(text) {
  if (text === '') return words.missing;
  if (!/^[A-Za-z0-9_]*$/.test(text)) return words.usernameLetters;
  return text.length < 3 || text.length > 50 ? words.usernameLength : null;
}

/**
 * What is wrong with a new password, or null.
 * @param {string} text
 * @returns {string | null}
 */
export function passwordFault(text) {
  if (text === '') return words.missing;
  return [...text].length < 8 ? words.passwordShort : null;
}

/**
 * How strong a password looks, from 0 to 4: length counts most, for that is what a guesser pays for.
 * @param {string} text
 * @returns {number}
 */
export function strength(text) {
  const length = [...text].length;
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(text)).length;
  const distinct = new Set(text).size;
  if (length < 8 || distinct < 4) return length === 0 ? 0 : 1;
  const points = (length >= 12 ? 1 : 0) + (length >= 16 ? 1 : 0) + (kinds >= 3 ? 1 : 0);
  return Math.min(4, 2 + Math.min(points, 2));
}
