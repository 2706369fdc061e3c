-- Each statement meets, the second time, what the later ones left.
CREATE TABLE person (id INTEGER PRIMARY KEY, first TEXT, last TEXT, nick TEXT);
CREATE INDEX person_first ON person (first);
INSERT INTO person (id, first, last) VALUES (1, 'Ada', 'Lovelace');
ALTER TABLE person ADD COLUMN named TEXT;
UPDATE person SET named = first;
DROP INDEX person_first;
ALTER TABLE person DROP COLUMN first;
ALTER TABLE person RENAME COLUMN last TO family;
ALTER TABLE person RENAME COLUMN family TO surname;
ALTER TABLE person ADD COLUMN a TEXT;
ALTER TABLE person RENAME COLUMN a TO b;
CREATE TABLE draft (id INTEGER PRIMARY KEY, v TEXT);
CREATE INDEX draft_v ON draft (v);
INSERT INTO draft VALUES (1, 'x');
ALTER TABLE draft RENAME TO final;
INSERT INTO final VALUES (2, 'y');
CREATE TABLE passing (a TEXT);
DROP TABLE passing;
