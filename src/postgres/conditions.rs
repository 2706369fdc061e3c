//! The server around the tables: settings, replication, what else would see or touch our rows (read from its catalogs).
//!
//! A part that this role may not see, or that the server does not have, is left out; it stops nothing.

use super::room;
use super::session::Session;
use crate::error::Result;
use crate::outcome::{ConnectionsFact, ServerFacts, ServerSetting, SlotFact};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

const SETTINGS: &str = include_str!("../../schema/inspect/server.sql");
const SLOTS: &str = include_str!("../../schema/inspect/slots.sql");
const PUBLICATIONS: &str = include_str!("../../schema/inspect/publications.sql");

/// Settings that bear on a copy.
const NAMES: [&str; 21] = [
    "archive_mode",
    "autovacuum",
    "block_size",
    "checkpoint_timeout",
    "data_directory",
    "default_tablespace",
    "fsync",
    "full_page_writes",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout",
    "lock_timeout",
    "maintenance_work_mem",
    "max_locks_per_transaction",
    "max_slot_wal_keep_size",
    "max_wal_size",
    "shared_buffers",
    "statement_timeout",
    "synchronous_standby_names",
    "temp_file_limit",
    "transaction_timeout",
    "wal_level",
];

const DATABASE: &str =
    "SELECT pg_encoding_to_char(encoding), datcollate::text, pg_tablespace_location(dattablespace)
    FROM pg_database WHERE datname = current_database()";

/// Who provides the collation: libc before PostgreSQL 15, which has no such column.
const PROVIDER: &str = "SELECT datlocprovider::text FROM pg_database WHERE datname = current_database()";

const SIZE: &str = "SELECT pg_database_size(current_database())";
const REPLICAS: &str = "SELECT count(*) FROM pg_stat_replication";
const EVENT_TRIGGERS: &str =
    "SELECT evtname::text FROM pg_event_trigger WHERE evtenabled IN ('O', 'A') ORDER BY evtname";
const EXTENSIONS: &str = "SELECT extname || ' ' || extversion FROM pg_extension ORDER BY extname";

/// Publications of whole schemas, since PostgreSQL 15.
const SCHEMA_PUBLICATIONS: &str =
    "SELECT p.pubname::text FROM pg_publication p JOIN pg_publication_namespace m ON m.pnpubid = p.oid
     JOIN pg_namespace n ON n.oid = m.pnnspid WHERE n.nspname = $1 ORDER BY p.pubname";

/// A value and its type.
type Param<'a> = (&'a (dyn ToSql + Sync), Type);

/// The server of `session`, for a copy into `tables` of `schema`.
///
/// # Errors
/// A target fault where the connection breaks.
pub async fn facts(session: &Session, schema: &str, tables: &[&str]) -> Result<ServerFacts> {
    let server = session.server_info();
    let mut facts = ServerFacts {
        version: server.version.clone(),
        version_num: server.version_num,
        role: server.user.clone(),
        is_superuser: server.is_superuser,
        is_pooled: !session.has_backends_key(),
        ..ServerFacts::default()
    };
    let names: &[&str] = &NAMES;
    let settings = ask(session, SETTINGS, &[(&names, Type::TEXT_ARRAY)]).await?;
    facts.settings =
        settings.iter().map(|row| ServerSetting { name: row.get(0), value: row.get(1) }).collect();
    facts.connections = room::tightest(session).await?.map(|limit| ConnectionsFact {
        limit: limit.name,
        allowed: limit.allowed,
        used: limit.used,
    });
    let directory = database(session, &mut facts).await?;
    facts.directory = directory.or_else(|| facts.setting("data_directory").map(str::to_owned));
    facts.database_bytes = number(&ask(session, SIZE, &[]).await?);
    facts.replicas = number(&ask(session, REPLICAS, &[]).await?).unwrap_or(0);
    facts.slots = ask(session, SLOTS, &[]).await?.iter().map(slot).collect();
    facts.publications =
        names_of(&ask(session, PUBLICATIONS, &[(&schema, Type::TEXT), (&tables, Type::TEXT_ARRAY)]).await?);
    let of_schema = names_of(&ask(session, SCHEMA_PUBLICATIONS, &[(&schema, Type::TEXT)]).await?);
    facts.publications.extend(of_schema);
    facts.publications.sort();
    facts.publications.dedup();
    facts.event_triggers = names_of(&ask(session, EVENT_TRIGGERS, &[]).await?);
    facts.extensions = names_of(&ask(session, EXTENSIONS, &[]).await?);
    Ok(facts)
}

/// Notes encoding and collation; gives the directory of its tablespace, where that is not the cluster's own.
async fn database(session: &Session, facts: &mut ServerFacts) -> Result<Option<String>> {
    let rows = ask(session, DATABASE, &[]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let provider = names_of(&ask(session, PROVIDER, &[]).await?);
    let provider = match provider.first().map(String::as_str) {
        Some("i") => "ICU",
        Some("b") => "builtin",
        _ => "libc",
    };
    facts.encoding = row.get(0);
    facts.collation = format!("{} ({provider})", row.get::<_, String>(1));
    Ok(row.get::<_, Option<String>>(2).filter(|place| !place.is_empty()))
}

fn slot(row: &Row) -> SlotFact {
    let kept: i64 = row.get(2);
    SlotFact { name: row.get(0), is_active: row.get(1), kept_bytes: u64::try_from(kept).unwrap_or(0) }
}

fn number(rows: &[Row]) -> Option<u64> {
    rows.first().and_then(|row| u64::try_from(row.get::<_, i64>(0)).ok())
}

fn names_of(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| row.get(0)).collect()
}

/// The rows; none where the server refuses to tell.
async fn ask(session: &Session, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>> {
    match session.client().query_typed(sql, params).await {
        Ok(rows) => Ok(rows),
        Err(error) if error.as_db_error().is_some() && !session.client().is_closed() => Ok(Vec::new()),
        Err(error) => Err(session.explain(error, "looking at the server").await),
    }
}
