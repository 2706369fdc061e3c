//! Connections on which nothing comes any more, and sessions of others in the way (fault catalogue F9, F16, F18).

use crate::faults::invariants::Faults;
use crate::resume::hold::Hold;
use crate::resume::running::{Running, wait_for};
use crate::resume::world::Target;
use crate::support::cli::{Cli, Done};
use crate::support::proxy::{At, Fault, Proxy, Rule, Way};
use std::time::{Duration, Instant};

/// What is promised of a stall, although these take a fraction of it.
const PROMISED: Duration = Duration::from_secs(60);

fn impatient(cli: Cli) -> Cli {
    cli.env("CUTOVER_PATIENCE", "look=300,stall=1500,look_limit=1500,lease=60000")
}

/// In the middle of the rows that a connection sends.
const MIDWAY: At = At::Byte(200_000);

fn assert_given_up(done: &Done, why: &str) {
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.said().contains("no answer for ") && done.said().contains(why), "{why}: {done:?}");
    assert!(done.said().contains("the connection was given up"), "{done:?}");
}

#[test]
fn f09_what_is_sent_and_does_not_arrive_ends_the_attempt() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    let database = faults.database();
    let proxy = Proxy::before(&database, [Rule::new(Way::ToServer, MIDWAY, Fault::Deaf).on("copy")]);
    let began = Instant::now();
    let done = impatient(faults.copy_to(proxy.url())).args(["--retry-for", "0"]).run();
    assert!(began.elapsed() < PROMISED, "{:?}", began.elapsed());
    assert_given_up(&done, "the server waits for us");
    assert_eq!(proxy.struck(), 1);
    // The backend was ended, too: nothing waits for the proxy to go.
    faults.assert_hold(&database, &done, "half-open");
}

#[test]
fn f09_and_is_tried_again_on_another_connection() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let lost = [
        Rule::new(Way::ToServer, MIDWAY, Fault::Deaf).on("copy"),
        Rule::new(Way::ToClient, At::Message(30), Fault::Deaf).on("finish"),
    ];
    let proxy = Proxy::before(&database, lost);
    let done = impatient(faults.copy_to(proxy.url())).run();
    assert_eq!((done.code, proxy.struck()), (0, 2), "{done:?}");
    assert!(done.said().contains("no answer for ") && done.said().contains("trying again"), "{done:?}");
    faults.assert_hold(&database, &done, "half-open, with patience");
}

#[test]
fn f09_a_server_that_is_not_reached_any_more_ends_the_attempt() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    let database = faults.database();
    let holes = [
        Rule::new(Way::ToServer, MIDWAY, Fault::BlackHole).on("copy").times(2),
        Rule::new(Way::ToServer, At::Saying(" watch", 1), Fault::BlackHole).on("watch").times(u64::MAX),
    ];
    let proxy = Proxy::before(&database, holes);
    let began = Instant::now();
    let done = impatient(faults.copy_to(proxy.url())).args(["--retry-for", "0"]).run();
    assert!(began.elapsed() < PROMISED, "{:?}", began.elapsed());
    assert_given_up(&done, "the server cannot be reached");
    drop(proxy);
    faults.assert_hold(&database, &done, "a black hole");
}

/// A lock is held on `file`: reading goes on, rows must wait.
fn in_the_way(database: &crate::support::postgres::Database, mode: &str) -> (Hold, String) {
    let hold = Hold::session(database);
    hold.rows("SET application_name = 'nightly report'").unwrap();
    hold.rows(&format!("BEGIN; LOCK TABLE event IN {mode} MODE")).unwrap();
    let pid = database.query_one_text(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'nightly report'",
    );
    (hold, pid)
}

#[test]
fn f16_a_lock_that_does_not_come_names_who_holds_it() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    for mode in ["SHARE", "ACCESS EXCLUSIVE"] {
        let database = faults.database();
        let (hold, pid) = in_the_way(&database, mode);
        let run = faults.copy_to(&database.url()).env("CUTOVER_PATIENCE", "look=300,lock=2000");
        let done = run.args(["--retry-for", "0"]).run();
        assert_eq!(done.code, 6, "{mode}: {done:?}");
        let who = format!(
            "backend {pid} (user \"postgres\", application \"nightly report\", idle in transaction; its statement began at "
        );
        let error = done.stderr.rsplit("error: ").next().unwrap_or_default().to_owned();
        assert!(error.contains(&who) && error.contains("55P03"), "{mode}: {done:?}");
        assert!(done.said().contains("waits for a lock: backend "), "{mode}: {done:?}");
        hold.release();
        faults.assert_hold(&database, &done, mode);
    }
}

/// What VACUUM against wraparound holds: it is waited for, said to be, and left alone.
#[test]
fn f18_a_vacuum_in_the_way_is_waited_for_and_never_ended() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    let database = faults.database();
    let (hold, pid) = in_the_way(&database, "SHARE UPDATE EXCLUSIVE");
    let proxy = Proxy::before(&database, []);
    let run = Running::start(faults.copy_to(proxy.url()).env("CUTOVER_PATIENCE", "look=300,look_again=300"));
    hold.wait_until_held(1);
    let before = proxy.connections();
    // The second look begins when the first has been told.
    wait_for("two looks at who is in the way", || (proxy.connections() >= before + 2).then_some(()));
    let alive = format!(
        "SELECT count(*) FROM pg_locks WHERE pid = {pid} AND mode = 'ShareUpdateExclusiveLock' AND granted"
    );
    assert_eq!(database.query_one_text(&alive), "1");
    hold.release();
    let done = run.end();
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.said().contains(&format!("waits for a lock: backend {pid} (")), "{done:?}");
    faults.assert_hold(&database, &done, "a vacuum");
}
