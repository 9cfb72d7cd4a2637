import { fromB64u, toB64u, utf8 } from './codec.js';
import { insist } from './errors.js';
import { isClosed } from './identity.js';
import { OddNumber, parseStrict } from './strict_json.js';

/**
 * What an account remembers of a server from one browser to the next, so that no browser has to believe it anew.
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {import('./directory.js').Directory} Directory
 * @typedef {import('./strict_json.js').Json} Json
 * @typedef {{ u: string, g: number, ed: string, t: number, ok: boolean }} Pin somebody's name, generation and signing
 *   key as they were first seen, when that was, and whether the two have compared their numbers
 * @typedef {{ mode: 'e2ee' | 'server', genesis: string, seq: number, head: string, epoch: number }} RoomPin
 * @typedef {{ inst: { id: string, key: string }, dir: [number, string], own: readonly string[],
 *   pins: ReadonlyMap<number, Pin>, rooms: ReadonlyMap<number, RoomPin>, settings: ReadonlyMap<string, Json>,
 *   more: ReadonlyMap<string, Json> }} AccountState `own`: hashes of the account's own statements, in their order;
 *   `more`: what a newer client has put there, kept as it is
 */

const VERSION = 1;
const MOST_BYTES = 1 << 20;
const REFUSED = 'bad_state';
const MEMBERS = ['v', 'inst', 'dir', 'own', 'pins', 'rooms', 'settings'];
/** The directory before its first record. */
export const BEFORE_ALL = -1;

/** @param {unknown} value */
const count = (value, least = 0) => {
  insist(typeof value === 'number' && value >= least, REFUSED, 'number');
  return value;
};

/** @param {unknown} value */
const text = (value) => {
  insist(typeof value === 'string', REFUSED, 'text');
  return value;
};

/**
 * @param {unknown} value
 * @param {number} size
 */
const bytes = (value, size) => toB64u(fromB64u(value, { code: REFUSED, size }));

/**
 * @param {unknown} value
 * @returns {import('./strict_json.js').JsonObject}
 */
const members = (value) => {
  insist(value instanceof Map, REFUSED, 'object');
  return value;
};

/**
 * @param {unknown} value
 * @returns {readonly Json[]}
 */
const items = (value) => {
  insist(Array.isArray(value), REFUSED, 'list');
  return value;
};

/**
 * An object whose members are called by ids.
 * @template T
 * @param {unknown} value
 * @param {(one: import('./strict_json.js').JsonObject) => T} parse
 * @returns {Map<number, T>}
 */
function byId(value, parse) {
  return new Map([...members(value)].map(([name, one]) => {
    const id = Number(name);
    insist(/^[1-9][0-9]*$/.test(name) && Number.isSafeInteger(id), REFUSED, 'id');
    return [id, parse(members(one))];
  }));
}

/**
 * @param {import('./strict_json.js').JsonObject} pin
 * @returns {Pin}
 */
function parsePin(pin) {
  const ok = pin.get('ok');
  insist(typeof ok === 'boolean', REFUSED, 'ok');
  return { u: text(pin.get('u')), g: count(pin.get('g'), 1), ed: bytes(pin.get('ed'), 32), t: count(pin.get('t')), ok };
}

/**
 * @param {import('./strict_json.js').JsonObject} pin
 * @returns {RoomPin}
 */
function parseRoomPin(pin) {
  const mode = pin.get('mode');
  insist(mode === 'e2ee' || mode === 'server', REFUSED, 'mode');
  return {
    mode, genesis: bytes(pin.get('genesis'), 32), seq: count(pin.get('seq')), head: bytes(pin.get('head'), 32),
    epoch: count(pin.get('epoch')),
  };
}

/**
 * @param {unknown} value
 * @returns {[number, string]}
 */
function parseHead(value) {
  const [at, head] = items(value);
  insist(at instanceof OddNumber ? at.text === String(BEFORE_ALL) : typeof at === 'number', REFUSED, 'place');
  return [at instanceof OddNumber ? BEFORE_ALL : count(at), bytes(head, 32)];
}

/**
 * @param {Bytes} plaintext
 * @returns {AccountState}
 */
export function parseState(plaintext) {
  const state = members(parseStrict(plaintext, REFUSED));
  insist(state.get('v') === VERSION, REFUSED, 'version');
  const inst = members(state.get('inst'));
  return {
    inst: { id: bytes(inst.get('id'), 16), key: bytes(inst.get('key'), 32) },
    dir: parseHead(state.get('dir')),
    own: items(state.get('own')).map((hash) => bytes(hash, 32)),
    pins: byId(state.get('pins'), parsePin),
    rooms: byId(state.get('rooms'), parseRoomPin),
    settings: members(state.get('settings')),
    more: new Map([...state].filter(([name]) => !MEMBERS.includes(name))),
  };
}

/**
 * @param {AccountState} state
 * @returns {Bytes}
 */
export function renderState({ inst, dir, own, pins, rooms, settings, more }) {
  const known = Object.entries({ v: VERSION, inst, dir, own, pins, rooms, settings });
  const rendered = utf8(toJson(new Map(/** @type {[string, any][]} */ ([...known, ...more]))));
  insist(rendered.length <= MOST_BYTES, 'too_large');
  return rendered;
}

/**
 * @param {any} value
 * @returns {string}
 */
function toJson(value) {
  if (value instanceof OddNumber) return value.text;
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`;
  if (value instanceof Map) return `{${inOrder(value).join(',')}}`;
  return JSON.stringify(value);
}

/**
 * In one order, so that equal states are equal texts.
 * @param {ReadonlyMap<string | number, any>} map
 */
const inOrder = (map) => [...map].map(([name, one]) => `${JSON.stringify(String(name))}:${toJson(one)}`).sort();

/**
 * What an account remembers that has not remembered anything yet.
 * @param {{ id: string, key: string }} inst
 * @returns {AccountState}
 */
export const emptyState = (inst) => ({
  inst, dir: [BEFORE_ALL, toB64u(new Uint8Array(32))], own: [], pins: new Map(), rooms: new Map(), settings: new Map(),
  more: new Map(),
});

/**
 * What two browsers of one account remember, as one. Of what was seen first nothing is overwritten; of two places in a
 * log the later one stays. Each has to be checked against the directory before: see `checkState`.
 * @param {AccountState} mine
 * @param {AccountState} theirs
 * @returns {AccountState}
 */
export function mergeStates(mine, theirs) {
  insist(mine.inst.id === theirs.inst.id && mine.inst.key === theirs.inst.key, 'instance_changed');
  return {
    inst: mine.inst,
    dir: mine.dir[0] >= theirs.dir[0] ? mine.dir : theirs.dir,
    own: [...new Set([...theirs.own, ...mine.own])],
    pins: mergeMaps(mine.pins, theirs.pins, earlierPin),
    rooms: mergeMaps(mine.rooms, theirs.rooms, laterRoom),
    settings: new Map([...theirs.settings, ...mine.settings]),
    more: new Map([...mine.more, ...theirs.more]),
  };
}

/**
 * @template T
 * @param {ReadonlyMap<number, T>} mine
 * @param {ReadonlyMap<number, T>} theirs
 * @param {(mine: T, theirs: T) => T} choose
 */
function mergeMaps(mine, theirs, choose) {
  const merged = new Map(mine);
  for (const [id, other] of theirs) {
    const own = mine.get(id);
    merged.set(id, own ? choose(own, other) : other);
  }
  return merged;
}

/**
 * @param {Pin} mine
 * @param {Pin} theirs
 * @returns {Pin}
 */
function earlierPin(mine, theirs) {
  const [first, second] = mine.t <= theirs.t ? [mine, theirs] : [theirs, mine];
  const isSame = first.g === second.g && first.ed === second.ed;
  return isSame ? { ...first, ok: first.ok || second.ok } : first;
}

/**
 * @param {RoomPin} mine
 * @param {RoomPin} theirs
 * @returns {RoomPin}
 */
function laterRoom(mine, theirs) {
  insist(mine.mode === theirs.mode && mine.genesis === theirs.genesis, 'room_log_fork');
  return mine.seq >= theirs.seq ? mine : theirs;
}

/**
 * Whether the server shows what it showed when this was remembered: the same installation, a directory that goes on from
 * the same head, and of this account no statement that was not made by its owner.
 * @param {AccountState} state
 * @param {Directory} directory read to its end
 * @param {{ key: string, userId: number }} now the installation's key as the server names it
 */
export function checkState({ inst, dir: [at, head], own }, directory, { key, userId }) {
  insist(inst.id === toB64u(directory.instance) && inst.key === key, 'instance_changed');
  insist(at <= directory.newest, 'directory_fork', 'ends before what was seen');
  directory.checkPin(at, fromB64u(head));
  const said = directory.knownOf(userId).map(({ hash }) => toB64u(hash));
  insist(said.every((hash) => own.includes(hash)), 'foreign_identity');
}

/**
 * Remembers keys of people that were not known before. Who is known stays as they were first seen.
 * @param {AccountState} state
 * @param {Directory} directory
 * @param {readonly number[]} users
 * @param {number} now
 * @returns {AccountState} the same one if there was nothing new
 */
export function pinUsers(state, directory, users, now) {
  const pins = new Map(state.pins);
  for (const id of users) {
    const latest = directory.latest(id)?.statement;
    if (!latest || pins.has(id) || isClosed(latest)) continue;
    pins.set(id, { u: latest.usr, g: latest.gen, ed: toB64u(latest.edPub), t: now, ok: false });
  }
  return pins.size === state.pins.size ? state : { ...state, pins };
}

/**
 * @param {AccountState} state
 * @param {readonly Bytes[]} hashes of statements that the owner makes, or takes for theirs
 * @returns {AccountState} the same one if all were known
 */
export function addOwn(state, hashes) {
  const own = [...new Set([...state.own, ...hashes.map(toB64u)])];
  return own.length === state.own.length ? state : { ...state, own };
}

/**
 * @param {AccountState} state
 * @param {Directory} directory
 * @returns {AccountState}
 */
export const withHead = (state, directory) => (
  directory.newest === BEFORE_ALL ? state
    : { ...state, dir: [directory.newest, toB64u(directory.heads[directory.newest] ?? new Uint8Array(32))] }
);
