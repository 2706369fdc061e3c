PRAGMA legacy_alter_table = ON;
ALTER TABLE aside RENAME TO aside_old;
CREATE TABLE aside (id INTEGER PRIMARY KEY, v TEXT NOT NULL UNIQUE);
INSERT INTO aside SELECT * FROM aside_old;
DROP TABLE aside_old;

-- As Django writes it.
CREATE TABLE "new__app_t" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "b" bool NOT NULL, "a" varchar(20) NOT NULL);
INSERT INTO "new__app_t" ("id", "a", "b") SELECT "id", "a", 1 FROM "app_t";
DROP TABLE "app_t";
ALTER TABLE "new__app_t" RENAME TO "app_t";
CREATE INDEX "app_t_a" ON "app_t" ("a");
