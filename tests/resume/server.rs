//! Connections that the server ends, of a run that is not to try again (fault catalogue F4; with patience: tests/faults).

use super::hold::Hold;
use super::running::Running;
use super::world::{Target, World, assert_rows_are_the_ledgers};

fn assert_survives(which: &str, target: Target) {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(target);
    let database = world.database(target);
    let run = Running::start(world.copy(&database).args(["--retry-for", "0"]));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    let ended = hold.watch(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name LIKE 'cutover % {which}'"
    ));
    assert!(ended > 0, "no backend {which}");
    hold.release();
    let done = run.end();
    assert_eq!(done.code, 6, "{which}: {done:?}");
    assert!(done.said().contains("run the same command again"), "{which}: {done:?}");
    assert!(done.said().contains("57P01"), "{which}: {done:?}");
    assert_rows_are_the_ledgers(&database, which);
    undisturbed.assert_resumes(&world, &database, which);
}

#[test]
fn all_connections_are_ended() {
    assert_survives("%", Target::Existing);
}

#[test]
fn the_loading_connections_are_ended() {
    assert_survives("copy%", Target::Empty);
}

#[test]
fn the_controlling_connection_is_ended() {
    assert_survives("control", Target::Existing);
}
