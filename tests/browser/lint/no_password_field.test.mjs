// No code of the browser client sends a password, but the one way into accounts that have no keys. Read from the syntax,
// so that neither a comment nor another spelling hides it.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

import ts from 'typescript';

const FOLDER = new URL('../../../assets/js/', import.meta.url);
const SECRET = /passw|passphrase/i;
/** What hands something to the server. */
const SENDS = new Set(['post', 'put', 'patch', 'get', 'remove', 'send', 'fetch', 'sendBeacon', 'append', 'set']);
/** What the Worker, which has the password, must not know. */
const NETWORK = new Set(['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'sendBeacon', 'importScripts', 'caches']);
/** What keeps something in the browser, and the one file that does so for the Worker. */
const KEEPS = { name: 'indexedDB', file: 'e2ee/kept.js' };
/** The one place, and what it says there. */
const KEYLESS = { file: 'platform/account.js', method: 'signInKeyless', path: '/login' };

/** @param {ts.Node | undefined} name the name of a property, if it is written down */
const written = (name) => {
  if (!name) return '';
  if (ts.isComputedPropertyName(name)) return written(name.expression);
  return ts.isIdentifier(name) || ts.isStringLiteralLike(name) ? name.text : '';
};

/** @param {ts.CallExpression} call */
const called = (call) => (ts.isPropertyAccessExpression(call.expression) ? call.expression.name.text
  : ts.isElementAccessExpression(call.expression) ? written(call.expression.argumentExpression) : written(call.expression));

/** The calls that this is in the arguments of, the innermost first; a function in between is another story. */
function callsAround(node) {
  const calls = [];
  for (let at = node; at.parent && !ts.isFunctionLike(at.parent); at = at.parent) {
    if (ts.isCallExpression(at.parent) && at.parent.expression !== at) calls.push(at.parent);
  }
  return calls;
}

/** Whether this call leads to the keys: to the Worker, and in it to what derives a key. */
const leadsToKeys = (call, file) => called(call) === 'ask' || (file.startsWith('e2ee/')
  && (called(call) === 'lockByPassword' || call.expression.getText().startsWith('custody.')));

function isKeylessSignIn(node, file) {
  const [call] = callsAround(node);
  if (file !== KEYLESS.file || !call || written(call.arguments[0]) !== KEYLESS.path) return false;
  for (let at = node; at; at = at.parent) if (ts.isMethodDeclaration(at)) return written(at.name) === KEYLESS.method;
  return false;
}

/** A text that the code itself has is nobody's password; neither is a function. */
const isConstant = (node) => ts.isPropertyAssignment(node) && (ts.isStringLiteralLike(node.initializer) || ts.isFunctionLike(node.initializer));

/** Why this may send a password, or null. */
function fault(node, file) {
  const isField = (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) && SECRET.test(written(node.name));
  if (isField && !isConstant(node)) {
    const [call] = callsAround(node);
    return call && leadsToKeys(call, file) ? null : 'a field of an object that does not go to the keeper';
  }
  if (ts.isPropertyAssignment(node) && written(node.name) === 'name' && SECRET.test(written(node.initializer))) return 'a field of a form';
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
    const { left } = node;
    const name = ts.isPropertyAccessExpression(left) ? left.name.text
      : ts.isElementAccessExpression(left) ? written(left.argumentExpression) : '';
    if (SECRET.test(name)) return 'a field that is added to an object';
  }
  if (ts.isCallExpression(node) && ['append', 'set'].includes(called(node)) && SECRET.test(written(node.arguments[0]))) return 'a field of a form';
  if (ts.isIdentifier(node) && SECRET.test(node.text) && callsAround(node).some((call) => SENDS.has(called(call)))) return 'an argument of what sends';
  if (file.startsWith('e2ee/') && ts.isIdentifier(node) && NETWORK.has(node.text)) return 'a network in the Worker';
  if (file.startsWith('e2ee/') && file !== KEEPS.file && ts.isIdentifier(node) && node.text === KEEPS.name) return 'a store in the Worker';
  return null;
}

/**
 * Every line that may send a password.
 * @param {string} file
 * @param {string} text
 */
function faults(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const found = [];
  const kept = [];
  const visit = (node) => {
    const why = fault(node, file);
    if (why) {
      const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
      (isKeylessSignIn(node, file) ? kept : found).push(`${file}:${line}: ${node.getText()}: ${why}`);
    }
    node.forEachChild(visit);
  };
  visit(source);
  return { found, kept };
}

test('no_password_field: one place alone sends a password, and it is the one for accounts without keys', () => {
  const files = readdirSync(FOLDER, { recursive: true }).filter((name) => name.endsWith('.js'));
  assert.ok(files.length > 80, `${files.length} files`);
  const all = files.map((file) => faults(file, readFileSync(new URL(file, FOLDER), 'utf8')));
  assert.deepEqual(all.flatMap(({ found }) => found), []);
  assert.equal(new Set(all.flatMap(({ kept }) => kept.map((place) => place.split(' ')[0]))).size, 1);
});

test('no_password_field finds what is planted', () => {
  for (const [file, text] of [
    ['core/session.js', "http.post('/api/auth/login', { username, password });"],
    ['core/session.js', "http.post('/api/auth/login', { username, 'password': given });"],
    ['core/session.js', "http.post('/api/auth/login', { username, ['pass' + 'word']: password });"],
    ['core/session.js', "http.post('/api/auth/login', { username, secret: password });"],
    ['core/session.js', 'const body = { confirm_password: again.value }; await http.put(path, body);'],
    ['core/session.js', "const body = {}; body['password'] = typed;"],
    ['core/session.js', 'body.password = typed;'],
    ['core/session.js', "form.append('password', typed);"],
    ['core/session.js', "h('input', { name: 'password' });"],
    ['core/session.js', 'socket.send(JSON.stringify([username, password]));'],
    ['core/session.js', "http.post('/login', { username, password });"],
    ['platform/account.js', "const x = { async signIn(username, password) { await http.post('/login', { username, password }); } };"],
    ['platform/account.js', "const x = { async signInKeyless(username, password) { await http.post('/elsewhere', { password }); } };"],
    ['e2ee/custody.js', 'await fetch(address);'],
    ['e2ee/custody.js', "indexedDB.open('x');"],
    ['e2ee/account_operations.js', 'return { auth_key: key, password };'],
  ]) assert.notDeepEqual(faults(file, text).found, [], text);
  for (const text of [
    "// http.post('/login', { username, password });",
    "/* body.password = typed; */ const help = 'http.post({ password })';",
    "await keeper.ask('prove', { ...how, username, password });",
    "http.post('/api/auth/password', { old_auth_key: authKey, ...body });",
    "const words = { password: 'Password' }; field(words.password, 'password', { autocomplete: 'current-password' });",
  ]) assert.deepEqual(faults('core/session.js', text).found, [], text);
});
