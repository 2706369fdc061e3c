CREATE TABLE ids(id uuid UNIQUE);
CREATE TABLE times(at timestamp, place text, UNIQUE (at, place));
CREATE TABLE words(id bigint PRIMARY KEY, word text UNIQUE);
CREATE TABLE fine(id bigint PRIMARY KEY, word text UNIQUE);
