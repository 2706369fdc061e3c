-- A lone surrogate in a UTF-16 file: the stored bytes, not what the UTF-8 accessor makes of them.
PRAGMA encoding = 'UTF-16le';
CREATE TABLE texts (id INTEGER PRIMARY KEY, good TEXT, bad TEXT);
INSERT INTO texts VALUES (1, 'é😀', 'plain'), (2, '', CAST(x'00d87800' AS TEXT));
