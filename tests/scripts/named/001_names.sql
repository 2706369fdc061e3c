CREATE TABLE "User Accounts" ("userID" INTEGER PRIMARY KEY, "firstName" TEXT, "E-Mail" TEXT UNIQUE);
CREATE INDEX "idxFirst" ON "User Accounts" ("firstName");
INSERT INTO [User Accounts] (userid, `firstName`) VALUES (1, 'x');
UPDATE "User Accounts" SET "E-Mail" = 'e' WHERE "userID" = 1;
