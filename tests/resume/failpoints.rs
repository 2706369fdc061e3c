//! Planted failures: the nth event kills the run, for n = 1, 2, 3, … until a run passes (fault catalogue F2, F56, F57).

use super::world::{Target, World, assert_rows_are_the_ledgers};

/// SIGABRT, by which a planted `kill` ends the process.
const ABORTED: i32 = -6;

/// A run has no more events of a kind than this.
const EVENTS_MAX: u64 = 500;

/// Plants `point=kill:n` with n growing by `stride`; every run is resumed without it. Tells how many runs were killed.
fn kill_at_each(point: &str, target: Target, stride: u64) -> u64 {
    let world = World::new().expect("the caller has looked for a server");
    let undisturbed = world.undisturbed(target);
    for (killed, nth) in (0..).zip((1..EVENTS_MAX).step_by(stride as usize)) {
        let database = world.database(target);
        let planted = format!("{point}=kill:{nth}");
        let done = world.copy(&database).env("CUTOVER_FAILPOINTS", &planted).run();
        if done.code == 0 {
            assert_eq!(super::world::picture(&database), undisturbed.picture, "{planted}");
            return killed;
        }
        assert_eq!(done.code, ABORTED, "{planted}: {done:?}");
        assert_rows_are_the_ledgers(&database, &planted);
        undisturbed.assert_resumes(&world, &database, &planted);
    }
    panic!("{point} still kills at the {EVENTS_MAX}th event");
}

#[test]
fn f02_killed_before_each_commit() {
    if crate::support::postgres::Server::available().is_none() {
        return;
    }
    assert!(kill_at_each("before_commit", Target::Existing, 17) > 3);
}

#[test]
fn f02_killed_after_each_commit() {
    if crate::support::postgres::Server::available().is_none() {
        return;
    }
    assert!(kill_at_each("after_commit", Target::Empty, 17) > 3);
}

#[test]
fn f56_killed_before_each_step_in_tables_that_we_create() {
    if crate::support::postgres::Server::available().is_none() {
        return;
    }
    assert!(kill_at_each("before_step", Target::Empty, 3) > 3);
}

#[test]
fn f56_killed_before_each_step_in_a_schema_that_exists() {
    if crate::support::postgres::Server::available().is_none() {
        return;
    }
    assert!(kill_at_each("before_step", Target::Existing, 2) > 3);
}

/// One failure after the other in the same target: the run that comes next always gets one event further.
#[test]
fn killed_again_and_again_in_one_target() {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(Target::Existing);
    let database = world.database(Target::Existing);
    let mut runs = 0;
    loop {
        let planted = "after_commit=kill:9,before_step=kill:2";
        let done = world.copy(&database).env("CUTOVER_FAILPOINTS", planted).run();
        if done.code == 0 {
            break;
        }
        assert_eq!(done.code, ABORTED, "run {runs}: {done:?}");
        assert_rows_are_the_ledgers(&database, planted);
        runs += 1;
        assert!(runs < EVENTS_MAX, "no run gets further");
    }
    assert!(runs > 5, "only {runs} runs were killed");
    undisturbed.assert_resumes(&world, &database, "after all kills");
}
