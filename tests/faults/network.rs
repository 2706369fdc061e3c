//! Connections that break, slow down, or find no place.

use super::invariants::Faults;
use crate::resume::world::Target;
use crate::support::proxy::{At, Fault, Proxy, Rule, Way};

#[test]
fn f08_a_connection_that_is_torn_in_the_middle_of_copy() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let torn = Rule::new(Way::ToServer, At::Byte(300_000), Fault::Reset).on("copy");
    let proxy = Proxy::before(&database, [torn]);
    let done = faults.copy_to(proxy.url()).run();
    assert_eq!((done.code, proxy.struck()), (6, 1), "{done:?}");
    faults.assert_hold(&database, &done, "torn in COPY");
}
