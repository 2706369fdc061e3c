//! Signals and pipes that end a run, or do not (fault catalogue F49).

use super::terminal::{Terminal, copy_arguments};
use crate::faults::invariants::Faults;
use crate::resume::hold::Hold;
use crate::resume::running::{Running, wait_for};
use crate::resume::world::{Target, World};
use crate::support::cli::{Cli, Done};
use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;

/// Whether these tests run under `nohup`, which what they start inherits.
fn hangups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or_default();
    let ignored = u64::from_str_radix(mask.trim(), 16).unwrap_or(0) & 1 == 1;
    if ignored {
        eprintln!("skipped: SIGHUP is ignored here");
    }
    ignored
}

#[test]
fn f49_sighup_stops_as_sigterm_does() {
    if hangups_are_ignored() {
        return;
    }
    let Some(faults) = Faults::of(Target::Existing) else { return };
    let database = faults.database();
    let run = Running::start(faults.world.copy(&database));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    run.signal("HUP");
    let done = run.end();
    hold.release();
    assert_eq!(done.code, 143, "{done:?}");
    faults.assert_hold(&database, &done, "SIGHUP");
}

/// Under `nohup` a run outlives its terminal.
#[cfg(target_os = "linux")]
#[test]
fn f49_a_sighup_that_is_ignored_from_the_start_stops_nothing() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Existing);
    let ignoring = Cli::under(&["/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]);
    let run = Running::start(ignoring.args(copy_arguments(&world, &database.url())));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    run.signal("HUP");
    hold.release();
    let done = run.end();
    assert_eq!(done.code, 0, "{done:?}");
}

fn small() -> SqliteFile {
    SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT i, 'v' || i FROM n",
    )
}

/// `| head -1`, a log that was closed: whoever reads may go, and the copy is finished all the same.
#[test]
fn f49_readers_that_go_away_take_nothing_with_them() {
    let Some(server) = Server::available() else { return };
    let source = small();
    for (case, stdout, stderr) in [("stdout", true, false), ("stderr", false, true), ("both", true, true)] {
        for progress in ["lines", "json", "bars"] {
            let database = server.fresh_database();
            let cli = Cli::new().args(["copy", "--migrate", "--timing", "--progress", progress, "--from"]);
            let mut child = cli.args([source.path()]).args(["--to", &database.url()]).spawn();
            drop(child.stdout.take().filter(|_| stdout));
            drop(child.stderr.take().filter(|_| stderr));
            let status = child.wait().unwrap();
            assert_eq!(status.code(), Some(0), "{case}, {progress}: {status:?}");
            assert_eq!(database.query_one_text("SELECT count(*) FROM t"), "3000", "{case}, {progress}");
        }
    }
}

/// Without any of its three streams.
#[test]
fn f49_streams_that_are_closed_from_the_start_are_missed_by_nobody() {
    let Some(server) = Server::available() else { return };
    let source = small();
    let database = server.fresh_database();
    let closed = Cli::under(&["/bin/sh", "-c", "exec \"$@\" <&- >&- 2>&-", "sh"]);
    let cli = closed.args(["copy", "--migrate", "--from"]).args([source.path()]);
    let done = cli.args(["--to", &database.url()]).run();
    assert_eq!((done.code, done.said().as_str()), (0, ""));
    assert_eq!(database.query_one_text("SELECT count(*) FROM t"), "3000");
}

/// A shell's pipeline, as it is typed.
#[test]
fn f49_head_reads_one_line_of_what_is_printed() {
    let cli = Cli::under(&["/bin/sh", "-c", "{ \"$@\"; echo \"$?\" >&2; } | head -1", "sh"]);
    let done = cli.args(["man"]).run();
    assert!(done.stdout.lines().count() == 1 && done.stderr.trim() == "0", "{done:?}");
}

/// The terminal is closed while rows are copied: what was not committed is rolled back, and the same command resumes.
#[cfg(target_os = "linux")]
#[test]
fn f49_a_closed_terminal_stops_the_run() {
    if hangups_are_ignored() {
        return;
    }
    let Some(faults) = Faults::of(Target::Existing) else { return };
    let database = faults.database();
    let arguments = copy_arguments(&faults.world, &database.url());
    let Some(terminal) = Terminal::start(&arguments, "", &[]) else { return };
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    terminal.close();
    wait_for("the run to let go", || {
        (hold.watch("SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'cutover % control' AND datname = current_database()") == 0)
            .then_some(())
    });
    hold.release();
    // Nobody is left to hear how it ended.
    let unheard = Done { code: -1, stdout: String::new(), stderr: String::new() };
    faults.assert_hold(&database, &unheard, "closed terminal");
}
