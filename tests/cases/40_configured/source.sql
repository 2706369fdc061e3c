CREATE TABLE Users (
  id INTEGER PRIMARY KEY, Name VARCHAR(40) NOT NULL, active INTEGER DEFAULT 1, score DECIMAL(8,2), password TEXT,
  joined TEXT, token BLOB, tags TEXT DEFAULT '[]', level INTEGER NOT NULL DEFAULT 3, code TEXT UNIQUE, deleted INTEGER,
  UNIQUE (Name, password));
CREATE INDEX by_password ON Users (password);
CREATE INDEX by_level ON Users (level);
INSERT INTO Users VALUES
  (1, 'ann', 1, 1.5, 's1', '2024-01-02 03:04:05', x'00112233445566778899aabbccddeeff', '[1, 2]', 1, 'a', 0),
  (2, 'bob', 0, 2, 's2', '2024-01-02T03:04:05.5', NULL, '{"b":1,"a":2}', 32767, 'b', 0),
  (3, 'eve', 1, NULL, 's3', NULL, NULL, NULL, -32768, NULL, 1);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY, user INTEGER REFERENCES Users(id), pw TEXT REFERENCES Users(code), note TEXT,
  referrer INTEGER REFERENCES Users(id));
INSERT INTO orders VALUES (10, 1, 'a', '', NULL), (11, 2, 'b', 'x', 1), (12, 3, NULL, '', NULL), (13, NULL, NULL, NULL, NULL);
CREATE TABLE audit (id INTEGER PRIMARY KEY, what TEXT);
INSERT INTO audit VALUES (1, 'x');
CREATE TABLE keyless (a TEXT, b TEXT, c INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID;
INSERT INTO keyless VALUES ('1', '2', 3), ('1', '3', 4);
