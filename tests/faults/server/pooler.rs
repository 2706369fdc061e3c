//! Poolers (F21): one that lends backends by the transaction is refused before anything is written, one that lends them
//! by the session is not even noticed.

mod bouncer;
mod fake;

use super::impatient;
use crate::faults::invariants::Faults;
use crate::resume::world::{Target, picture};
use crate::support::flow::shape;
use crate::support::postgres::Database;
use bouncer::Bouncer;
use fake::FakePooler;

fn through(database: &Database, port: u16) -> String {
    let url = database.tcp_url();
    let (before, rest) = url.split_once("port=").expect("a port");
    let after = rest.split_once(' ').map_or("", |(_, after)| after);
    format!("{before}port={port} {after}")
}

fn assert_refused<P>(faults: &Faults, pooler: P, port: impl Fn(&P) -> u16) {
    let database = faults.database();
    let before = shape(&database);
    let done = impatient(faults.copy_to(&through(&database, port(&pooler)))).run();
    // The backends that it keeps are its own.
    drop(pooler);
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.said().contains("E_POOLER") && done.said().contains("own port"), "{done:?}");
    assert_eq!(shape(&database), before, "nothing was written");
    faults.assert_hold(&database, &done, "a pooler");
}

fn assert_copies(faults: &Faults, port: u16) {
    let database = faults.database();
    let done = impatient(faults.copy_to(&through(&database, port))).run();
    assert_eq!(done.code, 0, "{done:?}");
    assert!(picture(&database) == faults.undisturbed.picture);
}

#[test]
fn f21_a_pooler_that_lends_by_the_transaction_is_refused() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    assert_refused(&faults, FakePooler::by_transaction(&faults.database()), FakePooler::port);
}

#[test]
fn f21_a_pooler_that_lends_by_the_session_will_do() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    assert_copies(&faults, FakePooler::by_session(&faults.database()).port());
}

#[test]
fn f21_pgbouncer_in_its_modes() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    for (mode, refused) in [("transaction", true), ("statement", true), ("session", false)] {
        let database = faults.database();
        let Some(bouncer) = Bouncer::before(&database, mode) else { return };
        match refused {
            true => assert_refused(&faults, bouncer, Bouncer::port),
            false => assert_copies(&faults, bouncer.port()),
        }
    }
}
