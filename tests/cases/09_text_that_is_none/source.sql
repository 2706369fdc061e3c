-- NUL and bytes that are not UTF-8 keep their stored bytes.
CREATE TABLE texts (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT);
INSERT INTO texts VALUES
  (1, 'good', 'good', 'göód'),
  (2, CAST(x'610062' AS TEXT), CAST(x'636166e9' AS TEXT), '');
