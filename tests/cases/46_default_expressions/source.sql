-- Defaults that are more than the grammar of DEFAULT takes bare: a change of time zone, a condition.
CREATE TABLE moments (
  id INTEGER PRIMARY KEY,
  zoned TEXT DEFAULT CURRENT_TIMESTAMP,
  counted INTEGER DEFAULT (strftime('%s', 'now')),
  instant INTEGER DEFAULT (unixepoch()),
  this_century BOOLEAN DEFAULT (CURRENT_DATE LIKE '20%')
);
INSERT INTO moments VALUES (1, '2024-01-01T00:00:00+02:00', 0, 1, 0);
