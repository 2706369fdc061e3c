//! One connection that is set up, read back, and can say why it ended.
//!
//! Settings: semantics.md §5.1, reliability.md F3, F14, F15 and §3.4. A role's or database's own settings must not
//! change what a copy means (encoding, time zone) or end it (timeouts), so every session sets them itself.
//! Deliberately absent: `SET LOCAL` for poolers that hand out another server session per transaction.

use super::fault;
use super::identity::{IDENTITY, Identity};
use super::patience;
use super::wire::pulse::WatchedWire;
use super::wire::socket::{Address, Socket};
use super::wire::turns::{DriverEnd, Wire};
use super::wire::{Exchange, WireFault};
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity, Way};
use crate::ident::quote;
use crate::limits;
use futures::FutureExt;
use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{CancelToken, Client, Connection, SimpleQueryMessage, SimpleQueryRow};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Who answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerInfo {
    /// `server_version_num`: 150018 for 15.18
    pub version_num: u32,
    /// `server_version`, for people
    pub version: String,
    /// current database
    pub database: String,
    /// current user
    pub user: String,
    /// `server_encoding`, always `UTF8`
    pub encoding: String,
    /// whether the user is a superuser
    pub is_superuser: bool,
}

/// How the driver's task ended; `None` while it runs.
type Ending = Option<Option<Arc<tokio_postgres::Error>>>;

/// A connection and its task.
#[derive(Debug)]
pub struct Session {
    client: Client,
    wire: Wire,
    server: ServerInfo,
    backend_pid: i32,
    identity: Option<Identity>,
    canceller: Canceller,
    ending: watch::Receiver<Ending>,
}

/// Cancels what a session's backend is doing; can be kept beside a session that is busy.
#[derive(Clone)]
pub struct Canceller {
    pub(super) token: CancelToken,
    /// the server whose backend it is, by address and by the name in its certificate
    pub(super) address: Address,
    pub(super) host: String,
    pub(super) tls: MakeRustlsConnect,
}

/// What knows a session without holding it.
#[derive(Debug, Clone)]
pub(super) struct Trace {
    wire: Wire,
    canceller: Canceller,
}

impl Trace {
    /// The server may still be at work for it.
    pub(super) fn is_busy(&self) -> bool {
        !self.wire.is_at_rest()
    }

    /// Its connection is closed.
    pub(super) fn is_gone(&self) -> bool {
        self.wire.is_closed()
    }

    /// Cancels that. A server that does not listen finds out by itself, so that an error is none.
    pub(super) async fn cancel(&self) {
        let _ = tokio::time::timeout(limits::CANCEL_WAIT, self.canceller.cancel()).await;
    }
}

const CANCELLING: &str = "cancelling a statement";

impl std::fmt::Debug for Canceller {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Canceller")
    }
}

impl Canceller {
    /// Asks the server to cancel; the statement then fails with 57014. Whether it still ran is not known.
    pub async fn cancel(&self) -> Result<()> {
        match tokio::time::timeout(limits::CONNECT_TIMEOUT, self.ask()).await {
            Ok(asked) => asked,
            Err(_) => Err(fault::from_io(&std::io::ErrorKind::TimedOut.into(), CANCELLING)),
        }
    }

    /// On a connection of its own, as the protocol wants it.
    async fn ask(&self) -> Result<()> {
        let socket = self.address.open().await.map_err(|error| fault::from_io(&error, CANCELLING))?;
        let Ok(tls) = MakeTlsConnect::<Socket>::make_tls_connect(&mut self.tls.clone(), &self.host);
        let asked = self.token.cancel_query_raw(socket, tls).await;
        asked.map_err(|error| fault::classify(&error, CANCELLING))
    }
}

/// A connection that has logged in.
pub(super) struct Fresh {
    pub(super) client: Client,
    pub(super) connection: Connection<DriverEnd, DriverEnd>,
    pub(super) wire: Wire,
    pub(super) canceller: Canceller,
}

impl Session {
    /// Sets up a fresh connection, only to read? The error's flag says that the server is well but cannot be written to.
    pub(super) async fn begin(
        fresh: Fresh,
        only_reads: bool,
        doing: &str,
    ) -> std::result::Result<Session, (Error, bool)> {
        let Fresh { client, connection, wire, canceller } = fresh;
        let tcp = matches!(canceller.address, Address::Tcp { .. });
        wire.logged_in();
        let major = connection.parameter("server_version").map_or(0, major_version);
        let (sender, ending) = watch::channel(None);
        tokio::spawn(async move {
            // One that panics ends like one that the server closed; the error tells them apart.
            let ended = AssertUnwindSafe(connection).catch_unwind().await;
            sender.send_replace(Some(ended.ok().and_then(|ended| ended.err()).map(Arc::new)));
        });
        let server = ServerInfo {
            version_num: 0,
            version: String::new(),
            database: String::new(),
            user: String::new(),
            encoding: String::new(),
            is_superuser: false,
        };
        let mut session = Session { client, wire, server, backend_pid: 0, identity: None, canceller, ending };
        let (facts, identity) = session.set_up(major, tcp, doing).await.map_err(|error| (error, false))?;
        if !only_reads {
            facts.check_writable(doing)?;
        }
        facts.check(doing)?;
        session.server = facts.server;
        session.backend_pid = facts.backend_pid;
        session.identity = identity;
        Ok(session)
    }

    /// One round trip: the messages are sent before the first answer is read. Two of them may fail: some systems the
    /// server runs on do not have the check interval, and some servers do not tell which cluster they are.
    async fn set_up(&self, major: u32, tcp: bool, doing: &str) -> Result<(Facts, Option<Identity>)> {
        let interval =
            format!("SET client_connection_check_interval = {}", limits::CLIENT_CHECK_INTERVAL.as_millis());
        let interval = if major >= 14 { interval } else { String::new() };
        let settings = settings(major, tcp);
        let (set, _, rows, identity) = futures::join!(
            self.client.batch_execute(&settings),
            self.client.batch_execute(&interval),
            self.client.simple_query(FACTS),
            self.client.simple_query(IDENTITY),
        );
        let rows = match set.and(rows) {
            Ok(rows) => rows,
            Err(error) => return Err(self.explain(error, doing).await),
        };
        let facts = row_of(&rows).map(Facts::read);
        let facts = facts.ok_or_else(|| Error::internal("the server told nothing about itself"))?;
        Ok((facts, identity.ok().as_deref().and_then(Identity::read)))
    }

    /// Lets this session write nothing any more: a server that is only looked at refuses what would.
    ///
    /// # Errors
    /// A target fault.
    pub async fn only_read(&self) -> Result<()> {
        match self.client.batch_execute("SET default_transaction_read_only = on").await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.explain(error, "making the session read-only").await),
        }
    }

    /// The driver's client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The driver's client, for transactions.
    pub fn client_mut(&mut self) -> &mut Client {
        &mut self.client
    }

    /// Takes the connection for COPYs, until the exchange has ended; the driver waits. In the transaction that is open.
    ///
    /// # Errors
    /// For [`Session::explain_wire`].
    pub async fn exchange(&self) -> std::result::Result<Exchange, WireFault> {
        Exchange::begin(&self.wire).await
    }

    /// The connection as a watcher sees it.
    pub(super) fn watched(&self) -> WatchedWire {
        self.wire.watched()
    }

    /// Who answered.
    pub fn server_info(&self) -> &ServerInfo {
        &self.server
    }

    /// The server's process for this session, as in `pg_stat_activity`.
    pub fn backend_pid(&self) -> i32 {
        self.backend_pid
    }

    /// Which cluster and database it is, where the server tells.
    pub(super) fn identity(&self) -> Option<&Identity> {
        self.identity.as_ref()
    }

    /// The key for cancelling was made by the backend that serves us; false where a pooler made it up.
    pub fn has_backends_key(&self) -> bool {
        self.backend_pid <= 0 || self.wire.key_process().is_none_or(|process| process == self.backend_pid)
    }

    /// A handle that cancels what this session's backend is doing.
    pub fn canceller(&self) -> Canceller {
        self.canceller.clone()
    }

    /// What is left of this session where it is not closed but dropped.
    pub(super) fn trace(&self) -> Trace {
        Trace { wire: self.wire.clone(), canceller: self.canceller.clone() }
    }

    /// The error of a run for an error of this session's client. Where the driver knows only that the connection is
    /// gone, its task may know why (`57P01`); it is given a moment to say so.
    pub async fn explain(&self, error: tokio_postgres::Error, doing: &str) -> Error {
        if let Some(given_up) = self.given_up(doing) {
            return given_up;
        }
        let doing = &*self.behind(error.code().map(SqlState::code), doing);
        if error.as_db_error().is_none()
            && (error.is_closed() || is_io(&error))
            && let Some(cause) = self.ending().await
        {
            return fault::classify(&cause, doing);
        }
        fault::classify(&error, doing)
    }

    /// The same for an error of an exchange on this session. Where the server ended the session before the exchange
    /// began, the driver's task has heard why.
    pub async fn explain_wire(&self, fault: WireFault, doing: &str) -> Error {
        if let Some(given_up) = self.given_up(doing) {
            return given_up;
        }
        let sqlstate = match &fault {
            WireFault::Refused { error, .. } => Some(error.sqlstate.clone()),
            WireFault::Io(_) | WireFault::Ended | WireFault::Protocol(_) => None,
        };
        let doing = &*self.behind(sqlstate.as_deref(), doing);
        if matches!(fault, WireFault::Io(_) | WireFault::Ended)
            && let Some(cause) = self.ending().await
            && cause.as_db_error().is_some()
        {
            return fault::classify(&cause, doing);
        }
        fault::classify_wire(fault, doing)
    }

    /// The error of a connection that its watcher has given up.
    fn given_up(&self, doing: &str) -> Option<Error> {
        self.wire.pulse().verdict().map(|why| fault::stalled(&why, doing))
    }

    /// What was being done, and behind whom, where a lock did not come.
    fn behind<'a>(&self, sqlstate: Option<&str>, doing: &'a str) -> Cow<'a, str> {
        let blocker = sqlstate.filter(|code| *code == SqlState::LOCK_NOT_AVAILABLE.code());
        match blocker.and_then(|_| self.wire.pulse().blocker(patience::lock())) {
            Some(who) => Cow::Owned(format!("{doing} ({who})")),
            None => Cow::Borrowed(doing),
        }
    }

    /// Ends when the connection does.
    pub(super) fn gone(&self) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut ending = self.ending.clone();
        Box::pin(async move { drop(ending.wait_for(Option::is_some).await) })
    }

    /// Why the driver's task ended, if it does so within a moment.
    async fn ending(&self) -> Option<Arc<tokio_postgres::Error>> {
        let mut ending = self.ending.clone();
        let ended = tokio::time::timeout(limits::GOODBYE_WAIT, ending.wait_for(Option::is_some)).await;
        ended.ok()?.ok()?.clone().flatten()
    }

    /// Says goodbye and waits (not for ever) until the connection is closed.
    pub async fn close(self) {
        let Session { client, mut ending, .. } = self;
        drop(client);
        let _ = tokio::time::timeout(limits::GOODBYE_WAIT, ending.wait_for(Option::is_some)).await;
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.is::<std::io::Error>())
}

/// `15.18 (Debian …)`, `18beta1` → 15, 18; 0 where it is no number.
fn major_version(text: &str) -> u32 {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().unwrap_or(0)
}

/// JIT is off: looks at the catalog are long and touch few rows, and the server's planner takes them for costly; compiling
/// one took it seconds. The application's own queries have their server's setting ([`super::ask`]).
fn settings(major: u32, tcp: bool) -> String {
    let mut sql = format!(
        "SET client_encoding = 'UTF8'; SET search_path = pg_catalog; SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; \
         SET standard_conforming_strings = on; SET transform_null_equals = off; SET jit = off; \
         SET row_security = off; SET statement_timeout = 0; SET lock_timeout = {}; \
         SET idle_in_transaction_session_timeout = 0; SET synchronous_commit = off;",
        patience::lock().as_millis()
    );
    if major >= 14 {
        sql.push_str(" SET idle_session_timeout = 0;");
    }
    if major >= 17 {
        sql.push_str(" SET transaction_timeout = 0;");
    }
    if tcp {
        sql.push_str(&format!(
            " SET tcp_keepalives_idle = {}; SET tcp_keepalives_interval = {}; SET tcp_keepalives_count = {}; \
             SET tcp_user_timeout = {};",
            limits::KEEPALIVE_IDLE.as_secs(),
            limits::KEEPALIVE_INTERVAL.as_secs(),
            limits::KEEPALIVE_COUNT,
            limits::TCP_USER_TIMEOUT.as_millis()
        ));
    }
    sql
}

fn row_of(messages: &[SimpleQueryMessage]) -> Option<&SimpleQueryRow> {
    messages.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    })
}

const FACTS: &str = "SELECT pg_catalog.current_setting('client_encoding'), \
     pg_catalog.current_setting('server_encoding'), pg_catalog.current_setting('server_version_num'), \
     pg_catalog.current_setting('server_version'), pg_catalog.current_database(), current_user, \
     pg_catalog.current_setting('is_superuser'), pg_catalog.pg_is_in_recovery(), \
     pg_catalog.current_setting('transaction_read_only'), \
     pg_catalog.current_setting('default_transaction_read_only'), pg_catalog.pg_backend_pid()";

/// What the session reads back.
struct Facts {
    server: ServerInfo,
    client_encoding: String,
    in_recovery: bool,
    read_only: bool,
    backend_pid: i32,
}

impl Facts {
    /// A row of [`FACTS`].
    fn read(row: &SimpleQueryRow) -> Facts {
        let text = |i: usize| row.try_get(i).ok().flatten().unwrap_or_default().to_string();
        Facts {
            client_encoding: text(0),
            server: ServerInfo {
                encoding: text(1),
                version_num: text(2).parse().unwrap_or(0),
                version: text(3),
                database: text(4),
                user: text(5),
                is_superuser: text(6) == "on",
            },
            in_recovery: text(7) == "t",
            read_only: text(8) == "on" || text(9) == "on",
            backend_pid: text(10).parse().unwrap_or(0),
        }
    }

    /// Refuses a server that a copy cannot be written to, for which the flag stands.
    fn check_writable(&self, doing: &str) -> std::result::Result<(), (Error, bool)> {
        if self.in_recovery {
            let what = "the server is a standby (in recovery) and cannot be written to";
            let remedy = "connect to the primary; with several hosts: target_session_attrs=read-write";
            let reason =
                Finding::new("E_READ_ONLY", Severity::Refusal, &self.server.database, what).fix(remedy);
            return Err((Error::refused(format!("{doing}: {what}"), vec![reason]).remedy(remedy), true));
        }
        if self.read_only {
            let what = "sessions here are read-only (default_transaction_read_only is on)";
            // The setting of a role in a database goes before the role's, the database's and the server's own.
            let (role, database) = (quote(&self.server.user), quote(&self.server.database));
            let write = format!(
                "SET default_transaction_read_only = off; ALTER ROLE {role} IN DATABASE {database} SET default_transaction_read_only = off"
            );
            let reason = Finding::new("E_READ_ONLY", Severity::Refusal, &self.server.database, what)
                .way(Way::Target(write))
                .or("or connect elsewhere; where the address itself asks for it (options=), take it out there");
            let remedy = "ALTER ROLE or ALTER DATABASE … SET default_transaction_read_only = off, or connect elsewhere";
            return Err((Error::refused(format!("{doing}: {what}"), vec![reason]).remedy(remedy), true));
        }
        Ok(())
    }

    /// Refuses a server that a copy must not be written to.
    fn check(&self, doing: &str) -> std::result::Result<(), (Error, bool)> {
        let refused = |what: String, reason: Finding| {
            Error::refused(format!("{doing}: {what} (E_ENCODING)"), vec![reason])
        };
        let reason = |what: &str| Finding::new("E_ENCODING", Severity::Refusal, &self.server.database, what);
        if self.server.encoding != "UTF8" {
            let (database, encoding) = (&self.server.database, &self.server.encoding);
            let what = format!("has the encoding {encoding}, in which not every text can be stored");
            let another = quote(&format!("{database}_utf8"));
            let reason = reason(&what)
                .way(Way::Target(format!("CREATE DATABASE {another} ENCODING 'UTF8' TEMPLATE template0")))
                .or(format!("and copy into {another}"));
            let error = refused(format!("database \"{database}\" {what}"), reason);
            return Err((
                error.remedy("CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and copy into that"),
                false,
            ));
        }
        if self.client_encoding != "UTF8" {
            let what = format!("client_encoding stays {} although we set UTF8", self.client_encoding);
            let remedy = "connect to the server directly, not through a pooler";
            let reason = reason(&what).fix(remedy);
            return Err((refused(what, reason).remedy(remedy), false));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn majors() {
        for (text, major) in
            [("15.18 (Debian 15.18-0+deb12u1)", 15), ("18beta1", 18), ("9.6.1", 9), ("", 0), ("x", 0)]
        {
            assert_eq!(major_version(text), major, "{text}");
        }
    }

    #[test]
    fn newer_settings_only_where_they_exist() {
        assert!(!settings(13, false).contains("idle_session_timeout"));
        assert!(settings(14, false).contains("idle_session_timeout = 0"));
        assert!(settings(17, false).contains("transaction_timeout = 0"));
        assert!(!settings(16, false).contains(" transaction_timeout"));
        assert!(
            settings(15, true).contains("tcp_user_timeout = 60000") && !settings(15, false).contains("tcp_")
        );
    }
}
