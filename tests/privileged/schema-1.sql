-- A database as the first schema of this program left it: not to be changed, whatever becomes of the migrations.
-- Accounts. `username_key` is the lower-case name: the one under which it is unique.
CREATE TABLE users (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    username      TEXT    NOT NULL,
    username_key  TEXT    NOT NULL UNIQUE,
    kind          TEXT    NOT NULL CHECK (kind IN ('basic', 'keyed')),
    password_hash TEXT,
    is_admin      INTEGER NOT NULL CHECK (is_admin IN (0, 1)),
    ban_since     INTEGER,
    ban_until     INTEGER,
    ban_reason    BLOB, -- sealed
    created_at    INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL
) STRICT;

-- Sign-ins. Of the token only its SHA-256 is kept.
CREATE TABLE sessions (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    token_hash   BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    user_id      INTEGER NOT NULL REFERENCES users (id),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    address      BLOB    NOT NULL, -- sealed
    agent        BLOB    NOT NULL  -- sealed
) STRICT;
CREATE INDEX sessions_by_user ON sessions (user_id);

CREATE TABLE rooms (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('group', 'direct', 'announcements')),
    mode       TEXT    NOT NULL CHECK (mode IN ('server', 'e2ee')),
    join_rule  TEXT    NOT NULL CHECK (join_rule IN ('open', 'invite')),
    is_plain   INTEGER NOT NULL DEFAULT 0 CHECK (is_plain IN (0, 1)),
    read_only  INTEGER NOT NULL DEFAULT 0 CHECK (read_only IN (0, 1)),
    last_seq   INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX rooms_plain ON rooms (is_plain) WHERE is_plain = 1;

-- Who belongs to which room: the one source of access and of fan-out.
CREATE TABLE room_members (
    room_id   INTEGER NOT NULL REFERENCES rooms (id),
    user_id   INTEGER NOT NULL REFERENCES users (id),
    role      TEXT    NOT NULL CHECK (role IN ('member', 'moderator', 'owner')),
    read_seq  INTEGER NOT NULL DEFAULT 0,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX room_members_by_user ON room_members (user_id);

-- Every lasting event of every room, messages first of all: one row each, one dense `seq` per room. Rows are
-- emptied, never removed.
CREATE TABLE messages (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    room_id      INTEGER NOT NULL REFERENCES rooms (id),
    seq          INTEGER NOT NULL,
    event        TEXT    NOT NULL CHECK (event IN ('message', 'join', 'leave')),
    user_id      INTEGER NOT NULL REFERENCES users (id),
    message_type TEXT    CHECK (message_type IN ('text', 'file', 'image', 'system', 'e2ee')),
    content      BLOB,    -- sealed; NULL once the message was deleted
    deleted_by   TEXT     CHECK (deleted_by IN ('author', 'moderator', 'server')),
    reply_to     INTEGER,
    client_id    TEXT,
    by_user_id   INTEGER, -- who added or removed `user_id`, if it was somebody else
    created_at   INTEGER NOT NULL,
    CHECK (event <> 'message' OR message_type IS NOT NULL),
    CHECK (event <> 'message' OR (content IS NULL) = (deleted_by IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX messages_by_place ON messages (room_id, seq);
-- The page of a room's messages reads this alone, however many other events lie between.
CREATE INDEX messages_said ON messages (room_id, seq) WHERE event = 'message' AND deleted_by IS NULL;
CREATE UNIQUE INDEX messages_by_client_id ON messages (room_id, user_id, client_id) WHERE client_id IS NOT NULL;
CREATE TABLE refinery_schema_history(
             version int4 PRIMARY KEY,
             name VARCHAR(255),
             applied_on VARCHAR(255),
             checksum VARCHAR(255));
INSERT INTO refinery_schema_history VALUES (1, 'first', '2026-11-24T12:00:00Z', '15000699890345867678');

INSERT INTO users (username, username_key, kind, is_admin, created_at, last_seen_at)
    VALUES ('Ada', 'ada', 'basic', 1, 1, 1), ('Bea', 'bea', 'basic', 0, 2, 2);
INSERT INTO rooms (name, kind, mode, join_rule, is_plain, last_seq, created_at)
    VALUES ('plain', 'group', 'server', 'open', 1, 3, 1);
INSERT INTO room_members (room_id, user_id, role, joined_at) VALUES (1, 1, 'member', 1), (1, 2, 'member', 2);
INSERT INTO messages (room_id, seq, event, user_id, created_at) VALUES (1, 1, 'join', 1, 1), (1, 2, 'join', 2, 2);
INSERT INTO messages (room_id, seq, event, user_id, message_type, deleted_by, created_at)
    VALUES (1, 3, 'message', 1, 'text', 'author', 3);
