//! Whole tables in one transaction, with FREEZE where nobody can be looking (semantics.md §5.3).

use super::hold::Hold;
#[cfg(feature = "failpoints")]
use super::running::wait_for;
use super::world::{Target, World, writers};
use crate::support::postgres::Database;

/// A transaction that began before the copy. It looks at nothing of the copy's, so that no lock stands in the way.
fn begun_before(database: &Database) -> Hold {
    let old = Hold::session(database);
    old.rows("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1 FROM pg_am").expect("a snapshot");
    old
}

/// Rows that are frozen are seen by everybody, also by those who must not: that they are seen shows that they are frozen.
fn seen_by(old: &Hold) -> usize {
    old.rows("SELECT 1 FROM file").expect("the table")
}

#[test]
fn rows_in_an_existing_table_are_not_frozen() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Existing);
    let old = begun_before(&database);
    let done = world.unsized_copy(&database).run();
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(database.query_one_text("SELECT count(*) FROM file"), "200");
    assert_eq!(seen_by(&old), 0, "an older transaction sees rows that came after its snapshot");
    assert_eq!(old.rows("SELECT 1 FROM setting"), Ok(0), "nor those of a small table");
}

#[test]
fn a_chunk_that_commits_by_itself_is_not_frozen() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Empty);
    let old = begun_before(&database);
    let done = world.copy(&database).run();
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(seen_by(&old), 0);
    assert!(writers(&database, "file").len() > 10, "--chunk-bytes makes the chunk the unit of commit");
}

/// The first run writes many chunks down, and copies none of them.
#[cfg(feature = "failpoints")]
#[test]
fn a_new_table_of_many_chunks_is_one_transaction() {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(Target::Empty);
    let database = world.database(Target::Empty);
    let killed = world.copy(&database).env("CUTOVER_FAILPOINTS", "before_commit=kill:1").run();
    assert_eq!(killed.code, -6, "{killed:?}");
    let old = begun_before(&database);
    let killed = world.unsized_copy(&database).env("CUTOVER_FAILPOINTS", "before_commit=kill:1").run();
    assert_eq!(killed.code, -6, "{killed:?}");
    super::world::assert_rows_are_the_ledgers(&database, "killed before the whole table's COMMIT");
    let done = world.unsized_copy(&database).run();
    assert_eq!(done.code, 0, "{done:?}");
    let chunks =
        "SELECT count(*) > 10 AND bool_and(verified_at IS NOT NULL) AND count(DISTINCT digest) = count(*)
                  FROM cutover.chunk WHERE table_name = 'file'";
    assert_eq!(database.query_one_text(chunks), "t", "each chunk keeps a digest of its own");
    assert_eq!(writers(&database, "file").len(), 1);
    assert_eq!(seen_by(&old), 200, "FREEZE");
    undisturbed.assert_resumes(&world, &database, "in one transaction");
}

/// What is begun chunk by chunk goes on chunk by chunk.
#[cfg(feature = "failpoints")]
#[test]
fn a_table_that_is_begun_is_not_emptied_to_be_whole() {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(Target::Empty);
    let database = world.database(Target::Empty);
    let killed = world.copy(&database).env("CUTOVER_FAILPOINTS", "after_commit=kill:2").run();
    assert_eq!(killed.code, -6, "{killed:?}");
    let first = writers(&database, "file");
    assert!(!first.is_empty());
    let done = world.unsized_copy(&database).run();
    assert_eq!(done.code, 0, "{done:?}");
    let now = writers(&database, "file");
    assert!(first.iter().all(|writer| now.contains(writer)), "{first:?} {now:?}");
    assert!(now.len() > 10, "{now:?}");
    undisturbed.assert_resumes(&world, &database, "chunk by chunk");
}

/// Somebody's row that is not committed yet when it is looked whether the table is empty: refused, and the row stays.
#[cfg(feature = "failpoints")]
#[test]
fn a_row_that_is_committed_meanwhile_is_not_truncated() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Empty);
    let killed = world.unsized_copy(&database).env("CUTOVER_FAILPOINTS", "before_commit=kill:1").run();
    assert_eq!(killed.code, -6, "{killed:?}");
    let stranger = Hold::session(&database);
    stranger.rows("BEGIN; INSERT INTO file VALUES (7, 'theirs', '')").expect("a row");
    let done = std::thread::scope(|scope| {
        let run = scope.spawn(|| world.unsized_copy(&database).run());
        wait_for("the run waits for the table", || {
            let waiting = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'file'::regclass";
            (stranger.watch(waiting) > 0).then_some(())
        });
        stranger.rows("COMMIT").expect("a commit");
        run.join().expect("a run")
    });
    assert_ne!(done.code, 0, "{done:?}");
    assert!(format!("{done:?}").contains("holds rows that this run did not put there"), "{done:?}");
    assert_eq!(database.query_one_text("SELECT count(*) || min(name) FROM file"), "1theirs");
}
