CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s TEXT DEFAULT (hex(randomblob(4))));
CREATE TABLE copied AS SELECT id, n AS number, s FROM t;
CREATE TEMP TABLE passing (a);
INSERT INTO passing VALUES (1);
UPDATE t SET n = n + 1;
INSERT INTO t (n) SELECT n FROM t;
CREATE TRIGGER tr AFTER INSERT ON t BEGIN
    DELETE FROM copied; -- within
    SELECT CASE 1 WHEN 1 THEN 2 END;
END;
CREATE VIRTUAL TABLE words USING fts5 (word);
ATTACH 'other.db' AS other;
VACUUM INTO 'other.db';
SELECT load_extension('x');
ANALYZE;
VACUUM;
SAVEPOINT a;
CREATE VIEW v AS SELECT group_concat(DISTINCT s ORDER BY n) AS all_of_them, readfile('x') AS f FROM t;
