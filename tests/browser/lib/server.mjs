import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A server of one's own, with its data in a folder that is thrown away. */
export class Server {
  /** @param {Record<string, string>} environment what it is told beside what scenarios have in common */
  static async start(environment = {}) {
    const server = new Server();
    server.environment = environment;
    server.folder = mkdtempSync(join(tmpdir(), 'secure-chat-'));
    const made = execFileSync(process.env.SECURE_CHAT, ['--data-dir', server.folder, 'init', '--json']);
    server.admin = JSON.parse(made.toString());
    await server.run(0);
    return server;
  }

  /** @param {number} port */
  async run(port) {
    const environment = {
      ...process.env, RATE_LIMIT_REGISTRATIONS: '1000', RATE_LIMIT_MESSAGES: '100000', ...this.environment,
    };
    const args = ['--data-dir', this.folder, 'serve', '--port', String(port)];
    const log = this.environment.LOG ? openSync(this.logFile, 'a') : 'inherit';
    this.process = spawn(process.env.SECURE_CHAT, args, { env: environment, stdio: ['ignore', 'pipe', log] });
    for await (const line of createInterface({ input: this.process.stdout })) {
      const match = /^listening on (http:\/\/.*:(\d+))$/.exec(line);
      if (!match) continue;
      [, this.address] = match;
      this.port = Number(match[2]);
      return;
    }
    throw new Error('the server ended instead of listening');
  }

  get logFile() {
    return `${this.folder}.log`;
  }

  /** What a server has logged that was told to log. */
  log() {
    return readFileSync(this.logFile);
  }

  /** Asks it to end, and waits until it has written everything down. */
  async stop() {
    const ended = new Promise((resolve) => { this.process.once('exit', resolve); });
    this.process.kill('SIGTERM');
    await ended;
  }

  /** What a command of the program says, next to the server that runs. */
  command(...args) {
    const env = { ...process.env, WEBSOCKET_PORT: String(this.port) };
    return execFileSync(process.env.SECURE_CHAT, ['--data-dir', this.folder, ...args], { env }).toString();
  }

  /** Ends it as a power cut would, for the process. */
  async kill() {
    const ended = new Promise((resolve) => { this.process.once('exit', resolve); });
    this.process.kill('SIGKILL');
    await ended;
  }

  /** Starts it again on the same port, with the same data. */
  async restart() {
    await this.run(this.port);
  }

  /** A bot that signs up and talks by REST. */
  async bot(username) {
    const post = async (path, body, token) => {
      const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
      const answer = await fetch(this.address + path, { method: 'POST', headers, body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    };
    const password = 'correct horse battery';
    const { token } = await post('/register', { username, password, confirm_password: password, session: 'bearer' });
    return { say: (content, more = {}) => post('/api/send-message', { content, message_type: 'text', ...more }, token) };
  }

  /** All messages that are stored, as an administrator reads them. */
  async stored() {
    const body = JSON.stringify({ ...this.admin, session: 'bearer' });
    const headers = { 'content-type': 'application/json' };
    const signedIn = await (await fetch(`${this.address}/login`, { method: 'POST', headers, body })).json();
    const bearer = { authorization: `Bearer ${signedIn.token}` };
    const page = await (await fetch(`${this.address}/api/messages?limit=100`, { headers: bearer })).json();
    return page.messages.map((message) => message.content);
  }

  /** Waits until so many connections are open. */
  async connections(expected) {
    const deadline = Date.now() + 15_000;
    for (;;) {
      const text = await (await fetch(`${this.address}/metrics`)).text();
      const open = Number(/^secure_chat_websocket_connections (\d+)/m.exec(text)?.[1]);
      if (open === expected) return;
      if (Date.now() > deadline) throw new Error(`${open} connections are open, not ${expected}`);
    }
  }

  async end() {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.kill();
    for (const path of [this.folder, this.logFile]) rmSync(path, { recursive: true, force: true });
  }
}
