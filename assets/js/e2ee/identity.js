import { fromUtf8, isZero, Reader, SUITE, Writer } from './codec.js';
import { insist } from './errors.js';
import { acceptsX25519, acceptsEd25519, sign, verify } from './keys.js';
import { equal, hash } from './primitives.js';

/**
 * What a user says of their own keys, signed with the key it names.
 * @typedef {import('./codec.js').Bytes} Bytes
 * @typedef {{ suite: number, instance: Bytes, userId: number, usr: string, gen: number, kem: number, edPub: Bytes,
 *   xPub: Bytes, prev: Bytes, flags: number, ts: number }} Statement
 * @typedef {{ statement: Statement, hash: Bytes }} Known a statement that was checked
 */

const usrForm = /^[a-z0-9_]{3,50}$/;
export const CLOSED = 1;

/** @param {Pick<Statement, 'flags'>} statement */
export const isClosed = ({ flags }) => flags === CLOSED;

/**
 * @param {Bytes} bytes
 * @returns {Statement}
 */
export function parseStatement(bytes) {
  const from = new Reader(bytes);
  const statement = {
    suite: from.begin('identity'),
    instance: from.raw(16),
    userId: from.u64(),
    usr: fromUtf8(from.lp(50), 'malformed'),
    gen: from.ordinal(),
    kem: from.ordinal(),
    edPub: from.raw(32),
    xPub: from.raw(32),
    prev: from.raw(32),
    flags: from.oneOf(0, CLOSED),
    ts: from.u64(),
  };
  from.end();
  insist(usrForm.test(statement.usr), 'malformed', 'name');
  return statement;
}

/** @param {Omit<Statement, 'suite'>} statement */
export function encodeStatement({ instance, userId, usr, gen, kem, edPub, xPub, prev, flags, ts }) {
  return new Writer('identity').u16(SUITE).fixed(instance, 16).u64(userId).text(usr).u32(gen).u32(kem)
    .fixed(edPub, 32).fixed(xPub, 32).fixed(prev, 32).u8(flags).u64(ts).done();
}

/**
 * What an own key signs to show that it is the one that was published.
 * @param {Bytes} challenge
 */
export const selfCheckText = (challenge) => new Writer('self-check').fixed(challenge, 32).done();

/** @param {Bytes} statementHash */
const continuation = (statementHash) => new Writer('identity-cont').raw(statementHash).done();

/** @param {Statement} next */
function isFirst({ gen, kem, prev, flags }) {
  return gen === 1 && kem === 1 && isZero(prev) && flags === 0;
}

/**
 * Exactly one of: another encryption key, a new identity, or the end of the account.
 * @param {Statement} next
 * @param {Known} previous
 */
function follows(next, { statement: last, hash: lastHash }) {
  if (next.userId !== last.userId || next.usr !== last.usr || !equal(next.prev, lastHash) || isClosed(last)) {
    return false;
  }
  const sameEd = equal(next.edPub, last.edPub);
  const sameX = equal(next.xPub, last.xPub);
  const sameGen = next.gen === last.gen;
  if (isClosed(next)) return sameGen && next.kem === last.kem && sameEd && sameX;
  const rotates = sameGen && sameEd;
  const resets = next.gen === last.gen + 1 && !sameEd;
  return next.kem === last.kem + 1 && !sameX && (rotates || resets);
}

/**
 * @param {{ instance: Bytes, t: Bytes, s: Bytes, ps?: Bytes | null }} signed
 * @param {Known | null} previous the user's latest statement
 * @returns {Promise<Known>}
 */
export async function checkStatement({ instance, t, s, ps = null }, previous) {
  const statement = parseStatement(t);
  insist(equal(statement.instance, instance), 'malformed', 'another instance');
  insist(acceptsEd25519(statement.edPub) && acceptsX25519(statement.xPub), 'weak_key');
  insist(previous ? follows(statement, previous) : isFirst(statement), 'identity_conflict');
  insist(await verify(statement.edPub, t, s), 'bad_signature');
  const ownHash = await hash(t);
  if (ps) {
    const continues = previous && statement.gen === previous.statement.gen + 1
      && await verify(previous.statement.edPub, continuation(ownHash), ps);
    insist(continues, 'bad_signature', 'not confirmed by the old key');
  }
  return { statement, hash: ownHash };
}

/**
 * @param {Bytes} t
 * @param {CryptoKey} key
 * @param {CryptoKey | null} [previousKey] of the generation before, if it is still there
 */
export async function signStatement(t, key, previousKey = null) {
  const s = await sign(key, t);
  const ps = previousKey ? await sign(previousKey, continuation(await hash(t))) : null;
  return { s, ps };
}
