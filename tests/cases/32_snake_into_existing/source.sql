-- Two names that become one are refused where the table that they name exists: one of the two would be lost.
CREATE TABLE "A b" (x INTEGER);
INSERT INTO "A b" VALUES (1);
CREATE TABLE a_b (x INTEGER);
INSERT INTO a_b VALUES (2);
CREATE TABLE c ("y z" INTEGER, y_z INTEGER);
INSERT INTO c VALUES (1, 2);
