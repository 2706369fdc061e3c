//! Runs into tables that are made in partitions: killed and resumed, begun anew, with rows between the partitions.

use super::hold::Hold;
use super::running::{Running, wait_for};
use super::world::{Target, World, assert_rows_are_the_ledgers, picture};
use crate::support::postgres::Database;

/// A parent that refers to itself, its child, and a table without a key.
const CONFIG: &str = "
    [tables.category]
    partition = {by = 'id', every = 500}
    [tables.orders]
    partition = {by = 'id', every = 1000}
    [tables.event]
    partition = {by = 'at', every = 'day'}
    [tables.event.columns.at]
    type = 'timestamp'
";

fn partitions(database: &Database) -> String {
    database.query_one_text("SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relispartition")
}

/// Everything but the last chunk of the partitioned child is copied when the run dies; its rows are in many partitions.
#[test]
fn a_killed_run_resumes_into_partitions() {
    let Some(world) = World::configured(CONFIG) else { return };
    let undisturbed = world.undisturbed(Target::Empty);
    let database = world.database(Target::Empty);
    let run = Running::start(world.copy(&database));
    let hold = Hold::chunk(&database, "orders", 22);
    hold.wait_until_held(1);
    wait_for("all other chunks", || {
        let left =
            "SELECT 1 FROM cutover.chunk WHERE digest IS NULL AND (table_name, chunk) <> ('orders', 22)";
        (hold.watch(left) == 0).then_some(())
    });
    assert_eq!(run.kill().code, -9);
    hold.release();
    assert_rows_are_the_ledgers(&database, "killed");
    // 9000 orders by 1000, 1500 categories by 500 from 0 on, and one day of events; each with a default one.
    assert_eq!(partitions(&database), (11 + 5 + 2).to_string());
    undisturbed.assert_resumes(&world, &database, "killed in its last chunk");
    assert_eq!(database.query_one_text("SELECT count(*) FROM pg_constraint WHERE NOT convalidated"), "0");
}

/// What was begun is dropped whole: partitions and their sequences go with the table.
#[test]
fn begun_anew_with_other_partitions() {
    let Some(world) = World::configured(CONFIG) else { return };
    let database = world.database(Target::Empty);
    world.finish(&database);
    let (made, before) = (partitions(&database), picture(&database));
    let coarse = world.reconfigured(&CONFIG.replace("1000", "5000"));
    let done = coarse.copy(&database).run();
    assert_eq!(done.code, 3, "{done:?}");
    assert_eq!(
        picture(&database),
        before,
        "refused: a copy is resumed with the rules that it was begun with"
    );
    let done = coarse.copy(&database).args(["--restart"]).run();
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(partitions(&database), (made.parse::<u32>().unwrap() - 8).to_string(), "2 instead of 10");
    let done = world.copy(&database).args(["--restart"]).run();
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(picture(&database), before);
}

/// The 2nd, 9th, 16th … step after the data is not begun: the run dies before it.
#[cfg(feature = "failpoints")]
#[test]
fn killed_before_steps_of_partitioned_tables() {
    let Some(world) = World::configured(CONFIG) else { return };
    let undisturbed = world.undisturbed(Target::Empty);
    for nth in [2, 9, 16] {
        let database = world.database(Target::Empty);
        let planted = format!("before_step=kill:{nth}");
        let done = world.copy(&database).env("CUTOVER_FAILPOINTS", &planted).run();
        assert_eq!(done.code, -6, "{planted}: {done:?}");
        undisturbed.assert_resumes(&world, &database, &planted);
    }
}
