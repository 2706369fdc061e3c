//! A key that is twice in a table whose index should have refused it: that index, or the table itself, is damaged in a way
//! that SQLite's `quick_check` does not see. The target refuses the key when its own index is built, and is not to blame.

use super::active::Active;
use super::tools::Tools;
use crate::assess::job::Job;
use crate::assess::pool;
use crate::error::{Error, Result};
use crate::postgres::fault::server_error;
use std::sync::Arc;

/// SQLSTATE `unique_violation`.
const UNIQUE_VIOLATION: &str = "23505";

/// The failures of finishing, each with its table: where a unique key of the source is not kept by the source's own rows, as
/// a fault of the source. Reads such a table once more.
pub(super) async fn explain(
    tools: &Tools,
    actives: &[Active],
    failures: Vec<(String, Error)>,
) -> Result<Vec<(String, Error)>> {
    let mut explained = Vec::new();
    for (table, error) in failures {
        let damage = if is_repeated_key(&error) { damage_of(tools, actives, &table).await? } else { None };
        let error = damage.map_or(error, |said| source_fault(&table, &said));
        explained.push((table, error));
    }
    Ok(explained)
}

fn is_repeated_key(error: &Error) -> bool {
    server_error(error).is_some_and(|server| server.sqlstate == UNIQUE_VIOLATION)
}

/// What SQLite says of the unique indexes of `table`, where they disagree with its rows.
async fn damage_of(tools: &Tools, actives: &[Active], table: &str) -> Result<Option<String>> {
    let has = |active: &&Active| active.plan.tables.iter().any(|planned| planned.source == table);
    let jobs: Vec<Arc<Job>> = actives.iter().filter(has).map(|active| Arc::clone(&active.job)).collect();
    let table = table.to_owned();
    let looked = pool::blocking(1, jobs, move |job| unique_damage(job, &table));
    Ok(tools.cancel.at_once(looked).await?.into_iter().flatten().next())
}

fn unique_damage(job: &Job, table: &str) -> Result<Option<String>> {
    let Some(table) = job.catalog.table(table) else { return Ok(None) };
    let unique = table.indexes.iter().filter(|index| index.unique);
    let names: Vec<&str> = unique.map(|index| index.name.as_str()).collect();
    job.source.index_damage(&table.name, &names)
}

fn source_fault(table: &str, said: &str) -> Error {
    Error::source_fault("it is damaged, and a unique key is in more than one of its rows")
        .at(format!("table \"{table}\""))
        .cause(said.to_owned())
        .remedy(
            "restore a backup; or mend the rows in the source, where PRAGMA integrity_check names what is damaged and REINDEX \
             stops at a key that repeats; then copy with --restart",
        )
}
