//! Where the time went (`--timing`): that every part is there and that the parts sum up, not how long anything took.

use crate::support::flow::{Run, migrate, validate, verify};
use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;
use serde_json::Value;

const TABLE_STAGES: [&str; 12] = [
    "read",
    "encode",
    "hash",
    "wait",
    "begin",
    "idle",
    "send",
    "commit",
    "read back",
    "decode",
    "hash back",
    "locate",
];

const RUN_STAGES: [&str; 14] = [
    "open",
    "hook",
    "backup",
    "page check",
    "profile",
    "plan",
    "prepare",
    "copy",
    "reread",
    "verify",
    "index",
    "constrain",
    "maintain",
    "record",
];

/// What a run without hooks and without a backup that resumes nothing has no time for.
const NOT_HERE: [&str; 3] = ["hook", "backup", "reread"];

fn source() -> SqliteFile {
    SqliteFile::from_sql(
        "CREATE TABLE parent(id INTEGER PRIMARY KEY, name TEXT UNIQUE);
         CREATE TABLE child(id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent(id), t TEXT, b BLOB);
         CREATE INDEX child_t ON child(t);
         CREATE TABLE none(id INTEGER PRIMARY KEY);
         CREATE VIEW names AS SELECT name FROM parent;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
         INSERT INTO parent SELECT i, 'name ' || i FROM n;
         INSERT INTO child SELECT id, id, name, randomblob(20) FROM parent;
         INSERT INTO child VALUES (9999, 1, 'large', randomblob(3000000));",
    )
}

fn names(stages: &Value) -> Vec<&str> {
    stages.as_array().expect("stages").iter().map(|stage| stage["stage"].as_str().unwrap()).collect()
}

fn seconds(parts: &Value) -> f64 {
    parts.as_array().expect("parts").iter().map(|part| part["seconds"].as_f64().unwrap()).sum()
}

fn of_stage(stages: &Value, name: &str) -> f64 {
    let found = stages.as_array().unwrap().iter().find(|stage| stage["stage"] == name);
    found.unwrap_or_else(|| panic!("{name}: {stages}"))["seconds"].as_f64().unwrap()
}

/// All stages of one table, which sum to what is said of it.
#[track_caller]
fn sums_up(timing: &Value) -> f64 {
    assert_eq!(names(&timing["stages"]), TABLE_STAGES, "{timing}");
    let (parts, whole) =
        (seconds(&timing["stages"]) + seconds(&timing["steps"]), timing["seconds"].as_f64().unwrap());
    assert!((parts - whole).abs() < 1e-6, "{parts} is not {whole}: {timing}");
    whole
}

/// The whole profile: every part is named, and all sums are those of their parts.
#[track_caller]
fn is_consistent(run: &Run) -> &Value {
    let timing = &run.report["timing"];
    assert_eq!(names(&timing["stages"]), RUN_STAGES, "{timing}");
    let tables = run.report["tables"].as_array().unwrap();
    let parts: f64 =
        tables.iter().map(|table| sums_up(&table["timing"])).sum::<f64>() + sums_up(&timing["elsewhere"]);
    assert!((parts - sums_up(&timing["total"])).abs() < 1e-6, "{timing}");
    for name in TABLE_STAGES {
        let of = |timing: &Value| of_stage(&timing["stages"], name);
        let parts = tables.iter().map(|table| of(&table["timing"])).sum::<f64>() + of(&timing["elsewhere"]);
        assert!((parts - of(&timing["total"])).abs() < 1e-6, "{name}: {timing}");
    }
    // What goes on at the same time counts for each: the stages and the rest are the wall time at least.
    let wall = timing["wall_seconds"].as_f64().unwrap();
    assert!(
        seconds(&timing["stages"]) + timing["unaccounted_seconds"].as_f64().unwrap() >= wall - 1e-6,
        "{timing}"
    );
    assert_eq!(timing["wall_seconds"], run.report["run"]["seconds"]);
    timing
}

fn steps(timing: &Value) -> Vec<(&str, u64)> {
    let steps = timing["steps"].as_array().unwrap().iter();
    steps.map(|step| (step["kind"].as_str().unwrap(), step["count"].as_u64().unwrap())).collect()
}

#[test]
fn a_copy_tells_every_stage_of_every_table() {
    let Some(server) = Server::available() else { return };
    let (database, source) = (server.fresh_database(), source());
    let run = migrate(source.path(), &database, &["--timing", "--jobs", "2"]).ends_with(0);
    let timing = is_consistent(&run);
    assert_eq!(timing["connections"], 2);
    assert_eq!(timing["cpu"].is_null(), !cfg!(target_os = "linux"), "{timing}");
    let child = &run.table("child")["timing"];
    assert_eq!(
        steps(child),
        [
            ("foreign key", 1),
            ("index", 1),
            ("primary key", 1),
            ("sequence", 1),
            ("vacuum", 1),
            ("validate", 1)
        ]
    );
    assert_eq!(steps(&timing["elsewhere"]), [("view", 1)]);
    // What has happened has taken some time, even if it is little.
    for name in
        ["read", "hash", "encode", "begin", "idle", "send", "commit", "read back", "decode", "hash back"]
    {
        assert!(of_stage(&child["stages"], name) > 0.0, "{name}: {child}");
    }
    assert!((of_stage(&child["stages"], "locate")).abs() < f64::EPSILON, "{child}");
    for name in RUN_STAGES.iter().filter(|name| !NOT_HERE.contains(name)) {
        assert!(of_stage(&timing["stages"], name) > 0.0, "{name}: {timing}");
    }
    // Everything has a place on the screen, too, after the summary.
    let shown = run.done.stdout.split_once("done: ").expect("the summary first").1;
    for name in TABLE_STAGES.iter().chain(&RUN_STAGES).chain(&["parent", "child", "vacuum", "unaccounted"]) {
        assert!(NOT_HERE.contains(name) || shown.contains(name), "{name} is not in\n{shown}");
    }
}

#[test]
fn a_verification_tells_what_it_read_again_and_what_it_looked_for() {
    let Some(server) = Server::available() else { return };
    let (database, source) = (server.fresh_database(), source());
    migrate(source.path(), &database, &[]).ends_with(0);
    database.execute("UPDATE child SET t = 'other' WHERE id = 7");
    let run = verify(source.path(), &database, &["--timing"]).ends_with(4);
    let timing = is_consistent(&run);
    let child = &run.table("child")["timing"];
    for name in ["read", "hash", "read back", "decode", "hash back", "locate"] {
        assert!(of_stage(&child["stages"], name) > 0.0, "{name}: {child}");
    }
    for name in ["encode", "send", "commit"] {
        assert!(of_stage(&timing["total"]["stages"], name).abs() < f64::EPSILON, "{name}: {timing}");
    }
    assert!(of_stage(&timing["stages"], "reread") > 0.0, "{timing}");
}

#[test]
fn what_is_not_asked_for_is_not_there() {
    let Some(server) = Server::available() else { return };
    let (database, source) = (server.fresh_database(), source());
    let run = migrate(source.path(), &database, &[]).ends_with(0);
    assert!(run.report["timing"].is_null() && run.table("child")["timing"].is_null(), "{}", run.report);
    assert!(!run.done.stdout.contains("unaccounted"), "{}", run.done.stdout);
}

/// Where nothing is copied, the profile is of the run alone; also where it fails.
#[test]
fn a_run_that_ends_early_has_a_profile_too() {
    let Some(server) = Server::available() else { return };
    let (database, source) = (server.fresh_database(), source());
    let run = validate(source.path(), &database, &["--timing"]).ends_with(0);
    is_consistent(&run);
    database.execute("CREATE TABLE child(id bigint, parent bigint, t varchar(3), b bytea)");
    let run = migrate(source.path(), &database, &["--timing"]).ends_with(3);
    is_consistent(&run);
}
