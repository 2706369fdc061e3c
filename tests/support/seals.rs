//! Edits of the ledger that are to pass for its own: every row is sealed anew after them.

use super::postgres::Database;
use cutover::postgres::seal::{BEFORE, CHUNK, SOURCE, STEP};

/// Runs statements that write the ledger, and seals what it holds then.
pub(crate) fn edit_unseen(database: &Database, sql: &str) {
    let count =
        |table: &str| format!("(SELECT count(*) FROM cutover.{table} r WHERE r.source_id = t.source_id)");
    database.execute(&format!(
        "{sql};
         UPDATE cutover.source t SET before_rows = {}, chunk_rows = {}, step_rows = {};
         UPDATE cutover.source t SET seal = {};
         UPDATE cutover.before t SET seal = {};
         UPDATE cutover.chunk t SET seal = {};
         UPDATE cutover.step t SET seal = {}",
        count("before"),
        count("chunk"),
        count("step"),
        SOURCE.of(&[]),
        BEFORE.of(&[]),
        CHUNK.of(&[]),
        STEP.of(&[])
    ));
}
