//! A COMMIT that is lost on its way, or whose answer is: the ledger says which, under a lock (fault catalogue F2).

use crate::support::cli::{Cli, Done};
use crate::support::postgres::{Database, Server};
use crate::support::proxy::{At, Fault, Proxy, Rule, Way};
use crate::support::sqlite::SqliteFile;

const ROWS: &str = "100";

fn source() -> SqliteFile {
    SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);
         WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 100)
         INSERT INTO t SELECT n, 'row ' || n FROM c;",
    )
}

/// Copies through a proxy that cuts the loading connection at its first COMMIT.
fn copy(source: &SqliteFile, database: &Database, at: At, retry_for: &str) -> Done {
    let proxy = Proxy::before(database, [Rule::new(Way::ToServer, at, Fault::Cut).on("copy")]);
    let cli = Cli::new().args(["copy", "--migrate", "--from"]).args([source.path()]);
    let done = cli.args(["--to", proxy.url(), "--retry-for", retry_for]).run();
    assert_eq!(proxy.struck(), 1, "{done:?}");
    done
}

fn assert_whole(database: &Database, done: &Done) {
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(database.query_one_text("SELECT count(*) FROM t"), ROWS);
    assert_eq!(database.query_one_text("SELECT finished_at IS NOT NULL FROM cutover.source"), "t");
}

#[test]
fn f02_a_commit_that_never_arrived_is_a_failure_or_is_tried_again() {
    let Some(server) = Server::available() else { return };
    let source = source();
    let database = server.fresh_database();
    let done = copy(&source, &database, At::Saying("COMMIT", 1), "0s");
    assert_eq!(done.code, 6, "{done:?}");
    assert_eq!(database.query_one_text("SELECT count(*) FROM t"), "0");
    let database = server.fresh_database();
    assert_whole(&database, &copy(&source, &database, At::Saying("COMMIT", 1), "20s"));
}

/// As soon as the ledger is there, a COMMIT of rows takes a while. (A trigger of the table itself would be refused.)
const SLOW_COMMIT: &str = "
    CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_catalog.pg_sleep(1); RETURN NULL; END $$;
    CREATE FUNCTION brake() RETURNS event_trigger LANGUAGE plpgsql AS
      $$ BEGIN
        IF to_regclass('cutover.chunk') IS NOT NULL AND NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'slow') THEN
          CREATE CONSTRAINT TRIGGER slow AFTER UPDATE ON cutover.chunk DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN (OLD.digest IS NULL AND NEW.digest IS NOT NULL) EXECUTE FUNCTION public.slow();
        END IF;
      END $$;
    CREATE EVENT TRIGGER brake ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION brake()";

/// Whoever asks while the COMMIT is under way must wait for it.
#[test]
fn f02_a_commit_whose_answer_was_lost_is_seen_to_be_done() {
    let Some(server) = Server::available() else { return };
    let source = source();
    for retry_for in ["0s", "20s"] {
        let database = server.fresh_database();
        database.execute(SLOW_COMMIT);
        assert_whole(&database, &copy(&source, &database, At::After("COMMIT", 1), retry_for));
        assert_eq!(database.query_one_text("SELECT count(*) FROM pg_trigger WHERE tgname = 'slow'"), "1");
    }
}
