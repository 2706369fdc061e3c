-- NOCASE folds ASCII only; directions, partial and expression indexes.
CREATE TABLE words (id INTEGER PRIMARY KEY, w TEXT COLLATE NOCASE UNIQUE, r TEXT COLLATE RTRIM, d INTEGER);
INSERT INTO words VALUES (1, 'É', 'a', 1), (2, 'é', 'a', 2), (3, 'A', 'b ', 3);
CREATE INDEX by_d ON words (d DESC, id);
CREATE INDEX by_w ON words (w);
CREATE UNIQUE INDEX by_r ON words (r, id);
CREATE INDEX by_expression ON words (d + 1);
CREATE TABLE soft (name TEXT, deleted INTEGER);
INSERT INTO soft VALUES ('x', 0), ('x', 1), ('x', 1);
CREATE UNIQUE INDEX alive ON soft (name) WHERE deleted = 0;
