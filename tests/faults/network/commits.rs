//! A COMMIT that does not arrive, and one whose answer does not: F8, at the only place where nobody can tell the two
//! apart without asking.

use super::{assert_went_on, plain};
use crate::faults::invariants::Faults;
use crate::resume::world::Target;
use crate::support::proxy::{At, Fault, Proxy, Rule, Way};

const NTH: [u64; 4] = [1, 2, 3, 4];

/// Before COMMIT arrives, as it arrives, and when the server has committed and says so. One run each, which meets it at the
/// first, second, third and fourth COMMIT of a connection.
fn places(nth: u64) -> [(&'static str, Way, At); 3] {
    [
        ("not sent", Way::ToServer, At::Saying("COMMIT", nth)),
        ("in flight", Way::ToServer, At::After("COMMIT", nth)),
        ("not acknowledged", Way::ToClient, At::Saying("COMMIT", nth)),
    ]
}

fn lost_commits(target: Target, role: &'static str, struck_min: u64) {
    let Some(faults) = Faults::of(target) else { return };
    for place in 0..3 {
        let database = faults.database();
        let rule = |nth| {
            let (_, way, at) = places(nth)[place];
            Rule::new(way, at, Fault::Reset).on(role)
        };
        let case = format!("{role}: COMMIT {}", places(1)[place].0);
        let proxy = Proxy::before(&database, NTH.map(rule));
        let (told, cli) = plain(&faults, proxy.url());
        let done = cli.run();
        assert_eq!(done.code, 0, "{case}: {done:?}");
        assert!(proxy.struck() >= struck_min, "{case}: {}: {done:?}", proxy.struck());
        // What was found committed is not tried again.
        assert!(told.retries() <= proxy.struck(), "{case}: {done:?}");
        faults.assert_hold(&database, &done, &case);
    }
}

#[test]
fn f08_commits_of_chunks_are_lost() {
    lost_commits(Target::Empty, "copy", 4);
}

#[test]
fn f08_commits_of_chunks_are_lost_in_existing_tables() {
    lost_commits(Target::Existing, "copy", 4);
}

/// Steps alone and in groups, and the ends of snapshots.
#[test]
fn f08_commits_of_steps_are_lost() {
    lost_commits(Target::Empty, "finish", 3);
}

/// The transaction that makes the ledger and the tables: after it nothing is as it was.
#[test]
fn f08_the_commit_of_the_preparation_is_lost() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    for (case, way, at) in places(1) {
        let database = faults.database();
        let proxy = Proxy::before(&database, [Rule::new(way, at, Fault::Reset).on("control")]);
        let (_told, cli) = plain(&faults, proxy.url());
        let done = cli.run();
        assert_went_on(&done, "connection", case);
        assert_eq!(proxy.struck(), 1, "{case}: {done:?}");
        faults.assert_hold(&database, &done, case);
    }
}

/// Small tables share one transaction; a batch that is committed is not copied again one by one.
#[test]
fn f08_the_commit_of_many_small_tables_is_lost() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    for (case, way, at) in places(1) {
        let database = faults.database();
        let rule = || Rule::new(way, at, Fault::Reset).on("copy").times(2);
        let proxy = Proxy::before(&database, [rule()]);
        let done = faults.world.unsized_copy_to(proxy.url()).run();
        assert_eq!((done.code, proxy.struck()), (0, 2), "{case}: {done:?}");
        faults.assert_hold_now(&database, &done, case);
    }
}
