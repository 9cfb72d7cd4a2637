/**
 * The words that everything speaks in. There is no code here.
 *
 * @typedef {{ id: number, username: string, is_admin: boolean }} Person
 * @typedef {Person & { hasKeys?: boolean }} Me whose password never leaves the browser, if the account has keys
 * @typedef {'member' | 'moderator' | 'owner'} Role
 * @typedef {{
 *   id: number, name: string, mode: 'server' | 'e2ee', kind: 'group' | 'direct' | 'announcements', peer?: Person | null,
 *   lobby: boolean, join: 'open' | 'invite', topic: string | null, slow_mode: number, read_only: boolean, role: Role | null,
 *   last_seq: number, read_seq: number | null, members?: number | null,
 * }} Room
 * @typedef {Person & { role: Role }} Member
 * @typedef {{ id: number, name: string, scopes: ('read' | 'write' | 'rooms')[], last_used_at: string }} ProgramKey
 * @typedef {{
 *   id: number, current: boolean, created_at: string, last_used_at: string, address: string, agent: string,
 * }} SignIn
 * @typedef {{
 *   id: number, room_id: number, seq: number, user_id: number, username: string, content: string | null,
 *   message_type: string, created_at: string, client_id?: string, reply_to?: number, edited_at?: string,
 *   reactions?: readonly Reaction[], deleted?: { by: string },
 * }} Message
 * @typedef {{ emoji: string, user_ids: readonly number[] }} Reaction
 * @typedef {{ type: string } & Record<string, any>} Frame
 * @typedef {{
 *   status: number, code: string, message: string, retry_after?: number, reason?: string,
 *   fields?: { field: string, message: string }[], version?: number, blob?: string,
 * }} Problem
 *
 * @typedef {{ now(): number, after(delay: number, act: () => void): () => void }} Clock
 * @typedef {{
 *   read(key: string): string | null, write(key: string, value: string): void, remove(key: string): void,
 *   keys(prefix: string): string[],
 * }} Storage
 * @typedef {{
 *   get(path: string): Promise<any>, post(path: string, body: object): Promise<any>,
 *   put(path: string, body: object): Promise<any>, patch(path: string, body: object): Promise<any>,
 *   remove(path: string): Promise<any>, forget(): void,
 * }} Http
 * @typedef {{ open(): void, message(text: string): void, close(code: number): void }} SocketHandlers
 * @typedef {{ send(text: string): void, close(): void }} Socket
 * @typedef {{ user: Person, app_name: string, has_keys: boolean }} SessionAnswer
 * @typedef {{
 *   current(): Promise<SessionAnswer>,
 *   house(): Promise<{ app_name: string, registration: 'open' | 'closed', signed_in: boolean }>,
 *   signIn(username: string, password: string, stay: boolean):
 *     Promise<{ user: Person, code: string | null, isDerivationNew: boolean }>,
 *   signInKeyless(username: string, password: string): Promise<void>,
 *   signUp(username: string, password: string, stay: boolean): Promise<{ user: Person, code: string }>,
 *   recover(username: string, code: string, password: string, stay: boolean): Promise<{ user: Person, code: string }>,
 *   startOver(token: string, password: string, stay: boolean): Promise<{ user: Person, code: string }>,
 *   canResume(user: Person): boolean,
 *   resume(user: Person): Promise<boolean>,
 *   reopen(user: Person): Promise<boolean>,
 *   unlock(user: Person, password: string, stay: boolean): Promise<void>,
 *   lock(user: Person): Promise<void>,
 *   release(): Promise<void>,
 *   sync(): Promise<void>,
 *   heard(frame: Frame): Promise<void>,
 *   changeCode(user: Person, password: string): Promise<string>,
 *   changePassword(user: Person, old: string, password: string): Promise<void>,
 *   rotate(user: Person, password: string): Promise<void>,
 *   renew(user: Person, old: string, password: string): Promise<{ user: Person, code: string }>,
 *   forgetServer(): Promise<void>,
 *   signOut(): Promise<void>,
 * }} Account
 *
 * What tells of messages while nobody looks at the page. `unsupported` where the browser has nothing of the kind.
 * @typedef {{
 *   permission(): 'default' | 'granted' | 'denied' | 'unsupported', ask(): Promise<string>, isLooking(): boolean,
 *   show(alert: { title: string, body: string, tag: string, pressed: () => void }): void,
 * }} Notifier
 *
 * @typedef {{ isNewer(): boolean, watch(tell: () => void): () => void, renew(): void }} Shell the page itself, and whether
 *   there is a newer one
 *
 * What the core needs of the browser; under Node it is given something else.
 * @typedef {{
 *   clock: Clock, storage: Storage, http: Http, account: Account, chance(): number, randomId(): string,
 *   notifier: Notifier, shell: Shell, openSocket(handlers: SocketHandlers): Socket,
 * }} Platform
 */

export const TYPES = true;
