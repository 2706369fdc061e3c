//! A finished run again, and tables that were emptied after it.

use super::hold::Hold;
use super::running::Running;
use super::world::{TABLES, Target, World, ledger, picture, writers};

#[test]
fn a_finished_run_changes_nothing_and_says_so() {
    let Some(world) = World::new() else { return };
    for target in [Target::Empty, Target::Existing] {
        let database = world.database(target);
        world.finish(&database);
        let all = || (TABLES.map(|table| writers(&database, table)), ledger(&database), picture(&database));
        let before = all();
        let (done, report) = world.finish(&database);
        assert!(done.said().contains("nothing was changed"), "{done:?}");
        assert_eq!(report["run"]["resumed_from"], report_chunks(&report), "{report}");
        assert_eq!(all(), before, "{target:?}");
    }
}

fn report_chunks(report: &serde_json::Value) -> u64 {
    report["tables"].as_array().unwrap().iter().map(|table| table["chunks"].as_u64().unwrap()).sum()
}

#[test]
fn f47_an_emptied_table_is_copied_again_by_name_only() {
    let Some(world) = World::new() else { return };
    for target in [Target::Empty, Target::Existing] {
        let undisturbed = world.undisturbed(target);
        let database = world.database(target);
        world.finish(&database);
        let others =
            || TABLES.map(|table| if table == "orders" { Vec::new() } else { writers(&database, table) });
        let before = others();
        database.execute("DELETE FROM orders WHERE ctid IN (SELECT ctid FROM orders LIMIT 7)");
        let done = world.copy(&database).args(["--table", "orders"]).run();
        assert!(done.code == 4 && done.said().contains("cutover verify"), "a part is missing: {done:?}");
        database.execute("DELETE FROM orders");

        let done = world.copy(&database).run();
        assert_eq!(done.code, 4, "{done:?}");
        for word in ["orders", "--table"] {
            assert!(done.said().contains(word), "{word}: {done:?}");
        }
        assert_eq!(database.query_one_text("SELECT count(*) FROM orders"), "0");

        let done = world.copy(&database).args(["--table", "orders"]).run();
        assert_eq!(done.code, 0, "{done:?}");
        assert_eq!(others(), before, "{target:?}: other tables were written");
        assert_eq!(database.query_one_text("SELECT finished_at IS NOT NULL FROM cutover.source"), "t");
        undisturbed.assert_resumes(&world, &database, "after --table");
    }
}

/// A run that failed at one table: `--table` finishes it, and the whole command finishes the rest.
#[test]
fn one_table_of_a_stopped_run_is_finished_by_name() {
    let Some(world) = World::new() else { return };
    let undisturbed = world.undisturbed(Target::Existing);
    let database = world.database(Target::Existing);
    let run = Running::start(world.copy(&database));
    let hold = Hold::chunk(&database, "setting", 0);
    // No rows can come into this table while it refuses them.
    database.execute(
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
         CREATE TRIGGER no BEFORE INSERT ON setting EXECUTE FUNCTION no();",
    );
    hold.release();
    let done = run.end();
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.said().contains("setting"), "{done:?}");
    assert_eq!(database.query_one_text("SELECT count(*) FROM orders"), "9000", "the others are finished");
    database.execute("DROP TRIGGER no ON setting; DROP FUNCTION no()");
    let before = writers(&database, "orders");
    let done = world.copy(&database).args(["--table", "setting"]).run();
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(writers(&database, "orders"), before);
    undisturbed.assert_resumes(&world, &database, "after --table");
}

/// What an earlier run made and somebody removed since is not called done.
#[test]
fn a_key_or_a_table_that_is_gone_is_said() {
    let Some(world) = World::new() else { return };
    let database = world.database(Target::Empty);
    world.finish(&database);
    let name = "SELECT conname FROM pg_constraint WHERE contype = 'p' AND conrelid = 'orders'::regclass";
    let key = database.query_one_text(name);
    database.execute(&format!("ALTER TABLE orders DROP CONSTRAINT {key} CASCADE"));
    let done = world.copy(&database).run();
    assert!(done.code == 4 && done.said().contains(&key) && done.said().contains("--restart"), "{done:?}");

    database.execute("DROP TABLE orders CASCADE");
    let done = world.copy(&database).run();
    assert!(done.code == 3 && done.said().contains("--restart"), "{done:?}");
    let done = world.copy(&database).args(["--restart"]).run();
    assert_eq!(done.code, 0, "{done:?}");
}
