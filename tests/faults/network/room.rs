//! Limits of connections: F11.

use super::{Told, assert_tried_once};
use crate::faults::invariants::{Faults, assert_nothing_stays};
use crate::resume::hold::Hold;
use crate::resume::running::Running;
use crate::resume::world::Target;
use crate::support::cli::Cli;
use crate::support::postgres::Database;

/// A role of the database with a limit, gone with it.
struct Limited<'a> {
    database: &'a Database,
    role: String,
}

impl<'a> Limited<'a> {
    fn new(database: &'a Database, limit: i32) -> Limited<'a> {
        let role = format!("r_{}", database.name);
        database.execute(&format!(
            "CREATE ROLE {role} LOGIN PASSWORD 'limited-secret' CONNECTION LIMIT {limit};
             GRANT ALL ON DATABASE {} TO {role}; GRANT ALL ON SCHEMA public TO {role}",
            database.name
        ));
        Limited { database, role }
    }

    fn limit(&self, limit: i32) {
        self.database.execute(&format!("ALTER ROLE {} CONNECTION LIMIT {limit}", self.role));
    }

    fn copy(&self, faults: &Faults) -> Cli {
        faults.copy_to(&self.database.url_of(&self.role, "limited-secret"))
    }

    /// So that the database is the administrator's alone again.
    fn give_back(&self) {
        let role = &self.role;
        let _ = self.database.try_execute(&format!("REASSIGN OWNED BY {role} TO postgres"));
    }
}

impl Drop for Limited<'_> {
    fn drop(&mut self) {
        let _ = self.database.try_execute(&format!("DROP OWNED BY {0} CASCADE; DROP ROLE {0}", self.role));
    }
}

#[test]
fn f11_the_run_takes_no_more_connections_than_there_are() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    for (limit, says) in [(3, "CONNECTION LIMIT of role"), (4, "")] {
        let database = faults.database();
        let role = Limited::new(&database, limit);
        let done = role.copy(&faults).run();
        // A session that has just ended may keep its place for a moment: then it is tried again.
        assert_eq!(done.code, 0, "{limit}: {done:?}");
        assert!(done.stderr.contains(says), "{limit}: {done:?}");
        assert_eq!(done.stderr.contains("of 2 jobs are used"), limit == 3, "{limit}: {done:?}");
        role.give_back();
        faults.assert_hold(&database, &done, "limit");
    }
}

#[test]
fn f11_a_database_has_a_limit_too() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let role = Limited::new(&database, -1);
    database.execute(&format!("ALTER DATABASE {} CONNECTION LIMIT 3", database.name));
    let done = role.copy(&faults).run();
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.stderr.contains("CONNECTION LIMIT of database"), "{done:?}");
    role.give_back();
    faults.assert_hold(&database, &done, "database");
}

#[test]
fn f11_a_run_without_a_third_connection_says_so_with_the_numbers() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let role = Limited::new(&database, 2);
    let done = role.copy(&faults).run();
    // Whoever else is connected, that is never enough.
    assert_tried_once(&done, 3, "two");
    assert!(
        done.said().contains("E_CONNECTIONS") && done.said().contains("allows 2 and 1 are in use"),
        "{done:?}"
    );
    assert_nothing_stays(&database, "two");
    // Here it is, once the sessions of others are gone.
    role.limit(4);
    let others = Hold::at(&database.url_of(&role.role, "limited-secret"));
    let done = role.copy(&faults).args(["--retry-for", "0"]).run();
    assert_tried_once(&done, 6, "others");
    assert!(done.said().contains("allows 4 and 4 are in use"), "{done:?}");
    assert_nothing_stays(&database, "others");
    let waited = role.copy(&faults).args(["--retry-for", "1s"]).run();
    assert!(waited.code == 6 && waited.said().contains("given up after"), "{waited:?}");
    assert_nothing_stays(&database, "waited");
    drop(others);
    role.limit(0);
    let done = role.copy(&faults).run();
    assert_tried_once(&done, 6, "none");
    assert!(done.said().contains("53300"), "{done:?}");
    role.limit(4);
    role.give_back();
    faults.assert_hold(&database, &done, "two");
}

/// A place is taken by somebody else while the run is at work: the connection that finds none leaves, and the other one does
/// its work.
#[test]
fn f11_a_connection_that_finds_no_place_leaves_its_work_to_the_others() {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    for (role_of, what) in [("copy", "loading"), ("finish", "finishing")] {
        let database = faults.database();
        let role = Limited::new(&database, 4);
        let told = Told::new();
        let run = Running::start(told.of(role.copy(&faults)));
        let hold = match role_of {
            "copy" => Hold::chunk(&database, "setting", 0),
            _ => Hold::step(&database, "index", "file"),
        };
        hold.wait_until_held(1);
        role.limit(3);
        // The one that waits is ended, and finds its place gone; the other one is there.
        let sql = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
             AND application_name LIKE 'cutover % {role_of} %' AND wait_event_type = 'Lock'"
        );
        assert_eq!(hold.watch(&sql), 1);
        hold.release();
        let done = run.end();
        assert_eq!(done.code, 0, "{role_of}: {done:?}");
        let left = done.stderr.contains(&format!("{what} goes on with 1 job"));
        // Where the other connection had ended before, its place was free.
        assert!(left || told.retries() >= 1, "{role_of}: {done:?}");
        role.limit(-1);
        role.give_back();
        faults.assert_hold(&database, &done, role_of);
    }
}
