-- The key of b cannot be kept apart as bytea, so nothing can refer to it.
CREATE TABLE b (k PRIMARY KEY, v INT);
INSERT INTO b VALUES ('a', 1), (x'31', 2);
CREATE TABLE of_b (id INTEGER PRIMARY KEY, k REFERENCES b (k));
INSERT INTO of_b VALUES (1, 'a'), (2, x'31');
-- 1.0 and '1' have a parent in SQLite, and would have none as text.
CREATE TABLE n (k NUMERIC PRIMARY KEY);
INSERT INTO n VALUES (1), ('a');
CREATE TABLE real_of_n (id INTEGER PRIMARY KEY, k REFERENCES n);
INSERT INTO real_of_n VALUES (1, 1.0), (2, 'a');
CREATE TABLE text_of_n (id INTEGER PRIMARY KEY, k TEXT REFERENCES n);
INSERT INTO text_of_n VALUES (1, '01'), (2, 'a');
-- The same affinity at both ends writes equal numbers in one way.
CREATE TABLE same_of_n (id INTEGER PRIMARY KEY, k INT REFERENCES n);
INSERT INTO same_of_n VALUES (1, 1.0), (2, 'a');
