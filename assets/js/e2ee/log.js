import { toHex } from './codec.js';
import { MOST_MEMBERS, parseEntry, TYPE } from './entry.js';
import { insist } from './errors.js';
import { isClosed } from './identity.js';
import { acceptsEd25519, importVerifier, verifyWith } from './keys.js';
import { equal, hash } from './primitives.js';

/**
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./directory.js').Directory} Directory
 * @typedef {import('./entry.js').Entry} Entry
 * @typedef {import('./entry.js').Body} Body
 * @typedef {import('./entry.js').Policy} Policy
 * @typedef {import('./entry.js').EpochStart} EpochStart
 * @typedef {import('./entry.js').Listed} Listed
 *
 * What holds of a member from entry `from` on. `admitted` and `admittedDir` tell of the newest add or join.
 * @typedef {{ from: number, gen: number, edPub: Bytes, role: number, active: boolean, banned: boolean,
 *   admitted: number, admittedDir: number }} Member
 *
 * @typedef {{ epoch: number, hash: Bytes, logSeq: number, history: number, reason: number, ts: number,
 *   readers: Listed[], esCommit: Bytes }} Epoch
 *
 * What an entry was, as far as the need for a new epoch depends on it.
 * @typedef {{ type: number, changedIdentity: boolean }} Event
 *
 * The state after entry `seq`: what changes with every entry stands here, what only grows stands in the journal,
 * which states of one log share.
 * @typedef {{ instance: Bytes, room: number, seq: number, head: Bytes, dirSeq: number, kind: number,
 *   policy: Policy | null, epoch: Epoch | null, active: number, owners: number, journal: Journal }} State
 */

const ZEROS = new Uint8Array(32);
const OWNER = 2;
const MODERATOR = 1;

/**
 * Everything that entries of one log have brought, in order. It only grows; a state looks no further than its own
 * entry, so an older state stays what it was when the log goes on.
 */
class Journal {
  /** @type {Map<number, Member[]>} */
  members = new Map();
  /** @type {Epoch[]} */
  epochs = [];
  /** @type {Event[]} */
  events = [];
  /** @type {Map<string, number>} */
  seqOf = new Map();
  /** @type {Map<string, Promise<CryptoKey | null>>} */
  verifiers = new Map();

  /**
   * The same up to an entry, for a log that goes on differently from there.
   * @param {number} seq
   */
  upTo(seq) {
    const copy = new Journal();
    for (const [user, all] of this.members) {
      const kept = all.filter(({ from }) => from <= seq);
      if (kept.length > 0) copy.members.set(user, kept);
    }
    copy.epochs = this.epochs.filter(({ logSeq }) => logSeq <= seq);
    copy.events = this.events.slice(0, seq + 1);
    for (const [name, at] of this.seqOf) if (at <= seq) copy.seqOf.set(name, at);
    return copy;
  }

  /** @param {Bytes} edPub */
  verifier(edPub) {
    const name = toHex(edPub);
    const held = this.verifiers.get(name);
    if (held) return held;
    const made = importVerifier(edPub);
    this.verifiers.set(name, made);
    return made;
  }
}

/**
 * @param {Bytes} instance
 * @param {number} room
 * @returns {State}
 */
export function emptyLog(instance, room) {
  return {
    instance, room, seq: -1, head: ZEROS, dirSeq: 0, kind: 0, policy: null, epoch: null, active: 0, owners: 0,
    journal: new Journal(),
  };
}

/**
 * A user as of an entry, which is by default the state's own.
 * @param {State} state
 * @param {number} user
 * @param {number} [seq]
 * @returns {Member | undefined}
 */
export function memberAt(state, user, seq = state.seq) {
  return state.journal.members.get(user)?.findLast(({ from }) => from <= seq);
}

/**
 * The key that a user has or had in this log under a generation.
 * @param {State} state
 * @param {number} user
 * @param {number} gen
 */
export function keyOf(state, user, gen) {
  return state.journal.members.get(user)?.find((member) => member.gen === gen && member.from <= state.seq)?.edPub;
}

/**
 * @param {State} state
 * @param {number} user
 * @param {number} gen
 * @param {number} [seq]
 */
export function activeAt(state, user, gen, seq) {
  const member = memberAt(state, user, seq);
  return member?.active && member.gen === gen ? member : undefined;
}

/**
 * @param {State} state
 * @returns {[number, Member][]} everybody the log has named, ascending
 */
export function allMembers(state) {
  /** @type {[number, Member][]} */
  const all = [];
  for (const user of state.journal.members.keys()) {
    const member = memberAt(state, user);
    if (member) all.push([user, member]);
  }
  return all.sort(([a], [b]) => a - b);
}

/**
 * @param {State} state
 * @param {Bytes} entryHash
 * @returns {number | undefined}
 */
export function seqOf(state, entryHash) {
  const seq = state.journal.seqOf.get(toHex(entryHash));
  return seq !== undefined && seq <= state.seq ? seq : undefined;
}

/**
 * @param {State} state
 * @param {number} number
 * @returns {Epoch | undefined}
 */
export function epochNumber(state, number) {
  const epoch = state.journal.epochs[number - 1];
  return epoch && epoch.logSeq <= state.seq ? epoch : undefined;
}

/**
 * The epoch that was current after an entry.
 * @param {State} state
 * @param {number} seq
 */
export const epochAt = (state, seq) => state.journal.epochs.findLast(({ logSeq }) => logSeq <= seq);

/**
 * What an entry does, found before anything is changed.
 * @typedef {{ members?: [number, Member][], policy?: Policy, kind?: number, epoch?: Epoch, changedIdentity?: boolean,
 *   active?: number, owners?: number }} Effect
 * @typedef {{ state: State, entry: Entry, entryHash: Bytes, directory: Directory, actor: Member | undefined }} Case
 */

/** @param {unknown} holds */
const allow = (holds) => insist(holds, 'forbidden');

/**
 * @param {Case} at
 * @param {number} user
 * @param {{ gen: number, edPub: Bytes, role?: number }} keys
 * @returns {Effect}
 */
function admission({ state, entry }, user, { gen, edPub, role = 0 }) {
  const before = memberAt(state, user);
  /** @type {Member} */
  const member = {
    from: entry.seq, gen, edPub, role, active: true, banned: false, admitted: entry.seq, admittedDir: entry.dirSeq,
  };
  const changedIdentity = before !== undefined && before.gen !== 0 && before.gen !== gen;
  return { members: [[user, member]], changedIdentity, active: state.active + 1 };
}

/**
 * @param {Case} at
 * @param {number} user
 * @param {boolean} banned
 * @returns {Effect}
 */
function departure({ state, entry }, user, banned) {
  const before = memberAt(state, user)
    ?? { gen: 0, edPub: ZEROS, role: 0, active: false, admitted: -1, admittedDir: 0 };
  return {
    members: [[user, { ...before, from: entry.seq, role: 0, active: false, banned }]],
    active: state.active - (before.active ? 1 : 0),
    owners: state.owners - (before.role === OWNER ? 1 : 0),
  };
}

/** @param {Body & Policy} body */
const policyOf = ({ join, add, history, rotMsgs, rotSecs, name }) => ({ join, add, history, rotMsgs, rotSecs, name });

/** @type {Readonly<Record<number, (at: Case, body: any) => Effect>>} */
const RULES = {
  /** @param {import('./entry.js').Create} body */
  [TYPE.create](at, body) {
    const { actor: userId, actorGen: gen, dirSeq } = at.entry;
    allow(at.state.seq === -1 && at.directory.vouches(dirSeq, { userId, gen, edPub: body.edPub }));
    const effect = admission(at, userId, { gen, edPub: body.edPub, role: OWNER });
    return { ...effect, kind: body.kind, policy: policyOf(body), owners: 1 };
  },

  /** @param {import('./entry.js').Add} body */
  [TYPE.add](at, body) {
    const { state, entry, actor, directory } = at;
    allow((actor?.role ?? 0) >= MODERATOR || state.policy?.add === 1);
    allow(!memberAt(state, body.user)?.active);
    allow(directory.vouches(entry.dirSeq, { userId: body.user, gen: body.gen, edPub: body.edPub }));
    return admission(at, body.user, body);
  },

  /** @param {import('./entry.js').Join} body */
  [TYPE.join](at, body) {
    const { state, entry, directory } = at;
    const own = memberAt(state, entry.actor);
    allow(state.policy?.join === 1 && !own?.active && !own?.banned && body.gen === entry.actorGen);
    allow(directory.vouches(entry.dirSeq, { userId: entry.actor, gen: body.gen, edPub: body.edPub }));
    return admission(at, entry.actor, body);
  },

  /** @param {import('./entry.js').Remove} body */
  [TYPE.remove](at, body) {
    const target = memberAt(at.state, body.user);
    const role = at.actor?.role ?? 0;
    allow(body.user !== at.entry.actor && role >= MODERATOR);
    allow(target?.role !== OWNER || role === OWNER);
    allow(target?.active || (body.ban === 1 && !target?.banned));
    return departure(at, body.user, body.ban === 1);
  },

  [TYPE.leave](at) {
    allow(at.actor?.role !== OWNER || at.state.owners > 1);
    return departure(at, at.entry.actor, false);
  },

  /** @param {import('./entry.js').RoleChange} body */
  [TYPE.role](at, body) {
    const target = memberAt(at.state, body.user);
    allow(at.actor?.role === OWNER && target?.active);
    const owners = at.state.owners + Number(body.role === OWNER) - Number(target?.role === OWNER);
    allow(owners > 0);
    const member = { .../** @type {Member} */ (target), from: at.entry.seq, role: body.role };
    return { members: [[body.user, member]], owners };
  },

  /** @param {import('./entry.js').PolicyChange} body */
  [TYPE.policy](at, body) {
    allow(at.actor?.role === OWNER);
    const direct = at.state.kind === 1;
    allow(direct ? body.join === 0 && body.add === 0 && body.name === '' : body.name !== '');
    return { policy: policyOf(body) };
  },

  /** @param {EpochStart} body */
  [TYPE.epoch](at, body) {
    const { state, entry, entryHash } = at;
    allow(body.epoch === (state.epoch?.epoch ?? 0) + 1);
    allow(equal(body.prevEpochHash, state.epoch?.hash ?? ZEROS) && body.history === state.policy?.history);
    allow(body.readers.some(({ user }) => user === entry.actor));
    for (const listed of body.readers) allow(mayRead(at, listed));
    const { epoch, esCommit, history, reason, readers } = body;
    return { epoch: { epoch, hash: entryHash, logSeq: entry.seq, history, reason, ts: entry.ts, readers, esCommit } };
  },
};

/**
 * @param {Case} at
 * @param {Listed} listed
 */
function mayRead({ state, entry, directory }, { user, gen, kem }) {
  const member = activeAt(state, user, gen);
  if (!member) return false;
  if (directory.isErased(user, entry.dirSeq)) return true;
  const latest = directory.latest(user, entry.dirSeq)?.statement;
  return latest !== undefined && latest.gen === gen && latest.kem === kem && equal(latest.edPub, member.edPub)
    && !isClosed(latest);
}

/**
 * A room for two: the other is added at once, and then only the rules of rotation and the key may change.
 * @param {State} state
 * @param {Entry} entry
 */
function fitsKind(state, { seq, actor, body }) {
  if (state.seq === -1) return body.type === TYPE.create;
  if (state.kind !== 1) return true;
  if (seq === 1) return body.type === TYPE.add && body.user !== actor;
  return body.type === TYPE.policy || body.type === TYPE.epoch;
}

/** @param {Body} body */
const keyIn = (body) => (body.type === 1 || body.type === 2 || body.type === 3 ? body.edPub : null);

/**
 * The state after an entry. Refuses the entry, or gives a new state; the given one stays what it was.
 * @param {State} state
 * @param {Bytes} bytes
 * @param {Bytes} signature
 * @param {Directory} directory
 * @returns {Promise<State>}
 */
export async function apply(state, bytes, signature, directory) {
  const entry = parseEntry(bytes);
  const { body } = entry;
  insist(equal(entry.instance, state.instance) && entry.room === state.room, 'wrong_room');
  insist(entry.seq === state.seq + 1 && equal(entry.prev, state.head), 'log_conflict');
  const byItself = body.type === TYPE.create || body.type === TYPE.join;
  const actor = activeAt(state, entry.actor, entry.actorGen);
  insist(byItself || actor, 'not_member');
  const carried = keyIn(body);
  insist(!carried || acceptsEd25519(carried), 'weak_key');
  const signer = await state.journal.verifier((byItself ? carried : actor?.edPub) ?? ZEROS);
  insist(await verifyWith(signer, bytes, signature), 'bad_signature');
  insist(directory.agrees(entry.dirSeq, entry.dirHead) && entry.dirSeq >= state.dirSeq, 'bad_directory');
  const entryHash = await hash(bytes);
  const effect = findEffect({ state, entry, entryHash, directory, actor });
  insist((effect.active ?? 0) <= MOST_MEMBERS, 'room_full');
  return commit(state, entry, entryHash, effect);
}

/** @param {Case} at */
function findEffect(at) {
  const { body } = at.entry;
  allow(fitsKind(at.state, at.entry));
  const rule = /** @type {(at: Case, body: Body) => Effect} */ (RULES[body.type]);
  return rule(at, body);
}

/**
 * @param {State} state
 * @param {Entry} entry
 * @param {Bytes} entryHash
 * @param {Effect} effect
 * @returns {State}
 */
function commit(state, entry, entryHash, effect) {
  // Only the newest state of a log may go on in the same journal.
  const isNewest = state.journal.events.length === state.seq + 1;
  const journal = isNewest ? state.journal : state.journal.upTo(state.seq);
  journal.events.push({ type: entry.body.type, changedIdentity: effect.changedIdentity ?? false });
  journal.seqOf.set(toHex(entryHash), entry.seq);
  if (effect.epoch) journal.epochs.push(effect.epoch);
  for (const [user, member] of effect.members ?? []) {
    const all = journal.members.get(user);
    if (all) all.push(member);
    else journal.members.set(user, [member]);
  }
  return {
    ...state, seq: entry.seq, head: entryHash, dirSeq: entry.dirSeq, journal,
    kind: effect.kind ?? state.kind, policy: effect.policy ?? state.policy, epoch: effect.epoch ?? state.epoch,
    active: effect.active ?? state.active, owners: effect.owners ?? state.owners,
  };
}

/**
 * @param {State} state
 * @param {Iterable<{ e: Bytes, s: Bytes }>} entries
 * @param {Directory} directory
 */
export async function applyAll(state, entries, directory) {
  let current = state;
  for (const { e, s } of entries) current = await apply(current, e, s, directory);
  return current;
}

/**
 * When a user was active, as intervals over entries: a new one begins with every change of keys or role.
 * @param {State} state
 * @param {number} user
 */
export function spans(state, user) {
  const all = (state.journal.members.get(user) ?? []).filter(({ from }) => from <= state.seq);
  return all.map(({ from, gen, edPub, role, active }, i) => ({
    from, until: all[i + 1]?.from ?? Infinity, gen, edPub, role, active,
  })).filter(({ active }) => active);
}

/** @param {Epoch | null} epoch */
function summarizeEpoch(epoch) {
  if (!epoch) return null;
  const { epoch: number, hash: own, esCommit, history, reason, ts, logSeq, readers } = epoch;
  return {
    epoch: number, hash: toHex(own), es_commit: toHex(esCommit), history, reason, ts, log_seq: logSeq,
    readers: readers.map(({ user, gen, kem }) => ({ user, gen, kem })),
  };
}

/**
 * The state in a form in which implementations compare it.
 * @param {State} state
 */
export function summarize(state) {
  const { join = 0, add = 0, history = 0, rotMsgs = 0, rotSecs = 0, name = '' } = state.policy ?? {};
  return {
    log_seq: state.seq, head: toHex(state.head), kind: state.kind, join, add, history, rot_msgs: rotMsgs,
    rot_secs: rotSecs, name,
    members: allMembers(state).map(([user, { gen, edPub, role, active, banned }]) => (
      { user, gen, ed_pub: toHex(edPub), role, active, banned }
    )),
    epoch: summarizeEpoch(state.epoch),
  };
}
