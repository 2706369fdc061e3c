-- DECIMAL(10,2) is only a word to SQLite: no digit is rounded away.
CREATE TABLE price (id INTEGER PRIMARY KEY, amount DECIMAL(10,2) NOT NULL DEFAULT 1.50);
INSERT INTO price VALUES (1, 1.239), (2, 12), (3, -0.005);
