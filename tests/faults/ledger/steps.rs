//! F56 to F58: steps after the data that fail, are killed in the middle, or find others at work.

use super::pair::{Pair, status};
use crate::resume::hold::Hold;
use crate::resume::running::{Running, wait_for};
use crate::support::cli::{Cli, Done};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;

/// One table of ours with a key, an index, a sequence: its steps come in this order, then VACUUM.
const ONE: &str = "
    CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT, b TEXT UNIQUE);
    CREATE INDEX t_a ON t (a);
    WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 50)
        INSERT INTO t SELECT n, 'a ' || n, 'b ' || n FROM n";

struct One {
    source: SqliteFile,
    database: Database,
}

impl One {
    fn new() -> Option<One> {
        let database = Server::available()?.fresh_database();
        Some(One { source: SqliteFile::from_sql(ONE), database })
    }

    fn copy(&self) -> Cli {
        let cli = Cli::new().args(["copy", "--migrate", "--from"]).args([self.source.path()]);
        // What fails is to be seen, not tried again.
        cli.args(["--to", &self.database.url(), "--jobs", "1", "--progress", "lines", "--retry-for", "0"])
    }

    fn planted(&self, planted: &str) {
        let done = self.copy().env("CUTOVER_FAILPOINTS", planted).run();
        assert_eq!(done.code, super::pair::ABORTED, "{planted}: {done:?}");
    }

    fn finish(&self, case: &str) -> Done {
        let done = self.copy().run();
        assert_eq!(done.code, 0, "{case}: {done:?}");
        let valid = "SELECT count(*) || ' ' || count(*) FILTER (WHERE indisvalid) FROM pg_index
                     WHERE indrelid = 'public.t'::regclass";
        assert_eq!(self.database.query_one_text(valid), "3 3", "{case}");
        done
    }

    /// Kinds of the steps that are pending, in their order.
    fn pending(&self) -> String {
        self.database.query_one_text(
            "SELECT coalesce(string_agg(kind, ', ' ORDER BY step), '') FROM cutover.step WHERE state = 'pending'",
        )
    }

    /// The files in which the table's indexes are: another one where an index was built again.
    fn built(&self) -> String {
        self.database.query_one_text(
            "SELECT coalesce(string_agg(indexrelid::regclass || ' ' || indexrelid, ', ' ORDER BY indexrelid), '')
             FROM pg_index WHERE indrelid = 'public.t'::regclass",
        )
    }
}

/// A row that came twice while the run was dead: the key cannot be built, the other index is; the next run builds what is
/// missing and nothing else.
#[test]
fn f56_duplicate_keys_stop_one_index_and_no_other() {
    let Some(one) = One::new() else { return };
    one.planted("before_step=kill:1");
    one.database.execute("INSERT INTO t (id, a, b) VALUES (1000, 'a', 'b 7')");
    let done = one.copy().run();
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.said().contains("unique") && done.said().contains("23505"), "{done:?}");
    assert_eq!(one.pending(), "unique");
    let built = one.built();
    assert!(built.contains("t_a"), "{built}");
    one.database.execute("DELETE FROM t WHERE id = 1000");
    one.finish("the row is gone");
    assert!(one.built().contains(&built), "{built} was built again");
}

/// The server has no memory, or no room, for one index: what it says is told, and the next run builds that index.
#[test]
fn f56_an_index_for_which_there_is_no_memory_is_built_by_the_next_run() {
    let Some(one) = One::new() else { return };
    one.planted("before_step=kill:1");
    for sqlstate in ["53200", "53100"] {
        one.database.execute(&format!(
            "CREATE FUNCTION no_room() RETURNS event_trigger LANGUAGE plpgsql AS $$
                 BEGIN RAISE SQLSTATE '{sqlstate}' USING MESSAGE = 'none left'; END $$;
             CREATE EVENT TRIGGER no_room ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION no_room()"
        ));
        let done = one.copy().run();
        assert!(done.code == 6 && done.said().contains(sqlstate), "{done:?}");
        assert_eq!(one.pending(), "index", "{done:?}");
        one.database.execute("DROP EVENT TRIGGER no_room; DROP FUNCTION no_room()");
    }
    one.finish("there is memory again");
}

/// The table is locked while the index is to be built, and the run is killed as it waits: nothing is left of it.
#[test]
fn f56_killed_in_the_middle_of_an_index_leaves_none_behind() {
    let Some(one) = One::new() else { return };
    one.planted("before_step=kill:1");
    let hold = Hold::session(&one.database);
    hold.rows("BEGIN; LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE").unwrap();
    let run = Running::start(one.copy());
    hold.wait_until_held(1);
    assert_eq!(run.kill().code, -9);
    hold.release();
    wait_for("the server to let go", || {
        let ours = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND application_name LIKE 'cutover %'";
        (one.database.query_one_text(ours) == "0").then_some(())
    });
    assert_eq!(one.built(), "");
    one.finish("after the kill");
}

/// Ours are built in a transaction, which leaves no invalid one; somebody else's under the name is named, not dropped.
#[test]
fn f56_an_invalid_index_of_somebody_else_is_named() {
    let Some(one) = One::new() else { return };
    one.planted("before_step=kill:1");
    one.database.execute("INSERT INTO t (id, a, b) VALUES (1000, 'a 7', 'b 1000')");
    let failed = one.database.try_execute("CREATE UNIQUE INDEX CONCURRENTLY t_a ON t (a)");
    assert!(failed.is_err());
    one.database.execute("DELETE FROM t WHERE id = 1000");
    let done = one.copy().run();
    assert!(done.code == 6 && done.said().contains("42P07") && done.said().contains("t_a"), "{done:?}");
    assert_eq!(one.pending(), "index");
    one.database.execute("DROP INDEX t_a");
    one.finish("the invalid index is dropped");
}

/// Killed before the sequence is set, and the application has gone on meanwhile: what it set is never lowered.
#[test]
fn f57_a_sequence_is_set_past_everything_and_never_lowered() {
    for (meanwhile, next) in [
        ("SELECT 1", "51"),
        ("INSERT INTO t (id, a, b) OVERRIDING SYSTEM VALUE VALUES (1000, 'x', 'x')", "1001"),
        ("SELECT setval(pg_get_serial_sequence('t', 'id'), 7777)", "7778"),
    ] {
        let Some(one) = One::new() else { return };
        one.planted("before_step=kill:2");
        assert_eq!(one.pending(), "sequence, vacuum", "the point is before the sequence");
        one.database.execute(meanwhile);
        one.finish(meanwhile);
        let nextval = "SELECT nextval(pg_get_serial_sequence('t', 'id'))";
        assert_eq!(one.database.query_one_text(nextval), next, "{meanwhile}");
    }
}

/// VACUUM that somebody cancels, or whose connection ends: the rows stay, the run says what is left, the next does only that.
#[test]
fn f58_vacuum_that_is_cancelled_is_all_that_is_left() {
    for end in ["pg_cancel_backend", "pg_terminate_backend"] {
        let Some(one) = One::new() else { return };
        one.planted("before_step=kill:3");
        assert_eq!(one.pending(), "vacuum");
        let built = one.built();
        let hold = Hold::session(&one.database);
        hold.rows("BEGIN; LOCK TABLE t IN SHARE UPDATE EXCLUSIVE MODE").unwrap();
        let run = Running::start(one.copy());
        hold.wait_until_held(1);
        hold.watch(&format!(
            "SELECT {end}(pid) FROM pg_stat_activity WHERE query LIKE 'VACUUM%' AND wait_event_type = 'Lock'"
        ));
        let done = run.end();
        assert_eq!(done.code, 6, "{end}: {done:?}");
        assert!(done.said().contains("57"), "{end}: {done:?}");
        assert_eq!(one.pending(), "vacuum", "{end}");
        assert!(status(&one.database).stdout.contains("left: vacuum t"), "{end}");
        hold.release();
        one.finish(end);
        assert_eq!(one.built(), built, "{end}: nothing is built again");
    }
}

/// The same of keys in existing tables: a lock that does not go away ends the run within its limit.
#[test]
fn f56_a_key_that_cannot_be_locked_is_left_for_the_next_run() {
    let Some(pair) = Pair::new() else { return };
    let database = pair.killed_after(8);
    let hold = Hold::session(&database);
    hold.rows("BEGIN; LOCK TABLE parent IN SHARE ROW EXCLUSIVE MODE").unwrap();
    let run = Running::start(pair.copy(&database));
    hold.wait_until_held(1);
    run.signal("INT");
    let done = run.end();
    assert_eq!(done.code, 130, "{done:?}");
    hold.release();
    pair.assert_finishes(&database, "the lock is gone");
}
