//! What a server can be asked about itself: how far it is away, how much it has written, how large things are.

use super::session::Session;
use crate::error::Result;
use crate::limits::ROUND_TRIPS_MEASURED;
use crate::outcome::DiskNeed;
use std::collections::BTreeMap;
use std::time::Instant;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

async fn ask(session: &Session, sql: &str, params: &[(&(dyn ToSql + Sync), Type)]) -> Result<Vec<Row>> {
    match session.client().query_typed(sql, params).await {
        Ok(rows) => Ok(rows),
        Err(error) => Err(session.explain(error, "measuring the target").await),
    }
}

/// Milliseconds of a question and its answer: the median of some.
///
/// # Errors
/// A target fault.
pub async fn round_trip_ms(session: &Session) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..ROUND_TRIPS_MEASURED {
        let began = Instant::now();
        ask(session, "SELECT 1", &[]).await?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(median(times))
}

/// Milliseconds of a commit that waits for the disk: the median of some. Each writes one record into the write-ahead log,
/// which no replay acts upon, and nothing else. None where the role may not.
pub async fn commit_ms(session: &Session) -> Option<f64> {
    let sql =
        "SELECT set_config('synchronous_commit', 'on', true), pg_logical_emit_message(true, 'cutover', '')";
    let mut times = Vec::new();
    for _ in 0..ROUND_TRIPS_MEASURED / 2 {
        let began = Instant::now();
        session.client().query_typed(sql, &[]).await.ok()?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    Some(median(times))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or(0.0)
}

/// Bytes of write-ahead log that the server has made so far, those that are not yet written included: a transaction that is
/// rolled back waits for none. None where it does not tell.
pub async fn wal_bytes(session: &Session) -> Option<u64> {
    let sql = "SELECT (pg_current_wal_insert_lsn() - '0/0')::float8";
    let rows = session.client().query_typed(sql, &[]).await.ok()?;
    rows.first()?.get::<_, Option<f64>>(0).map(|bytes| bytes as u64)
}

/// Bytes of every table of a schema, by name; partitions are part of theirs.
///
/// # Errors
/// A target fault.
pub async fn sizes(session: &Session, schema: &str) -> Result<BTreeMap<String, DiskNeed>> {
    let sql = "SELECT c.relname::text,
                      coalesce((SELECT sum(pg_table_size(t.relid)) FROM pg_partition_tree(c.oid) t), pg_table_size(c.oid))::int8,
                      coalesce((SELECT sum(pg_indexes_size(t.relid)) FROM pg_partition_tree(c.oid) t), pg_indexes_size(c.oid))::int8
               FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
               WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition";
    let rows = ask(session, sql, &[(&schema, Type::TEXT)]).await?;
    let size = |row: &Row, i: usize| row.get::<_, i64>(i).cast_unsigned();
    let need = |row: &Row| DiskNeed { heap_bytes: size(row, 1), index_bytes: size(row, 2) };
    Ok(rows.iter().map(|row| (row.get(0), need(row))).collect())
}

/// Settings that change how fast a server loads, by name, as it spells them.
///
/// # Errors
/// A target fault.
pub async fn settings(session: &Session) -> Result<BTreeMap<String, String>> {
    let sql = "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY ($1)";
    let rows = ask(session, sql, &[(&&BEARING[..], Type::TEXT_ARRAY)]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Those that no session sets by itself.
const BEARING: [&str; 8] = [
    "checkpoint_timeout",
    "fsync",
    "full_page_writes",
    "max_wal_size",
    "shared_buffers",
    "synchronous_standby_names",
    "wal_compression",
    "wal_level",
];

/// Sessions of the whole server beside this one and those of the server itself.
///
/// # Errors
/// A target fault.
pub async fn other_sessions(session: &Session) -> Result<u64> {
    let sql = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
    let rows = ask(session, sql, &[]).await?;
    Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0).cast_unsigned()))
}
