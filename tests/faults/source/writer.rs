//! A writer that commits all the time: each copy is one single moment of its source. `CUTOVER_WRITER_COPIES` says how many
//! copies are made beside it.

use crate::support::cli::{Cli, Done};
use crate::support::dice::{Dice, setting};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use rusqlite::Connection;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Every transaction leaves one version in all tables, a sum that never changes, and one entry more for itself.
const SOURCE: &str = "
    CREATE TABLE clock (id INTEGER PRIMARY KEY, version INTEGER NOT NULL);
    CREATE TABLE account (id INTEGER PRIMARY KEY, version INTEGER NOT NULL, balance INTEGER NOT NULL, note TEXT);
    CREATE TABLE share (name TEXT PRIMARY KEY, version INTEGER NOT NULL, part INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE entry (version INTEGER PRIMARY KEY, at TEXT);
    INSERT INTO clock VALUES (1, 0);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
      INSERT INTO account SELECT i, 0, 1000, hex(randomblob(100)) FROM n;
    INSERT INTO share SELECT 'share ' || id, 0, 100 FROM account;";

/// One transaction, or the error of its first statement that did not go.
fn write(db: &Connection, dice: &mut Dice) -> rusqlite::Result<()> {
    let (from, to, sum) = (1 + dice.below(300), 1 + dice.below(300), dice.below(50));
    db.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         UPDATE clock SET version = version + 1;
         UPDATE account SET version = version + 1, balance = balance - (id = {from}) * {sum} + (id = {to}) * {sum};
         INSERT INTO entry SELECT version, datetime() FROM clock;
         UPDATE share SET version = version + 1, part = part - (name = 'share {to}') * {sum} + (name = 'share {from}') * {sum};
         COMMIT"
    ))
    .inspect_err(|_| {
        let _ = db.execute_batch("ROLLBACK");
    })
}

/// Writes until it is told to stop, counting what was committed.
fn keep_writing(source: &SqliteFile, mode: &str, stop: &AtomicBool, committed: &AtomicU64) {
    let (db, mut dice) = (source.connection(), Dice(7));
    db.busy_timeout(Duration::from_millis(20)).unwrap();
    // Checkpoints come often, so that the main file moves all the time, too.
    db.execute_batch(&format!(
        "PRAGMA synchronous = OFF; PRAGMA journal_mode = {mode}; PRAGMA wal_autocheckpoint = 20"
    ))
    .unwrap();
    while !stop.load(Ordering::Relaxed) {
        if write(&db, &mut dice).is_ok() {
            committed.fetch_add(1, Ordering::Relaxed);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn copy(source: &SqliteFile, database: &Database) -> Done {
    Cli::new()
        .args(["copy", "--migrate", "--jobs", "2", "--chunk-rows", "60", "--progress", "lines"])
        .args([source.path()])
        .args([database.url()])
        .run()
}

/// The version of all tables, where they have one and the same, and everything else fits it.
fn moment(database: &Database) -> String {
    database.query_one_text(
        "SELECT CASE WHEN (SELECT count(DISTINCT version) FROM (SELECT version FROM clock UNION ALL
                            SELECT version FROM account UNION ALL SELECT version FROM share) x) = 1
                      AND (SELECT count(*) FROM account) = 300 AND (SELECT count(*) FROM share) = 300
                      AND (SELECT sum(balance) FROM account) = 300000 AND (SELECT sum(part) FROM share) = 30000
                      AND (SELECT count(*) FROM entry) = (SELECT version FROM clock)
                      AND (SELECT coalesce(max(version), 0) FROM entry) = (SELECT version FROM clock)
                 THEN (SELECT version::text FROM clock) ELSE 'no single moment' END",
    )
}

/// Copies beside a writer; the moments that they are of.
fn moments(mode: &str, copies: u64) -> Option<Vec<u64>> {
    let server = Server::available()?;
    let source = SqliteFile::from_sql(SOURCE);
    let (stop, committed) = (AtomicBool::new(false), AtomicU64::new(0));
    Some(std::thread::scope(|scope| {
        scope.spawn(|| keep_writing(&source, mode, &stop, &committed));
        let found: Vec<Result<u64, String>> = (0..copies)
            .map(|_| {
                wait_for_more(&committed);
                let database = server.fresh_database();
                let done = copy(&source, &database);
                let moment = if done.code == 0 { moment(&database) } else { format!("{done:?}") };
                moment.parse().map_err(|_| moment)
            })
            .collect();
        stop.store(true, Ordering::Relaxed);
        found.into_iter().map(|moment| moment.expect("one single moment")).collect()
    }))
}

/// The writer has written since the last copy.
fn wait_for_more(committed: &AtomicU64) {
    let before = committed.load(Ordering::Relaxed);
    crate::resume::running::wait_for("the writer", || {
        (committed.load(Ordering::Relaxed) > before + 2).then_some(())
    });
}

#[test]
fn f22_each_copy_beside_a_writer_is_one_single_moment() {
    let copies = setting("CUTOVER_WRITER_COPIES", 3);
    let Some(moments) = moments("WAL", copies) else { return };
    assert!(moments.is_sorted_by(|earlier, later| earlier < later), "{moments:?}");
    eprintln!("{copies} copies beside a writer: versions {moments:?}");
}

#[test]
fn f23_each_copy_beside_a_writer_with_a_rollback_journal_is_one_single_moment() {
    let copies = setting("CUTOVER_WRITER_COPIES", 3).div_ceil(3);
    let Some(moments) = moments("DELETE", copies) else { return };
    assert!(moments.is_sorted_by(|earlier, later| earlier < later), "{moments:?}");
    eprintln!("{copies} copies beside a writer that waits: versions {moments:?}");
}

/// The check itself: a target in which one row is of another moment is seen.
#[test]
fn a_row_of_another_moment_is_seen() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(SOURCE), server.fresh_database());
    assert_eq!(copy(&source, &database).code, 0);
    assert_eq!(moment(&database), "0");
    for sql in [
        "UPDATE account SET version = 1 WHERE id = 5",
        "UPDATE share SET part = part + 1 WHERE name = 'share 7'",
        "DELETE FROM share WHERE name = 'share 7'",
        "INSERT INTO entry VALUES (1, '')",
    ] {
        database.execute(sql);
        assert_eq!(moment(&database), "no single moment", "{sql}");
        database.execute("DROP TABLE clock, account, share, entry; DROP SCHEMA cutover CASCADE");
        assert_eq!(copy(&source, &database).code, 0);
    }
}
