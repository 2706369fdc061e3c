//! A sample of a copy in one transaction that is rolled back: nothing of it was ever there for others.

use super::connect::Connector;
use super::session::Session;
use super::wire::{Exchange, WireFault};
use crate::error::Result;
use crate::ident::{qualified, quote, quote_list};
use bytes::Bytes;

/// The transaction. Dropped without [`Probe::leave`], its connection ends, and the server rolls it back.
#[derive(Debug)]
pub struct Probe {
    session: Session,
    schema: String,
    is_local: bool,
}

impl Probe {
    /// Opens the transaction and makes a schema in it that nobody else sees.
    ///
    /// # Errors
    /// A target fault, also where the role may not make a schema.
    pub async fn begin(connector: &Connector, schema: &str) -> Result<Probe> {
        let session = connector.connect("probe").await?;
        let probe = Probe { session, schema: schema.to_owned(), is_local: connector.info().is_local() };
        probe.run(&format!("BEGIN; CREATE SCHEMA {}", quote(schema))).await?;
        Ok(probe)
    }

    /// Its session.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Its schema.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// Runs a statement in it.
    ///
    /// # Errors
    /// A target fault.
    pub async fn run(&self, sql: &str) -> Result<()> {
        match self.session.client().batch_execute(sql).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.session.explain(error, "probing the target").await),
        }
    }

    /// Fills a table of it with what `frames` gives, with FREEZE as a copy does.
    ///
    /// # Errors
    /// A target fault.
    pub async fn fill<F>(&self, table: &str, columns: &[String], frames: F) -> Result<u64>
    where
        F: AsyncFnMut() -> Option<Bytes>,
    {
        let columns = quote_list(columns.iter().map(String::as_str));
        let sql =
            format!("COPY {} ({columns}) FROM STDIN (FORMAT binary, FREEZE)", qualified(&self.schema, table));
        match stream(&self.session, &sql, frames).await {
            Ok(rows) => Ok(rows),
            Err(fault) => {
                let error = self.session.explain_wire(fault, "copying a sample").await;
                Err(error.at(format!("table \"{table}\"")))
            }
        }
    }

    /// Seconds that its backend has spent on processors; none where the server is not on this machine, or the system does
    /// not tell.
    pub fn backend_stat(&self) -> Option<String> {
        if !self.is_local {
            return None;
        }
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.session.backend_pid())).ok()?;
        // A process of that number may be another one, where the server has a table of processes of its own.
        stat.contains("(postgres)").then_some(stat)
    }

    /// Rolls everything back.
    ///
    /// # Errors
    /// A target fault; the end of the connection rolls back as well.
    pub async fn leave(self) -> Result<()> {
        self.run("ROLLBACK").await?;
        self.session.close().await;
        Ok(())
    }
}

async fn stream<F>(session: &Session, sql: &str, mut frames: F) -> std::result::Result<u64, WireFault>
where
    F: AsyncFnMut() -> Option<Bytes>,
{
    let mut exchange: Exchange = session.exchange().await?;
    exchange.statement(sql)?;
    exchange.flush().await?;
    while let Some(bytes) = frames().await {
        exchange.data(bytes).await?;
    }
    exchange.done()?;
    Ok(exchange.answers().await?.into_iter().sum())
}
