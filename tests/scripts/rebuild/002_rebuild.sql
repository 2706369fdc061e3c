-- What SQLite's ALTER TABLE cannot do.
PRAGMA foreign_keys=off;
BEGIN TRANSACTION;
-- The new form.
CREATE TABLE item_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    title TEXT NOT NULL DEFAULT '',
    qty INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'old')),
    rank INTEGER NOT NULL DEFAULT 7,
    shelf TEXT DEFAULT 'a'
);
INSERT INTO item_new (id, title, qty, state, rank, shelf)
SELECT id, name, CAST(qty AS INTEGER), coalesce(state, 'old'), 7, 'b' FROM item;
DROP TABLE item;
ALTER TABLE item_new RENAME TO item;
CREATE INDEX item_state ON item (state);
CREATE INDEX item_rank ON item (rank);
COMMIT;
PRAGMA foreign_keys=on;
