-- What rooms can be set to.
ALTER TABLE rooms ADD COLUMN topic TEXT;
ALTER TABLE rooms ADD COLUMN slow_mode INTEGER NOT NULL DEFAULT 0; -- seconds between two messages of a member

-- Which two users a direct room belongs to; `low` is the smaller number.
CREATE TABLE direct_rooms (
    low     INTEGER NOT NULL REFERENCES users (id),
    high    INTEGER NOT NULL REFERENCES users (id),
    room_id INTEGER NOT NULL UNIQUE REFERENCES rooms (id),
    PRIMARY KEY (low, high),
    CHECK (low < high)
) STRICT, WITHOUT ROWID;
CREATE INDEX rooms_open ON rooms (id) WHERE kind = 'group' AND join_rule = 'open';

-- Events may also be edits, reactions, deletions and changes of settings. A check cannot be altered, so the table is
-- made anew; `AUTOINCREMENT` goes on where it was.
CREATE TABLE messages_2 (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    room_id      INTEGER NOT NULL REFERENCES rooms (id),
    seq          INTEGER NOT NULL,
    event        TEXT    NOT NULL CHECK (event IN ('message', 'edit', 'reaction', 'deletion', 'join', 'leave', 'settings')),
    user_id      INTEGER NOT NULL REFERENCES users (id), -- whose event it is; of `join` and `leave`: who came or went
    message_type TEXT    CHECK (message_type IN ('text', 'file', 'image', 'system', 'e2ee')),
    content      BLOB,    -- sealed; the newest text; NULL once the message was deleted
    deleted_by   TEXT     CHECK (deleted_by IN ('author', 'moderator', 'server')),
    edited_at    INTEGER,
    reacted      INTEGER  NOT NULL DEFAULT 0 CHECK (reacted IN (0, 1)), -- whether to look for its reactions
    reply_to     INTEGER,
    client_id    TEXT,
    target_id    INTEGER, -- the message that an edit, a reaction or a deletion is about
    emoji        TEXT,
    added        INTEGER  CHECK (added IN (0, 1)),
    by_user_id   INTEGER, -- who added or removed `user_id`, if it was somebody else
    created_at   INTEGER NOT NULL,
    CHECK (event <> 'message' OR message_type IS NOT NULL),
    CHECK (event <> 'message' OR (content IS NULL) = (deleted_by IS NOT NULL)),
    CHECK ((event IN ('edit', 'reaction', 'deletion')) = (target_id IS NOT NULL)),
    CHECK ((event = 'reaction') = (emoji IS NOT NULL AND added IS NOT NULL)),
    CHECK (event <> 'deletion' OR deleted_by IS NOT NULL)
) STRICT;
INSERT INTO messages_2 (id, room_id, seq, event, user_id, message_type, content, deleted_by, reply_to, client_id,
                        by_user_id, created_at)
    SELECT id, room_id, seq, event, user_id, message_type, content, deleted_by, reply_to, client_id,
           by_user_id, created_at
    FROM messages;
DROP TABLE messages;
ALTER TABLE messages_2 RENAME TO messages;
CREATE UNIQUE INDEX messages_by_place ON messages (room_id, seq);
-- The page of a room's messages reads this alone, however many other events lie between.
CREATE INDEX messages_said ON messages (room_id, seq) WHERE event = 'message' AND deleted_by IS NULL;
CREATE UNIQUE INDEX messages_by_client_id ON messages (room_id, user_id, client_id) WHERE client_id IS NOT NULL;

-- Which emoji stand under which message now. `place` is that of the event, so that they come in its order.
CREATE TABLE reactions (
    message_id INTEGER NOT NULL REFERENCES messages (id),
    emoji      TEXT    NOT NULL,
    user_id    INTEGER NOT NULL REFERENCES users (id),
    place      INTEGER NOT NULL,
    PRIMARY KEY (message_id, emoji, user_id)
) STRICT, WITHOUT ROWID;

-- What administrators have done, to whom and why.
CREATE TABLE admin_logs (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    admin_id       INTEGER REFERENCES users (id), -- NULL: the command line
    action         TEXT    NOT NULL,
    target_user_id INTEGER REFERENCES users (id),
    room_id        INTEGER REFERENCES rooms (id),
    message_id     INTEGER,
    detail         BLOB, -- sealed
    created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX admin_logs_by_target ON admin_logs (target_user_id, id) WHERE target_user_id IS NOT NULL;
CREATE INDEX admin_logs_by_action ON admin_logs (action, id);
