//! SIGINT and SIGTERM (fault catalogue F48, F49).

use super::hold::Hold;
use super::running::Running;
use super::world::{Target, World, assert_rows_are_the_ledgers};
use std::time::{Duration, Instant};

/// A stop takes 5 seconds at most where nothing else runs; on a machine that is busy with other tests, less than this.
const STOP_LIMIT: Duration = Duration::from_secs(30);

fn assert_stops(signal: &str, code: i32, held: bool) {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(Target::Existing);
    let database = world.database(Target::Existing);
    let run = Running::start(world.copy(&database));
    let mut hold = Some(Hold::chunk(&database, "setting", 0));
    if held {
        hold.as_ref().unwrap().wait_until_held(1);
    } else {
        hold = None;
    }
    let asked = Instant::now();
    run.signal(signal);
    let done = run.end();
    let took = asked.elapsed();
    drop(hold);
    eprintln!("{signal}, held: {held}: ended after {took:?}");
    assert_eq!(done.code, code, "{done:?}");
    assert!(took < STOP_LIMIT, "{took:?}");
    assert!(done.said().contains("run the same command again to resume"), "{done:?}");
    assert_rows_are_the_ledgers(&database, signal);
    undisturbed.assert_resumes(&world, &database, signal);
}

#[test]
fn f48_sigint_stops_after_the_chunk_and_the_rerun_completes() {
    assert_stops("INT", 130, false);
}

#[test]
fn f48_sigint_stops_a_chunk_that_does_not_end() {
    assert_stops("INT", 130, true);
}

#[test]
fn f49_sigterm_stops_as_sigint_does() {
    assert_stops("TERM", 143, false);
}

#[test]
fn f49_the_second_sigint_ends_the_process_at_once() {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(Target::Empty);
    let database = world.database(Target::Empty);
    let run = Running::start(world.copy(&database));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    run.signal("INT");
    // Two signals that are pending together are one: the first must have arrived.
    std::thread::sleep(Duration::from_millis(500));
    run.signal("INT");
    let done = run.end();
    assert_eq!(done.code, 130, "{done:?}");
    // Only a run that stops in its own time has a summary to show.
    assert_eq!(done.stdout, "", "{done:?}");
    hold.release();
    undisturbed.assert_resumes(&world, &database, "two signals");
}

/// While an index is built, not only while rows are copied.
#[test]
fn f48_sigint_stops_a_step_too() {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(Target::Existing);
    let database = world.database(Target::Existing);
    let run = Running::start(world.copy(&database));
    let hold = Hold::step(&database, "index", "file");
    hold.wait_until_held(1);
    run.signal("INT");
    let done = run.end();
    assert_eq!(done.code, 130, "{done:?}");
    hold.release();
    undisturbed.assert_resumes(&world, &database, "stopped at a step");
}
