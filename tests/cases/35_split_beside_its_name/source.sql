CREATE TABLE t (a, a_text TEXT, "a_number" INT);
INSERT INTO t VALUES (1, 'x', 2), ('one', 'y', 3);
