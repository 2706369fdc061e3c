//! `status` and `clean`.

use super::hold::Hold;
use super::running::{Running, wait_for};
use super::world::{Target, World, objects, picture};
use crate::support::cli::{Cli, Done};
use crate::support::postgres::Database;
use serde_json::Value;

fn status(database: &Database) -> (String, Value) {
    let run =
        |extra: &[&str]| -> Done { Cli::new().args(["status", "--to", &database.url()]).args(extra).run() };
    let (text, json) = (run(&[]), run(&["--json"]));
    assert_eq!((text.code, json.code), (0, 0), "{text:?} {json:?}");
    (text.stdout, serde_json::from_str(&json.stdout).expect("JSON"))
}

fn clean(database: &Database) -> Done {
    Cli::new().args(["clean", "--to", &database.url()]).run()
}

#[test]
fn status_tells_how_far_a_run_is() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Existing);
    let (text, json) = status(&database);
    assert!(text.contains("no copy") && json == Value::Array(vec![]), "{text} {json}");

    let run = Running::start(world.copy(&database));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    let (text, json) = status(&database);
    assert!(
        text.contains("not finished") && text.contains("left: table \"setting\", 0 of 1 chunk done"),
        "{text}"
    );
    let source = &json[0];
    assert!(source["chunks_done"].as_u64() < source["chunks"].as_u64(), "{json}");
    assert!(source["rows_done"].as_u64() < source["rows"].as_u64(), "{json}");
    assert!(source["finished_at"].is_null(), "{json}");
    assert_eq!(source["path"], std::fs::canonicalize(world.source.path()).unwrap().to_str().unwrap());
    assert!(source["steps_left"].to_string().contains("foreign key in_category"), "{json}");
    run.signal("INT");
    assert_eq!(run.end().code, 130);
    hold.release();
    let (text, json) = status(&database);
    assert!(text.contains("last error: stopped"), "{text}");
    assert!(json[0]["last_error"].is_string(), "{json}");

    world.finish(&database);
    let (text, json) = status(&database);
    assert!(text.contains(": finished") && !text.contains("left") && !text.contains("last error"), "{text}");
    let source = &json[0];
    assert_eq!((&source["chunks_done"], &source["rows_done"]), (&source["chunks"], &source["rows"]));
    assert_eq!((&source["steps_done"], &source["steps_left"]), (&source["steps"], &Value::Array(vec![])));
    assert!(source["finished_at"].is_string() && source["last_error"].is_null(), "{json}");
}

#[test]
fn clean_removes_the_ledger_and_nothing_else() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Empty);
    world.finish(&database);
    let before = picture(&database);
    let done = clean(&database);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(database.query_one_text("SELECT count(*) FROM pg_namespace WHERE nspname = 'cutover'"), "0");
    assert_eq!(picture(&database), before);
    let done = clean(&database);
    assert!(done.code == 0 && done.stdout.contains("no ledger"), "{done:?}");
    // Without the ledger the rows are somebody else's.
    let done = world.copy(&database).run();
    assert_eq!(done.code, 3, "{done:?}");
    assert_eq!(picture(&database), before);
}

/// What cannot come back is named and stays in the ledger; what can is back before the ledger goes.
#[test]
fn clean_brings_back_what_is_laid_aside_and_waits_for_an_active_run() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Existing);
    let before = objects(&database);
    let run = Running::start(world.copy(&database));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    let done = clean(&database);
    assert_eq!(done.code, 7, "{done:?}");
    wait_for("all other chunks", || {
        let left = "SELECT 1 FROM cutover.chunk WHERE digest IS NULL AND table_name <> 'setting'";
        (hold.watch(left) == 0).then_some(())
    });
    run.kill();
    hold.release();
    assert_ne!(objects(&database), before, "keys and indexes are laid aside");
    database.execute("DELETE FROM category WHERE id = 3");
    let done = clean(&database);
    assert_eq!(done.code, 3, "{done:?}");
    for word in ["validate \"category_parent_fkey\"", "cannot be brought back", "23503", "--restart"] {
        assert!(done.said().contains(word), "{word}: {done:?}");
    }
    database.execute("INSERT INTO category (id, label) VALUES (3, 'label 3')");
    let done = clean(&database);
    assert!(
        done.code == 0 && done.stdout.contains("brought back: validate \"category_parent_fkey\""),
        "{done:?}"
    );
    assert_eq!(objects(&database), before);
    assert_eq!(database.query_one_text("SELECT count(*) FROM pg_namespace WHERE nspname = 'cutover'"), "0");
}
