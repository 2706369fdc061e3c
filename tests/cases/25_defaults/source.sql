-- Constants in the target's own spelling, SQLite's clock, and what is no default of that type.
CREATE TABLE defaults (
  id INTEGER PRIMARY KEY,
  word TEXT DEFAULT "double quoted",
  quoted TEXT DEFAULT 'it''s',
  number INTEGER DEFAULT 007,
  negative INTEGER DEFAULT -5,
  half INTEGER DEFAULT 1.5,
  words INTEGER DEFAULT 'abc',
  large INTEGER DEFAULT 9223372036854775808,
  real REAL DEFAULT 1,
  hex INTEGER DEFAULT 0x10,
  bytes BLOB DEFAULT x'00ff',
  none TEXT DEFAULT NULL,
  stamp TEXT DEFAULT CURRENT_TIMESTAMP,
  made DATETIME DEFAULT (datetime('now')),
  drawn INTEGER DEFAULT (random())
);
INSERT INTO defaults (id, made, stamp, drawn, half, words, large) VALUES (1, '2024-01-01 00:00:00', 'then', 4, 1, 2, 3);
