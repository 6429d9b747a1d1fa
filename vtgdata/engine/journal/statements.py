"""The SQL of the journal: its table, and the statements that fill and read it."""

APPLICATION_ID = 0x56544744
"""`VTGD`, in the file's header: distinguishes our journals from other SQLite files."""
VERSION = 2
"""Version 2 added the column `about` (see `work_keys.answers_id`); files of version 1 get it when they are opened."""
SCHEMA = f"""
BEGIN EXCLUSIVE;
CREATE TABLE attempt (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, sample_id TEXT NOT NULL, idx INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('answer', 'failed')),
    seconds REAL, endpoint TEXT, time TEXT NOT NULL, checksum INTEGER NOT NULL, reply BLOB NOT NULL, about TEXT
);
CREATE UNIQUE INDEX one_answer ON attempt (key) WHERE status = 'answer';
CREATE INDEX failed_attempt ON attempt (key) WHERE status = 'failed';
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
COMMIT;
"""
FROM_1 = f"""
BEGIN EXCLUSIVE;
ALTER TABLE attempt ADD COLUMN about TEXT;
PRAGMA user_version = {VERSION};
COMMIT;
"""
INSERT = """
INSERT INTO attempt (key, sample_id, idx, status, seconds, endpoint, time, checksum, reply, about)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) WHERE status = 'answer' DO NOTHING
"""
AFTER = """
SELECT id, key, sample_id, idx, status, seconds, endpoint, time, checksum, reply, about FROM attempt
WHERE status = 'answer' AND id > ? ORDER BY id LIMIT ?
"""
TAKEN = "CREATE TABLE IF NOT EXISTS taken (journal TEXT PRIMARY KEY, last INTEGER NOT NULL, key TEXT NOT NULL)"
"""For each other journal, number and key of the last attempt copied from it. Created by the first copy."""
SEEN = "SELECT last, key FROM taken WHERE journal = ?"
AT = "SELECT 1 FROM attempt WHERE id = ? AND key = ?"
MARK = "INSERT OR REPLACE INTO taken VALUES (?, ?, ?)"
