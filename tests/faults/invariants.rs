//! What holds after every fault (docs/reliability.md): A, the target's rows are those of the committed chunks; B, the same
//! command again ends like an undisturbed run; C, the source is as it was; D, the error says what to do; E, nothing of
//! the run stays in the server; F, no secret was told.

use crate::resume::running::wait_for;
use crate::resume::world::{Target, Undisturbed, World, assert_rows_are_the_ledgers};
use crate::support::cli::{Cli, Done};
use crate::support::postgres::Database;

/// Texts of cells of the world's source: nothing may tell them.
const CELLS: [&str; 3] = ["@example.org", "Ünï ", "note 1"];

/// One fault after another on one source; what an undisturbed run makes of it is known.
pub(crate) struct Faults {
    pub(crate) world: World,
    pub(crate) target: Target,
    pub(crate) undisturbed: Undisturbed,
    source: Vec<u8>,
}

impl Faults {
    /// None where there is no server and that is allowed.
    pub(crate) fn of(target: Target) -> Option<Faults> {
        let world = World::new()?;
        let undisturbed = world.undisturbed(target);
        let source = source(&world);
        Some(Faults { world, target, undisturbed, source })
    }

    /// A fresh database of that kind.
    pub(crate) fn database(&self) -> Database {
        self.world.database(self.target)
    }

    /// The copy of the world to an address of the test's own, such as a proxy's.
    pub(crate) fn copy_to(&self, url: &str) -> Cli {
        self.world.copy_to(url)
    }

    /// After a run that met a fault: all that must hold at once, then the same command again, which must end well.
    pub(crate) fn assert_hold(&self, database: &Database, done: &Done, case: &str) {
        self.assert_hold_now(database, done, case);
        self.undisturbed.assert_resumes(&self.world, database, case);
        assert_nothing_stays(database, case);
        assert!(source(&self.world) == self.source, "{case}: the source was written by the rerun");
    }

    /// The same without the second run.
    pub(crate) fn assert_hold_now(&self, database: &Database, done: &Done, case: &str) {
        assert!(!done.said().contains("panicked"), "{case}: {done:?}");
        assert_nothing_stays(database, case);
        assert_rows_are_the_ledgers(database, case);
        assert!(source(&self.world) == self.source, "{case}: the source was written");
        assert_says_what_to_do(done, case);
        assert_tells_nothing(database, done, case);
    }
}

/// The file, and what lies beside it.
fn source(world: &World) -> Vec<u8> {
    std::fs::read(world.source.path()).expect("the source")
}

/// D: a run that failed names its cause and the way on.
pub(crate) fn assert_says_what_to_do(done: &Done, case: &str) {
    if matches!(done.code, 6 | 130 | 143) {
        assert!(done.said().contains("run the same command again"), "{case}: {done:?}");
    }
}

/// E: no session of ours, no lock that outlives it, no temporary object; the server is given time to see that we have gone.
pub(crate) fn assert_nothing_stays(database: &Database, case: &str) {
    let sql = "SELECT (SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND application_name LIKE 'cutover %')
                    + (SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                       WHERE d.datname = current_database() AND l.locktype = 'advisory')
                    + (SELECT count(*) FROM pg_class WHERE relpersistence = 't')
                    + (SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database())";
    wait_for(&format!("the server to have let go ({case})"), || {
        (database.query_one_text(sql) == "0").then_some(())
    });
}

/// F: neither the password nor a cell in what was said or written down.
pub(crate) fn assert_tells_nothing(database: &Database, done: &Done, case: &str) {
    let url = database.url();
    let password = url.split('\'').nth(1).expect("a password in the address");
    let ledger = if database.query_one_text("SELECT to_regclass('cutover.source') IS NOT NULL") == "t" {
        database.rows("SELECT s::text FROM cutover.source s UNION ALL SELECT t::text FROM cutover.step t")
    } else {
        Vec::new()
    };
    let told = format!("{}{ledger:?}", done.said());
    for secret in CELLS.into_iter().chain([password]) {
        assert!(!told.contains(secret), "{case}: {secret} is told: {done:?}");
    }
}
