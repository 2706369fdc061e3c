//! Another server answers under the same address (F19, F20), or the same one as it was not before.

use super::impatient;
use crate::faults::invariants::Faults;
use crate::resume::hold::Hold;
use crate::resume::running::{Running, wait_for};
use crate::resume::world::{Target, furnish, ledger, picture};
use crate::support::cluster::{Cluster, Stop};
use crate::support::flow::shape;
use crate::support::postgres::{Database, query};
use crate::support::proxy::Proxy;

/// A database of the same name on another cluster.
fn namesake(other: &Cluster, database: &Database) -> Database {
    query(&other.server().admin_url(), &format!("CREATE DATABASE {}", database.name)).expect("a database");
    other.server().adopt(&database.name)
}

#[test]
fn f19_another_cluster_behind_the_same_address_is_not_written() {
    let (Some(home), Some(other)) = (Cluster::start(&[]), Cluster::of_its_own(&[])) else { return };
    let faults = Faults::at(home.server(), Target::Existing);
    let database = faults.database();
    let strange = namesake(&other, &database);
    furnish(&strange, Target::Existing);
    let before = shape(&strange);
    let proxy = Proxy::before(&database, []);
    let run = Running::start(impatient(faults.copy_to(proxy.url())));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    proxy.aim(other.port());
    hold.release();
    let done = run.end();
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.said().contains("another cluster answers"), "{done:?}");
    assert_eq!(shape(&strange), before, "the other cluster is as it was");
    faults.assert_hold(&database, &done, "another cluster");
}

/// Where servers do not tell who they are, the epoch of the ledger does: of two ledgers of the same source and the same
/// plan none passes for the other.
#[test]
fn f19_a_ledger_of_another_cluster_is_not_taken_for_ones_own() {
    let (Some(home), Some(other)) = (Cluster::start(&[]), Cluster::start(&[])) else { return };
    let faults = Faults::at(home.server(), Target::Empty);
    let database = faults.database();
    let strange = namesake(&other, &database);
    for held in [&database, &strange] {
        held.execute(&format!(
            "CREATE ROLE mover LOGIN PASSWORD 'other-secret'; GRANT CREATE ON DATABASE {} TO mover;
             GRANT CREATE ON SCHEMA public TO mover; REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC",
            held.name
        ));
    }
    let first = faults.copy_to(&strange.url_of("mover", "other-secret")).run();
    assert_eq!(first.code, 0, "{first:?}");
    let before = (picture(&strange), ledger(&strange));
    let proxy = Proxy::before(&database, []);
    let url = proxy.url().replace("user=postgres", "user=mover");
    let url = url.replace(crate::support::postgres::PASSWORD, "other-secret");
    let run = Running::start(impatient(faults.copy_to(&url)));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    proxy.aim(other.port());
    hold.release();
    let done = run.end();
    assert!(matches!(done.code, 6 | 7), "{done:?}");
    assert!((picture(&strange), ledger(&strange)) == before, "the other cluster is as it was");
    faults.assert_hold_now(&database, &done, "another ledger");
    let again = faults.copy_to(&database.url_of("mover", "other-secret")).run();
    assert_eq!(again.code, 0, "{again:?}");
    assert!(picture(&database) == faults.undisturbed.picture);
}

#[test]
fn f19_a_server_that_becomes_read_only() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let faults = Faults::at(cluster.server(), Target::Existing);
    let database = faults.database();
    let admin = cluster.server().admin_url();
    let run = Running::start(impatient(faults.world.copy(&database)));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    for sql in ["ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"] {
        query(&admin, sql).unwrap();
    }
    wait_for("the setting", || {
        let shown = query(&admin, "SHOW default_transaction_read_only").unwrap();
        (shown[0][0].as_deref() == Some("on")).then_some(())
    });
    hold.release();
    let done = run.end();
    assert_eq!(done.code, 6, "{done:?}");
    assert!(
        done.said().contains("read-only") && done.said().contains("run the same command again"),
        "{done:?}"
    );
    for sql in ["ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"] {
        query(&admin, sql).unwrap();
    }
    wait_for("the setting to go", || {
        let shown = query(&admin, "SHOW default_transaction_read_only").unwrap();
        (shown[0][0].as_deref() == Some("off")).then_some(())
    });
    faults.assert_hold(&database, &done, "read-only");
}

#[test]
fn f19_a_primary_that_comes_back_as_a_standby() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let faults = Faults::at(cluster.server(), Target::Existing);
    let database = faults.database();
    let run = Running::start(impatient(faults.world.copy(&database)));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    cluster.stop(Stop::Fast);
    let done = run.end();
    drop(hold);
    assert_eq!(done.code, 6, "{done:?}");
    std::fs::write(cluster.dir().join("data/standby.signal"), "").unwrap();
    cluster.start_again();
    let standby = impatient(faults.world.copy(&database)).run();
    assert_eq!(standby.code, 3, "{standby:?}");
    assert!(standby.said().contains("standby"), "{standby:?}");
    cluster.promote();
    faults.assert_hold(&database, &done, "demoted and promoted");
}

/// The same address leads to the standby that took over: the run waits for it, and goes on there.
#[test]
fn f19_a_failover_in_the_middle() {
    let Some(primary) = Cluster::start(&[]) else { return };
    let faults = Faults::at(primary.server(), Target::Existing);
    let database = faults.database();
    let standby = primary.standby(&[]);
    let there = standby.server().adopt(&database.name);
    let proxy = Proxy::before(&database, []);
    let run = Running::start(faults.copy_to(proxy.url()));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    wait_for("the standby to hear of the ledger", || {
        query(&there.url(), "SELECT 1 FROM cutover.source").ok().filter(|rows| !rows.is_empty())
    });
    primary.stop(Stop::Fast);
    drop(hold);
    standby.promote();
    proxy.aim(standby.port());
    let done = run.end();
    assert_eq!(done.code, 0, "{done:?}");
    assert!(picture(&there) == faults.undisturbed.picture);
    faults.assert_hold(&there, &done, "failover");
}

/// What an asynchronous standby has not heard is lost with its primary: ledger and data together.
#[test]
fn f20_a_standby_that_is_behind_takes_over() {
    let Some(primary) = Cluster::start(&[]) else { return };
    let faults = Faults::at(primary.server(), Target::Existing);
    let database = faults.database();
    let standby = primary.standby(&[]);
    let run = Running::start(impatient(faults.world.copy(&database)));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    let heard = standby.server().adopt(&database.name);
    let done_there = "SELECT count(*) FROM cutover.chunk WHERE digest IS NOT NULL";
    wait_for("the standby to hear of chunks", || {
        let rows = query(&heard.url(), done_there).ok()?;
        (rows[0][0].as_deref() != Some("0")).then_some(())
    });
    standby.stop(Stop::Fast);
    hold.release();
    let done = run.end();
    assert_eq!(done.code, 0, "{done:?}");
    primary.stop(Stop::Immediate);
    standby.start_again();
    standby.promote();
    let left = "SELECT count(*) FROM cutover.chunk WHERE digest IS NULL";
    assert_ne!(heard.query_one_text(left), "0", "chunks were lost");
    faults.assert_hold(&heard, &done, "a standby that was behind");
}
