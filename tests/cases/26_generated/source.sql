-- A generated column: its values are copied, NULL for a division by zero too.
CREATE TABLE made (a INTEGER, b INTEGER GENERATED ALWAYS AS (10 / a) VIRTUAL, c TEXT AS (a || '!') STORED,
  CHECK (a < 100), CONSTRAINT listed CHECK (a IN (0, 3, "5")));
INSERT INTO made (a) VALUES (0), (3);
