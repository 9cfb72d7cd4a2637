-- The installation's id, which clients pin: drawn once.
CREATE TABLE instance (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    id  BLOB    NOT NULL CHECK (length(id) = 16)
) STRICT;

-- What is kept of a keyed account's password and recovery code. `locked` is the client's box behind the outer lock; without
-- it the account is a basic one still, whose keys its first sign-in makes.
CREATE TABLE keyed_accounts (
    user_id           INTEGER PRIMARY KEY REFERENCES users (id),
    iterations        INTEGER NOT NULL,
    salt              BLOB    NOT NULL CHECK (length(salt) = 16),
    argon_salt        BLOB    NOT NULL CHECK (length(argon_salt) = 16),
    argon_memory_kib  INTEGER NOT NULL,
    argon_passes      INTEGER NOT NULL,
    argon_lanes       INTEGER NOT NULL,
    pepper            INTEGER NOT NULL, -- the keyring's number of it
    verifier          BLOB    NOT NULL CHECK (length(verifier) = 32),
    locked            BLOB,
    recovery          BLOB,
    recovery_verifier BLOB             CHECK (length(recovery_verifier) = 32),
    CHECK ((recovery IS NULL) = (recovery_verifier IS NULL))
) STRICT;

-- Private keys in boxes that only their owner opens.
CREATE TABLE sealed_keys (
    user_id INTEGER NOT NULL REFERENCES users (id),
    kind    TEXT    NOT NULL CHECK (kind IN ('signing', 'agreement')),
    number  INTEGER NOT NULL,
    sealed  BLOB    NOT NULL,
    PRIMARY KEY (user_id, kind, number)
) STRICT, WITHOUT ROWID;

-- Every identity statement that was ever accepted, in a chain of hashes.
CREATE TABLE directory (
    i              INTEGER PRIMARY KEY,
    user_id        INTEGER NOT NULL REFERENCES users (id),
    statement      BLOB    NOT NULL,
    signature      BLOB    NOT NULL CHECK (length(signature) = 64),
    continuation   BLOB    CHECK (length(continuation) = 64),
    head           BLOB    NOT NULL CHECK (length(head) = 32),
    head_signature BLOB    NOT NULL CHECK (length(head_signature) = 64),
    at             INTEGER NOT NULL
) STRICT;
CREATE INDEX directory_by_user ON directory (user_id, i);

-- What clients keep for themselves between browsers, sealed.
CREATE TABLE account_states (
    user_id INTEGER PRIMARY KEY REFERENCES users (id),
    version INTEGER NOT NULL,
    sealed  BLOB    NOT NULL
) STRICT;
