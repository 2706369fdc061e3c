//! Rights that are taken away in the middle (F41), and logins that are refused (F42).

use super::impatient;
use crate::faults::invariants::{Faults, assert_tells_nothing};
use crate::refusals::Role;
use crate::resume::hold::Hold;
use crate::resume::running::Running;
use crate::resume::world::Target;
use crate::support::cluster::Cluster;

#[test]
fn f41_a_right_that_is_taken_away_in_the_middle() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let role = Role::new(&database);
    database.execute(&format!(
        "GRANT CREATE ON SCHEMA public TO {0}; GRANT CREATE ON DATABASE {1} TO {0}",
        role.1, database.name
    ));
    let run = Running::start(impatient(faults.copy_to(&role.url())));
    // The first chunk of a table that has several is held, and the others find a table that is not theirs.
    let hold = Hold::chunk(&database, "orders", 0);
    hold.wait_until_held(1);
    database.execute("ALTER TABLE setting OWNER TO postgres");
    hold.release();
    let done = run.end();
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.said().contains("42501") && done.said().contains("GRANT"), "{done:?}");
    assert!(done.said().contains("run the same command again"), "{done:?}");
    database.execute(&format!("ALTER TABLE setting OWNER TO {}", role.1));
    faults.assert_hold_now(&database, &done, "a right that went");
    let again = faults.copy_to(&role.url()).run();
    assert_eq!(again.code, 0, "{again:?}");
    assert!(crate::resume::world::picture(&database) == faults.undisturbed.picture);
}

/// One attempt for each: a server that locks accounts is not provoked.
#[test]
fn f42_a_refused_login_is_tried_once() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let faults = Faults::at(cluster.server(), Target::Empty);
    let database = faults.database();
    database.execute(
        "CREATE ROLE expired LOGIN PASSWORD 'other-secret' VALID UNTIL '2001-01-01';
         CREATE ROLE shut_out LOGIN PASSWORD 'other-secret';
         CREATE ROLE no_login PASSWORD 'other-secret'",
    );
    let hba =
        "local all shut_out reject\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n";
    cluster.hba(hba);
    crate::support::postgres::query(&cluster.server().admin_url(), "SELECT pg_reload_conf()").unwrap();
    for (role, code, logged) in [
        ("expired", "28P01", "for user \"expired\""),
        ("shut_out", "28000", "rejects connection"),
        ("no_login", "28000", "\"no_login\" is not permitted"),
        ("nobody_here", "28P01", "for user \"nobody_here\""),
    ] {
        let done = impatient(faults.copy_to(&database.url_of(role, "other-secret"))).run();
        assert_eq!(done.code, 3, "{role}: {done:?}");
        assert!(done.said().contains(code) && !done.said().contains("other-secret"), "{role}: {done:?}");
        assert_eq!(cluster.log().matches(logged).count(), 1, "{role}: {}", cluster.log());
        assert_tells_nothing(&database, &done, role);
    }
}
