//! Owners that vanish, are paused, or lose the session that holds their place (fault catalogue F3, F45, F55).

use crate::faults::invariants::{Faults, assert_nothing_stays};
use crate::resume::hold::Hold;
use crate::resume::running::{Running, wait_for};
use crate::resume::world::{TABLES, Target, ledger, writers};
use crate::support::cli::Cli;
use crate::support::postgres::Database;
use crate::support::proxy::{At, Fault, Proxy, Rule, Way};

/// A lease of a second and a half, so that nobody waits for half a minute.
const SHORT: &str = "lease=1500,handover=300,orphan=1000";

fn short(cli: Cli) -> Cli {
    cli.env("CUTOVER_PATIENCE", SHORT)
}

fn epoch(database: &Database) -> i64 {
    database.query_one_text("SELECT max(epoch) FROM cutover.source").parse().unwrap()
}

/// Waits until the owner has not been heard from for so many milliseconds.
fn wait_until_silent(database: &Database, millis: u32) {
    let sql = format!(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
         AND application_name LIKE 'cutover % lease' AND state_change < clock_timestamp() - interval '{millis} ms'"
    );
    wait_for("the owner to fall silent", || (database.query_one_text(&sql) == "1").then_some(()));
}

/// Everything that a run writes.
fn written(database: &Database) -> (Vec<String>, [Vec<String>; 6]) {
    (ledger(database), TABLES.map(|table| writers(database, table)))
}

#[test]
fn f03_a_vanished_host_leaves_sessions_that_are_recognised_and_ended_when_asked_for() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    let database = faults.database();
    let holes = [
        Rule::new(Way::ToServer, At::Saying("INSERT INTO cutover.lease", 2), Fault::BlackHole).on("lease"),
        Rule::new(Way::ToServer, At::Saying("COPY ", 1), Fault::BlackHole).on("copy").times(2),
    ];
    let proxy = Proxy::before(&database, holes);
    // Long enough that the owner is killed before it has missed its own beat.
    let lease = |cli: Cli| cli.env("CUTOVER_PATIENCE", "lease=3000,handover=300,orphan=1000");
    let run = Running::start(lease(faults.copy_to(proxy.url())));
    wait_for("the host to vanish", || (proxy.struck() == 3).then_some(()));
    run.kill();
    let before = epoch(&database);
    wait_until_silent(&database, 3100);

    let second = lease(faults.copy_to(&database.url())).run();
    assert_eq!(second.code, 7, "{second:?}");
    let told = [
        "an earlier run holds this target and does not answer",
        " lease\", from 127.0.0.1, process ",
        "waiting for the server to end its session",
        "last heard from",
        "--take-over",
    ];
    for told in told {
        assert!(second.said().contains(told), "{told}: {second:?}");
    }

    let third = lease(faults.copy_to(&database.url())).args(["--take-over"]).run();
    assert_eq!(third.code, 0, "{third:?}");
    assert!(third.said().contains("sessions of the run that does not answer"), "{third:?}");
    assert!(epoch(&database) > before);
    assert_nothing_stays(&database, "taken over");
    faults.assert_hold(&database, &third, "a vanished host");
}

/// The lock is free again, but a transaction of the owner that has gone still holds its rows.
#[test]
fn f03_a_transaction_that_outlives_its_owners_lock_is_waited_for_or_ended() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let hole = Rule::new(Way::ToServer, At::Saying("COPY ", 1), Fault::BlackHole).on("copy").times(2);
    let proxy = Proxy::before(&database, [hole]);
    let run = Running::start(faults.copy_to(proxy.url()));
    wait_for("the connections to vanish", || (proxy.struck() == 2).then_some(()));
    run.kill();
    let lock = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database AND datname = current_database()
                WHERE locktype = 'advisory'";
    wait_for("the lock to be free", || (database.query_one_text(lock) == "0").then_some(()));

    let second = short(faults.copy_to(&database.url())).run();
    assert_eq!(second.code, 7, "{second:?}");
    assert!(second.said().contains("a transaction of an earlier run is still open"), "{second:?}");
    let third = short(faults.copy_to(&database.url())).args(["--take-over"]).run();
    assert_eq!(third.code, 0, "{third:?}");
    faults.assert_hold(&database, &third, "an open transaction");
}

#[test]
fn f45_a_paused_owner_whose_lease_was_taken_writes_nothing_more() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    for (kind, table) in [("chunk", "setting"), ("index", "file")] {
        let database = faults.database();
        let owner = Running::start(short(faults.copy_to(&database.url())));
        let hold = match kind {
            "chunk" => Hold::chunk(&database, table, 0),
            _ => Hold::step(&database, kind, table),
        };
        hold.wait_until_held(1);
        owner.signal("STOP");
        hold.release();
        wait_until_silent(&database, 1600);
        let before = epoch(&database);
        let taking = short(faults.copy_to(&database.url())).args(["--take-over"]).run();
        assert_eq!(taking.code, 0, "{kind}: {taking:?}");
        assert!(epoch(&database) > before, "{kind}");
        let written_before = written(&database);
        owner.signal("CONT");
        let fenced = owner.end();
        assert_eq!(fenced.code, 7, "{kind}: {fenced:?}");
        assert!(fenced.said().contains("another run took this copy over"), "{kind}: {fenced:?}");
        assert_eq!(written(&database), written_before, "{kind}: something was written");
        faults.assert_hold(&database, &fenced, kind);
    }
}

#[test]
fn f45_an_owner_that_is_alive_is_not_taken_over() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let owner = Running::start(short(faults.copy_to(&database.url())));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    let done = short(faults.copy_to(&database.url())).args(["--take-over"]).run();
    assert_eq!(done.code, 7, "{done:?}");
    assert!(done.said().contains("--take-over ends only a run that is not heard from"), "{done:?}");
    hold.release();
    let owner = owner.end();
    assert_eq!(owner.code, 0, "{owner:?}");
    faults.assert_hold(&database, &owner, "nobody took it");
}

/// Waits in the queue for the run's lock, and ends the session that holds it.
fn steal(thief: &Hold) {
    let waits = "SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                 WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted";
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND application_name LIKE 'cutover % lease'";
    std::thread::scope(|scope| {
        let take = format!("SELECT pg_advisory_lock({}, {})", 0x6375_746f, 0x7665_7200);
        let taking = scope.spawn(move || thief.rows(&take));
        wait_for("the thief to wait", || (thief.watch(waits) == 1).then_some(()));
        assert_eq!(thief.watch(end), 1);
        assert_eq!(taking.join().unwrap(), Ok(1));
    });
}

/// A run that loses its lock while it plans has no epoch yet that would fence it: it must not prepare the target.
#[cfg(feature = "failpoints")]
#[test]
fn f44_a_run_that_lost_its_lock_prepares_nothing() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    let database = faults.database();
    let dir = tempfile::tempdir().unwrap();
    let paused = dir.path().join("paused");
    let owner = faults.copy_to(&database.url()).env("CUTOVER_PATIENCE", "lease=1500,handover=500");
    let owner =
        owner.env("CUTOVER_FAILPOINTS", "before_prepare=pause:1").env("CUTOVER_FAILPOINT_PAUSED", &paused);
    let owner = Running::start(owner);
    wait_for("the run to be about to prepare", || paused.exists().then_some(()));
    let thief = Hold::session(&database);
    steal(&thief);
    std::fs::remove_file(&paused).unwrap();
    let done = owner.end();
    assert_eq!(done.code, 7, "{done:?}");
    assert_eq!(database.query_one_text("SELECT to_regclass('cutover.meta') IS NULL"), "t", "{done:?}");
    thief.release();
    faults.assert_hold(&database, &done, "a lock that was lost before anything was prepared");
}

/// Another session gets the lock while the owner's own is being replaced: the owner stops, although its epoch stands.
#[test]
fn f45_an_owner_that_loses_its_lock_to_another_stops() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    let database = faults.database();
    let patience = "lease=1500,lock=1500";
    let owner = Running::start(faults.copy_to(&database.url()).env("CUTOVER_PATIENCE", patience));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    let thief = Hold::session(&database);
    steal(&thief);
    let done = owner.end();
    assert_eq!(done.code, 7, "{done:?}");
    assert!(done.said().contains("another run took this copy over (backend "), "{done:?}");
    hold.release();
    thief.release();
    faults.assert_hold(&database, &done, "a lock that was lost");
}

#[test]
fn f04_a_session_that_holds_the_lease_is_replaced() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    let database = faults.database();
    let owner = Running::start(short(faults.copy_to(&database.url())));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    let lease = "FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'cutover % lease'";
    let pid = database.query_one_text(&format!("SELECT pid {lease}"));
    database.execute(&format!("SELECT pg_terminate_backend({pid})"));
    let another = format!("SELECT count(*) {lease} AND pid <> {pid}");
    wait_for("another session for the lease", || (database.query_one_text(&another) == "1").then_some(()));
    hold.release();
    let done = owner.end();
    assert_eq!(done.code, 0, "{done:?}");
    faults.assert_hold(&database, &done, "a lease on another session");
}

#[test]
fn f55_an_owner_that_slept_longer_than_its_lease_goes_on_where_nobody_took_it() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    let database = faults.database();
    let patience = "lease=1500,look=300,stall=900,look_limit=5000";
    let owner = Running::start(faults.copy_to(&database.url()).env("CUTOVER_PATIENCE", patience));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    owner.signal("STOP");
    hold.release();
    wait_until_silent(&database, 1600);
    owner.signal("CONT");
    let done = owner.end();
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!done.said().contains("trying again"), "{done:?}");
    faults.assert_hold(&database, &done, "slept");
}
