-- --generated translate: a division by zero, a chain, a text, and what cannot be generated there.
CREATE TABLE made (a INTEGER, t TEXT,
  b INTEGER GENERATED ALWAYS AS (10 / a) VIRTUAL,
  c INTEGER AS (b + 1) STORED,
  u TEXT AS (t || '!') STORED NOT NULL,
  g TEXT AS (hex(t)),
  CHECK (c > -100));
INSERT INTO made (a, t) VALUES (0, ''), (3, 'x'), (-5, 'y');
CREATE INDEX by_c ON made (c);
