//! Reports and logs that cannot be written: the copy stands, and the exit code says that the report is missing.

use super::small;
use crate::faults::invariants::Faults;
use crate::resume::world::{Target, picture};
use crate::support::cli::{Cli, Done};
use crate::support::postgres::Database;

/// The exit code of a report that was asked for and is not there.
const NOT_WRITTEN: i32 = 2;

/// The copy is whole and finished, and the same command has nothing to do.
fn assert_stands(faults: &Faults, database: &Database, done: &Done, case: &str) {
    assert!(picture(database) == faults.undisturbed.picture, "{case}: {done:?}");
    let finished = "SELECT bool_and(finished_at IS NOT NULL) FROM cutover.source";
    assert_eq!(database.query_one_text(finished), "t", "{case}");
    faults.assert_hold(database, done, case);
}

fn assert_not_written(faults: &Faults, database: &Database, done: &Done, case: &str) {
    assert_eq!(done.code, NOT_WRITTEN, "{case}: {done:?}");
    assert!(done.stderr.contains("cannot be written"), "{case}: {done:?}");
    assert!(done.stdout.contains("done"), "{case}: the summary says what was done: {done:?}");
    assert_stands(faults, database, done, case);
}

/// The program, in a shell's surroundings.
fn within(surroundings: &str, faults: &Faults, database: &Database) -> Cli {
    let script = format!("{surroundings}; exec \"$@\"");
    let cli = Cli::under(&["/bin/sh", "-c", &script, "sh"]);
    let from = cli.args(["copy", "--migrate", "--from"]).args([faults.world.source.path()]);
    from.args(["--to", &database.url(), "--jobs", "2", "--progress", "lines"]).args(small::BY_CHUNK)
}

#[test]
fn f51_no_room_for_the_report() {
    let Some(faults) = small::by_chunk(Target::Empty) else { return };
    let (database, home) = (faults.database(), tempfile::tempdir().unwrap());
    let path = home.path().join("report.json");
    std::fs::write(&path, "the report of yesterday").unwrap();
    // No file may grow, and the system says so instead of ending the process.
    let cli = within("trap '' XFSZ; ulimit -f 0", &faults, &database);
    let done = cli.args(["--report"]).args([&path]).run();
    assert_not_written(&faults, &database, &done, "no room");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "the report of yesterday");
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1, "no draft stays");
}

/// Not even a superuser makes a file there.
#[test]
fn f51_a_directory_that_takes_no_report() {
    let Some(faults) = small::together(Target::Existing) else { return };
    let database = faults.database();
    let done = faults.copy_to(&database.url()).args(["--report", "/proc/report.json"]).run();
    assert_not_written(&faults, &database, &done, "/proc");
}

#[test]
fn f51_of_two_reports_one_is_written() {
    let Some(faults) = small::together(Target::Empty) else { return };
    let (database, home) = (faults.database(), tempfile::tempdir().unwrap());
    let path = home.path().join("report.json");
    let cli = faults.copy_to(&database.url()).args(["--report", "/proc/report.json", "--report"]);
    let done = cli.args([&path]).run();
    assert_not_written(&faults, &database, &done, "two reports");
    assert!(path.is_file(), "the other one");
}

/// What is told of a run finds no room: it was done all the same.
#[test]
fn f51_no_room_for_what_is_told() {
    let Some(faults) = small::by_chunk(Target::Existing) else { return };
    let (database, home) = (faults.database(), tempfile::tempdir().unwrap());
    let path = home.path().join("report.json");
    let done = within("exec >/dev/full 2>&1", &faults, &database).args(["--report"]).args([&path]).run();
    assert_eq!(done.code, 0, "{done:?}");
    assert!(path.is_file());
    assert_stands(&faults, &database, &done, "/dev/full");
}

/// A run that failed keeps its own exit code.
#[test]
fn f51_a_failure_outweighs_its_report() {
    let Some(faults) = small::by_chunk(Target::Empty) else { return };
    let url = "host=127.0.0.1 port=1 user=nobody dbname=nothing";
    let done = faults.copy_to(url).args(["--report", "/proc/report.json"]).run();
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.stderr.contains("cannot be written"), "{done:?}");
}

#[cfg(feature = "failpoints")]
#[test]
fn f51_each_step_of_writing_a_report_fails() {
    let Some(faults) = small::together(Target::Empty) else { return };
    for point in ["report_write", "report_rename"] {
        let (database, home) = (faults.database(), tempfile::tempdir().unwrap());
        let cli = faults.copy_to(&database.url()).args(["--report"]).args([home.path().join("report.json")]);
        let done = cli.env("CUTOVER_FAILPOINTS", format!("{point}=fail")).run();
        assert_not_written(&faults, &database, &done, point);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0, "{point}: no draft stays");
    }
}
