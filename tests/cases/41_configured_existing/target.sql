CREATE TABLE things (id bigint PRIMARY KEY, happened timestamptz, b text, more text DEFAULT 'm');
