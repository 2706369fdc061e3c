//! The example application's two files as one, with the rows of `examples/tac_webbuilder`.

#[path = "../../examples/tac_webbuilder/database.rs"]
mod database;
#[path = "../../examples/tac_webbuilder/history.rs"]
mod history;
#[path = "../../examples/tac_webbuilder/random.rs"]
mod random;
#[expect(dead_code, reason = "the example counts what it wrote, too")]
#[path = "../../examples/tac_webbuilder/table.rs"]
mod table;

use super::Result;
use super::tables::scaled;
use rusqlite::Connection;

/// Rows of `workflow_history` at scale 1, and of the others in proportion: about 1 GB.
const WORKFLOWS: f64 = 200_000.0;
const SEED: u64 = 1;

/// Makes and fills every table.
pub(crate) fn fill(db: &Connection, scale: f64) -> Result<()> {
    let random = &mut random::Random::new(SEED);
    db.execute_batch(include_str!("../../schema/tac_webbuilder/sqlite/schema_database.sql"))?;
    database::fill(db, random)?;
    // The example leaves this one empty on purpose; here every table has rows.
    db.execute("INSERT INTO empty (name, created_at) VALUES ('one', '2025-01-01 00:00:00')", [])?;
    db.execute_batch(include_str!("../../schema/tac_webbuilder/sqlite/schema_workflow_history.sql"))?;
    history::fill(db, random, scaled(WORKFLOWS, scale).unsigned_abs())?;
    let orphans: i64 = db.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0))?;
    if orphans > 0 {
        return Err(format!("{orphans} rows without a parent: the generator is wrong").into());
    }
    Ok(())
}
