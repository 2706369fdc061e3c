//! Connections that are torn, and sessions that the server ends: F4, F8, F62.

use super::{Told, assert_went_on, plain};
use crate::faults::invariants::{Faults, assert_says_what_to_do};
use crate::resume::hold::Hold;
use crate::resume::running::{Running, wait_for};
use crate::resume::world::Target;
use crate::support::postgres::Database;
use crate::support::proxy::{At, Fault, Proxy, Rule, Way};

/// Ends the run's backends of these roles.
fn terminate(hold: &Hold, roles: &str) -> usize {
    hold.watch(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name LIKE 'cutover % {roles}'"
    ))
}

fn ends_backends(target: Target, roles: &str, held: impl Fn(&Database) -> Hold) {
    let Some(faults) = Faults::of(target) else { return };
    let database = faults.database();
    let (told, cli) = plain(&faults, &database.url());
    let run = Running::start(cli);
    let hold = held(&database);
    hold.wait_until_held(1);
    assert!(terminate(&hold, roles) > 0, "no backend {roles}");
    hold.release();
    let done = run.end();
    assert_went_on(&done, "57P01", roles);
    assert!(told.retries() >= 1, "{roles}: {done:?}");
    faults.assert_hold(&database, &done, roles);
}

#[test]
fn f04_loading_backends_are_ended_and_the_run_goes_on() {
    ends_backends(Target::Empty, "copy%", |database| Hold::chunk(database, "setting", 0));
}

#[test]
fn f04_the_controlling_backend_is_ended_and_the_run_goes_on() {
    ends_backends(Target::Existing, "control", |database| Hold::chunk(database, "setting", 0));
}

#[test]
fn f04_all_backends_are_ended_and_the_run_goes_on() {
    ends_backends(Target::Existing, "%", |database| Hold::chunk(database, "setting", 0));
}

#[test]
fn f04_backends_are_ended_while_they_make_an_index() {
    ends_backends(Target::Empty, "finish%", |database| Hold::step(database, "index", "file"));
}

/// The backend is blocked while it writes rows to us: it cannot say why it ends, and that is what is told.
#[cfg(feature = "failpoints")]
#[test]
fn f04_a_backend_is_ended_while_rows_are_read_back() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let dir = tempfile::tempdir().unwrap();
    let paused = dir.path().join("paused");
    // Over a Unix socket, whose buffers are smaller than the table.
    let (told, cli) = plain(&faults, &database.url());
    let cli = cli.env("CUTOVER_FAILPOINTS", "read_back=pause:1").env("CUTOVER_FAILPOINT_PAUSED", &paused);
    let run = Running::start(cli);
    wait_for("rows that are read back", || paused.exists().then_some(()));
    let hold = Hold::session(&database);
    let writes =
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'ClientWrite'";
    wait_for("a backend that cannot write", || (hold.watch(writes) > 0).then_some(()));
    assert!(terminate(&hold, "finish%") > 0);
    let left = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE '%finish%'";
    wait_for("its end", || (hold.watch(left) == 0).then_some(()));
    std::fs::remove_file(&paused).unwrap();
    let done = run.end();
    assert_went_on(&done, "", "read back");
    let why = ["57P01", "without saying why", "the connection broke"];
    assert!(why.iter().any(|why| done.said().contains(why)), "{done:?}");
    assert!(told.retries() >= 1);
    faults.assert_hold(&database, &done, "read back");
}

/// One run through all of them: each strikes the connection that comes so far first.
#[test]
fn f08_connections_are_torn_at_many_bytes_to_the_server() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let places = [700, 4_000, 30_000, 300_000, 550_000];
    let torn = places.map(|byte| Rule::new(Way::ToServer, At::Byte(byte), Fault::Reset).on("copy"));
    let proxy = Proxy::before(&database, torn);
    let (told, cli) = plain(&faults, proxy.url());
    let done = cli.run();
    assert_went_on(&done, "connection", "to the server");
    assert_eq!(proxy.struck(), places.len() as u64, "{done:?}");
    assert!(told.retries() >= proxy.struck(), "{done:?}");
    faults.assert_hold(&database, &done, "to the server");
}

#[test]
fn f08_connections_are_torn_and_cut_at_many_bytes_to_the_client() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    let database = faults.database();
    let of = |role, fault| move |byte| Rule::new(Way::ToClient, At::Byte(byte), fault).on(role);
    let copying = [30, 500, 900, 1_500].map(of("copy", Fault::Reset));
    let finishing = [400, 3_000, 200_000, 1_000_000].map(of("finish", Fault::Cut));
    let proxy = Proxy::before(&database, copying.into_iter().chain(finishing));
    let (told, cli) = plain(&faults, proxy.url());
    let done = cli.run();
    assert_went_on(&done, "connection", "to the client");
    assert!(proxy.struck() >= 6 && told.retries() >= proxy.struck(), "{}: {done:?}", proxy.struck());
    faults.assert_hold(&database, &done, "to the client");
}

/// The run's own session, before the first row and after it.
#[test]
fn f08_the_controlling_connection_is_torn() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    for text in ["pg_class", "CREATE TABLE", "run_id = run_id", "finished_at = CASE"] {
        let database = faults.database();
        let torn = Rule::new(Way::ToServer, At::Saying(text, 1), Fault::Reset).on("control");
        let proxy = Proxy::before(&database, [torn]);
        let (told, cli) = plain(&faults, proxy.url());
        let done = cli.run();
        assert_eq!(proxy.struck(), 1, "{text}: {done:?}");
        assert_went_on(&done, "connection", text);
        assert_eq!(told.retries(), 1, "{text}");
        faults.assert_hold(&database, &done, text);
    }
}

/// The connection that is to replace a torn one is torn, too: while it logs in, while it begins, and by the server.
#[test]
fn f62_a_second_fault_while_the_first_is_tried_again() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let on_copy = |way, at, fault| Rule::new(way, at, fault).on("copy");
    let proxy = Proxy::before(
        &database,
        [
            on_copy(Way::ToServer, At::Byte(300_000), Fault::Reset),
            // From here on of connections that replace others: 300,000 bytes come after these on the first one.
            on_copy(Way::ToServer, At::Saying("BEGIN", 2), Fault::Cut),
            on_copy(Way::ToClient, At::Saying("COMMIT", 1), Fault::Reset).times(2),
        ],
    );
    proxy.add(Rule::new(Way::ToServer, At::Byte(1), Fault::Reset).on("after a lost commit").times(2));
    let (told, cli) = plain(&faults, proxy.url());
    let run = Running::start(cli);
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    assert!(terminate(&hold, "copy%") > 0);
    hold.release();
    let done = run.end();
    assert_went_on(&done, "57P01", "a second fault");
    assert!(proxy.struck() >= 4 && told.retries() >= 3, "{}: {done:?}", proxy.struck());
    faults.assert_hold(&database, &done, "a second fault");
}

/// Nobody answers any more: the run waits as long as it was told to, and then says so.
#[test]
fn f08_a_server_that_stays_away_is_given_up_after_the_budget() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let proxy = Proxy::before(&database, []);
    let (told, cli) = plain(&faults, proxy.url());
    let run = Running::start(cli.args(["--retry-for", "2s"]));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    proxy.refuse(true);
    assert!(terminate(&hold, "%") > 0);
    hold.release();
    let done = run.end();
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.stderr.contains("given up after trying again for "), "{done:?}");
    assert_says_what_to_do(&done, "given up");
    assert!((1..60).contains(&told.retries()), "{done:?}");
    faults.assert_hold(&database, &done, "given up");
}

/// Ctrl-C while the run waits for the server: it ends at once, and tries nothing more.
#[test]
fn f08_a_signal_ends_the_wait() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let proxy = Proxy::before(&database, []);
    let told = Told::new();
    let run = Running::start(told.of(faults.copy_to(proxy.url())).args(["--retry-for", "1h"]));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    proxy.refuse(true);
    let before = proxy.connections();
    assert!(terminate(&hold, "%") > 0);
    // The waits are seconds by now.
    wait_for("some attempts", || (proxy.connections() >= before + 6).then_some(()));
    run.signal("INT");
    hold.release();
    let tried = proxy.connections();
    let done = run.end();
    assert_eq!(done.code, 130, "{done:?}");
    // The session of the lease is sought on its own, once a second, until the run has ended.
    assert!(proxy.connections() <= tried + 10, "it went on trying: {done:?}");
    faults.assert_hold(&database, &done, "interrupted");
}
