//! A pooler that gives each transaction another backend is not written through: settings, locks and the end of a session
//! are of a backend there, not of a connection.
//!
//! A pooler shows itself by the key for cancelling that it makes up: its process number is not the backend's. In session
//! mode that is all, and it may stay. Two connections that are open at once never have one backend in common, unless it
//! is lent by the transaction: this is what is looked for, and only where there is a pooler at all.

use super::connect::Connector;
use super::session::Session;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::limits::POOLER_ROUNDS;
use std::collections::BTreeSet;

/// Looks for a pooler between us and the server, before anything is written.
///
/// # Errors
/// A refusal where it lends its backends by the transaction; a target fault.
pub async fn check(connector: &Connector, session: &Session) -> Result<()> {
    if session.has_backends_key() {
        return Ok(());
    }
    let other = connector.connect("pooler").await?;
    let lent = is_lent(session, &other).await;
    other.close().await;
    if lent? { Err(refusal()) } else { Ok(()) }
}

/// Whether two connections are given one backend, in turns.
async fn is_lent(one: &Session, other: &Session) -> Result<bool> {
    let mut of_one = BTreeSet::from([one.backend_pid()]);
    let mut of_other = BTreeSet::from([other.backend_pid()]);
    for _ in 0..POOLER_ROUNDS {
        of_one.insert(backend(one).await?);
        of_other.insert(backend(other).await?);
        if of_one.len() > 1 || of_other.len() > 1 || !of_one.is_disjoint(&of_other) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn backend(session: &Session) -> Result<i32> {
    match session.client().query_typed("SELECT pg_backend_pid()", &[]).await {
        Ok(rows) => Ok(rows.first().map_or(0, |row| row.get(0))),
        Err(error) => Err(session.explain(error, "asking which backend serves us").await),
    }
}

fn refusal() -> Error {
    let what = "a connection pooler is in between that changes the backend with every transaction";
    let remedy = "connect to the server itself: its own port (often 5432 instead of the pooler's 6432 or 6543), or a \
        database of the pooler with pool_mode = session";
    let reason = Finding::new("E_POOLER", Severity::Refusal, "connection", what).fix(remedy);
    Error::refused(format!("{what} (E_POOLER)"), vec![reason]).remedy(remedy)
}
