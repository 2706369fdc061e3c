CREATE TABLE item (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, qty TEXT, state TEXT DEFAULT 'new', note TEXT);
CREATE INDEX item_state ON item (state);
CREATE TABLE ref (id INTEGER PRIMARY KEY, item INTEGER NOT NULL REFERENCES item (id));
CREATE TABLE aside (id INTEGER PRIMARY KEY, v TEXT);
CREATE TABLE app_t (id integer NOT NULL PRIMARY KEY AUTOINCREMENT, a varchar(10) NOT NULL);
INSERT INTO item (id, name, qty, state, note) VALUES (1, 'one', '5', NULL, 'n'), (2, 'two', '7', 'new', NULL);
INSERT INTO ref VALUES (1, 1);
INSERT INTO aside VALUES (1, 'v');
INSERT INTO app_t VALUES (1, 'a');
