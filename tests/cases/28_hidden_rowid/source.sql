-- A column that is called rowid, and all three names taken.
CREATE TABLE one (rowid TEXT, a INTEGER);
INSERT INTO one VALUES ('z', 1), ('y', 2), ('z', 1);
CREATE TABLE three (rowid TEXT, _rowid_ TEXT, oid INTEGER);
INSERT INTO three VALUES ('a', 'b', 1), ('c', 'd', 2);
