-- What an edited message was first sent as, so that it is known again when its author, who has no answer yet, sends it
-- once more: SHA-256 of its first text, sealed. Only messages with a `client_id` have it; NULL once the message was
-- deleted, and where the edit is older than this column.
ALTER TABLE messages ADD COLUMN first_digest BLOB;
