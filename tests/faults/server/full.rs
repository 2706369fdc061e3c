//! No room (F12) and no memory (F13).

use super::impatient;
use crate::faults::invariants::Faults;
use crate::resume::world::Target;
use crate::support::cli::Cli;
use crate::support::cluster::{Cluster, Volume};
use crate::support::flow::{Run, lines};
use crate::support::sqlite::SqliteFile;
use std::fmt::Write as _;

#[test]
fn f12_a_full_data_volume_ends_the_run_and_room_lets_it_go_on() {
    let Some(cluster) = Cluster::on_volume(Volume::Data, 400, &[]) else { return };
    let faults = Faults::at(cluster.server(), Target::Existing);
    let database = faults.database();
    cluster.leave_room(4 * 1024);
    let done = impatient(faults.world.copy(&database)).run();
    cluster.resize_volume(400);
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.said().contains("53100") && done.said().contains("make room"), "{done:?}");
    faults.assert_hold(&database, &done, "data volume");
}

#[test]
fn f12_a_full_wal_volume_crashes_the_server_and_room_lets_the_run_go_on() {
    let Some(cluster) = Cluster::on_volume(Volume::Wal, 400, &["max_wal_size=1GB"]) else { return };
    let faults = Faults::at(cluster.server(), Target::Existing);
    let database = faults.database();
    cluster.leave_room(5 * 1024);
    let done = impatient(faults.world.copy(&database)).run();
    cluster.resize_volume(400);
    cluster.wait_until_it_answers();
    assert!(cluster.log().contains("PANIC"), "{}", cluster.log());
    assert_eq!(done.code, 6, "{done:?}");
    assert!(["53100", "57P02", "57P03"].iter().any(|code| done.said().contains(code)), "{done:?}");
    faults.assert_hold(&database, &done, "WAL volume");
}

/// More tables at once than the server's lock table has room for.
#[test]
fn f13_too_many_locks_for_the_server() {
    let settings = ["max_locks_per_transaction=10", "max_connections=10", "max_wal_senders=2"];
    let Some(cluster) = Cluster::start(&settings) else { return };
    let mut sql = String::new();
    for n in 0..160 {
        let _ = write!(
            sql,
            "CREATE TABLE t{n} (id INTEGER PRIMARY KEY, a TEXT UNIQUE); INSERT INTO t{n} VALUES ({n}, 'x');"
        );
    }
    let source = SqliteFile::from_sql(&sql);
    let database = cluster.server().fresh_database();
    let copy = || {
        Run::of(impatient(
            Cli::new().args(["copy", "--migrate"]).args([source.path()]).args([database.url()]),
        ))
    };
    let failed = copy().ends_with(6);
    assert!(
        failed.said().contains("53200") && failed.said().contains("max_locks_per_transaction"),
        "{}",
        failed.said()
    );
    cluster.configure(&["max_locks_per_transaction=500"]);
    cluster.restart(crate::support::cluster::Stop::Fast);
    copy().ends_with(0);
    assert_eq!(lines(&database, "SELECT count(*)::text FROM pg_tables WHERE schemaname = 'public'"), "160\n");
}

/// An index build that the server has not the memory for is tried once more with little, by one process.
#[test]
fn f13_an_index_build_without_memory_is_tried_with_less() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let refuse = |database: &crate::support::postgres::Database, above: &str| {
        database.execute(&format!(
            "CREATE OR REPLACE FUNCTION no_memory() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN
               IF pg_catalog.pg_size_bytes(pg_catalog.current_setting('maintenance_work_mem')) > {above} THEN
                 RAISE EXCEPTION 'out of memory' USING ERRCODE = '53200'; END IF; END$$;
             DROP EVENT TRIGGER IF EXISTS no_memory;
             CREATE EVENT TRIGGER no_memory ON ddl_command_start WHEN TAG IN ('CREATE INDEX')
               EXECUTE FUNCTION no_memory()"
        ));
    };
    let database = faults.database();
    refuse(&database, "100000000");
    let done = impatient(faults.world.copy(&database)).run();
    assert_eq!(done.code, 0, "{done:?}");
    let none = faults.database();
    refuse(&none, "0");
    let done = impatient(faults.world.copy(&none)).run();
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.said().contains("53200"), "{done:?}");
    none.execute("DROP EVENT TRIGGER no_memory");
    faults.assert_hold(&none, &done, "no memory at all");
    none.execute("DROP FUNCTION no_memory()");
}
