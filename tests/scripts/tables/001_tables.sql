/*
 * Tables of every kind.
 */
PRAGMA foreign_keys = ON;

-- A child before its parent.
CREATE TABLE IF NOT EXISTS child (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    parent TEXT NOT NULL REFERENCES parent (code) ON DELETE CASCADE, -- stays in the statement
    kind INTEGER DEFAULT 1 CHECK (kind IN (1, 2, 3)),
    UNIQUE (parent, kind)
);

CREATE TABLE parent (code TEXT PRIMARY KEY NOT NULL, made DATETIME DEFAULT CURRENT_TIMESTAMP, born DATE,
    "on" BOOLEAN NOT NULL DEFAULT 0, extra JSON, token UUID, price DECIMAL(10,2) DEFAULT 1.5, raw BLOB);

CREATE TABLE pairs (a INTEGER, b TEXT COLLATE NOCASE, PRIMARY KEY (a, b)) WITHOUT ROWID;
CREATE TABLE strict_one (id INTEGER PRIMARY KEY, v ANY, t TEXT NOT NULL DEFAULT 'it''s; "x"') STRICT;

BEGIN;
CREATE INDEX child_kind ON child (kind DESC, parent);
CREATE UNIQUE INDEX IF NOT EXISTS parent_born ON parent (born) WHERE born IS NOT NULL;
CREATE INDEX lower_code ON parent (lower(code));
CREATE INDEX gone ON parent (made);
DROP INDEX gone;
COMMIT;
-- the end
