//! `status` and `clean`.

use super::hold::Hold;
use super::running::Running;
use super::world::{Target, World, picture};
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
        text.contains("not finished") && text.contains("left: table \"setting\", 0 of 1 chunks"),
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

#[test]
fn clean_refuses_while_something_is_laid_aside_and_while_a_run_is_active() {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(Target::Existing);
    let database = world.database(Target::Existing);
    let run = Running::start(world.copy(&database));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    let done = clean(&database);
    assert_eq!(done.code, 7, "{done:?}");
    run.kill();
    hold.release();
    let done = clean(&database);
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.said().contains("not restored yet") && done.said().contains("--restart"), "{done:?}");
    undisturbed.assert_resumes(&world, &database, "after a clean that was refused");
    assert_eq!(clean(&database).code, 0);
    assert_eq!(picture(&database), undisturbed.picture);
}
