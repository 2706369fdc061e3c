//! `status` compares a run with what its rehearsal expected.

use super::{rehearse, shop};
use crate::support::cli::Cli;
use crate::support::flow::{Run, migrate};
use crate::support::postgres::{Database, Server};
use serde_json::Value;
use std::path::PathBuf;

fn status(database: &Database) -> (Value, String) {
    let json = Cli::new().args(["status", "--json", "--to"]).args([database.url()]).run();
    let text = Cli::new().args(["status", "--to"]).args([database.url()]).run();
    assert_eq!((json.code, text.code), (0, 0), "{}", json.said());
    let sources: Value = serde_json::from_str(&json.stdout).unwrap();
    (sources[0]["expected"].clone(), text.stdout)
}

fn saved(run: &Run) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rehearsal.json");
    std::fs::write(&path, run.report.to_string()).unwrap();
    (dir, path)
}

#[test]
fn a_finished_run_is_told_beside_what_was_expected() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (shop(), server.fresh_database());
    let rehearsed = rehearse("schema", source.path(), &database).ends_with(0);
    let (_dir, plan) = saved(&rehearsed);
    migrate(source.path(), &database, &["--plan", plan.to_str().unwrap()]).ends_with(0);
    let (expected, text) = status(&database);
    assert_eq!(expected["phase"], "done");
    assert_eq!(expected["running"], false);
    assert_eq!(expected["p50_seconds"], rehearsed.report["prediction"]["seconds"]["p50"]);
    assert!(expected["elapsed_seconds"].as_f64().unwrap() > 0.0 && expected["ends_unix"].is_null());
    assert!(text.contains("took ") && text.contains("; expected were "), "{text}");
}

#[test]
fn a_run_without_a_rehearsal_has_nothing_to_be_compared_with() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (shop(), server.fresh_database());
    migrate(source.path(), &database, &[]).ends_with(0);
    let (expected, text) = status(&database);
    assert!(expected.is_null() && !text.contains("expected"), "{text}");
}

#[test]
#[cfg(feature = "failpoints")]
fn a_run_that_goes_on_is_told_its_phase_and_its_end() {
    use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
    let Some(server) = Server::available() else { return };
    let (source, database) = (shop(), server.fresh_database());
    let mut rehearsed = rehearse("schema", source.path(), &database).ends_with(0);
    let expected = &mut rehearsed.report["prediction"];
    expected["seconds"] = serde_json::json!({"p50": 1000.0, "p90": 1100.0});
    expected["phases"] = serde_json::json!([{"phase": "plan", "seconds": 0.0}, {"phase": "prepare", "seconds": 0.0},
        {"phase": "copy", "seconds": 600.0}, {"phase": "finish", "seconds": 400.0}]);
    let (dir, plan) = saved(&rehearsed);
    let marker = dir.path().join("paused");
    let cli = Cli::new().args(["copy", "--migrate"]).args([source.path()]).args([database.url()]);
    let mut child = cli
        .args(["--jobs", "1", "--plan"])
        .args([&plan])
        .env("CUTOVER_FAILPOINTS", "before_step=pause:1")
        .env("CUTOVER_FAILPOINT_PAUSED", &marker)
        .spawn();
    let began = Instant::now();
    while !marker.exists() {
        assert!(began.elapsed() < Duration::from_secs(60) && child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(20));
    }
    let (expected, text) = status(&database);
    let number = |name: &str| expected[name].as_f64().unwrap();
    assert_eq!(
        (&expected["running"], &expected["phase"]),
        (&Value::Bool(true), &Value::from("finish")),
        "{expected}"
    );
    assert!((600.0..1000.0).contains(&number("reached_seconds")), "{expected}");
    assert!((number("left_seconds") - 1000.0 + number("reached_seconds")).abs() < 1e-6, "{expected}");
    assert!((number("behind_seconds") - number("elapsed_seconds") + number("reached_seconds")).abs() < 1e-6);
    assert_eq!(expected["pace"], "ahead", "all rows are there after moments");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() as f64;
    assert!((number("ends_unix") - now - number("left_seconds")).abs() < 60.0, "{expected}");
    assert!(text.contains("phase finish") && text.contains("ahead by"), "{text}");
    std::fs::remove_file(&marker).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(status(&database).0["phase"], "done");
}
