/** @typedef {import('./types.js').Http} Http */
/** @typedef {import('./types.js').Room} Room */
/** @typedef {import('./types.js').Person} Person */
/** @typedef {import('./types.js').Member} Member */

const RANK = { member: 0, moderator: 1, owner: 2 };

/**
 * What one does with rooms and who is in them. Each refusal is thrown as it comes.
 * @param {Http} http
 * @param {ReturnType<typeof import('./rooms.js').createRooms>} rooms
 */
export function createMembership(http, rooms) {
  return {
    /**
     * @param {{ name: string, join: 'open' | 'invite' }} wish
     * @returns {Promise<Room>}
     */
    create: async (wish) => (await http.post('/api/rooms', wish)).room,

    /**
     * @param {number} userId
     * @returns {Promise<Room>}
     */
    direct: async (userId) => (await http.post('/api/rooms/direct', { user_id: userId })).room,

    /**
     * Rooms that one may join.
     * @returns {Promise<readonly Room[]>}
     */
    joinable: async () => (await http.get('/api/rooms?open=1')).rooms,

    /**
     * @param {number} id
     * @returns {Promise<Room | null>}
     */
    async join(id) {
      await http.post(`/api/rooms/${id}/join`, {});
      const all = /** @type {Room[]} */ ((await http.get('/api/rooms')).rooms);
      return all.find((room) => room.id === id) ?? null;
    },

    /** @param {number} id */
    leave: (id) => http.post(`/api/rooms/${id}/leave`, {}),

    /**
     * @param {number} id
     * @param {Partial<Pick<Room, 'name' | 'topic' | 'join' | 'slow_mode' | 'read_only'>>} change
     */
    async change(id, change) {
      const { room } = await http.patch(`/api/rooms/${id}`, change);
      rooms.put(room);
    },

    /**
     * The first few who are in the room.
     * @param {number} id
     * @returns {Promise<readonly Member[]>}
     */
    some: async (id) => (await http.get(`/api/rooms/${id}/members?limit=4`)).members,

    /**
     * Everybody who is in the room.
     * @param {number} id
     * @returns {Promise<readonly Member[]>}
     */
    async members(id) {
      /** @type {Member[]} */
      const all = [];
      let more = true;
      while (more) {
        const after = all.length > 0 ? `&after=${all.at(-1)?.id}` : '';
        const page = await http.get(`/api/rooms/${id}/members?limit=100${after}`);
        all.push(...page.members);
        more = page.has_more && page.members.length > 0 && all.length < MOST;
      }
      return all;
    },

    /**
     * @param {number} id
     * @param {string} username
     * @returns {Promise<Person>}
     */
    add: async (id, username) => (await http.post(`/api/rooms/${id}/members`, { username })).user,

    /**
     * @param {number} id
     * @param {number} userId
     */
    remove: (id, userId) => http.remove(`/api/rooms/${id}/members/${userId}`),
  };
}

/** @typedef {ReturnType<typeof createMembership>} Membership */

/** A list of more people than this helps nobody; they are found by name. */
const MOST = 1_000;

/**
 * What one may do in a room, as the server decides it; what is not offered is not refused.
 * @param {Room} room
 * @param {Person} me
 */
export function may(room, me) {
  const looksAfter = me.is_admin || RANK[room.role ?? 'member'] >= RANK.moderator;
  const owns = me.is_admin || room.role === 'owner';
  const group = room.kind === 'group';
  return {
    rename: group && owns,
    change: group && looksAfter,
    close: group && owns && !room.lobby,
    add: group && !room.lobby && (looksAfter || room.join === 'open'),
    leave: group && !room.lobby,
    /** @param {Member} member */
    remove: (member) => group && !room.lobby && member.id !== me.id && looksAfter
      && (me.is_admin || RANK[room.role ?? 'member'] > RANK[member.role]),
  };
}
