//! The source written, replaced, damaged.

mod damage;
mod writer;

use crate::faults::invariants::assert_nothing_stays;
use crate::resume::hold::Hold;
use crate::resume::running::{Running, wait_for};
use crate::resume::world::{Target, Undisturbed, World, assert_rows_are_the_ledgers, ledger, picture};
use crate::support::cli::{Cli, Done};
use crate::support::postgres::Database;
use rusqlite::Connection;
use rusqlite::config::DbConfig;
use std::path::{Path, PathBuf};

/// A source in a journal mode, and what an undisturbed run makes of it.
struct Sourced {
    world: World,
    undisturbed: Undisturbed,
}

impl Sourced {
    fn in_mode(mode: &str) -> Option<Sourced> {
        let world = World::new()?;
        // A page written by each, so that none is left without a log.
        world.source.connection().execute_batch(&format!("PRAGMA journal_mode = {mode}")).unwrap();
        let undisturbed = world.undisturbed(Target::Empty);
        Some(Sourced { world, undisturbed })
    }

    fn path(&self) -> &Path {
        self.world.source.path()
    }

    /// A run that has copied everything but the table `setting`, which it has not read yet.
    fn held(&self, database: &Database) -> (Running, Hold) {
        let run = Running::start(self.world.copy(database));
        let hold = Hold::chunk(database, "setting", 0);
        hold.wait_until_held(1);
        wait_for("all other chunks", || {
            let left = "SELECT 1 FROM cutover.chunk WHERE digest IS NULL AND table_name <> 'setting'";
            (hold.watch(left) == 0).then_some(())
        });
        (run, hold)
    }

    /// What such a run ends with where `change` happens to the file meanwhile.
    fn changed_meanwhile(&self, database: &Database, change: impl FnOnce(&Path)) -> Done {
        let (run, hold) = self.held(database);
        change(self.path());
        hold.release();
        run.end()
    }

    /// The same run, killed there.
    fn killed(&self, database: &Database) {
        let (run, hold) = self.held(database);
        run.kill();
        hold.release();
        assert_nothing_stays(database, "killed");
    }

    fn write(&self, sql: &str) {
        let db = self.connection();
        db.execute_batch(sql).unwrap();
    }

    /// A writer that leaves its log as it is.
    fn connection(&self) -> Connection {
        let db = self.world.source.connection();
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
        db
    }

    fn log(&self) -> PathBuf {
        let mut name = self.path().as_os_str().to_owned();
        name.push("-wal");
        PathBuf::from(name)
    }
}

/// Rows, checkpoints and a whole VACUUM by others: the copy is of the state in which the run began, and says so.
#[test]
fn f22_a_write_ahead_log_is_written_checkpointed_and_vacuumed_during_the_copy() {
    let Some(source) = Sourced::in_mode("WAL") else { return };
    let database = source.world.database(Target::Empty);
    let done = source.changed_meanwhile(&database, |_| {
        source.write(
            "INSERT INTO setting VALUES ('late', '{}'); UPDATE orders SET note = 'late'; DELETE FROM event;
             PRAGMA wal_checkpoint(PASSIVE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE)",
        );
    });
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.said().contains("W_SOURCE_WRITTEN"), "{done:?}");
    let late = "SELECT count(*) FROM setting WHERE k = 'late'";
    assert_eq!(database.query_one_text(late), "0");
    assert_eq!(database.query_one_text("SELECT count(*) FROM event"), "6060");
    let undisturbed = source.world.database(Target::Empty);
    // What the writer left is another state, and copied as such.
    source.world.finish(&undisturbed);
    assert_eq!(undisturbed.query_one_text(late), "1");
}

/// A writer waits, the run does not; afterwards the writer can go on.
#[test]
fn f23_a_writer_with_a_rollback_journal_is_kept_out_during_the_copy() {
    let Some(source) = Sourced::in_mode("DELETE") else { return };
    let database = source.world.database(Target::Empty);
    let sql = "INSERT INTO setting VALUES ('late', '{}')";
    let done = source.changed_meanwhile(&database, |_| {
        let db = source.connection();
        db.busy_timeout(std::time::Duration::ZERO).unwrap();
        let refused = db.execute_batch(sql).unwrap_err();
        assert_eq!(refused.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy));
    });
    assert_eq!(done.code, 0, "{done:?}");
    source.undisturbed.assert_resumes(&source.world, &database, "a writer that waited");
    source.write(sql);
}

/// After a fault of the file: the table that was being read is not marked as done, the rows are those of the ledger, and
/// with the file back the copy ends well.
fn assert_not_done(database: &Database, done: &Done, words: &str) {
    assert_eq!(done.code, 5, "{words}: {done:?}");
    assert!(done.said().contains(words) && done.said().contains("source.db"), "{words}: {done:?}");
    assert_rows_are_the_ledgers(database, words);
    assert_nothing_stays(database, words);
    let open = "SELECT count(*) FROM cutover.chunk WHERE table_name = 'setting' AND digest IS NULL";
    assert_ne!(database.query_one_text(open), "0", "{words}");
    assert_eq!(database.query_one_text("SELECT count(*) FROM setting"), "0", "{words}");
}

fn assert_ends_well(source: &Sourced, database: &Database, words: &str) {
    let again = source.world.copy(database).run();
    assert_eq!(again.code, 3, "{words}: {again:?}");
    assert!(again.said().contains("--restart") && again.said().contains("--reverify"), "{again:?}");
    let done = source.world.copy(database).args(["--reverify"]).run();
    assert_eq!(done.code, 0, "{words}: {done:?}");
    source.undisturbed.assert_resumes(&source.world, database, words);
}

#[test]
fn f24_a_source_that_is_renamed_over_or_removed_during_the_copy() {
    let Some(source) = Sourced::in_mode("DELETE") else { return };
    let whole = std::fs::read(source.path()).unwrap();
    let over = |path: &Path| {
        std::fs::write(path.with_extension("new"), &whole).unwrap();
        std::fs::rename(path.with_extension("new"), path).unwrap();
    };
    let remove = |path: &Path| std::fs::remove_file(path).unwrap();
    let words = ["E_SOURCE_REPLACED", "can no longer be read"];
    for (change, words) in [&over as &dyn Fn(&Path), &remove].into_iter().zip(words) {
        let database = source.world.database(Target::Empty);
        let done = source.changed_meanwhile(&database, change);
        assert_not_done(&database, &done, words);
        std::fs::write(source.path(), &whole).unwrap();
        assert_ends_well(&source, &database, words);
    }
}

/// Behind the end of a cut file SQLite reads zeros, which are valid in a long value; `cp` over a file keeps no lock.
#[test]
fn f24_a_source_that_is_cut_or_copied_over_during_the_copy() {
    let Some(source) = Sourced::in_mode("DELETE") else { return };
    let whole = std::fs::read(source.path()).unwrap();
    let mut other = whole.clone();
    // Bytes of values alone, so that SQLite itself sees nothing.
    other.iter_mut().rev().take(2000).for_each(|byte| *byte = byte.wrapping_add(1));
    let cut = |path: &Path| {
        std::fs::OpenOptions::new()
            .write(true)
            .open(path)
            .unwrap()
            .set_len(whole.len() as u64 - 4096)
            .unwrap();
    };
    let copy_over = |path: &Path| std::fs::write(path, &other).unwrap();
    for change in [&cut as &dyn Fn(&Path), &copy_over] {
        let database = source.world.database(Target::Empty);
        let done = source.changed_meanwhile(&database, change);
        assert_not_done(&database, &done, "E_SOURCE_REPLACED");
        std::fs::write(source.path(), &whole).unwrap();
        assert_ends_well(&source, &database, "a source that came back");
    }
}

/// In WAL mode a write moves nothing in the main file's header: the log tells.
#[test]
fn f25_a_log_that_grew_between_two_runs_is_noticed() {
    let Some(source) = Sourced::in_mode("WAL") else { return };
    let database = source.world.database(Target::Empty);
    source.killed(&database);
    let (header, before) = (std::fs::read(source.path()).unwrap(), ledger(&database));
    source.write("UPDATE setting SET v = '7' WHERE k = 'key 3'");
    assert!(std::fs::read(source.path()).unwrap() == header, "only the log was written");
    let done = source.world.copy(&database).run();
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.said().contains("--restart") && done.said().contains("--reverify"), "{done:?}");
    assert_eq!(ledger(&database), before, "a refusal writes nothing");
    let done = source.world.copy(&database).args(["--reverify"]).run();
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(database.query_one_text("SELECT v FROM setting WHERE k = 'key 3'"), "7");
}

/// A log that is lost takes what was committed in it along: the file is then an older one, and is not gone on with.
#[test]
fn f25_a_log_that_was_lost_between_two_runs_is_noticed() {
    let Some(source) = Sourced::in_mode("WAL") else { return };
    source.write(
        "UPDATE orders SET note = 'in the log' WHERE id <= 500; DELETE FROM setting WHERE k = 'key 9'",
    );
    let log = std::fs::read(source.log()).unwrap();
    assert!(!log.is_empty());
    let database = source.world.database(Target::Empty);
    source.killed(&database);
    std::fs::remove_file(source.log()).unwrap();
    let done = source.world.copy(&database).run();
    assert_eq!(done.code, 3, "{done:?}");
    let done = source.world.copy(&database).args(["--reverify"]).run();
    assert_eq!(done.code, 3, "the finished chunks are of rows that are gone: {done:?}");
    assert!(done.said().contains("orders"), "{done:?}");
    // Begun anew, it is the older state whole.
    let done = source.world.copy(&database).args(["--restart"]).run();
    assert_eq!(done.code, 0, "{done:?}");
    let fresh = source.world.database(Target::Empty);
    source.world.finish(&fresh);
    assert_eq!(picture(&fresh), picture(&database));
}

/// `verify` reads the source first, and says nothing of the target by what it read of a file that did not stay.
#[test]
fn f24_a_source_that_does_not_stay_during_verify() {
    let Some(source) = Sourced::in_mode("DELETE") else { return };
    let database = source.world.database(Target::Empty);
    source.world.finish(&database);
    let whole = std::fs::read(source.path()).unwrap();
    let over = |path: &Path| {
        std::fs::write(path.with_extension("new"), &whole).unwrap();
        std::fs::rename(path.with_extension("new"), path).unwrap();
    };
    let cut = |path: &Path| std::fs::write(path, &whole[..whole.len() - 4096]).unwrap();
    let stay = |_: &Path| ();
    let changes = [(&over as &dyn Fn(&Path), 5), (&cut, 5), (&stay, 0)];
    for (change, code) in changes {
        let hold = Hold::session(&database);
        hold.rows("BEGIN; LOCK TABLE setting IN ACCESS EXCLUSIVE MODE").unwrap();
        let verify = Cli::new().args(["verify", "--from"]).args([source.path()]).args(["--to"]);
        let run = Running::start(verify.args([database.url()]));
        hold.wait_until_held(1);
        change(source.path());
        hold.release();
        let done = run.end();
        assert_eq!(done.code, code, "{done:?}");
        assert_eq!(done.said().contains("E_SOURCE_REPLACED"), code == 5, "{done:?}");
        std::fs::write(source.path(), &whole).unwrap();
    }
}
