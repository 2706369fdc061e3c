//! Timeouts that the role or the database sets: every session of ours overrides them (F14, F15).

use super::impatient;
use crate::faults::invariants::Faults;
use crate::refusals::Role;
use crate::resume::hold::Hold;
use crate::resume::running::{Running, wait_for};
use crate::resume::world::{Target, picture};
use std::time::{Duration, Instant};

/// Longer than the timeouts below.
const PAST: Duration = Duration::from_millis(3_500);

/// Copies as a role whose timeouts are three seconds, and is held for longer: in a statement that waits, in open
/// transactions, and between statements.
fn assert_outlasts(settings: &[&str]) {
    let Some(faults) = Faults::of(Target::Empty) else { return };
    let database = faults.database();
    let role = Role::new(&database);
    let mut sql = format!(
        "GRANT CREATE ON SCHEMA public TO {0}; GRANT CREATE ON DATABASE {1} TO {0}",
        role.1, database.name
    );
    for setting in settings {
        sql.push_str(&format!("; ALTER ROLE {} IN DATABASE {} SET {setting} = '3s'", role.1, database.name));
    }
    database.execute(&sql);
    let run = Running::start(impatient(faults.copy_to(&role.url())));
    let hold = Hold::chunk(&database, "setting", 0);
    hold.wait_until_held(1);
    let since = Instant::now();
    wait_for("the timeouts to pass", || (since.elapsed() > PAST).then_some(()));
    hold.release();
    let done = run.end();
    assert_eq!(done.code, 0, "{settings:?}: {done:?}");
    assert!(picture(&database) == faults.undisturbed.picture, "{settings:?}");
}

#[test]
fn f14_a_statement_timeout_of_the_role_does_not_end_the_copy() {
    assert_outlasts(&["statement_timeout", "lock_timeout"]);
}

#[test]
fn f15_idle_timeouts_of_the_role_do_not_end_the_copy() {
    // transaction_timeout came with version 17.
    assert_outlasts(&["idle_in_transaction_session_timeout", "idle_session_timeout"]);
}
