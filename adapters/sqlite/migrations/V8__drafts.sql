-- Texts that were begun and not sent, sealed by their author's clients for each other.
CREATE TABLE account_drafts (
    user_id INTEGER PRIMARY KEY REFERENCES users (id),
    sealed  BLOB    NOT NULL
) STRICT;
