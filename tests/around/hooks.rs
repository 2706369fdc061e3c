//! `[hooks]`.

use super::source;
use crate::resume::hold::Hold;
use crate::resume::running::{Running, wait_for};
use crate::support::cli::Cli;
use crate::support::flow::{Run, migrate, validate};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use std::path::PathBuf;
use tempfile::TempDir;

/// A source, a database, a directory that hooks write into.
struct World {
    source: SqliteFile,
    database: Database,
    dir: TempDir,
}

impl World {
    fn new() -> Option<World> {
        let server = Server::available()?;
        let (source, database) = (source(false), server.fresh_database());
        Some(World { source, database, dir: tempfile::tempdir().unwrap() })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The options for a `cutover.toml` in which `DIR` stands for the directory.
    fn config(&self, text: &str) -> [String; 2] {
        let path = self.path("cutover.toml");
        std::fs::write(&path, text.replace("DIR", self.dir.path().to_str().unwrap())).unwrap();
        ["--config".to_owned(), path.to_str().unwrap().to_owned()]
    }

    fn migrate(&self, config: &str) -> Run {
        let [option, path] = self.config(config);
        migrate(self.source.path(), &self.database, &[&option, &path])
    }

    fn said(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn has_ledger(&self) -> bool {
        self.database.query_one_text("SELECT count(*) FROM pg_namespace WHERE nspname = 'cutover'") == "1"
    }
}

const WRITE_ALL: &str = r#"[hooks]
before = [
  {command = "echo $CUTOVER_HOOK $CUTOVER_OUTCOME $CUTOVER_SCHEMA ${CUTOVER_RUN_ID:+has_id} $CUTOVER_SOURCES $PGAPPNAME $CUTOVER_EXIT_CODE >> DIR/log; echo shown on the screen"},
  {command = ["touch", "DIR/no $shell; here"]},
  {sql = "CREATE TABLE hooked (at int); INSERT INTO hooked VALUES (1)"},
]
after_data = {command = "echo $CUTOVER_HOOK >> DIR/log"}
after_verify = [{command = "echo $CUTOVER_HOOK >> DIR/log"}, {sql_file = "last.sql"}]
on_failure = {command = "echo never >> DIR/log"}
"#;

#[test]
fn hooks_run_in_order_and_are_told_of_the_run() {
    let Some(world) = World::new() else { return };
    std::fs::write(world.path("last.sql"), "INSERT INTO hooked SELECT count(*) FROM \"user\";").unwrap();
    let [option, path] = world.config(WRITE_ALL);
    let cli = Cli::new().args(["copy", "--migrate"]).args([world.source.path()]).args([world.database.url()]);
    let run = Run::of(cli.args([option, path]).env("PGAPPNAME", "the-callers")).ends_with(0);
    let source = world.source.path().canonicalize().unwrap();
    let expected =
        format!("before running public has_id {} the-callers\nafter_data\nafter_verify\n", source.display());
    assert_eq!(world.said("log"), expected);
    assert!(world.path("no $shell; here").exists());
    assert_eq!(
        world.database.query_one_text("SELECT string_agg(at::text, ' ' ORDER BY at) FROM hooked"),
        "1 2000"
    );
    assert!(run.done.stderr.contains("hook before 1: shown on the screen"), "{}", run.done.stderr);
    let kinds: Vec<&str> =
        run.report["hooks"].as_array().unwrap().iter().map(|hook| hook["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["shell", "command", "sql", "shell", "shell", "sql"]);
    assert!(!run.said().contains("INSERT INTO hooked"), "statements are not told");
}

/// What this program tells itself by the environment is no hook's business.
#[test]
fn the_variable_of_a_veiled_password_is_not_handed_on() {
    let Some(world) = World::new() else { return };
    let [option, path] = world.config("[hooks]\nbefore = {command = 'env > DIR/env'}\n");
    let cli = Cli::new().args(["copy", "--migrate"]).args([world.source.path()]).args([world.database.url()]);
    Run::of(cli.args([option, path]).env("CUTOVER_VEILED", "1 2 3").env("PGAPPNAME", "kept")).ends_with(0);
    let env = world.said("env");
    assert!(env.contains("PGAPPNAME=kept") && !env.contains("CUTOVER_VEILED"), "{env}");
}

#[test]
fn a_failing_hook_before_the_copy_stops_it_and_nothing_is_written() {
    let Some(world) = World::new() else { return };
    let run = world
        .migrate(
            "[hooks]\nbefore = [{command = 'echo no; exit 3'}, {command = 'touch DIR/second'}]\n\
             on_failure = [{command = 'exit 9'}, {command = 'echo $CUTOVER_OUTCOME $CUTOVER_EXIT_CODE >> DIR/log'}]\n",
        )
        .ends_with(3);
    assert_eq!(run.findings("E_HOOK").len(), 1, "{}", run.said());
    assert!(run.said().contains("exit status: 3"), "{}", run.said());
    assert!(!world.has_ledger() && !world.path("second").exists());
    // One that fails hides neither the first failure nor the next hook.
    assert_eq!(world.said("log"), "refused 3\n");
    assert!(run.said().contains("hook on_failure 1 failed"), "{}", run.said());
}

/// The last line says what kept the run from its end, and no phase that was over by then.
#[test]
fn no_go_names_the_hook_that_failed() {
    let Some(world) = World::new() else { return };
    for (point, code) in [("before", 3), ("after_verify", 6)] {
        let [option, path] =
            world.config(&format!("[hooks]\n{point} = [{{command = 'true'}}, {{command = 'exit 3'}}]\n"));
        let database = Server::available().unwrap().fresh_database();
        let run =
            migrate(world.source.path(), &database, &[&option, &path, "--deadline", "1h"]).ends_with(code);
        let verdict = run.done.stdout.lines().last().unwrap();
        let expected = format!("NO-GO: the run did not end well in hook {point} 2, ");
        assert!(verdict.starts_with(&expected), "{}", run.said());
    }
}

#[test]
fn after_a_failing_hook_the_copy_stands_and_the_same_command_ends_it() {
    let Some(world) = World::new() else { return };
    for point in ["after_data", "after_verify"] {
        let database = Server::available().unwrap().fresh_database();
        let [option, path] =
            world.config(&format!("[hooks]\n{point} = {{command = 'test -e DIR/mended'}}\n"));
        let options = [option.as_str(), path.as_str()];
        let failed = migrate(world.source.path(), &database, &options).ends_with(6);
        assert!(failed.said().contains(&format!("hook {point} 1 failed")), "{}", failed.said());
        assert_eq!(database.query_one_text("SELECT count(*) FROM note"), "2000");
        std::fs::write(world.path("mended"), "").unwrap();
        let resumed = migrate(world.source.path(), &database, &options).ends_with(0);
        assert!(resumed.report["run"]["resumed_from"].as_u64() > Some(0), "{}", resumed.said());
        std::fs::remove_file(world.path("mended")).unwrap();
    }
}

#[test]
fn sql_of_a_hook_is_all_or_nothing() {
    let Some(world) = World::new() else { return };
    let run =
        world.migrate("[hooks]\nbefore = {sql = 'CREATE TABLE half (a int); SELECT 1 / 0'}\n").ends_with(3);
    assert!(run.said().contains("22012"), "{}", run.said());
    assert_eq!(world.database.query_one_text("SELECT count(*) FROM pg_tables WHERE tablename = 'half'"), "0");
}

/// Of a command that takes too long, the shell's children go too.
#[test]
fn a_hook_that_takes_too_long_is_ended_with_all_that_it_started() {
    let Some(world) = World::new() else { return };
    let run = world
        .migrate(
            "[hooks]\nbefore = {command = 'sleep 600 & echo $! > DIR/child; trap : TERM; wait; wait', timeout = '700ms'}\n",
        )
        .ends_with(3);
    assert!(run.said().contains("ended after its time"), "{}", run.said());
    gone(&world.said("child"));
    let sql =
        world.migrate("[hooks]\nbefore = {sql = 'SELECT pg_sleep(600)', timeout = '700ms'}\n").ends_with(3);
    assert!(sql.said().contains("ended after its time"), "{}", sql.said());
    wait_for("the statement's end", || {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid() \
                   AND datname = current_database()";
        (world.database.query_one_text(sql) == "0").then_some(())
    });
}

/// Waits for the end of a process.
fn gone(pid: &str) {
    let stat = format!("/proc/{}/stat", pid.trim());
    wait_for("the child's end", || {
        // A zombie that nobody has asked for is one.
        let text = std::fs::read_to_string(&stat).unwrap_or_default();
        (text.is_empty() || text.contains(") Z ")).then_some(())
    });
}

#[test]
fn a_stop_ends_a_hook_and_those_for_a_failure_still_run() {
    let Some(world) = World::new() else { return };
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let [option, path] = world.config(
            "[hooks]\nbefore = {command = 'echo $$ > DIR/child.new; mv DIR/child.new DIR/child; sleep 600'}\n\
             on_failure = {command = 'echo $CUTOVER_OUTCOME $CUTOVER_EXIT_CODE > DIR/log'}\n",
        );
        let cli = Cli::new().args(["copy", "--migrate", &option, &path]);
        let run = Running::start(cli.args([world.source.path().as_os_str(), world.database.url().as_ref()]));
        let child = wait_for("the hook", || std::fs::read_to_string(world.path("child")).ok());
        run.signal(signal);
        let done = run.end();
        assert_eq!(done.code, code, "{done:?}");
        assert_eq!(world.said("log"), format!("interrupted {code}\n"), "{done:?}");
        gone(&child);
        std::fs::remove_file(world.path("child")).unwrap();
    }
}

/// The second signal ends the process without a destructor, and still no hook outlives it.
#[test]
fn a_second_stop_leaves_no_hook_behind() {
    let Some(world) = World::new() else { return };
    let [option, path] = world.config(
        "[hooks]\nbefore = {command = 'exit 1'}\n\
         on_failure = {command = 'echo $$ > DIR/child.new; mv DIR/child.new DIR/child; sleep 600'}\n",
    );
    let cli = Cli::new().args(["copy", "--migrate", &option, &path]);
    let run = Running::start(cli.args([world.source.path().as_os_str(), world.database.url().as_ref()]));
    let child = wait_for("the hook", || std::fs::read_to_string(world.path("child")).ok());
    run.signal("INT");
    // Two signals that are pending together are one: the first must have arrived.
    std::thread::sleep(std::time::Duration::from_millis(500));
    run.signal("INT");
    assert_eq!(run.end().code, 130);
    gone(&child);
}

#[test]
fn validation_runs_no_hook_and_lists_them() {
    let Some(world) = World::new() else { return };
    std::fs::write(world.path("last.sql"), "SELECT 1").unwrap();
    let [option, path] = world.config(WRITE_ALL);
    let run = validate(world.source.path(), &world.database, &[&option, &path]).ends_with(0);
    assert!(run.done.stderr.contains("hook before 3: SQL: not run"), "{}", run.done.stderr);
    assert_eq!((world.said("log").as_str(), world.has_ledger()), ("", false));
    assert_eq!(run.report["hooks"], serde_json::json!([]));
    std::fs::remove_file(world.path("last.sql")).unwrap();
    validate(world.source.path(), &world.database, &[&option, &path]).ends_with(2);
}

/// Another run has the target: nothing of ours is done, not even what a failure asks for, such as starting the application.
#[test]
fn a_run_that_is_turned_away_runs_no_hook() {
    let Some(world) = World::new() else { return };
    let cli = Cli::new().args(["copy", "--migrate", "--chunk-rows", "500"]);
    let first = Running::start(cli.args([world.source.path().as_os_str(), world.database.url().as_ref()]));
    let hold = Hold::chunk(&world.database, "user", 0);
    let hooks =
        "[hooks]\nbefore = {command = 'touch DIR/before'}\non_failure = {command = 'touch DIR/failure'}\n";
    world.migrate(hooks).ends_with(7);
    assert!(!world.path("before").exists() && !world.path("failure").exists());
    hold.release();
    assert_eq!(first.end().code, 0);
}

/// Whoever can leave a file where we work cannot have programs run.
#[test]
fn hooks_of_a_file_that_was_only_found_do_not_run() {
    let Some(world) = World::new() else { return };
    world.config("[hooks]\nbefore = {command = 'touch DIR/ran'}\n");
    let copy = |mode: &str, more: &[&str]| {
        let cli = Cli::new().args(["copy", mode]).args(more).in_dir(world.dir.path());
        cli.args([world.source.path().as_os_str(), world.database.url().as_ref()]).run()
    };
    let found = copy("--migrate", &[]);
    assert!(found.code == 2 && found.stderr.contains("--config cutover.toml"), "{found:?}");
    assert_eq!(copy("--validate", &[]).code, 0);
    assert!(!world.path("ran").exists() && !world.has_ledger());
    assert_eq!(copy("--migrate", &["--config", "cutover.toml"]).code, 0);
    assert!(world.path("ran").exists());
}

#[test]
fn a_hook_that_cannot_be_meant_is_a_usage_error() {
    let Some(world) = World::new() else { return };
    for (text, part) in [
        ("before = {command = 'a', sql = 'b'}", "exactly one of"),
        ("before = {timeout = '5s'}", "exactly one of"),
        ("before = 'systemctl stop app'", "must be"),
        ("before = {command = []}", "must name a program"),
        ("before = {command = ''}", "is empty"),
        ("before = {command = 'a', timeout = '0'}", "longer than 0"),
        ("before = {command = 'a', timeout = 'soon'}", "timeout"),
        ("befor = {command = 'a'}", "before"),
        ("before = {comand = 'a'}", "command"),
        ("before = {sql_file = 'nowhere.sql'}", "nowhere.sql"),
    ] {
        let run = world.migrate(&format!("[hooks]\n{text}\n")).ends_with(2);
        assert!(run.said().contains(part), "{text}: {}", run.said());
    }
}
