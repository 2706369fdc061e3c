//! Who holds the lock of a target, as the server sees it: whether it is alive, and the end of its sessions.
//!
//! A live owner's lease session asks the server something every few seconds. So its last change of state is its last sign
//! of life, by the server's own clock, also where no ledger is there yet.

use super::ledger::LOCK_KEYS;
use super::patience;
use super::session::Session;
use crate::error::{Error, ErrorKind, Result};
use std::time::Duration;
use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// Every session's application name begins so; then comes the label of its run, then what the session is for.
pub(super) const PREFIX: &str = "cutover ";

/// What the lease session is for.
pub(super) const ROLE: &str = "lease";

/// The session that has the lock.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Owner {
    /// backend
    pub(super) pid: i32,
    application: String,
    from: String,
    since: String,
    /// time since its last sign of life; `None` where this role may not know
    silent: Option<Duration>,
    /// host and process, of the ledger
    process: Option<String>,
}

impl Owner {
    /// The label of its run, where its name says that it is one of ours.
    pub(super) fn label(&self) -> Option<&str> {
        self.application.strip_prefix(PREFIX)?.strip_suffix(ROLE)?.strip_suffix(' ')
    }

    /// It is one of ours, and its lease is over.
    pub(super) fn is_orphan(&self) -> bool {
        self.label().is_some() && self.silent.is_some_and(|silent| silent >= patience::lease())
    }

    /// It is one of ours and should have been heard from by now.
    pub(super) fn is_late(&self) -> bool {
        self.label().is_some() && self.silent.is_some_and(|silent| silent >= patience::beat() * 3 / 2)
    }

    /// Who it is.
    pub(super) fn words(&self) -> String {
        let process = self.process.as_ref().map_or_else(String::new, |process| format!(", {process}"));
        let heard = self
            .silent
            .filter(|_| self.label().is_some())
            .map_or_else(String::new, |silent| format!(", last heard from {} s ago", silent.as_secs()));
        format!(
            "backend {}, \"{}\", from {}{process}, since {} UTC{heard}",
            self.pid, self.application, self.from, self.since
        )
    }

    /// The error of a run that is turned away.
    pub(super) fn busy(&self) -> Error {
        let remedy = if self.is_orphan() {
            "its host or process does not answer; if it is gone or must not go on, the same command with --take-over ends its \
             sessions and resumes"
        } else if self.label().is_some() {
            "wait until it has ended; --take-over ends only a run that is not heard from any more"
        } else {
            "wait until it has ended; if its process is gone, end its session with SELECT pg_terminate_backend(…)"
        };
        let message = format!("another run holds this target ({})", self.words());
        Error::new(ErrorKind::Busy, message).remedy(remedy)
    }
}

/// The session that holds the lock now, if there is one.
///
/// # Errors
/// A target fault.
pub(super) async fn find(session: &Session) -> Result<Option<Owner>> {
    let sql = format!(
        "SELECT a.pid, coalesce(a.application_name, ''), coalesce(host(a.client_addr), 'a local socket'),
                coalesce(to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), 'a time that this role may not see'),
                extract(epoch FROM clock_timestamp() - a.state_change)::float8
         FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
         WHERE l.locktype = 'advisory' AND l.classid = {}::oid AND l.objid = {}::oid AND l.objsubid = 2 AND l.granted
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        LOCK_KEYS.0, LOCK_KEYS.1
    );
    let rows = ask(session, &sql, &[]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let mut owner = Owner {
        pid: row.get(0),
        application: row.get(1),
        from: row.get(2),
        since: row.get(3),
        silent: row.get::<_, Option<f64>>(4).map(seconds),
        process: None,
    };
    owner.read_row(session).await?;
    Ok(Some(owner))
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}

impl Owner {
    /// What the ledger has of it, where there is one: the last sign of life of a session that belongs to another role, too.
    async fn read_row(&mut self, session: &Session) -> Result<()> {
        if !has_row_table(session).await? {
            return Ok(());
        }
        let sql = "SELECT host, process_id, extract(epoch FROM clock_timestamp() - until)::float8 FROM cutover.lease WHERE backend_pid = $1";
        let rows = ask(session, sql, &[(&self.pid, Type::INT4)]).await?;
        let Some(row) = rows.first() else { return Ok(()) };
        let (host, process): (String, i64) = (row.get(0), row.get(1));
        self.process = Some(format!("process {process} on {host}"));
        let of_row = seconds(row.get::<_, f64>(2) + patience::lease().as_secs_f64());
        self.silent = Some(self.silent.map_or(of_row, |silent| silent.min(of_row)));
        Ok(())
    }
}

/// Whether the ledger is there, with its table for leases.
pub(super) async fn has_row_table(session: &Session) -> Result<bool> {
    let rows = ask(session, "SELECT to_regclass('cutover.lease') IS NOT NULL", &[]).await?;
    Ok(rows.first().is_some_and(|row| row.get(0)))
}

/// Ends every session of the owner's run in this database, but only while it is still an orphan. How many.
///
/// # Errors
/// A target fault, or a right that is missing.
pub(super) async fn end_orphan(session: &Session, owner: &Owner) -> Result<i64> {
    let Some(label) = owner.label() else { return Ok(0) };
    let sql = "SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid)) FROM pg_stat_activity a
               WHERE a.datname = current_database() AND starts_with(a.application_name, $1) AND a.pid <> pg_backend_pid()
                 AND (SELECT o.state_change < clock_timestamp() - $3 * interval '1 s'
                      FROM pg_stat_activity o WHERE o.pid = $2 AND starts_with(o.application_name, $1))";
    let name = format!("{PREFIX}{label} ");
    let params = [
        (&name as &(dyn tokio_postgres::types::ToSql + Sync), Type::TEXT),
        (&owner.pid, Type::INT4),
        (&patience::lease().as_secs_f64(), Type::FLOAT8),
    ];
    count(session, sql, &params).await
}

/// Transactions of other runs that still hold rows of the ledger although their owner has lost the lock: backends, with
/// their names.
///
/// # Errors
/// A target fault.
pub(super) async fn leftovers(session: &Session, label: &str) -> Result<Vec<(i32, String)>> {
    let sql =
        "SELECT DISTINCT a.pid, a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
               WHERE l.locktype = 'relation' AND l.relation = to_regclass('cutover.source') AND l.granted
                 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                 AND l.mode IN ('RowShareLock', 'RowExclusiveLock')
                 AND starts_with(a.application_name, $1) AND NOT starts_with(a.application_name, $2)";
    let (prefix, own) = (PREFIX.to_owned(), format!("{PREFIX}{label} "));
    let rows = ask(session, sql, &[(&prefix, Type::TEXT), (&own, Type::TEXT)]).await?;
    Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// Ends backends of ours, each only while it still has that name. How many.
///
/// # Errors
/// A target fault, or a right that is missing.
pub(super) async fn end_backends(session: &Session, found: &[(i32, String)]) -> Result<i64> {
    let sql = "SELECT count(*) FILTER (WHERE pg_terminate_backend(a.pid)) FROM pg_stat_activity a
               JOIN unnest($1::int4[], $2::text[]) f (pid, name) ON a.pid = f.pid AND a.application_name = f.name
               WHERE a.datname = current_database()";
    let (pids, names): (Vec<i32>, Vec<&str>) = found.iter().map(|(pid, name)| (*pid, name.as_str())).unzip();
    count(session, sql, &[(&pids, Type::INT4_ARRAY), (&names, Type::TEXT_ARRAY)]).await
}

type Params<'a> = &'a [(&'a (dyn tokio_postgres::types::ToSql + Sync), Type)];

async fn count(session: &Session, sql: &str, params: Params<'_>) -> Result<i64> {
    Ok(ask(session, sql, params).await?.first().map_or(0, |row| row.get(0)))
}

async fn ask(session: &Session, sql: &str, params: Params<'_>) -> Result<Vec<Row>> {
    match session.client().query_typed(sql, params).await {
        Ok(rows) => Ok(rows),
        Err(error) => Err(session.explain(error, "looking at who holds the target").await),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(application: &str, silent: Option<u64>) -> Owner {
        Owner {
            pid: 7,
            application: application.to_owned(),
            from: "10.0.0.1".to_owned(),
            since: "2026-01-02 03:04:05".to_owned(),
            silent: silent.map(Duration::from_secs),
            process: None,
        }
    }

    #[test]
    fn only_our_own_sessions_are_orphans_and_only_after_the_lease() {
        let cases = [
            ("cutover 12-ab lease", Some(31), true),
            ("cutover 12-ab lease", Some(29), false),
            ("cutover 12-ab lease", None, false),
            ("cutover 12-ab control", Some(99), false),
            ("psql", Some(99), false),
            ("", Some(99), false),
        ];
        for (application, silent, is_orphan) in cases {
            assert_eq!(owner(application, silent).is_orphan(), is_orphan, "{application} {silent:?}");
        }
        assert_eq!(owner("cutover 12-ab lease", None).label(), Some("12-ab"));
        assert!(owner("cutover 12-ab lease", Some(16)).is_late() && !owner("psql", Some(16)).is_late());
    }

    #[test]
    fn the_way_out_depends_on_who_it_is() {
        for (application, silent, way) in [
            ("cutover 1-a lease", Some(40), "with --take-over"),
            ("cutover 1-a lease", Some(1), "--take-over ends only"),
            ("psql", Some(40), "pg_terminate_backend"),
        ] {
            let error = owner(application, silent).busy();
            assert_eq!(error.kind(), ErrorKind::Busy);
            assert!(error.remedy_text().unwrap().contains(way), "{application}");
            assert!(error.message().contains("backend 7"), "{error}");
        }
    }
}
