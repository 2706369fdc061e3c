-- CHECKs: named and unnamed, carried and not, one that rows are against; a name that two tables have.
CREATE TABLE goods (id INTEGER PRIMARY KEY, price NUMERIC CONSTRAINT positive CHECK (price > 0), state TEXT CHECK (state IN ('new', "old")),
  code TEXT, flag BOOLEAN CHECK (flag IN (0, 1)), made TEXT CHECK (made GLOB '[0-9]*'), low INTEGER, high INTEGER,
  CHECK (low <= high), CHECK (length(code) = 3), CONSTRAINT positive CHECK (low >= 0));
PRAGMA ignore_check_constraints = on;
INSERT INTO goods VALUES (1, 1.5, 'new', 'abc', 1, '1', 1, 2), (2, 2.5, 'old', NULL, 0, '2', NULL, 2), (3, 3.5, 'odd', 'abcd', 1, '3', 3, 2),
  (4, 4.5, 'odder', 'xyz', 0, '4', 3, 2);
PRAGMA ignore_check_constraints = off;
CREATE TABLE other (price NUMERIC CONSTRAINT positive CHECK (price > 0), n INTEGER, UNIQUE (n), CONSTRAINT other_n_key CHECK (n <> 5));
INSERT INTO other VALUES (1, 1);
