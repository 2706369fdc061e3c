//! F2: a run that is killed after its COMMIT was sent and before it heard of it.

use crate::faults::invariants::Faults;
use crate::resume::running::{Running, wait_for};
use crate::resume::world::Target;
use crate::support::proxy::{At, Fault, Proxy, Rule, Way};

/// The nth COMMIT of a connection that copies is passed on, its answer never; the run is killed while it waits.
fn killed_unanswered(target: Target) {
    let Some(faults) = Faults::of(target) else { return };
    for nth in [1, 4] {
        let database = faults.database();
        let stall = Rule::new(Way::ToServer, At::After("COMMIT", nth), Fault::Stall).on("copy");
        let proxy = Proxy::before(&database, [stall]);
        let run = Running::start(faults.copy_to(proxy.url()));
        wait_for("the COMMIT to be sent", || (proxy.struck() == 1).then_some(()));
        let done = run.kill();
        assert_eq!(done.code, -9, "{done:?}");
        proxy.end();
        drop(proxy);
        faults.assert_hold(&database, &done, &format!("COMMIT {nth} without an answer"));
    }
}

#[test]
fn f02_killed_between_commit_and_its_answer_in_tables_that_we_create() {
    killed_unanswered(Target::Empty);
}

#[test]
fn f02_killed_between_commit_and_its_answer_in_a_schema_that_exists() {
    killed_unanswered(Target::Existing);
}
