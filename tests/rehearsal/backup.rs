//! `--rehearse --backup`: the window has the time of the backup, and no backup stays.

use super::{call, consistent, shop};
use crate::support::cli::Cli;
use crate::support::flow::Run;
use crate::support::postgres::Server;
use serde_json::Value;

#[test]
fn a_backup_is_rehearsed_and_removed() {
    let Some(server) = Server::available() else { return };
    for word in ["schema", "probe"] {
        let (source, database, dir) = (shop(), server.fresh_database(), tempfile::tempdir().unwrap());
        let run = Run::of(call(word, source.path(), &database).args(["--backup"]).args([dir.path()]));
        let prediction = consistent(&run.ends_with(0), word);
        let phases = prediction["phases"].as_array().unwrap();
        let backup: Vec<&Value> = phases.iter().filter(|phase| phase["phase"] == "backup").collect();
        assert!(backup.len() == 1 && backup[0]["seconds"].as_f64().unwrap() > 0.0, "{prediction}");
        assert_eq!(dir.path().read_dir().unwrap().count(), 0, "nothing of it stays");
    }
}

#[test]
fn without_one_the_window_has_none() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (shop(), server.fresh_database());
    let run = Run::of(call("schema", source.path(), &database)).ends_with(0);
    assert!(!run.report["prediction"].to_string().contains("backup"), "{}", run.said());
    assert!(run.report["backup"].as_array().unwrap().is_empty());
}

#[test]
fn what_a_rehearsal_does_not_do_is_not_taken() {
    for option in [&["--freeze"][..], &["--deadline", "1h"]] {
        let done = Cli::new().args(["copy", "--rehearse", "app.db"]).args(option).run();
        assert_eq!(done.code, 2, "{done:?}");
    }
    let done = Cli::new().args(["copy", "--rehearse", "app.db", "--backup", "/nowhere/at/all"]).run();
    assert!(done.code == 2 && done.stderr.contains("--backup"), "{done:?}");
}
