PRAGMA foreign_keys = OFF;
CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO person VALUES (1, 'Ann'), (2, 'Bob');

-- Keys get the partition column: the primary key, a constraint, an index that folds, a foreign key of its own.
CREATE TABLE event (id INTEGER PRIMARY KEY AUTOINCREMENT, created_at TEXT NOT NULL, code TEXT COLLATE NOCASE UNIQUE,
                    person_id INTEGER REFERENCES person (id) ON DELETE CASCADE, n INTEGER DEFAULT 7);
CREATE UNIQUE INDEX event_n ON event (n);
CREATE INDEX event_person ON event (person_id, created_at DESC);
INSERT INTO event VALUES (1, '2024-01-31T23:59:59.999999', 'a', 1, 1), (2, '2024-02-29T00:00:00.000000', 'B', 2, 2),
                         (3, '2024-04-01T00:00:00.000000', NULL, NULL, 3);
-- There is no key of (id) alone to refer to.
CREATE TABLE event_note (id INTEGER PRIMARY KEY, event_id INTEGER REFERENCES event (id), note TEXT);
INSERT INTO event_note VALUES (1, 2, 'x');

-- By its own key: nothing is lost, and foreign keys refer to it. Numbers below zero have partitions, too.
CREATE TABLE measure (id INTEGER PRIMARY KEY, v REAL);
INSERT INTO measure VALUES (-101, 0.5), (-100, 1.5), (0, 2.5), (99, 3.5), (100, NULL);
CREATE TABLE reading (measure_id INTEGER REFERENCES measure (id), what TEXT);
INSERT INTO reading VALUES (-101, 'low'), (100, 'high'), (NULL, 'none');

-- NULL in the partition column: UNIQUE in place of a PRIMARY KEY, and the default partition.
CREATE TABLE job (id TEXT PRIMARY KEY, done DATE);
INSERT INTO job VALUES ('a', '2023-12-31'), ('b', NULL), ('c', '2024-01-01');

-- A row without a parent: no such foreign key on a partitioned table. NULL without any key is nothing special.
CREATE TABLE visit (person_id INTEGER REFERENCES person (id), at TIMESTAMP);
INSERT INTO visit VALUES (1, '2024-06-30 12:00:00+00:00'), (9, '2024-07-01 00:30:00+00:00'), (2, NULL);

-- No value to make partitions of.
CREATE TABLE empty (id INTEGER PRIMARY KEY, at DATE);

-- Its partitions' names are taken by tables of the source.
CREATE TABLE y (d DATE);
INSERT INTO y VALUES ('0001-01-01'), ('0001-12-31');
CREATE TABLE y_0001 (a INTEGER);
