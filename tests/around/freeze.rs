//! `--freeze`: the proof is what another process may do, since the locks of one process do not stop itself.

use super::{names, source, write_elsewhere};
use crate::resume::hold::Hold;
use crate::resume::running::Running;
use crate::support::cli::Cli;
use crate::support::flow::{migrate, validate};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;

fn start(source: &SqliteFile, database: &Database, more: &[&str]) -> Running {
    let copy = Cli::new().args(["copy", "--migrate", "--freeze", "--chunk-rows", "500"]).args(more);
    Running::start(copy.args([source.path().as_os_str(), database.url().as_ref()]))
}

#[test]
fn another_process_cannot_write_until_the_run_has_ended() {
    let Some(server) = Server::available() else { return };
    for wal in [false, true] {
        let source = source(wal);
        let before = std::fs::read(source.path()).unwrap();
        let database = server.fresh_database();
        let dir = tempfile::tempdir().unwrap();
        let report = dir.path().join("report.json");
        let run = start(&source, &database, &["--report", report.to_str().unwrap()]);
        for (place, hold) in [
            ("while rows are copied", Hold::chunk(&database, "user", 0)),
            ("while it is finished", Hold::step(&database, "index", "note")),
        ] {
            hold.wait_until_held(1);
            let Some(said) = write_elsewhere(source.path()) else {
                eprintln!("skipped: no python3");
                return;
            };
            assert_eq!(said, "database is locked", "wal: {wal}, {place}");
            hold.release();
        }
        let done = run.end();
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(std::fs::read(source.path()).unwrap(), before, "wal: {wal}: no byte has changed");
        assert!(!names(source.path().parent().unwrap()).iter().any(|name| name.ends_with("-journal")));
        let report: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(&report).unwrap()).unwrap();
        assert!(report["freeze"][0]["seconds"].as_f64().unwrap() > 0.0, "{report}");
        let findings = report["findings"].to_string();
        assert!(!findings.contains("W_SOURCE_WRITTEN") && !findings.contains("W_ONE_READER"), "{findings}");
        assert!(done.stdout.contains("frozen: "), "{done:?}");
        assert_eq!(write_elsewhere(source.path()).as_deref(), Some(""), "wal: {wal}: after the run");
    }
}

/// With --freeze that is what was asked for, also of a run that goes on with the plan of another.
#[test]
fn that_writers_wait_is_said_only_where_it_was_not_asked_for() {
    let Some(server) = Server::available() else { return };
    let source = source(false);
    let told = |database: &Database, more: &[&str]| {
        migrate(source.path(), database, more).ends_with(0).findings("W_WRITERS_WAIT").len()
    };
    let (frozen, database) = (server.fresh_database(), server.fresh_database());
    assert_eq!(told(&frozen, &["--freeze"]), 0);
    assert_eq!((told(&database, &[]), told(&database, &["--freeze"])), (1, 0));
}

#[test]
fn the_lock_goes_with_the_process_however_it_ends() {
    let Some(server) = Server::available() else { return };
    for signal in ["KILL", "INT", "TERM"] {
        let source = source(true);
        let database = server.fresh_database();
        let run = start(&source, &database, &[]);
        let hold = Hold::chunk(&database, "user", 0);
        hold.wait_until_held(1);
        let Some(said) = write_elsewhere(source.path()) else { return };
        assert_eq!(said, "database is locked");
        run.signal(signal);
        run.end();
        assert_eq!(write_elsewhere(source.path()).as_deref(), Some(""), "{signal}");
        hold.release();
    }
}

/// After the last read the hooks still find it frozen: they switch the application over. After a failure they do not.
#[test]
fn it_is_held_over_the_last_hook_and_not_over_those_of_a_failure() {
    let Some(server) = Server::available() else { return };
    let source = source(false);
    if write_elsewhere(source.path()).is_none() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let write = format!(
        "python3 -c \"import sqlite3; sqlite3.connect('{}', timeout=0).execute('BEGIN IMMEDIATE')\"",
        source.path().display()
    );
    let config = dir.path().join("cutover.toml");
    let text = format!(
        "[hooks]\nafter_verify = {{command = '''{write}'''}}\non_failure = {{command = '''{write}'''}}\n"
    );
    std::fs::write(&config, text).unwrap();
    let database = server.fresh_database();
    let run =
        migrate(source.path(), &database, &["--freeze", "--config", config.to_str().unwrap()]).ends_with(6);
    assert!(run.said().contains("database is locked"), "{}", run.said());
    let hooks = run.report["hooks"].as_array().unwrap();
    let ended: Vec<_> =
        hooks.iter().map(|hook| (hook["hook"].as_str().unwrap(), hook["succeeded"].as_bool())).collect();
    assert_eq!(ended, [("after_verify", Some(false)), ("on_failure", Some(true))]);
}

#[test]
fn a_writer_in_the_middle_of_something_is_waited_for() {
    let Some(server) = Server::available() else { return };
    let source = source(false);
    let writer = source.connection();
    writer.execute_batch("BEGIN IMMEDIATE; INSERT INTO user (name) VALUES ('in time')").unwrap();
    let database = server.fresh_database();
    let run = start(&source, &database, &["--progress", "lines"]);
    std::thread::sleep(std::time::Duration::from_millis(400));
    writer.execute_batch("COMMIT").unwrap();
    drop(writer);
    let done = run.end();
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(database.query_one_text("SELECT count(*) FROM \"user\" WHERE name = 'in time'"), "1");
}

/// The program as a user that is not root, where this is root; none where that cannot be had.
fn as_anybody() -> Option<Cli> {
    if !std::path::Path::new("/proc/self")
        .metadata()
        .is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0)
    {
        return Some(Cli::new());
    }
    let wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let mut tried = std::process::Command::new(wrapper[0]);
    tried.args(&wrapper[1..]).args([env!("CARGO_BIN_EXE_cutover"), "--version"]);
    if tried.output().is_ok_and(|tried| tried.status.success()) {
        return Some(Cli::under(&wrapper));
    }
    eprintln!("skipped: no way to be another user");
    None
}

/// SQLite opens what it may not write for reading, and its write lock is none then: neither is it called frozen, nor do
/// several readers rely on it.
#[test]
fn where_the_file_may_not_be_written_no_lock_is_taken_for_one() {
    let Some(server) = Server::available() else { return };
    let source = source(true);
    let database = server.fresh_database();
    // The application has it open, and the log and its index may be used by everybody.
    let application = source.connection();
    application.query_row("SELECT count(*) FROM user", [], |row| row.get::<_, i64>(0)).unwrap();
    let dir = source.path().parent().unwrap();
    let allow = |path: &std::path::Path, mode| {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    };
    allow(dir, 0o755);
    for name in names(dir) {
        allow(&dir.join(&name), if name.ends_with(".db") { 0o444 } else { 0o666 });
    }
    let ends = ["--jobs", "2", "--from", source.path().to_str().unwrap(), "--to", &database.tcp_url()];
    let Some(cli) = as_anybody() else { return };
    let done = cli.args(["copy", "--migrate", "--freeze"]).args(ends).run();
    assert!(done.code == 3 && done.stdout.contains("E_FREEZE"), "{done:?}");
    let Some(cli) = as_anybody() else { return };
    let done = cli.args(["copy", "--validate"]).args(ends).run();
    assert!(done.code == 0 && done.stdout.contains("W_ONE_READER"), "{done:?}");
}

#[test]
fn validation_takes_no_lock() {
    let Some(server) = Server::available() else { return };
    validate(source(false).path(), &server.fresh_database(), &["--freeze"]).ends_with(2);
}
