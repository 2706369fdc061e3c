-- What the content proves, and what it does not (--infer content).
CREATE TABLE keys_of_flags (id INTEGER PRIMARY KEY, active INTEGER NOT NULL DEFAULT 1);
INSERT INTO keys_of_flags VALUES (0, 0), (1, 1);
CREATE TABLE children (flag INTEGER DEFAULT 0 REFERENCES keys_of_flags(id), day TEXT PRIMARY KEY, is_open INTEGER, tries INTEGER DEFAULT 0);
INSERT INTO children VALUES (0, '2024-01-01', 0, 0), (1, '2024-01-02', NULL, 1);
CREATE TABLE texts (stamp TEXT, mixed TEXT, object TEXT DEFAULT '{}', keyed TEXT UNIQUE, scalar TEXT, empty TEXT DEFAULT (datetime('now')), blank TEXT);
INSERT INTO texts VALUES
  ('2024-01-01T10:00:00Z', '2024-01-01', '{"a": 1}', '[1]', '1', NULL, '2024-01-01'),
  ('2024-06-30T23:59:59Z', '2024-01-01 10:00:00', '[]', '[2]', '"x"', NULL, '');
