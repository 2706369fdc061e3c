-- Names that become one name in snake_case are numbered where we create what they name.
CREATE TABLE "A b" ("x y" INTEGER, x_y INTEGER);
INSERT INTO "A b" VALUES (1, 2);
CREATE TABLE a_b (x INTEGER);
INSERT INTO a_b VALUES (3);
