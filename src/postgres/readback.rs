//! Reads a table back as a binary COPY stream, in one snapshot, for verification (semantics.md §6.1).

use super::session::Session;
use crate::error::Result;
use crate::ident::{qualified, quote_list};
use bytes::Bytes;
use futures::TryStreamExt;
use std::pin::Pin;
use tokio_postgres::CopyOutStream;

/// A table's rows on their way back.
pub struct ReadBack<'a> {
    session: &'a Session,
    stream: Pin<Box<CopyOutStream>>,
    table: String,
}

impl std::fmt::Debug for ReadBack<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ReadBack({})", self.table)
    }
}

/// Opens a read-only snapshot on this session; ends with [`end_snapshot`].
///
/// # Errors
/// A target fault.
pub async fn begin_snapshot(session: &Session) -> Result<()> {
    match session.client().batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.explain(error, "beginning a snapshot").await),
    }
}

/// Ends the snapshot.
///
/// # Errors
/// A target fault.
pub async fn end_snapshot(session: &Session) -> Result<()> {
    match session.client().batch_execute("COMMIT").await {
        Ok(()) => Ok(()),
        Err(error) => Err(session.explain(error, "ending a snapshot").await),
    }
}

/// `count(*)` of a table.
///
/// # Errors
/// A target fault.
pub async fn count(session: &Session, schema: &str, table: &str) -> Result<u64> {
    let sql = format!("SELECT count(*) FROM {}", qualified(schema, table));
    match session.client().query_typed(&sql, &[]).await {
        Ok(rows) => Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0).cast_unsigned())),
        Err(error) => Err(session.explain(error, "counting rows").await.at(format!("table \"{table}\""))),
    }
}

/// Starts the stream of `columns` of all rows of a table; of the parent and not its children, except where it is partitioned.
///
/// # Errors
/// A target fault.
pub async fn open<'a>(
    session: &'a Session,
    schema: &str,
    table: &str,
    columns: &[&str],
) -> Result<ReadBack<'a>> {
    let columns = quote_list(columns.iter().copied());
    let sql = format!("COPY (SELECT {columns} FROM {}) TO STDOUT (FORMAT binary)", qualified(schema, table));
    match session.client().copy_out(&sql).await {
        Ok(stream) => Ok(ReadBack { session, stream: Box::pin(stream), table: table.to_owned() }),
        Err(error) => Err(session.explain(error, "reading back").await.at(format!("table \"{table}\""))),
    }
}

impl ReadBack<'_> {
    /// The next bytes of the stream, usually one row; none at its end.
    ///
    /// # Errors
    /// A target fault.
    pub async fn next(&mut self) -> Result<Option<Bytes>> {
        match self.stream.try_next().await {
            Ok(bytes) => Ok(bytes),
            Err(error) => {
                Err(self.session.explain(error, "reading back").await.at(format!("table \"{}\"", self.table)))
            }
        }
    }
}
