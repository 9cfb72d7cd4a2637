-- Until when what was done holds; NULL: for good, or nothing that ends.
ALTER TABLE admin_logs ADD COLUMN ends_at INTEGER;
CREATE INDEX users_admins ON users (id) WHERE is_admin = 1;
