//! `status --watch`: a copy seen from another terminal, from a pipe, over a connection that breaks, and one that dies.

use super::{Copying, Terminal, ended};
use crate::resume::running::{LIMIT, Running};
use crate::support::cli::{Cli, Done};
use crate::support::postgres::{Database, Server};
use crate::support::proxy::{At, Fault, Proxy, Rule, Way};
use serde_json::Value;
use std::time::Instant;

/// A copy that stands still before each commit.
fn paused(copying: &Copying, database: &Database) -> Running {
    let cli = Cli::new()
        .args([
            "copy",
            "--migrate",
            "--jobs",
            "2",
            "--chunk-rows",
            "100000",
            "--to",
            &database.url(),
            "--from",
        ])
        .args([copying.file()])
        .env("CUTOVER_FAILPOINTS", "before_commit=pause")
        .env("CUTOVER_PATIENCE", "lease=1500")
        .env("CUTOVER_FAILPOINT_PAUSED", copying.paused());
    let running = Running::start(cli);
    wait_until("it stands still", || copying.paused().exists());
    running
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < LIMIT, "waited in vain until {what}");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

fn watching(url: &str, more: &[&str]) -> Running {
    let cli = Cli::new().args(["status", "--watch", "--to", url]).args(more);
    Running::start(cli.env("CUTOVER_PATIENCE", "lease=1500"))
}

/// Lets the copy go on to its end.
fn let_go(copying: &Copying, mut running: Running) {
    wait_until("the copy ends", || {
        copying.release();
        running.has_ended()
    });
    let done = running.end();
    assert_eq!(done.code, 0, "{done:?}");
}

fn states(done: &Done) -> Vec<String> {
    let looks = done.stdout.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    looks.map(|look| look["state"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn another_terminal_shows_the_copy_and_its_end() {
    let Some(server) = Server::available() else { return };
    let Some(terminal) = Terminal::open(80, 12) else { return };
    let database = server.fresh_database();
    let copying = Copying::new(&database, 1_000, "");
    let running = paused(&copying, &database);
    terminal.types(&format!("clear; sh {} status --watch --interval 200ms", copying.script().display()));
    terminal.wait("the copy", |screen| {
        let is_running = |line: &String| line.starts_with("app.db → public: running");
        screen.first().is_some_and(is_running) && screen.iter().any(|line| line.starts_with("copy"))
    });
    terminal.resize(40, 6);
    terminal.wait("a picture that fits", |screen| {
        screen.len() <= 6 && screen.iter().filter(|line| line.starts_with("copy")).count() == 1
    });
    let_go(&copying, running);
    let screen = terminal.wait("the end", ended);
    let shown = screen.join(" ");
    assert!(
        shown.contains("finished: app.db → public: 10 tables") && shown.contains("ended: 0"),
        "{screen:#?}"
    );
    assert!(!shown.contains('━'), "{screen:#?}");
}

#[test]
fn pipes_get_lines_and_objects_and_the_run_is_not_held_up() {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    let copying = Copying::new(&database, 1_000, "");
    let running = paused(&copying, &database);
    let (lines, objects) =
        (watching(&database.url(), &["--interval", "200ms"]), watching(&database.url(), &["--json"]));
    let looks = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'cutover % watch' AND state = 'idle' AND query LIKE '%json_build_object%'";
    wait_until("both look", || database.query_one_text(looks) == "2");
    let_go(&copying, running);
    let (lines, objects) = (lines.end(), objects.end());
    assert_eq!((lines.code, objects.code), (0, 0), "{lines:?} {objects:?}");
    assert!(lines.stdout.contains("public: running") && lines.stdout.contains("copy: "), "{lines:?}");
    assert!(lines.stdout.ends_with("finished: app.db → public: 10 tables, 10,000 rows\n"), "{lines:?}");
    assert!(!lines.said().contains('\u{1b}') && !objects.said().contains('\u{1b}'), "{lines:?} {objects:?}");
    let states = states(&objects);
    assert_eq!(states.iter().filter(|state| *state == "finished").count(), 1, "{states:?}");
    assert_eq!((states[0].as_str(), states.last().unwrap().as_str()), ("running", "finished"), "{states:?}");
}

#[test]
fn a_connection_that_breaks_is_made_anew() {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    let copying = Copying::new(&database, 100, "");
    let running = paused(&copying, &database);
    let cut = Rule::new(Way::ToServer, At::Saying("json_build_object", 1), Fault::Cut);
    let proxy = Proxy::before(&database, [cut]);
    let watching = watching(proxy.url(), &["--json", "--retry-for", "1m"]);
    wait_until("it is there again", || proxy.struck() == 1 && proxy.connections() > 1);
    let_go(&copying, running);
    let done = watching.end();
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stderr.contains("note: ") && done.stderr.contains("trying again in"), "{done:?}");
    assert_eq!(states(&done).last().unwrap(), "finished", "{done:?}");
}

#[test]
fn a_run_that_dies_ends_the_watch_with_another_code() {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    let copying = Copying::new(&database, 100, "");
    let running = paused(&copying, &database);
    // Rare enough looks for a pipe that nobody reads meanwhile.
    let watching = watching(&database.url(), &["--json"]);
    let looks = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'cutover % watch' AND state = 'idle' AND query LIKE '%json_build_object%'";
    wait_until("it looks", || database.query_one_text(looks) == "1");
    running.kill();
    let done = watching.end();
    assert_eq!(done.code, 6, "{done:?}");
    assert_eq!(states(&done).last().unwrap(), "ended", "{done:?}");
    let after =
        Cli::new().args(["status", "--watch", "--to", &database.url(), "--json", "--set-aside"]).run();
    assert_eq!(after.code, 2, "{after:?}");
}
