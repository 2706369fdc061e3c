//! What an earlier run had laid aside in existing tables is back whatever the next run comes to.

use super::pair::{Pair, clean, key, rows};
use crate::resume::changed::{change, killed_before_setting};
use crate::resume::world::{Target, World, objects};
use crate::support::cli::Cli;
use crate::support::seals::edit_unseen;
use crate::support::sqlite::SqliteFile;

/// Whatever refuses the run: the key is back first, the message says so, and the copy can be gone on with.
#[test]
fn f56_a_refused_run_brings_back_what_was_laid_aside() {
    let Some(pair) = Pair::new() else { return };
    for (what, more) in [
        ("other options", &["--names", "snake"][..]),
        ("a table that was not selected", &["--table", "child"]),
    ] {
        let database = pair.killed_after(3);
        if more[0] == "--table" {
            // Begun with one table only.
            let database = pair.database(true);
            // Its parents are not there: a validated key would be refused.
            let not_valid = ["--orphans", "not-valid"];
            let only = pair.copy(&database).args(["--exclude", "parent"]).args(not_valid);
            assert_eq!(only.env("CUTOVER_FAILPOINTS", "after_commit=kill:3").run().code, -6);
            let done = pair.copy(&database).args(not_valid).run();
            assert!(done.code == 3 && done.said().contains("brought back"), "{what}: {done:?}");
            assert_eq!(key(&database), "not valid", "{what}");
            continue;
        }
        let done = pair.copy(&database).args(more).run();
        assert_eq!(done.code, 3, "{what}: {done:?}");
        assert!(done.said().contains("laid it aside: foreign key \"of_parent\""), "{what}: {done:?}");
        assert!(done.said().contains("still laid aside: validate \"of_parent\""), "{what}: {done:?}");
        assert!(done.said().contains("W_NOT_RESTORED"), "{what}: {done:?}");
        assert_eq!((key(&database).as_str(), rows(&database).as_str()), ("not valid", "60 0"), "{what}");
        // Children come before parents: the key is laid aside again for them.
        pair.assert_finishes(&database, what);
    }
}

#[test]
fn f25_a_changed_source_is_refused_once_everything_is_back() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Existing);
    let made = objects(&database);
    killed_before_setting(&world, &database);
    assert_ne!(objects(&database), made, "keys and indexes are laid aside");
    change(&world, "INSERT INTO setting VALUES ('new', '{}')");
    let done = world.copy(&database).run();
    assert!(done.code == 3 && done.said().contains("brought back"), "{done:?}");
    assert_eq!(objects(&database), made, "keys, their validity, and indexes");
    let done = world.copy(&database).args(["--reverify"]).run();
    assert_eq!(done.code, 0, "{done:?}");
    world.undisturbed(Target::Existing).assert_resumes(&world, &database, "after the refusal");
}

/// A plan that this version does not know is not gone on with; its steps are as they were written.
#[test]
fn f46_a_newer_plan_is_refused_once_everything_is_back() {
    let Some(pair) = Pair::new() else { return };
    let database = pair.killed_after(8);
    edit_unseen(
        &database,
        "UPDATE cutover.source SET plan = regexp_replace(plan, '\"format\":[0-9]+', '\"format\":9999')",
    );
    let done = pair.copy(&database).run();
    assert!(done.code == 3 && done.said().contains("has format 9999"), "{done:?}");
    assert_eq!(key(&database), "valid");
}

/// What comes back under a damaged ledger has no mark there. Once the ledger is mended, the copy is gone on with all the same,
/// in the middle of the rows and behind them.
#[test]
fn f46_a_ledger_that_is_mended_is_gone_on_with() {
    let Some(pair) = Pair::new() else { return };
    for events in [3, 8] {
        let database = pair.killed_after(events);
        let edit = |by: &str| {
            database
                .execute(&format!("UPDATE cutover.chunk SET bytes = bytes {by} WHERE table_name = 'child'"));
        };
        edit("+ 1");
        let done = pair.copy(&database).run();
        assert!(done.code == 3 && done.said().contains("E_LEDGER_DAMAGED"), "{done:?}");
        assert_ne!(key(&database), "", "it is back");
        edit("- 1");
        pair.assert_finishes(&database, "the ledger is mended");
    }
}

/// A run that goes elsewhere: another file, another schema, another table.
#[test]
fn f56_a_run_that_goes_elsewhere_brings_it_back() {
    let Some(pair) = Pair::new() else { return };
    let database = pair.killed_after(3);
    let other = SqliteFile::from_sql("CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)");
    let copy = Cli::new().args(["copy", "--migrate", "--from"]).args([other.path()]);
    let done = copy.args(["--to", &database.url(), "--schema", "elsewhere", "--progress", "lines"]).run();
    assert!(done.code == 0 && done.said().contains("brought back"), "{done:?}");
    assert_eq!(key(&database), "not valid", "not all rows are there to be looked at");
    pair.assert_finishes(&database, "another source");

    let database = pair.killed_after(3);
    let done = pair.copy(&database).args(["--table", "parent"]).run();
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!((key(&database).as_str(), rows(&database).as_str()), ("not valid", "60 60"));
    pair.assert_finishes(&database, "another table");
}

/// The child is all there and its parent is not: its key does not wait for the parent's rows.
#[test]
fn f56_a_run_that_goes_on_leaves_aside_only_what_it_needs() {
    let Some(pair) = Pair::new() else { return };
    let database = pair.killed_after(6);
    let planted = pair.copy(&database).env("CUTOVER_FAILPOINTS", "after_commit=kill:1").run();
    assert_eq!(planted.code, super::pair::ABORTED, "{planted:?}");
    assert_eq!((key(&database).as_str(), rows(&database).as_str()), ("not valid", "100 40"));
    pair.assert_finishes(&database, "gone on");
}

/// Rows that are against it: told by name, and owed until they are mended.
#[test]
fn f56_what_cannot_come_back_is_named_and_stays_owed() {
    let Some(pair) = Pair::new() else { return };
    let database = pair.killed_after(8);
    database.execute("DELETE FROM parent WHERE id = 5");
    let done = pair.copy(&database).args(["--names", "snake"]).run();
    assert_eq!(done.code, 3, "{done:?}");
    for word in ["still laid aside: validate \"of_parent\"", "W_NOT_RESTORED", "23503"] {
        assert!(done.said().contains(word), "{word}: {done:?}");
    }
    assert_eq!(key(&database), "not valid");
    let done = clean(&database);
    assert!(done.code == 3 && done.said().contains("validate \"of_parent\""), "{done:?}");
    database.execute("INSERT INTO parent VALUES (5, 'name 5')");
    pair.assert_finishes(&database, "mended");
}

/// Somebody has made the key by hand meanwhile: that is no reason to fail.
#[test]
fn f56_what_was_made_by_hand_meanwhile_is_taken_for_back() {
    let Some(pair) = Pair::new() else { return };
    let database = pair.killed_after(8);
    database.execute("ALTER TABLE child ADD CONSTRAINT of_parent FOREIGN KEY (parent) REFERENCES parent");
    let done = pair.copy(&database).args(["--names", "snake"]).run();
    assert!(done.code == 3 && !done.said().contains("still laid aside"), "{done:?}");
    pair.assert_finishes(&database, "made by hand");
}
