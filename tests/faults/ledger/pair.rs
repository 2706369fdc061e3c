//! A parent and its child, in chunks of twenty rows: small, so that a fault can be tried in many places.

use crate::support::cli::{Cli, Done};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;

/// The child weighs more, so that its five chunks come before the parent's three.
const SOURCE: &str = "
    CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id), note TEXT);
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 60)
        INSERT INTO parent SELECT n, 'name ' || n FROM n;
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 100)
        INSERT INTO child SELECT n, n % 60 + 1, 'a note that makes the row heavier ' || n FROM n";

const EXISTING: &str = "
    CREATE TABLE parent (id integer PRIMARY KEY, name text);
    CREATE TABLE child (id integer PRIMARY KEY, parent integer CONSTRAINT of_parent REFERENCES parent, note text)";

/// SIGABRT, by which a planted `kill` ends the process.
pub(super) const ABORTED: i32 = -6;

/// The source, and the server for its targets.
pub(super) struct Pair {
    pub(super) source: SqliteFile,
    server: &'static Server,
}

impl Pair {
    /// None where there is no server and that is allowed.
    pub(super) fn new() -> Option<Pair> {
        Some(Pair { server: Server::available()?, source: SqliteFile::from_sql(SOURCE) })
    }

    /// A database with the tables in it, or an empty one.
    pub(super) fn database(&self, existing: bool) -> Database {
        let database = self.server.fresh_database();
        if existing {
            database.execute(EXISTING);
        }
        database
    }

    /// The copy, one chunk after the other.
    pub(super) fn copy(&self, database: &Database) -> Cli {
        let cli = Cli::new().args(["copy", "--migrate", "--from"]).args([self.source.path()]);
        cli.args(["--to", &database.url(), "--jobs", "1", "--chunk-rows", "20"])
    }

    /// A copy that is killed at a planted point.
    pub(super) fn killed(&self, database: &Database, planted: &str) {
        let done = self.copy(database).env("CUTOVER_FAILPOINTS", planted).run();
        assert_eq!(done.code, ABORTED, "{planted}: {done:?}");
    }

    /// A copy into existing tables that is killed after so many of its eight chunks.
    pub(super) fn killed_after(&self, chunks: u64) -> Database {
        let database = self.database(true);
        self.killed(&database, &format!("after_commit=kill:{chunks}"));
        assert_eq!(key(&database), "", "the foreign key is laid aside");
        database
    }

    pub(super) fn verify(&self, database: &Database) -> Cli {
        Cli::new().args(["verify", "--from"]).args([self.source.path()]).args(["--to", &database.url()])
    }

    /// The same command once more ends well, and everything is there.
    #[track_caller]
    pub(super) fn assert_finishes(&self, database: &Database, case: &str) -> Done {
        let done = self.copy(database).run();
        assert_eq!(done.code, 0, "{case}: {done:?}");
        self.assert_whole(database, case);
        done
    }

    #[track_caller]
    pub(super) fn assert_whole(&self, database: &Database, case: &str) {
        assert_eq!(key(database), "valid", "{case}");
        let done = self.verify(database).run();
        assert_eq!(done.code, 0, "{case}: {done:?}");
    }

    pub(super) fn change(&self, sql: &str) {
        self.source.connection().execute_batch(sql).unwrap();
    }
}

/// The state of the existing tables' foreign key; nothing where it is not there.
pub(super) fn key(database: &Database) -> String {
    database.query_one_text(
        "SELECT coalesce((SELECT CASE WHEN convalidated THEN 'valid' ELSE 'not valid' END FROM pg_constraint
                          WHERE contype = 'f' AND conrelid = 'public.child'::regclass), '')",
    )
}

/// How many rows each table holds.
pub(super) fn rows(database: &Database) -> String {
    database.query_one_text("SELECT (SELECT count(*) FROM child) || ' ' || (SELECT count(*) FROM parent)")
}

pub(super) fn status(database: &Database) -> Done {
    Cli::new().args(["status", "--to", &database.url()]).run()
}

pub(super) fn clean(database: &Database) -> Done {
    Cli::new().args(["clean", "--to", &database.url()]).run()
}
