-- One id in two spellings, one time in two spellings, one word twice: apart in SQLite, together in these types.
CREATE TABLE ids(id TEXT);
INSERT INTO ids VALUES ('a0ee0000-0000-0000-0000-000000000001'), ('A0EE0000-0000-0000-0000-000000000001'), (NULL), (NULL);
CREATE TABLE times(at TEXT, place TEXT);
INSERT INTO times VALUES ('2024-01-01', 'here'), ('2024-01-01 00:00:00', 'here'), ('2024-01-01', 'there');
CREATE TABLE words(id INTEGER PRIMARY KEY, word TEXT);
INSERT INTO words VALUES (1, 'twice'), (2, 'once'), (3, 'twice');
CREATE TABLE fine(id INTEGER PRIMARY KEY, word TEXT);
INSERT INTO fine VALUES (1, 'a'), (2, 'A'), (3, NULL), (4, NULL);
