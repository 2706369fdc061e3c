-- The file of scripts/bench.sh: many narrow rows, fewer wide ones, log lines with blobs; about 630 MB with SCALE 1.
-- SCALE is replaced by a number. Values are random, so the rows differ from run to run; the shape does not.
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE narrow (id INTEGER PRIMARY KEY, a INTEGER NOT NULL, b INTEGER, c REAL);
CREATE TABLE wide (
  id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL UNIQUE, status TEXT NOT NULL, title TEXT, address TEXT,
  n1 INTEGER, n2 INTEGER, n3 INTEGER, n4 INTEGER, n5 INTEGER, n6 INTEGER, n7 INTEGER, n8 INTEGER, n9 INTEGER,
  r1 REAL, r2 REAL, r3 REAL, r4 REAL, r5 REAL, r6 REAL, r7 REAL, r8 REAL,
  t1 TEXT, t2 TEXT, t3 TEXT, t4 TEXT, t5 TEXT, t6 TEXT, t7 TEXT, t8 TEXT,
  created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, ended_at TEXT, durations TEXT, details TEXT,
  flag1 INTEGER DEFAULT 0, flag2 INTEGER DEFAULT 0, hour INTEGER, day INTEGER, empty1 TEXT, version TEXT);
CREATE TABLE logs (
  id INTEGER PRIMARY KEY, wide_id INTEGER NOT NULL REFERENCES wide (id), at TEXT NOT NULL, level TEXT, message TEXT, payload BLOB);
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000000 * SCALE)
INSERT INTO narrow SELECT i, abs(random()) % 1000000, iif(i % 10 = 0, NULL, random() / 1000), random() % 1000000 / 997.0 FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000 * SCALE)
INSERT INTO wide SELECT i, 'code-' || hex(randomblob(8)), iif(i % 5 = 0, 'failed', 'completed'), 'A title that says what was asked for in item ' || i,
  'https://example.org/items/' || i % 5000, i % 5000, 8, i % 4, abs(random()) % 100000, abs(random()) % 100000,
  abs(random()) % 100000, abs(random()) % 400000, i % 7200, i % 60, i % 100 / 100.0, random() % 10000 / 1000.0, random() % 10000 / 1000.0,
  i % 1000 / 10.0, i % 90 / 90.0, i % 80 / 80.0, i % 70 / 70.0, i % 60 / 60.0,
  'plan', 'build', 'test', iif(i % 5 = 0, 'Error: step ' || i % 9 || ' went wrong', NULL), 'medium', 'high', 'model-' || i % 3, NULL,
  datetime(1700000000 + i * 60, 'unixepoch'), datetime(1700000000 + i * 60 + i % 7200, 'unixepoch'),
  json_object('plan', i % 100, 'build', i % 300, 'test', i % 200, 'review', i % 50),
  json_object('title', 'Item ' || i, 'labels', json_array('a', 'b', 'c'), 'nested', json_object('x', i, 'y', i / 3.0)),
  i % 2, 1, i % 24, i % 7, NULL, '1.0' FROM n;
WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000 * SCALE)
INSERT INTO logs SELECT i, 1 + i % CAST(300000 * SCALE AS INTEGER), strftime('%Y-%m-%dT%H:%M:%fZ', 1700000000 + i * 6.123, 'unixepoch'),
  iif(i % 4 = 0, 'DEBUG', 'INFO'), 'What happened at step ' || i || ' — naïve café ☕ ' || hex(randomblob(20 + i % 40)), randomblob(i % 200) FROM n;
CREATE INDEX wide_status ON wide (status);
CREATE INDEX wide_created ON wide (created_at DESC);
CREATE INDEX logs_wide ON logs (wide_id, at);
