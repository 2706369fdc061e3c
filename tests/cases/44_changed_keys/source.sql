-- As text without its NUL, 'AB' would meet 'ab' where NOCASE folds it.
CREATE TABLE folded (a TEXT COLLATE NOCASE UNIQUE);
INSERT INTO folded VALUES ('ab' || char(0)), ('AB');
-- The empty parent becomes NULL; its child stays.
CREATE TABLE p (k TEXT UNIQUE);
INSERT INTO p VALUES (''), ('a');
CREATE TABLE c (id INTEGER PRIMARY KEY, k TEXT REFERENCES p (k));
INSERT INTO c VALUES (1, ''), (2, 'a');
-- Here it becomes NULL, too.
CREATE TABLE d (id INTEGER PRIMARY KEY, k TEXT REFERENCES p (k));
INSERT INTO d VALUES (1, ''), (2, 'a');
