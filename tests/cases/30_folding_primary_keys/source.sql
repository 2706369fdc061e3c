-- A primary key that folds case or blanks keeps out in the target what it kept out in the source.
CREATE TABLE folded (name TEXT COLLATE NOCASE PRIMARY KEY, v INTEGER);
INSERT INTO folded VALUES ('A', 1), ('b', 2);
CREATE TABLE trimmed (name TEXT COLLATE RTRIM, n INTEGER, PRIMARY KEY (n, name)) WITHOUT ROWID;
INSERT INTO trimmed VALUES ('A', 1);
CREATE TABLE numbered (n INTEGER COLLATE NOCASE, m INTEGER, PRIMARY KEY (n, m));
INSERT INTO numbered VALUES (1, 2);
