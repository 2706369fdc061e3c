CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, nul TEXT, bad TEXT, raw TEXT, at DATETIME, kept TEXT);
INSERT INTO t VALUES
  (1, '', 'a' || char(0) || 'b', CAST(x'63616ce9' AS TEXT), CAST(x'ff' AS TEXT), '', ''),
  (2, 'x', char(0), 'ok', 'ok', '2024-01-01 00:00:00', 'y'),
  (3, 'y', 'c', 'ok', 'ok', '2024-01-01 00:00:01', '');
