-- Both ends of a key become one type where no value is lost by it; where one would be, the key is left out.
PRAGMA foreign_keys = OFF;
CREATE TABLE parent (id INTEGER PRIMARY KEY);
INSERT INTO parent VALUES (1), (2);
CREATE TABLE leading_zero (p TEXT REFERENCES parent);
INSERT INTO leading_zero VALUES ('01');
CREATE TABLE wide (n NUMERIC PRIMARY KEY);
INSERT INTO wide VALUES (1), (1.5);
CREATE TABLE narrow (n INTEGER REFERENCES wide);
INSERT INTO narrow VALUES (1);
CREATE TABLE flag (f BOOLEAN PRIMARY KEY);
INSERT INTO flag VALUES (0), (1);
CREATE TABLE uses (f INTEGER REFERENCES flag);
INSERT INTO uses VALUES (1), (1);
