-- Partial and expression indexes, a constant through the double-quote quirk, more keys than there may be.
CREATE TABLE t (a TEXT, b INTEGER, c TEXT COLLATE NOCASE, d REAL);
INSERT INTO t VALUES ('É', 1, 'x', 1.5), ('é', 2, 'X', 2.5), ('e', 3, NULL, NULL);
CREATE INDEX by_lower ON t (lower(a), b DESC);
CREATE UNIQUE INDEX by_sum ON t (b + 1, a);
CREATE INDEX some ON t (a) WHERE b IS NOT NULL AND a <> '';
CREATE UNIQUE INDEX some_c ON t (c, b) WHERE b > 1;
CREATE INDEX quirk ON t ("nope");
CREATE INDEX globbed ON t (a) WHERE a GLOB 'x*';
CREATE INDEX random_c ON t (c COLLATE BINARY);
CREATE INDEX words ON t (a || c);
