//! Servers that go and come back (F6, F7).

use super::impatient;
use crate::faults::invariants::Faults;
use crate::resume::hold::Hold;
use crate::resume::running::{Running, wait_for};
use crate::resume::world::{Target, picture};
use crate::support::cluster::{Cluster, Stop};
use crate::support::postgres::{Database, query};

/// What ends a server, or all its sessions.
#[derive(Debug, Clone, Copy)]
enum Blow {
    Stopped(Stop),
    PostmasterKilled,
    /// the server ends all others, and recovers by itself
    BackendKilled,
}

impl Blow {
    fn strike(self, cluster: &Cluster, database: &Database) {
        match self {
            Blow::Stopped(how) => cluster.stop(how),
            Blow::PostmasterKilled => cluster.kill_postmaster(),
            Blow::BackendKilled => {
                let sql = "SELECT pid FROM pg_stat_activity WHERE datname = current_database()
                           AND application_name LIKE 'cutover %' AND wait_event_type = 'Lock' LIMIT 1";
                cluster.kill_backend(database.query_one_text(sql).parse().expect("a pid"));
            }
        }
    }

    fn come_back(self, cluster: &Cluster) {
        match self {
            Blow::BackendKilled => cluster.wait_until_it_answers(),
            Blow::Stopped(_) | Blow::PostmasterKilled => cluster.start_again(),
        }
    }
}

/// Strikes while the run is at `place` and cannot go on; it must end with 6, and go on after a restart.
fn assert_ends_and_resumes(cluster: &Cluster, faults: &Faults, place: Place, blow: Blow) {
    let case = format!("{blow:?} {place:?}");
    let database = faults.database();
    let run = Running::start(impatient(faults.world.copy(&database)));
    let hold = place.hold(&database);
    blow.strike(cluster, &database);
    let done = run.end();
    drop(hold);
    blow.come_back(cluster);
    assert_eq!(done.code, 6, "{case}: {done:?}");
    faults.assert_hold(&database, &done, &case);
}

/// How far a run is.
#[derive(Debug, Clone, Copy)]
enum Place {
    Chunk,
    Step,
}

impl Place {
    fn hold(self, database: &Database) -> Hold {
        let hold = match self {
            Place::Chunk => Hold::chunk(database, "setting", 0),
            Place::Step => Hold::step(database, "index", "file"),
        };
        hold.wait_until_held(1);
        hold
    }
}

#[test]
fn f06_a_server_that_stops_comes_back_and_the_copy_goes_on() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let faults = Faults::at(cluster.server(), Target::Existing);
    for (place, how) in
        [(Place::Chunk, Stop::Fast), (Place::Step, Stop::Immediate), (Place::Chunk, Stop::Immediate)]
    {
        assert_ends_and_resumes(&cluster, &faults, place, Blow::Stopped(how));
    }
}

#[test]
fn f06_a_server_that_crashes_recovers_and_the_copy_goes_on() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let faults = Faults::at(cluster.server(), Target::Existing);
    for (place, blow) in [
        (Place::Chunk, Blow::PostmasterKilled),
        (Place::Chunk, Blow::BackendKilled),
        (Place::Step, Blow::BackendKilled),
    ] {
        assert_ends_and_resumes(&cluster, &faults, place, blow);
    }
}

/// Without a word about it the run waits for the server to come back, and goes on where it was.
#[test]
fn f06_a_run_waits_for_a_server_that_comes_back() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let faults = Faults::at(cluster.server(), Target::Existing);
    for (place, blow) in [
        (Place::Chunk, Blow::Stopped(Stop::Fast)),
        (Place::Step, Blow::PostmasterKilled),
        (Place::Chunk, Blow::BackendKilled),
    ] {
        let case = format!("waiting: {blow:?} {place:?}");
        let database = faults.database();
        let run = Running::start(faults.world.copy(&database));
        let hold = place.hold(&database);
        blow.strike(&cluster, &database);
        drop(hold);
        blow.come_back(&cluster);
        let done = run.end();
        assert_eq!(done.code, 0, "{case}: {done:?}");
        assert!(picture(&database) == faults.undisturbed.picture, "{case}");
        faults.assert_hold(&database, &done, &case);
    }
}

/// A server that does not come back ends the run when its patience is over.
#[test]
fn f06_a_server_that_stays_away_ends_the_run() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let faults = Faults::at(cluster.server(), Target::Existing);
    let database = faults.database();
    let run = Running::start(faults.world.copy(&database).args(["--retry-for", "2s"]));
    let hold = Place::Chunk.hold(&database);
    cluster.stop(Stop::Immediate);
    let done = run.end();
    drop(hold);
    cluster.start_again();
    assert_eq!(done.code, 6, "{done:?}");
    faults.assert_hold(&database, &done, "a server that stayed away");
}

/// With `wal_level=minimal` a table that is emptied and filled in one transaction is not in the WAL: what was committed
/// must be there after a crash all the same.
#[test]
fn f06_whole_tables_outlive_a_crash_where_they_are_not_in_the_wal() {
    let settings = ["wal_level=minimal", "max_wal_senders=0", "wal_skip_threshold=0"];
    let Some(cluster) = Cluster::start(&settings) else { return };
    let faults = Faults::at(cluster.server(), Target::Empty);
    for blow in [Blow::Stopped(Stop::Immediate), Blow::PostmasterKilled] {
        let database = faults.database();
        let run = Running::start(impatient(faults.world.unsized_copy(&database)));
        let hold = Hold::step(&database, "index", "orders");
        hold.wait_until_held(1);
        blow.strike(&cluster, &database);
        let done = run.end();
        drop(hold);
        blow.come_back(&cluster);
        assert_eq!(done.code, 6, "{blow:?}: {done:?}");
        faults.assert_hold_now(&database, &done, &format!("{blow:?}"));
        let again = faults.world.unsized_copy(&database).run();
        assert_eq!(again.code, 0, "{again:?}");
        let rows = "SELECT string_agg(md5(t::text), '' ORDER BY id) FROM file t";
        let undisturbed = faults.database();
        assert_eq!(faults.world.copy(&undisturbed).run().code, 0);
        assert_eq!(database.query_one_text(rows), undisturbed.query_one_text(rows));
    }
}

/// A server that is asked to stop lets its sessions end, and takes no new ones: those that load come too late.
#[test]
fn f07_a_copy_that_is_started_while_the_server_shuts_down() {
    let Some(cluster) = Cluster::start(&[]) else { return };
    let faults = Faults::at(cluster.server(), Target::Existing);
    let database = faults.database();
    let hold = Hold::session(&database);
    hold.rows("BEGIN; LOCK TABLE customer IN ACCESS EXCLUSIVE MODE").unwrap();
    let run = Running::start(impatient(faults.world.copy(&database)));
    hold.wait_until_held(1);
    cluster.begin_to_stop(Stop::Smart);
    wait_for("the server to take nobody in", || query(&database.url(), "SELECT 1").is_err().then_some(()));
    hold.release();
    let done = run.end();
    cluster.wait_until_stopped();
    cluster.start_again();
    assert_eq!(done.code, 6, "{done:?}");
    assert!(done.said().contains("57P03"), "{done:?}");
    faults.assert_hold(&database, &done, "smart shutdown");
}
