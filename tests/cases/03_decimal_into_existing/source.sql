-- An existing numeric(10,2) cannot hold 1.239: nothing is written.
CREATE TABLE price (id INTEGER PRIMARY KEY, amount DECIMAL(10,2));
INSERT INTO price VALUES (1, 1.23), (2, 1.239), (3, 100000000);
