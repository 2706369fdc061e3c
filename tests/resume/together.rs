//! Two runs at once, and a run that lost its place (fault catalogue F44, F45).

use super::hold::Hold;
use super::running::{Running, wait_for};
use super::world::{TABLES, Target, World, ledger, writers};
use crate::support::postgres::Database;

#[test]
fn f44_the_second_of_two_runs_is_turned_away() {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(Target::Existing);
    let database = world.database(Target::Existing);
    let first = Running::start(world.copy(&database));
    let hold = Hold::chunk(&database, "setting", 0);
    let second = world.copy(&database).run();
    assert_eq!(second.code, 7, "{second:?}");
    assert!(second.said().contains("another run holds this target"), "{second:?}");
    assert!(second.said().contains(" lease\", from a local socket, process "), "{second:?}");
    assert!(second.said().contains("--take-over ends only a run that is not heard from"), "{second:?}");
    hold.release();
    let first = first.end();
    assert_eq!(first.code, 0, "{first:?}");
    undisturbed.assert_resumes(&world, &database, "after the first run's end");
}

/// Raises the epoch as a run that takes over does; tells whether the row was free.
fn raise_epoch(session: &Hold) -> Result<usize, String> {
    session.rows("SET lock_timeout = '100ms'; UPDATE cutover.source SET epoch = epoch + 1, run_id = 'other' RETURNING 1")
}

/// Stops the run between two of its transactions, and takes its place.
fn fence(run: &Running, database: &Database) {
    let session = Hold::session(database);
    wait_for("a moment between two transactions", || {
        run.signal("STOP");
        let raised = raise_epoch(&session);
        if raised == Ok(1) {
            return Some(());
        }
        run.signal("CONT");
        None
    });
}

/// A run that has lost its place before its end, stopped. One that was over before a moment was found does not count.
fn fenced(world: &World, target: Target) -> (Running, Database) {
    let finished = "SELECT finished_at IS NOT NULL FROM cutover.source";
    wait_for("a run that is fenced before its end", || {
        let database = world.database(target);
        let run = Running::start(world.copy(&database));
        drop(Hold::chunk(&database, "setting", 0));
        fence(&run, &database);
        (database.query_one_text(finished) == "f").then_some((run, database))
    })
}

fn assert_fenced(run: Running, database: &Database, case: &str) {
    let all = || (ledger(database), TABLES.map(|table| writers(database, table)));
    let before = all();
    run.signal("CONT");
    let done = run.end();
    assert_eq!(done.code, 7, "{case}: {done:?}");
    assert!(done.said().contains("another run took this copy over"), "{case}: {done:?}");
    assert_eq!(all(), before, "{case}: something was committed");
}

#[test]
fn f45_a_run_that_lost_its_place_commits_no_more_rows() {
    let Some(world) = World::new() else { return };
    for target in [Target::Empty, Target::Existing] {
        let undisturbed = world.undisturbed(target);
        let (run, database) = fenced(&world, target);
        assert_fenced(run, &database, &format!("{target:?}"));
        assert_eq!(database.query_one_text("SELECT finished_at IS NULL FROM cutover.source"), "t");
        undisturbed.assert_resumes(&world, &database, "after the fence");
    }
}

/// After the data, too: whatever the run was about to record when it lost its place, it does not.
#[test]
fn f45_a_run_that_lost_its_place_records_no_more_steps() {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(Target::Existing);
    let database = world.database(Target::Existing);
    let run = Running::start(world.copy(&database));
    let chunk = Hold::chunk(&database, "setting", 0);
    // VACUUM conflicts with this lock; COPY and reading do not, and no index of this table is laid aside.
    let hold = Hold::session(&database);
    hold.rows("BEGIN; LOCK TABLE event IN SHARE UPDATE EXCLUSIVE MODE").unwrap();
    chunk.release();
    hold.wait_until_held(1);
    hold.rows("UPDATE cutover.source SET epoch = epoch + 1, run_id = 'other'; COMMIT").unwrap();
    let done = run.end();
    assert_eq!(done.code, 7, "{done:?}");
    let state = "SELECT state FROM cutover.step WHERE kind = 'vacuum' AND table_name = 'event'";
    assert_eq!(database.query_one_text(state), "pending");
    assert_eq!(database.query_one_text("SELECT finished_at IS NULL FROM cutover.source"), "t");
    undisturbed.assert_resumes(&world, &database, "after the fence");
}
