//! SIGINT once, at every moment (fault catalogue F48): the run ends, says the way on, and its backends end with it.

use crate::faults::invariants::{assert_nothing_stays, assert_says_what_to_do};
use crate::resume::hold::Hold;
use crate::resume::running::{Running, wait_for};
use crate::resume::world::{Target, World};
use crate::support::cli::{Cli, Done};
use crate::support::postgres::{Database, Server};
use crate::support::proxy::Proxy;
use crate::support::sqlite::SqliteFile;
use std::net::TcpListener;
use std::time::{Duration, Instant};

/// A stop takes 5 seconds at most where nothing else runs; on a machine that is busy with other tests, less than this.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// Asks for a stop, once, and waits for the end.
fn stop(run: Running, case: &str) -> Done {
    let asked = Instant::now();
    run.signal("INT");
    let done = run.end();
    let took = asked.elapsed();
    eprintln!("{case}: ended after {took:?}");
    assert_eq!(done.code, 130, "{case}: {done:?}");
    assert!(took < STOP_LIMIT, "{case}: {took:?}");
    assert_says_what_to_do(&done, case);
    done
}

fn holding(database: &Database, lock: &str) -> Hold {
    let hold = Hold::session(database);
    hold.rows(&format!("BEGIN; {lock}")).expect("the lock");
    hold
}

#[test]
fn f48_while_connecting_to_a_server_that_does_not_answer() {
    let source = SqliteFile::from_sql("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("host=127.0.0.1 port={} user=u dbname=d", listener.local_addr().unwrap().port());
    for command in
        [&["copy", "--migrate", "--from"][..], &["copy", "--validate", "--from"], &["verify", "--from"]]
    {
        let run = Running::start(Cli::new().args(command).args([source.path()]).args(["--to", &url]));
        let connection = listener.accept().unwrap();
        stop(run, "connecting");
        drop(connection);
    }
    let run = Running::start(Cli::new().args(["status", "--to", &url]));
    let connection = listener.accept().unwrap();
    stop(run, "connecting for status");
    drop(connection);
}

/// Whether a process has that file open.
#[cfg(target_os = "linux")]
fn has_open(pid: u32, path: &std::path::Path) -> bool {
    let path = path.canonicalize().unwrap();
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    open.filter_map(|entry| std::fs::read_link(entry.path()).ok()).any(|open| open == path)
}

#[cfg(target_os = "linux")]
#[test]
fn f48_while_another_program_has_locked_the_source() {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    let source = SqliteFile::from_sql("CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    let locker = source.connection();
    locker.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let cli = Cli::new().args(["copy", "--migrate", "--from"]).args([source.path()]);
    let run = Running::start(cli.args(["--to", &database.url()]));
    wait_for("the source to be opened", || has_open(run.pid(), source.path()).then_some(()));
    stop(run, "waiting for the source");
    drop(locker);
}

/// A row whose condition takes minutes to be looked at.
#[test]
fn f48_while_the_source_is_profiled() {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    let source =
        SqliteFile::from_sql("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO t VALUES (1, 'x')");
    let settings = source.path().with_file_name("slow.toml");
    let endless = "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT count(*) FROM n) > 0";
    std::fs::write(&settings, format!("[tables.t]\nwhere = \"{endless}\"\n")).unwrap();
    let cli = Cli::new().args(["copy", "--validate", "--config"]).args([&settings]).args(["--from"]);
    let run = Running::start(cli.args([source.path()]).args(["--to", &database.url()]));
    wait_for("the session of the run", || {
        let sessions = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'cutover %'";
        (database.query_one_text(sessions) == "1").then_some(())
    });
    stop(run, "profiling");
    assert_nothing_stays(&database, "profiling");
}

/// A reader of a table keeps its indexes from being laid aside: the run waits in the transaction that prepares the target.
#[test]
fn f48_while_preparing_waits_for_a_lock() {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(Target::Existing);
    let database = world.database(Target::Existing);
    let hold = holding(&database, "LOCK TABLE file IN ACCESS SHARE MODE");
    let run = Running::start(world.copy(&database));
    hold.wait_until_held(1);
    stop(run, "preparing");
    hold.release();
    assert_nothing_stays(&database, "preparing");
    assert_eq!(database.query_one_text("SELECT count(*) FROM file"), "0");
    undisturbed.assert_resumes(&world, &database, "stopped while preparing");
}

/// An index whose expression sleeps for each row, while there is a row in `brake`.
/// Rows are tried against it before the copy, in a transaction that reads only: there it is quick.
const SLOW_INDEX: &str = "
    CREATE TABLE brake (on_it boolean);
    INSERT INTO brake VALUES (true);
    CREATE FUNCTION slow (t text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
        $$BEGIN PERFORM pg_sleep(10) FROM public.brake WHERE current_setting('transaction_read_only') = 'off'; RETURN t; END$$;
    CREATE INDEX file_slow ON file (public.slow(name));
";

const BUILDING: &str = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%INDEX file_slow%' AND pid <> pg_backend_pid()";

/// The build is cancelled: its backend would find out in seconds, or on an old server at its end, that nobody waits for it.
#[test]
fn f48_while_an_index_is_built_for_minutes() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Existing);
    database.execute(SLOW_INDEX);
    let proxy = Proxy::before(&database, []);
    let hold = Hold::session(&database);
    let run = Running::start(world.copy_to(proxy.url()));
    wait_for("the build", || (hold.watch(BUILDING) == 1).then_some(()));
    let connections = proxy.connections();
    stop(run, "building an index");
    assert!(proxy.connections() > connections, "nobody asked the server to cancel the build");
    wait_for("the end of the build", || (hold.watch(BUILDING) == 0).then_some(()));
    drop(hold);
    assert_nothing_stays(&database, "building an index");
    database.execute("DELETE FROM brake");
    let (done, _) = world.finish(&database);
    assert!(done.stdout.contains("verified"), "{done:?}");
    assert_eq!(
        database.query_one_text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'file_slow'::regclass"),
        "t"
    );
}

#[test]
fn f48_while_vacuum_waits_for_a_lock() {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(Target::Existing);
    let database = world.database(Target::Existing);
    let hold = holding(&database, "LOCK TABLE setting IN SHARE UPDATE EXCLUSIVE MODE");
    let run = Running::start(world.copy(&database));
    hold.wait_until_held(1);
    let waiting = "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'VACUUM%' AND wait_event_type = 'Lock'";
    assert_eq!(hold.watch(waiting), 1, "it is VACUUM that waits");
    stop(run, "in VACUUM");
    hold.release();
    assert_nothing_stays(&database, "in VACUUM");
    undisturbed.assert_resumes(&world, &database, "stopped in VACUUM");
}

/// A verification that was stopped has proved nothing.
#[test]
fn f48_while_verifying_waits_for_a_lock() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Empty);
    world.finish(&database);
    let hold = holding(&database, "LOCK TABLE orders IN ACCESS EXCLUSIVE MODE");
    let cli = Cli::new().args(["verify", "--from"]).args([world.source.path()]);
    let run = Running::start(cli.args(["--to", &database.url()]));
    hold.wait_until_held(1);
    let done = stop(run, "verifying");
    assert!(!done.stdout.contains("done:"), "{done:?}");
    hold.release();
    assert_nothing_stays(&database, "verifying");
}

/// While a run waits for another one to go away.
#[test]
fn f48_while_another_run_holds_the_target() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Empty);
    let first = Running::start(world.copy(&database));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    let second = Running::start(world.copy(&database));
    wait_for("the second run's session", || {
        let sessions = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'cutover % control'";
        (hold.watch(sessions) == 2).then_some(())
    });
    second.signal("INT");
    let done = second.end();
    assert!([130, 7].contains(&done.code), "{done:?}");
    hold.release();
    assert_eq!(first.end().code, 0);
}
