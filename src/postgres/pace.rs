//! The times of copies in the ledger, and what was expected of them.

use super::ledger::query;
use super::owner;
use super::seal;
use super::session::Session;
use crate::error::Result;
use tokio_postgres::types::Type;

/// What is known of the time of a source's copy.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    /// ledger row of the source
    pub source_id: i64,
    /// the run that has it
    pub run_id: String,
    /// what was expected of it, as JSON
    pub prediction: Option<String>,
    /// seconds since that run has prepared or taken it over
    pub elapsed: f64,
    /// from then until it was finished
    pub took: Option<f64>,
    /// the run goes on now
    pub is_running: bool,
    /// no earlier run had begun it: nothing was taken over
    pub is_first: bool,
}

/// What the ledger and the server know of the time of every copy.
///
/// # Errors
/// A target fault.
pub async fn paces(session: &Session) -> Result<Vec<Pace>> {
    let holder = holder(session).await?;
    let sql = "SELECT s.source_id, s.run_id, s.prediction, extract(epoch FROM clock_timestamp() - s.started_at)::float8,
                      extract(epoch FROM s.finished_at - s.started_at)::float8,
                      NOT EXISTS (SELECT FROM cutover.chunk c WHERE c.source_id = s.source_id AND c.done_at < s.started_at),
                      s.finished_at IS NULL AND s.run_id = (SELECT run_id FROM cutover.source ORDER BY started_at DESC LIMIT 1)
               FROM cutover.source s ORDER BY s.source_id";
    let rows = query(session, sql, &[]).await?;
    Ok(rows
        .iter()
        .map(|row| Pace {
            source_id: row.get(0),
            run_id: row.get(1),
            prediction: row.get(2),
            elapsed: row.get(3),
            took: row.get(4),
            is_running: match &holder {
                Holder::Nobody => false,
                Holder::Run(run_id) => run_id == row.get::<_, &str>(1),
                Holder::Unnamed => row.get(6),
            },
            is_first: row.get(5),
        })
        .collect())
}

/// Who holds the target now.
enum Holder {
    /// nobody
    Nobody,
    /// this run
    Run(String),
    /// a run that has not said its name in the ledger yet: it does so some seconds after it has made that
    Unnamed,
}

async fn holder(session: &Session) -> Result<Holder> {
    if owner::find(session).await?.is_none() {
        return Ok(Holder::Nobody);
    }
    if !owner::has_row_table(session).await? {
        return Ok(Holder::Unnamed);
    }
    let rows = query(session, "SELECT run_id FROM cutover.lease", &[]).await?;
    Ok(rows.first().map_or(Holder::Unnamed, |row| Holder::Run(row.get(0))))
}

/// Rows of COPY that are under way in this database and not committed, of all sessions of ours; 0 before PostgreSQL 14,
/// which does not tell.
///
/// # Errors
/// A target fault.
pub async fn rows_under_way(session: &Session) -> Result<u64> {
    if session.server_info().version_num < COPY_PROGRESS_SINCE {
        return Ok(0);
    }
    let sql = "SELECT coalesce(sum(p.tuples_processed), 0)::int8 FROM pg_stat_progress_copy p
               JOIN pg_stat_activity a ON a.pid = p.pid
               WHERE p.command = 'COPY FROM' AND p.datname = current_database() AND a.application_name LIKE 'cutover %'";
    let rows = query(session, sql, &[]).await?;
    Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0).cast_unsigned()))
}

/// The first version with `pg_stat_progress_copy`.
const COPY_PROGRESS_SINCE: u32 = 140_000;

/// Records what is expected of a run that takes a source over.
///
/// # Errors
/// A target fault.
pub async fn set_prediction(session: &Session, source_id: i64, prediction: &str) -> Result<()> {
    let sql = format!(
        "UPDATE cutover.source t SET prediction = $2, seal = {} WHERE source_id = $1 AND {}",
        seal::SOURCE.of(&[("prediction", "$2")]),
        seal::SOURCE.holds()
    );
    query(session, &sql, &[(&source_id, Type::INT8), (&prediction, Type::TEXT)]).await.map(drop)
}
