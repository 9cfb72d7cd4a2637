-- What a session is good for: everything ('full'), what `scopes` name, until `ends_at` if there is an end ('token'), or
-- posting into `room_id` ('webhook').
ALTER TABLE sessions ADD COLUMN kind TEXT NOT NULL DEFAULT 'full' CHECK (kind IN ('full', 'token', 'webhook'));
ALTER TABLE sessions ADD COLUMN scopes TEXT;
ALTER TABLE sessions ADD COLUMN ends_at INTEGER;
ALTER TABLE sessions ADD COLUMN room_id INTEGER REFERENCES rooms (id);
ALTER TABLE sessions ADD COLUMN name BLOB; -- sealed
CREATE INDEX sessions_webhooks ON sessions (room_id) WHERE room_id IS NOT NULL;
