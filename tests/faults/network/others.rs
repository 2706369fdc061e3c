//! What other sessions do to a run: an operator cancels its statement (F5), a deadlock ends its transaction (F17).

use super::{Told, assert_tried_once, assert_went_on, plain};
use crate::faults::invariants::Faults;
use crate::resume::hold::Hold;
use crate::resume::running::{Running, wait_for};
use crate::resume::world::Target;

/// Cancels whoever waits for a lock of `hold`.
fn cancel(hold: &Hold) {
    let sql = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
               AND application_name LIKE 'cutover %' AND wait_event_type = 'Lock'";
    assert!(hold.watch(sql) > 0, "nobody waits");
}

#[test]
fn f05_a_cancelled_load_is_not_tried_again() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let (told, cli) = plain(&faults, &database.url());
    let run = Running::start(cli);
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    cancel(&hold);
    // Whoever tried again would wait once more, and be let go then.
    let done = run.end();
    hold.release();
    assert_tried_once(&done, 6, "load");
    assert!(done.said().contains("57014") && told.retries() == 0, "{done:?}");
    faults.assert_hold(&database, &done, "load");
}

/// Tables that share a transaction are not tried one by one either.
#[test]
fn f05_a_cancelled_load_of_many_tables_is_not_tried_again() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let run = Running::start(faults.world.unsized_copy_to(&database.url()));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    cancel(&hold);
    let done = run.end();
    hold.release();
    assert_tried_once(&done, 6, "many tables");
    assert!(done.said().contains("57014"), "{done:?}");
    faults.assert_hold_now(&database, &done, "many tables");
}

#[test]
fn f05_a_cancelled_step_is_not_tried_again() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    // One in a transaction of its own, and one that shares it with others.
    for (kind, table) in [("index", "file"), ("primary key", "setting")] {
        let database = faults.database();
        let (told, cli) = plain(&faults, &database.url());
        let run = Running::start(cli);
        let hold = Hold::step(&database, kind, table);
        hold.wait_until_held(1);
        cancel(&hold);
        let done = run.end();
        hold.release();
        assert_tried_once(&done, 6, kind);
        assert!(done.said().contains("57014") && told.retries() == 0, "{kind}: {done:?}");
        faults.assert_hold(&database, &done, kind);
    }
}

/// Our table lock waits for the run's chunk, and the run for our table lock; the server ends the run's transaction, because
/// ours does not look for deadlocks.
#[test]
fn f17_a_deadlock_is_tried_again() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    let database = faults.database();
    database.execute(&format!("ALTER DATABASE {} SET deadlock_timeout = '3s'", database.name));
    let (told, cli) = plain(&faults, &database.url());
    let run = Running::start(cli);
    let first = Hold::chunk(&database, "setting", 0);
    first.wait_until_held(1);
    let other = Hold::session(&database);
    other.rows("SET deadlock_timeout = '10min'; BEGIN; LOCK TABLE setting IN ACCESS EXCLUSIVE MODE").unwrap();
    first.release();
    other.wait_until_held(1);
    let locked =
        other.rows("SELECT 1 FROM cutover.chunk WHERE table_name = 'setting' AND chunk = 0 FOR UPDATE");
    assert_eq!(locked, Ok(1), "the other session was ended instead");
    other.release();
    let done = run.end();
    assert_went_on(&done, "40P01", "deadlock");
    assert!(told.retries() >= 1);
    faults.assert_hold(&database, &done, "deadlock");
}

/// Work that fails each time is given up for its table when the budget is used up, while the others are done.
#[test]
fn f04_a_table_that_fails_each_time_is_given_up_and_the_others_are_done() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    let database = faults.database();
    let told = Told::new();
    let run = Running::start(told.of(faults.copy_to(&database.url())).args(["--retry-for", "5s"]));
    let hold = Hold::chunk(&database, "setting", 0);
    wait_for("the end of the run", || {
        hold.watch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
             AND application_name LIKE 'cutover % copy %' AND wait_event_type = 'Lock'",
        );
        let is_over = "SELECT 1 FROM cutover.source WHERE last_error IS NOT NULL";
        (hold.watch(is_over) > 0).then_some(())
    });
    hold.release();
    let done = run.end();
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.said().contains("given up after") && done.said().contains("setting"), "{done:?}");
    assert_eq!(
        database.query_one_text(
            "SELECT string_agg(DISTINCT table_name, ' ') FROM cutover.chunk WHERE digest IS NULL"
        ),
        "setting"
    );
    faults.assert_hold(&database, &done, "fails each time");
}
