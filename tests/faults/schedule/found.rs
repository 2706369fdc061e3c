//! What random schedules have found, each as a test of its own.

use crate::resume::world::{Target, World};
use crate::support::proxy::{At, Fault, Proxy, Rule, Way};

/// All was done but the record of it: the next run has nothing to do, and records it.
#[test]
fn f04_a_run_whose_last_word_was_lost_is_recorded_by_the_next() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Empty);
    let last_word = At::Saying("SET finished_at", 1);
    let cut = Rule::new(Way::ToServer, last_word, Fault::Cut).on("control").times(u64::MAX);
    let proxy = Proxy::before(&database, [cut]);
    let done = world.copy_to(proxy.url()).run();
    assert_eq!((done.code, proxy.struck() > 0), (6, true), "{done:?}");
    let finished = "SELECT finished_at IS NOT NULL AND last_error IS NULL FROM cutover.source";
    assert_eq!(database.query_one_text(finished), "f");
    world.finish(&database);
    assert_eq!(database.query_one_text(finished), "t");
}
