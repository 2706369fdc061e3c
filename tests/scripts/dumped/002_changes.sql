-- Tables of an earlier script are changed, and one of them goes.
INSERT INTO gone (id, person, n) VALUES (1, 7, 70);
INSERT INTO score (id, n) VALUES (7, 0);
UPDATE gone SET n = 71 WHERE id = 1;
UPDATE score SET n = gone.n FROM gone WHERE gone.person = score.id;
UPDATE score SET n = gone.n FROM gone WHERE gone.n > score.id;
CREATE INDEX gone_n ON gone (n);
DROP TABLE gone;
CREATE TABLE gone (id INTEGER PRIMARY KEY, other TEXT);
UPDATE score SET id = 9 WHERE id = 8;
