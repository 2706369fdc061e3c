//! A source that was written between a run that failed and the next (fault catalogue F25), and beginning anew.

use super::hold::Hold;
use super::running::Running;
use super::world::{Target, World, assert_rows_are_the_ledgers, objects, picture};
use crate::support::flow::{migrate, validate, verify};
use crate::support::postgres::{Database, Server};
use crate::support::seals::edit_unseen;
use crate::support::sqlite::SqliteFile;

/// A run that is killed when everything is copied but the table `setting`.
pub(crate) fn killed_before_setting(world: &World, database: &Database) {
    let run = Running::start(world.copy(database));
    let hold = Hold::chunk(database, "setting", 0);
    // One worker waits for the chunk; the other has done everything else when it goes.
    hold.wait_until_held(1);
    super::running::wait_for("all other chunks", || {
        let left = "SELECT 1 FROM cutover.chunk WHERE digest IS NULL AND table_name <> 'setting'";
        (hold.watch(left) == 0).then_some(())
    });
    assert_eq!(run.kill().code, -9);
    hold.release();
    assert_rows_are_the_ledgers(database, "before setting");
}

pub(crate) fn change(world: &World, sql: &str) {
    world.source.connection().execute_batch(sql).unwrap();
}

#[test]
fn f25_a_changed_source_is_refused_with_both_ways_out() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Empty);
    killed_before_setting(&world, &database);
    let before = super::world::ledger(&database);
    change(&world, "INSERT INTO setting VALUES ('new', '{}')");
    let done = world.copy(&database).run();
    assert_eq!(done.code, 3, "{done:?}");
    assert!(done.said().contains("--restart") && done.said().contains("--reverify"), "{done:?}");
    assert_eq!(super::world::ledger(&database), before, "a refusal writes nothing");
}

#[test]
fn f25_reverify_goes_on_where_finished_chunks_are_the_same() {
    let Some(world) = World::new() else { return };
    for target in [Target::Empty, Target::Existing] {
        let database = world.database(target);
        killed_before_setting(&world, &database);
        change(&world, &format!("INSERT INTO setting VALUES ('new {target:?}', '{{}}')"));
        let done = world.copy(&database).args(["--reverify"]).run();
        assert_eq!(done.code, 0, "{done:?}");
        let added = format!("SELECT count(*) FROM setting WHERE k = 'new {target:?}'");
        assert_eq!(database.query_one_text(&added), "1");
        // The result is that of a copy of the changed source, and the next run needs no --reverify.
        world.undisturbed(target).assert_resumes(&world, &database, "after --reverify");
    }
}

#[test]
fn f25_reverify_refuses_where_a_finished_chunk_has_changed() {
    for sql in [
        "UPDATE orders SET note = 'other' WHERE id = 5000",
        "DELETE FROM orders WHERE id = 9000",
        "INSERT INTO customer (email, created, active) VALUES ('late@example.org', '2024-01-01T00:00:00Z', 1)",
        "UPDATE orders SET id = 123456 WHERE id = 17",
    ] {
        let Some(world) = World::new() else { return };
        let database = world.database(Target::Empty);
        killed_before_setting(&world, &database);
        change(&world, sql);
        let done = world.copy(&database).args(["--reverify"]).run();
        assert_eq!(done.code, 3, "{sql}: {done:?}");
        let table = if sql.contains("customer") { "customer" } else { "orders" };
        assert!(done.said().contains(table) && done.said().contains("--restart"), "{sql}: {done:?}");
    }
}

/// The stored plan has no place for a column that came later: its values must not be lost in silence.
#[test]
fn f25_reverify_refuses_a_changed_schema() {
    for sql in
        ["ALTER TABLE setting ADD COLUMN extra TEXT DEFAULT 'x'", "ALTER TABLE orders ADD COLUMN extra TEXT"]
    {
        let Some(world) = World::new() else { return };
        let database = world.database(Target::Empty);
        killed_before_setting(&world, &database);
        change(&world, sql);
        let done = world.copy(&database).args(["--reverify"]).run();
        assert_eq!(done.code, 3, "{sql}: {done:?}");
        assert!(done.said().contains("extra") && done.said().contains("--restart"), "{sql}: {done:?}");
    }
}

/// A column that the target computes is in no plan, and no new one.
#[test]
fn reverify_passes_over_columns_that_the_target_computes() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE g (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER); INSERT INTO g VALUES (1, 2, 4), (2, 3, 6)",
    );
    let database = server.fresh_database();
    database.execute("CREATE TABLE g (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) STORED)");
    migrate(source.path(), &database, &[]).ends_with(0);
    source.connection().execute_batch("PRAGMA user_version = 7").unwrap();
    migrate(source.path(), &database, &[]).ends_with(3);
    migrate(source.path(), &database, &["--reverify"]).ends_with(0);
}

/// Digests of another version cannot be compared with ours: that is said, and not that every row differs.
#[test]
fn f46_a_ledger_of_an_earlier_version_is_refused_and_can_begin_anew() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'a')",
    );
    let database = server.fresh_database();
    migrate(source.path(), &database, &[]).ends_with(0);
    edit_unseen(
        &database,
        "UPDATE cutover.source SET plan = regexp_replace(plan, '\"format\":[0-9]+', '\"format\":3')",
    );
    for run in [migrate, validate, verify] {
        let run = run(source.path(), &database, &[]).ends_with(3);
        assert!(run.said().contains("has format 3") && run.said().contains("--restart"), "{}", run.said());
    }
    migrate(source.path(), &database, &["--restart"]).ends_with(0);
    verify(source.path(), &database, &[]).ends_with(0);
}

#[test]
fn restart_begins_anew() {
    for target in [Target::Empty, Target::Existing] {
        let Some(world) = World::new() else { return };
        let database = world.database(target);
        killed_before_setting(&world, &database);
        change(&world, "UPDATE orders SET note = 'other' WHERE id < 5000; DELETE FROM event WHERE n < 100");
        let done = world.copy(&database).args(["--restart"]).run();
        assert_eq!(done.code, 0, "{target:?}: {done:?}");
        world.undisturbed(target).assert_resumes(&world, &database, "after --restart");
    }
}

/// Keys are back after a finished run: what was copied must go all the same, children and parents together.
#[test]
fn a_finished_run_can_begin_anew_too() {
    for target in [Target::Empty, Target::Existing] {
        let Some(world) = World::new() else { return };
        let database = world.database(target);
        world.finish(&database);
        let before = picture(&database);
        let done = world.copy(&database).args(["--restart"]).run();
        assert_eq!(done.code, 0, "{target:?}: {done:?}");
        assert_eq!(picture(&database), before, "{target:?}");
    }
}

/// A restart that is refused has undone nothing: the earlier copy can still be resumed, or begun anew.
#[test]
fn a_restart_that_is_refused_has_undone_nothing() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Existing);
    let made = objects(&database);
    let state = "SELECT count(*) FROM cutover.chunk WHERE digest IS NOT NULL UNION ALL SELECT count(*) FROM orders ORDER BY 1";
    killed_before_setting(&world, &database);
    let before = database.rows(state);
    change(&world, "UPDATE orders SET total = 'not a number' WHERE id = 77");
    let done = world.copy(&database).args(["--restart"]).run();
    assert_eq!(done.code, 3, "{done:?}");
    assert_eq!(database.rows(state), before);
    assert_eq!(objects(&database), made, "what was laid aside is back");
    assert!(done.said().contains("brought back"), "{done:?}");
    change(&world, "UPDATE orders SET total = 7.5 WHERE id = 77");
    let done = world.copy(&database).args(["--restart"]).run();
    assert_eq!(done.code, 0, "{done:?}");
}
