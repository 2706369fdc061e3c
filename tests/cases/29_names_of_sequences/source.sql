-- PostgreSQL would call the identity's sequence a_id_seq; a table or an index of the source is called that.
CREATE TABLE a (id INTEGER PRIMARY KEY, v TEXT);
INSERT INTO a VALUES (7, 'x');
CREATE TABLE a_id_seq (x INTEGER);
INSERT INTO a_id_seq VALUES (1);
CREATE TABLE b (id INTEGER PRIMARY KEY, v TEXT);
INSERT INTO b VALUES (3, 'y');
CREATE INDEX b_id_seq ON b (v);
