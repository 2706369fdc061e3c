//! Holds a run at a chosen place: a transaction of ours locks what the run needs next.

use super::running::wait_for;
use crate::support::postgres::Database;
use tokio::runtime::Runtime;
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

/// A session of ours; its locks go with it.
pub(crate) struct Hold {
    client: Option<Client>,
    /// what a transaction sees of other backends, it sees once: another session looks
    watch: Option<Client>,
    /// the backend of `client`
    pid: i32,
    runtime: Runtime,
}

impl Hold {
    /// A session without locks.
    pub(crate) fn session(database: &Database) -> Hold {
        Hold::at(&database.url())
    }

    /// The same, at an address.
    pub(crate) fn at(url: &str) -> Hold {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let connect = || {
            runtime.block_on(async {
                let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("a session");
                tokio::spawn(connection);
                client
            })
        };
        let (client, watch) = (Some(connect()), Some(connect()));
        let mut hold = Hold { client, watch, pid: 0, runtime };
        let client = hold.client.as_ref().expect("an open session");
        hold.pid =
            hold.runtime.block_on(client.query_one("SELECT pg_backend_pid()", &[])).expect("a pid").get(0);
        hold
    }

    /// Runs statements; how many rows they gave.
    pub(crate) fn rows(&self, sql: &str) -> Result<usize, String> {
        self.ask(self.client.as_ref(), sql)
    }

    /// The same outside of the transaction.
    pub(crate) fn watch(&self, sql: &str) -> usize {
        self.ask(self.watch.as_ref(), sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    fn ask(&self, client: Option<&Client>, sql: &str) -> Result<usize, String> {
        let client = client.expect("an open session");
        let messages = self.runtime.block_on(client.simple_query(sql));
        let messages = messages
            .map_err(|error| error.as_db_error().map_or(error.to_string(), |e| e.message().to_owned()))?;
        Ok(messages.iter().filter(|message| matches!(message, SimpleQueryMessage::Row(_))).count())
    }

    /// Waits until the run has its ledger, then locks the row of a chunk that is not done: the run comes as far as it can
    /// without that chunk. Chunks of light tables come last.
    pub(crate) fn chunk(database: &Database, table: &str, chunk: u32) -> Hold {
        let row =
            format!("cutover.chunk WHERE table_name = '{table}' AND chunk = {chunk} AND digest IS NULL");
        Hold::row(database, &row)
    }

    /// The same with a step's row: its statement runs, and waits for its mark before the commit.
    pub(crate) fn step(database: &Database, kind: &str, table: &str) -> Hold {
        let row =
            format!("cutover.step WHERE kind = '{kind}' AND table_name = '{table}' AND state = 'pending'");
        Hold::row(database, &row)
    }

    fn row(database: &Database, row: &str) -> Hold {
        let hold = Hold::session(database);
        wait_for("the ledger", || {
            (hold.watch("SELECT 1 WHERE to_regclass('cutover.step') IS NOT NULL") == 1).then_some(())
        });
        let locked = hold.rows(&format!("BEGIN; SELECT 1 FROM {row} FOR UPDATE")).expect("the row");
        assert!(locked > 0, "the run was faster than its hold: {row}");
        hold
    }

    /// Waits until `count` backends wait for a lock of this session.
    pub(crate) fn wait_until_held(&self, count: usize) {
        let sql = format!("SELECT 1 FROM pg_stat_activity WHERE {} = ANY (pg_blocking_pids(pid))", self.pid);
        wait_for("the run to reach its hold", || (self.watch(&sql) == count).then_some(()));
    }

    /// Lets the run go on.
    pub(crate) fn release(self) {
        drop(self);
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // ROLLBACK is waited for, so that the lock is gone when this returns.
        let _ = self.rows("ROLLBACK");
        (self.client, self.watch) = (None, None);
    }
}
