//! A session of the test's own that looks at the target, as often as it likes.

use crate::support::postgres::Database;
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// Rows as PostgreSQL prints them.
pub(super) type Printed = Vec<Vec<Option<String>>>;

/// The session; its locks go with it.
pub(super) struct Watch {
    client: Client,
    runtime: Runtime,
}

impl Watch {
    pub(super) fn of(database: &Database) -> Watch {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = runtime.block_on(async {
            let connected = tokio_postgres::connect(&database.url(), NoTls).await;
            let (client, connection) = connected.expect("a session");
            tokio::spawn(connection);
            client
        });
        Watch { client, runtime }
    }

    /// Runs statements that may fail; the server's message.
    pub(super) fn try_rows(&self, sql: &str) -> Result<Printed, String> {
        let messages = self.runtime.block_on(self.client.simple_query(sql));
        let messages = messages.map_err(|error| {
            error.as_db_error().map_or_else(|| error.to_string(), |told| told.message().to_owned())
        })?;
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|i| row.get(i).map(str::to_owned)).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }

    pub(super) fn rows(&self, sql: &str) -> Printed {
        self.try_rows(sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// The first value of the first row; an empty text for NULL and for no row.
    pub(super) fn text(&self, sql: &str) -> String {
        self.rows(sql).into_iter().next().and_then(|row| row.into_iter().next().flatten()).unwrap_or_default()
    }

    pub(super) fn is(&self, condition: &str) -> bool {
        self.text(&format!("SELECT {condition}")) == "t"
    }

    /// How far the run is: chunks that are committed and steps that are done; 0 without a ledger.
    pub(super) fn progress(&self) -> u64 {
        let sql = "SELECT (SELECT count(digest) + count(verified_at) FROM cutover.chunk)
                        + (SELECT count(*) FROM cutover.step WHERE state <> 'pending')";
        let rows = self.try_rows(sql).unwrap_or_default();
        rows.first().and_then(|row| row[0].as_deref()?.parse().ok()).unwrap_or(0)
    }
}
