import { TYPE } from './entry.js';
import { isClosed } from './identity.js';
import { allMembers, memberAt } from './log.js';
import { equal } from './primitives.js';

/**
 * @typedef {import('./directory.js').Directory} Directory
 * @typedef {import('./log.js').State} State
 * @typedef {import('./log.js').Member} Member
 * @typedef {import('./log.js').Epoch} Epoch
 * @typedef {import('./entry.js').Listed} Listed
 * @typedef {{ obtainable: boolean, banned: readonly number[], messagesSeen: number, now: number, firstSeen: number
 *   }} Circumstances what is known beside the log: `firstSeen` is when this client first saw the epoch
 */

const REASON = Object.freeze({ first: 1, removal: 2, schedule: 3, noKey: 4, join: 5, keyRotated: 6, policy: 7 });
const MOST_MESSAGES = 2 ** 20;

/**
 * Whether a message may be sent under the current epoch, and who would read the next one.
 * @param {State} state
 * @param {Directory} directory
 * @param {Circumstances} circumstances
 * @returns {{ rules: string[], reason: number | null, readers: Listed[] }}
 */
export function needsRotation(state, directory, circumstances) {
  const readers = nextReaders(state, directory, circumstances.banned);
  const { epoch } = state;
  if (!epoch) return { rules: ['R1'], reason: REASON.first, readers };
  const found = examine(state, epoch, directory, circumstances);
  const holds = {
    R1: !circumstances.obtainable,
    R2: found.departed || found.changed || found.policy,
    R3: found.banned,
    R4: found.keyRotated,
    R5: epoch.history === 0 && found.admitted,
    R6: isWorn(state, epoch, circumstances),
  };
  const rules = Object.entries(holds).filter(([, held]) => held).map(([name]) => name);
  return { rules, reason: reasonOf(holds, found), readers };
}

/**
 * @param {Record<'R1' | 'R3' | 'R4' | 'R5' | 'R6', boolean>} holds
 * @param {{ departed: boolean, changed: boolean, policy: boolean }} found
 */
function reasonOf(holds, { departed, changed, policy }) {
  if (holds.R3 || departed || changed) return REASON.removal;
  if (policy) return REASON.policy;
  if (holds.R5) return REASON.join;
  if (holds.R4) return REASON.keyRotated;
  if (holds.R6) return REASON.schedule;
  return holds.R1 ? REASON.noKey : null;
}

/**
 * @param {State} state
 * @param {Epoch} epoch
 * @param {Directory} directory
 * @param {Circumstances} circumstances
 */
function examine(state, epoch, directory, { banned }) {
  const events = state.journal.events.slice(epoch.logSeq + 1, state.seq + 1);
  /** @param {number[]} types */
  const any = (...types) => events.some(({ type }) => types.includes(type));
  const readers = readersOf(state, epoch, directory);
  return {
    departed: any(TYPE.remove, TYPE.leave),
    policy: any(TYPE.policy),
    admitted: any(TYPE.add, TYPE.join),
    changed: events.some(({ changedIdentity }) => changedIdentity)
      || epoch.readers.some((listed) => hasNewIdentity(state, directory, listed)),
    banned: readers.some(({ user }) => banned.includes(user)),
    keyRotated: readers.some((reader) => hasNewKey(state, directory, reader)),
  };
}

/**
 * Who can read an epoch: those it lists, and in a room that shares its history those who came after, for they may have
 * been granted it.
 * @param {State} state
 * @param {Epoch} epoch
 * @param {Directory} directory
 * @returns {Listed[]}
 */
function readersOf(state, epoch, directory) {
  if (epoch.history === 0) return epoch.readers;
  const listed = new Set(epoch.readers.map(({ user }) => user));
  const later = allMembers(state).filter(([user, { active, admitted }]) => (
    active && admitted > epoch.logSeq && !listed.has(user)
  ));
  return [...epoch.readers, ...later.map(([user, member]) => (
    { user, gen: member.gen, kem: directory.latest(user, member.admittedDir)?.statement.kem ?? Infinity }
  ))];
}

/**
 * @param {State} state
 * @param {Directory} directory
 * @param {Listed} listed
 */
function hasNewIdentity(state, directory, { user, gen }) {
  const newest = directory.latest(user)?.statement;
  return memberAt(state, user)?.active === true && newest !== undefined && newest.gen > gen;
}

/**
 * @param {State} state
 * @param {Directory} directory
 * @param {Listed} reader
 */
function hasNewKey(state, directory, { user, gen, kem }) {
  if (!memberAt(state, user)?.active) return false;
  if (directory.isErased(user)) return true;
  const newest = directory.latest(user)?.statement;
  return newest !== undefined && (newest.kem > kem || newest.gen > gen || isClosed(newest));
}

/**
 * @param {State} state
 * @param {Epoch} epoch
 * @param {Circumstances} circumstances
 */
function isWorn({ policy }, epoch, { now, firstSeen, messagesSeen }) {
  const { rotSecs = Infinity, rotMsgs = Infinity } = policy ?? {};
  // The later of two clocks counts, so that an epoch dated in the future grows old all the same.
  const age = Math.max(now - epoch.ts, now - firstSeen, 0);
  return age >= rotSecs * 1_000 || messagesSeen >= Math.min(rotMsgs, MOST_MESSAGES);
}

/**
 * @param {State} state
 * @param {Directory} directory
 * @param {readonly number[]} banned
 * @returns {Listed[]}
 */
function nextReaders(state, directory, banned) {
  return allMembers(state).flatMap(([user, member]) => {
    const newest = directory.latest(user)?.statement;
    const out = !member.active || banned.includes(user) || directory.isErased(user);
    if (out || !newest || isClosed(newest)) return [];
    const same = newest.gen === member.gen && equal(newest.edPub, member.edPub);
    return same ? [{ user, gen: newest.gen, kem: newest.kem }] : [];
  });
}
