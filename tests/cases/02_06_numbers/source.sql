-- Numbers of both classes keep their value; 17 digits where a double needs them.
CREATE TABLE numbers (id INTEGER PRIMARY KEY, a NUMERIC, b, c);
INSERT INTO numbers VALUES
  (1, 1, 1, -0.0),
  (2, 1.5, 1.0, -0.0),
  (3, 9223372036854775807, 2.5, NULL),
  (4, 1e300, NULL, NULL),
  (5, 0.1 + 0.2, NULL, NULL);
