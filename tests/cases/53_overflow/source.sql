-- --generated translate: arithmetic that goes beyond 64 bits in rows that are there would fail once all of them are.
CREATE TABLE far (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, r REAL, g INTEGER AS (a * b > 5), h INTEGER AS (b + 1),
  CHECK (a * b > 0), CHECK (a + b > 1), CHECK (b * b > 0), CHECK (r * r > 0));
INSERT INTO far VALUES (1, 9223372036854775807, 9223372036854775807 / 1000000000, 1e200), (2, 3, 4, 1.5);
CREATE INDEX far_product ON far (a * b);
CREATE INDEX far_some ON far (a) WHERE a + b > 3;
CREATE INDEX far_difference ON far (a - b);
CREATE TABLE near (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER, g INTEGER AS (a * b > 5), CHECK (a * b > 0));
INSERT INTO near VALUES (1, 5, 7), (2, 3000000000, 3000000000);
CREATE INDEX near_product ON near (a * b) WHERE a + b > 3;
