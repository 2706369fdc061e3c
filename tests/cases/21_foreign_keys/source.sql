-- A key without its parent column; to a missing table; to columns that are not unique; with an orphan.
PRAGMA foreign_keys = OFF;
CREATE TABLE parent (id INTEGER PRIMARY KEY, code TEXT, tag TEXT UNIQUE);
INSERT INTO parent VALUES (1, 'a', 'x'), (2, 'a', 'y');
CREATE TABLE implicit (p INTEGER REFERENCES parent ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED);
INSERT INTO implicit VALUES (1), (NULL);
CREATE TABLE missing (p INTEGER REFERENCES nowhere (id));
INSERT INTO missing VALUES (1);
CREATE TABLE mismatch (p TEXT REFERENCES parent (code), t TEXT REFERENCES parent (tag));
INSERT INTO mismatch VALUES ('a', 'y');
CREATE TABLE orphan (id INTEGER PRIMARY KEY, p INTEGER CONSTRAINT must_have_parent REFERENCES parent (id));
INSERT INTO orphan VALUES (1, 2), (2, 99), (3, 98), (4, NULL);
CREATE TABLE tree (id INTEGER PRIMARY KEY, up INTEGER REFERENCES tree);
INSERT INTO tree VALUES (1, 2), (2, 1);
CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b);
CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a);
INSERT INTO a VALUES (1, 1);
INSERT INTO b VALUES (1, 1);
