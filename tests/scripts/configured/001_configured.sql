CREATE TABLE event (id INTEGER PRIMARY KEY, at TEXT, done INTEGER DEFAULT 0, data TEXT DEFAULT '{}', secret TEXT, epoch INTEGER);
INSERT INTO event (id, at, done, data, secret, epoch) VALUES (1, '2024-01-02T03:04:05', 1, '{"b": 1}', 'left out', 1700000000);
