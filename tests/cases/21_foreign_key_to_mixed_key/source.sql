-- Keys that are left out because text cannot keep 1 and '1' apart have no children in the target, whichever kind they are.
CREATE TABLE pair (a, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
INSERT INTO pair VALUES (1, 'x'), ('1', 'x'), (2, 'y');
CREATE TABLE one (k PRIMARY KEY);
INSERT INTO one VALUES (1), ('1');
CREATE TABLE uniq (k UNIQUE);
INSERT INTO uniq VALUES (1), ('1');
CREATE TABLE child (id INTEGER PRIMARY KEY, a, b TEXT, one REFERENCES one, uniq REFERENCES uniq (k), FOREIGN KEY (a, b) REFERENCES pair);
INSERT INTO child VALUES (1, 1, 'x', 1, '1'), (2, '1', 'x', '1', 1);
