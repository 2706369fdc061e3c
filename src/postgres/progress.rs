//! One look at a copy from outside: what the ledger says, who holds the target, and the rows that are on their way.
//!
//! One statement, which reads and waits for nobody: it takes the lock that every SELECT takes, and only the removal of the
//! ledger waits for that. Seals are not looked at, nor plans: `status` without `--watch` does that.

use super::ledger::LOCK_KEYS;
use super::session::Session;
use crate::error::{Error, Result};
use crate::outcome::Watched;
use tokio_postgres::types::{ToSql, Type};

/// Tables of which a part is committed, that are told.
const AT_WORK_MAX: usize = 20;

/// What a session of ours is for that does not copy.
const ONLOOKERS: &str = "'% status', '% watch', '% clean'";

/// The first version that tells how far a COPY is.
const TELLS_COPIES: u32 = 140_000;

/// Looks once, at the sources that go into `schema`.
///
/// # Errors
/// A target fault.
pub async fn look(session: &Session, schema: Option<&str>, has_ledger: bool) -> Result<Watched> {
    let sql = statement(has_ledger, session.server_info().version_num >= TELLS_COPIES);
    let params: &[(&(dyn ToSql + Sync), Type)] = &[(&schema, Type::TEXT)];
    let rows = match session.client().query_typed(&sql, params).await {
        Ok(rows) => rows,
        Err(error) => return Err(session.explain(error, "looking at the ledger").await),
    };
    let text: String = rows.first().map(|row| row.get(0)).unwrap_or_default();
    serde_json::from_str(&text)
        .map_err(|cause| Error::internal("the ledger's progress is not read").cause(cause))
}

fn statement(has_ledger: bool, tells_copies: bool) -> String {
    let (sources, lease) = if has_ledger { (sources(), LEASE) } else { ("NULL".to_owned(), "") };
    let loading = if tells_copies { LOADING } else { "NULL" };
    format!(
        "SELECT json_build_object(
            'at', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'),
            'owner', (SELECT json_build_object('run_id', o.run_id, 'host', o.host, 'process_id', o.process_id,
                                               'connected', o.connected, 'overdue_seconds', o.overdue)
                      FROM (SELECT max(run_id) run_id, max(host) host, max(process_id) process_id,
                                   bool_or(held) connected, max(overdue) overdue
                            FROM (SELECT NULL::text run_id, NULL::text host, NULL::bigint process_id, true held,
                                         NULL::float8 overdue
                                  FROM pg_locks l WHERE {} {lease}) both_sides
                            HAVING count(*) > 0) o),
            'starting', (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
                         AND application_name LIKE 'cutover %' AND NOT application_name LIKE ANY (ARRAY[{ONLOOKERS}])),
            'sources', coalesce({sources}, '[]'::json),
            'loading', coalesce({loading}, '[]'::json),
            'schema', $1::text)::text",
        lock(),
    )
}

/// The lock of a run, in this database.
fn lock() -> String {
    format!(
        "l.locktype = 'advisory' AND l.classid = {}::oid AND l.objid = {}::oid AND l.objsubid = 2 AND l.granted
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        LOCK_KEYS.0, LOCK_KEYS.1
    )
}

/// What the ledger has of the owner.
const LEASE: &str = "UNION ALL SELECT run_id, host, process_id, false,
                                extract(epoch FROM clock_timestamp() - until)::float8
               FROM cutover.lease";

/// Chunks and steps, counted by the server.
fn sources() -> String {
    format!(
        "(SELECT json_agg(json_build_object(
            'path', s.path, 'schema', s.target_schema, 'run_id', s.run_id, 'finished', s.finished_at IS NOT NULL,
            'last_error', s.last_error, 'tables', coalesce(c.tables, 0), 'tables_done', coalesce(c.tables_done, 0),
            'tables_verified', coalesce(c.tables_verified, 0), 'rows', coalesce(c.rows, 0),
            'rows_done', coalesce(c.rows_done, 0), 'rows_verified', coalesce(c.rows_verified, 0),
            'bytes', coalesce(c.bytes, 0), 'bytes_done', coalesce(c.bytes_done, 0),
            'bytes_verified', coalesce(c.bytes_verified, 0), 'steps', coalesce(p.steps, '[]'::json),
            'at_work', coalesce(c.at_work, '[]'::json)) ORDER BY s.source_id)
          FROM cutover.source s
          LEFT JOIN (SELECT source_id, count(*) tables, count(*) FILTER (WHERE done = chunks) tables_done,
                            count(*) FILTER (WHERE verified = chunks) tables_verified, sum(rows)::bigint rows,
                            sum(rows_done)::bigint rows_done, sum(rows_verified)::bigint rows_verified,
                            sum(bytes)::bigint bytes, sum(bytes_done)::bigint bytes_done,
                            sum(bytes_verified)::bigint bytes_verified,
                            to_json((array_agg(json_build_object('table', table_name, 'rows', rows, 'rows_done', rows_done)
                                               ORDER BY table_name) FILTER (WHERE done BETWEEN 1 AND chunks - 1)
                                    )[:{AT_WORK_MAX}]) at_work
                     FROM (SELECT source_id, table_name, count(*) chunks, count(digest) done, count(verified_at) verified,
                                  sum(rows)::bigint rows, coalesce(sum(rows) FILTER (WHERE digest IS NOT NULL), 0)::bigint rows_done,
                                  coalesce(sum(rows) FILTER (WHERE verified_at IS NOT NULL), 0)::bigint rows_verified,
                                  sum(bytes)::bigint bytes, coalesce(sum(bytes) FILTER (WHERE digest IS NOT NULL), 0)::bigint bytes_done,
                                  coalesce(sum(bytes) FILTER (WHERE verified_at IS NOT NULL), 0)::bigint bytes_verified
                           FROM cutover.chunk GROUP BY 1, 2) of_table
                     GROUP BY 1) c USING (source_id)
          LEFT JOIN (SELECT source_id, json_agg(json_build_object('kind', kind, 'all', n, 'done', done) ORDER BY kind) steps
                     FROM (SELECT source_id, kind, count(*) n, count(*) FILTER (WHERE state <> 'pending') done
                           FROM cutover.step GROUP BY 1, 2) of_kind
                     GROUP BY 1) p USING (source_id)
          WHERE $1::text IS NULL OR s.target_schema = $1)"
    )
}

/// Rows that sessions of ours are loading.
const LOADING: &str =
    "(SELECT json_agg(json_build_object('schema', n.nspname, 'table', c.relname, 'rows', g.tuples_processed)
                                  ORDER BY g.pid)
     FROM pg_stat_progress_copy g JOIN pg_stat_activity a USING (pid) JOIN pg_class c ON c.oid = g.relid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE g.datname = current_database() AND g.command = 'COPY FROM' AND a.application_name LIKE 'cutover %'
       AND ($1::text IS NULL OR n.nspname = $1))";
