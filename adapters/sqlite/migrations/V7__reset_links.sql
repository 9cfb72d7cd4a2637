-- Links with which owners who have lost password and recovery code begin anew: one of an account, the newest. Of the token
-- only its SHA-256 is kept.
CREATE TABLE reset_links (
    user_id    INTEGER PRIMARY KEY REFERENCES users (id),
    token_hash BLOB    NOT NULL UNIQUE CHECK (length(token_hash) = 32),
    ends_at    INTEGER NOT NULL
) STRICT;
