-- What SQLite's shell writes: its own tables, and numbers that were given.
CREATE TABLE person (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL);
INSERT INTO person VALUES (7, 'seven');
INSERT INTO person (id, name) VALUES (8, 'eight') RETURNING id;
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES ('person', 41);
CREATE TABLE gone (id INTEGER PRIMARY KEY, person INTEGER UNIQUE, n INTEGER);
CREATE TABLE score (id INTEGER PRIMARY KEY, n INTEGER);
