//! F25, F47, F59: rows that are not what they were when they were recorded; proofs that are stopped, or go on beside writers.

use super::pair::{Pair, key, rows};
use crate::resume::hold::Hold;
use crate::resume::running::Running;
use crate::support::flow::Run;
use crate::support::postgres::Database;
use serde_json::Value;

/// A copy of which every row is there, and none was read back.
fn all_copied(pair: &Pair) -> Database {
    let database = pair.killed_after(8);
    assert_eq!(rows(&database), "100 60");
    database
}

fn chunks(table: &Value) -> Vec<u64> {
    let differing = table["differing_chunks"].as_array().expect("chunks");
    differing.iter().map(|chunk| chunk["chunk"].as_u64().expect("a number")).collect()
}

fn keys(table: &Value) -> Vec<(String, String)> {
    let rows = table["differences"].as_array().expect("rows");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let mut keys: Vec<_> = rows.iter().map(|row| (text(&row["kind"]), text(&row["key"]))).collect();
    keys.sort();
    keys
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(kind, key)| ((*kind).to_owned(), (*key).to_owned())).collect()
}

/// Rows deleted, changed and added after their chunk was recorded: the run that goes on finds chunk and rows, ends with 4, and
/// records no proof.
#[test]
fn f47_rows_that_changed_after_their_checkpoint_are_found() {
    let Some(pair) = Pair::new() else { return };
    let database = all_copied(&pair);
    database.execute(
        "DELETE FROM child WHERE id = 27; UPDATE child SET note = 'other' WHERE id = 93;
         INSERT INTO parent VALUES (1000, 'new')",
    );
    let run = Run::of(pair.copy(&database)).ends_with(4);
    let child = run.table("child");
    assert_eq!(chunks(child), [1, 4], "{child}");
    assert_eq!(keys(child), pairs(&[("changed", "rowid 93"), ("missing", "rowid 27")]), "{child}");
    assert_eq!(keys(run.table("parent"))[0].0, "extra", "{}", run.said());
    let proved = "SELECT count(*) FROM cutover.chunk WHERE verified_at IS NOT NULL";
    assert_eq!(database.query_one_text(proved), "0");
    assert_eq!(database.query_one_text("SELECT finished_at IS NULL FROM cutover.source"), "t");
    // The same again, by a run and by `verify`; and none once the rows are mended.
    Run::of(pair.copy(&database)).ends_with(4);
    let run = Run::of(pair.verify(&database)).ends_with(4);
    assert_eq!(chunks(run.table("child")), [1, 4]);
    database.execute(
        "INSERT INTO child VALUES (27, 28, 'a note that makes the row heavier 27');
         UPDATE child SET note = 'a note that makes the row heavier 93' WHERE id = 93; DELETE FROM parent WHERE id = 1000",
    );
    pair.assert_finishes(&database, "mended");
}

/// One row of a chunk that is done, in a log that the main file does not show.
#[test]
fn f25_one_row_of_a_done_chunk_in_wal_mode() {
    let Some(pair) = Pair::new() else { return };
    pair.change("PRAGMA journal_mode = WAL");
    // Held open, so that nothing is written back into the main file.
    let writer = pair.source.connection();
    writer
        .execute_batch("PRAGMA wal_autocheckpoint = 0; UPDATE parent SET name = name WHERE id = 1")
        .unwrap();
    let database = pair.killed_after(6);
    let main = std::fs::read(pair.source.path()).unwrap();
    writer.execute_batch("UPDATE child SET note = 'other' WHERE id = 50").unwrap();
    assert!(std::fs::read(pair.source.path()).unwrap() == main, "the main file does not move");
    let done = pair.copy(&database).run();
    assert!(done.code == 3 && done.said().contains("--reverify"), "{done:?}");
    let done = pair.copy(&database).args(["--reverify"]).run();
    assert!(done.code == 3 && done.said().contains("in: child"), "{done:?}");
    assert_eq!((key(&database).as_str(), rows(&database).as_str()), ("not valid", "100 20"));
    let done = pair.copy(&database).args(["--restart"]).run();
    assert_eq!(done.code, 0, "{done:?}");
    pair.assert_whole(&database, "begun anew");
}

/// Killed while a table is read back: nothing is recorded as proved, and the next run reads it again.
#[test]
fn f59_a_proof_that_is_killed_is_begun_again() {
    let Some(pair) = Pair::new() else { return };
    let database = all_copied(&pair);
    let hold = Hold::session(&database);
    hold.rows("BEGIN; LOCK TABLE child IN ACCESS EXCLUSIVE MODE").unwrap();
    for run in [pair.copy(&database), pair.verify(&database)] {
        let run = Running::start(run);
        hold.wait_until_held(1);
        assert_eq!(run.kill().code, -9);
        hold.watch("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
    }
    let proved = "SELECT 1 FROM cutover.chunk WHERE table_name = 'child' AND verified_at IS NOT NULL";
    assert_eq!(hold.watch(proved), 0);
    hold.release();
    pair.assert_finishes(&database, "after the kills");
}

/// The application writes while it is compared, and at no moment are the two sides equal: it moves a wrong note from row to
/// row. No comparison may say that they are.
#[test]
fn f59_a_proof_beside_a_writer_never_says_equal_falsely() {
    let Some(pair) = Pair::new() else { return };
    let database = all_copied(&pair);
    database.execute(
        "UPDATE child SET note = 'wrong' WHERE id = 1;
         CREATE PROCEDURE move_on() LANGUAGE plpgsql AS $$ BEGIN FOR i IN 1..1000000 LOOP
             UPDATE child SET note = CASE WHEN id = i % 100 + 1 THEN 'wrong'
                                          ELSE 'a note that makes the row heavier ' || id END
             WHERE id IN (i % 100 + 1, (i - 1) % 100 + 1);
             COMMIT; PERFORM pg_sleep(0.0005); END LOOP; END $$",
    );
    let url = database.url();
    let writer = std::thread::spawn(move || crate::support::postgres::query(&url, "CALL move_on()"));
    for _ in 0..4 {
        let run = Run::of(pair.verify(&database)).ends_with(4);
        assert_eq!(run.table("child")["verify"], "differs", "{}", run.said());
        assert!(run.table("child")["verify_note"].as_str().is_some_and(|note| !note.is_empty()));
        assert_eq!(run.table("parent")["verify"], "match", "{}", run.said());
    }
    // A run that goes on compares likewise.
    let run = Run::of(pair.copy(&database)).ends_with(4);
    assert_eq!(run.table("child")["verify"], "differs", "{}", run.said());
    database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'CALL move_on()'");
    assert!(writer.join().expect("the writer").is_err(), "it wrote until it was ended");
}
