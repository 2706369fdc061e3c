CREATE TABLE setting (key TEXT PRIMARY KEY NOT NULL, value TEXT, "on" BOOLEAN DEFAULT 0, since DATE, at DATETIME, raw BLOB, extra JSON);
CREATE TABLE numbered (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, price REAL);
CREATE TABLE log (what TEXT, n INTEGER, at DATETIME DEFAULT CURRENT_TIMESTAMP);

-- The key is given.
INSERT INTO setting VALUES ('a', 'it''s', 1, '2024-02-29', '2024-02-29 10:11:12', x'00ff', '{"a": [1]}');
INSERT INTO setting (key, "on") VALUES ('b', 0), ('c', true);
INSERT OR IGNORE INTO setting (key, value) VALUES ('a', 'other');
INSERT OR REPLACE INTO setting (key, value) VALUES ('b', 'replaced');
REPLACE INTO setting (key, value) VALUES ('d', "text");
INSERT INTO setting (key, value) VALUES ('d', 'x') ON CONFLICT (key) DO UPDATE SET value = excluded.value;
INSERT INTO setting (key) VALUES ('e') ON CONFLICT DO NOTHING;
INSERT INTO setting (key, value) SELECT 'f', NULL UNION ALL SELECT 'g', 'G';

-- Numbers are given, or not.
INSERT INTO numbered (id, name) VALUES (10, 'ten'), (11, 'eleven');
INSERT INTO numbered (name, price) VALUES ('next', 1.5);
INSERT INTO numbered VALUES (NULL, 'null', -2);

-- No key at all.
INSERT INTO log (what, n) VALUES ('started', 1);
INSERT INTO log (what, n, at) VALUES ('now', NULL, CURRENT_TIMESTAMP);

UPDATE setting SET value = 'changed', "on" = 1 WHERE key = 'c';
UPDATE numbered SET name = upper(name) WHERE id = 10;
DELETE FROM setting WHERE key = 'e';
