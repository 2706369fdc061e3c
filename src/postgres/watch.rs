//! Looks after connections on which somebody waits and nothing comes: the server is asked, on another connection, what the
//! backend is doing. Where nothing can come any more the connection is given up; where another session is in the way, or
//! the work is only long, that is said.
//!
//! Invariant: no session of others is ended, ever; of our own only the one that is given up.

use super::connect::Connector;
use super::fault::server_error;
use super::owner::{PREFIX, end_backends};
use super::patience;
use super::session::Session;
use super::wire::pulse::WatchedWire;
use crate::error::{ErrorKind, Result};
use crate::event::Events;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::types::Type;

/// What the watcher's own sessions are for; nobody watches them.
const ROLE: &str = "watch";

/// Connections of a run that are watched.
#[derive(Clone, Default)]
pub(super) struct Watched(Arc<Mutex<Vec<Connection>>>);

#[derive(Clone)]
struct Connection {
    wire: WatchedWire,
    backend_pid: i32,
    /// what it is for
    role: String,
}

impl Watched {
    /// Adds a session for `role`, until its connection is closed.
    pub(super) fn add(&self, wire: WatchedWire, backend_pid: i32, role: &str) {
        if role != ROLE {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|one| one.wire.is_open());
            all.push(Connection { wire, backend_pid, role: role.to_owned() });
        }
    }

    fn open(&self) -> Vec<Connection> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|one| one.wire.is_open());
        all.clone()
    }
}

/// Watches until it is dropped.
#[derive(Debug)]
pub struct Watch(JoinHandle<()>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Watches every session of `connector`; tells what it sees as notes.
pub fn start(connector: &Connector, events: &Events) -> Watch {
    let watcher = Watcher { connector: connector.clone(), events: events.clone(), waits: HashMap::new() };
    Watch(tokio::spawn(watcher.run()))
}

/// One wait, from the last byte that moved.
struct Wait {
    moves: u64,
    since: Instant,
    next_look: Instant,
    /// looks that found the server waiting for us
    mutual: u32,
    /// bytes of a COPY that have arrived, as far as a look has seen it
    arrived: Option<i64>,
    /// looks that found it blocked, or at work for long, and said so
    is_told: bool,
}

struct Watcher {
    connector: Connector,
    events: Events,
    waits: HashMap<i32, Wait>,
}

impl Watcher {
    async fn run(mut self) {
        loop {
            sleep(patience::look() / 5).await;
            let due = self.due();
            if !due.is_empty() {
                self.look_at_all(&due).await;
            }
        }
    }

    /// Connections that have waited long enough to be looked at.
    fn due(&mut self) -> Vec<Connection> {
        let (now, open) = (Instant::now(), self.connector.watched().open());
        self.waits.retain(|pid, _| open.iter().any(|one| one.backend_pid == *pid));
        let mut due = Vec::new();
        for one in open {
            let Some(moves) = one.wire.waiting() else {
                self.waits.remove(&one.backend_pid);
                continue;
            };
            let fresh = || Wait {
                moves,
                since: now,
                next_look: now + patience::look(),
                mutual: 0,
                arrived: None,
                is_told: false,
            };
            let wait = self.waits.entry(one.backend_pid).or_insert_with(fresh);
            if wait.moves != moves {
                *wait = fresh();
            } else if now >= wait.next_look {
                due.push(one);
            }
        }
        due
    }

    async fn look_at_all(&mut self, due: &[Connection]) {
        let looked = timeout(patience::look_limit(), async {
            let session = self.connector.connect(ROLE).await?;
            let mut seen = Vec::new();
            for one in due {
                seen.push(look(&session, one, &self.connector).await?);
            }
            Ok((session, seen))
        });
        match looked.await {
            Ok(Ok((session, seen))) => {
                for (one, seen) in due.iter().zip(seen) {
                    self.judge(&session, one, seen).await;
                }
                session.close().await;
            }
            // The server answers: it only has no room for another session.
            Ok(Err(error)) if server_error(&error).is_some() || error.kind() != ErrorKind::Target => {
                due.iter().for_each(|one| self.look_later(one, patience::look()));
            }
            Ok(Err(_)) | Err(_) => {
                due.iter().for_each(|one| self.give_up(one, "the server cannot be reached"))
            }
        }
    }

    fn look_later(&mut self, one: &Connection, pause: Duration) {
        if let Some(wait) = self.waits.get_mut(&one.backend_pid) {
            wait.next_look = Instant::now() + pause;
        }
    }

    /// What is to be done about it.
    async fn judge(&mut self, session: &Session, one: &Connection, seen: Option<Seen>) {
        let Some(seen) = seen else { return self.give_up(one, "its backend has gone") };
        if let Some(who) = seen.blocker {
            one.wire.set_blocker(who.clone());
            self.tell(one, &format!("{} waits for a lock: {who}", words(one)));
            return self.look_later(one, patience::look());
        }
        if seen.waits_for_us {
            return self.mutual(session, one, seen.arrived).await;
        }
        let Some(wait) = self.waits.get(&one.backend_pid) else { return };
        let waited = wait.since.elapsed();
        if waited >= patience::long_work() {
            let doing = seen.doing.unwrap_or_else(|| "been at work".to_owned());
            self.tell(one, &format!("{} has {doing} for {} s", words(one), waited.as_secs()));
        }
        let pause = if waited < patience::stall() { patience::look() } else { patience::look_again() };
        self.look_later(one, pause);
    }

    /// Each waits for the other: bytes were lost on the way. Looked at more than once, for they may be on it still: what
    /// lies between here and there may be more than a slow link carries in a minute, but then some of it arrives.
    async fn mutual(&mut self, session: &Session, one: &Connection, arrived: Option<i64>) {
        let Some(wait) = self.waits.get_mut(&one.backend_pid) else { return };
        if wait.arrived.replace(arrived.unwrap_or_default()).is_some_and(|before| Some(before) < arrived) {
            (wait.since, wait.mutual) = (Instant::now(), 0);
        }
        wait.mutual += 1;
        wait.next_look = Instant::now();
        if wait.mutual < 2 || wait.since.elapsed() < patience::stall() {
            return;
        }
        if self.is_still(one) {
            // First ours: else the server's word of our ending its backend would stand for the cause.
            self.give_up(one, "the server waits for us: what is sent does not arrive");
            // It may hold locks for as long as it waits.
            let backend = [(one.backend_pid, name(one, &self.connector))];
            let _ = timeout(patience::look_limit(), end_backends(session, &backend)).await;
        }
    }

    /// Nothing has moved since.
    fn is_still(&self, one: &Connection) -> bool {
        let wait = self.waits.get(&one.backend_pid);
        wait.is_some_and(|wait| one.wire.waiting() == Some(wait.moves))
    }

    /// Gives a connection up where nothing has come for long enough.
    fn give_up(&mut self, one: &Connection, why: &str) {
        let Some(wait) = self.waits.get(&one.backend_pid) else { return };
        let waited = wait.since.elapsed();
        if waited >= patience::stall() && self.is_still(one) {
            one.wire.give_up(format!("no answer for {} s, and {why}", waited.as_secs()));
            self.waits.remove(&one.backend_pid);
        }
    }

    /// Says it once for each wait.
    fn tell(&mut self, one: &Connection, text: &str) {
        let wait = self.waits.get_mut(&one.backend_pid);
        if wait.is_some_and(|wait| !std::mem::replace(&mut wait.is_told, true)) {
            self.events.note(text);
        }
    }
}

fn words(one: &Connection) -> String {
    format!("backend {} ({})", one.backend_pid, one.role)
}

/// What a backend of ours is doing.
struct Seen {
    /// who holds the lock that it waits for
    blocker: Option<String>,
    /// it waits for what we send, or for us to read
    waits_for_us: bool,
    /// the kind of its work, where the server tells
    doing: Option<String>,
    /// bytes of its COPY that it has received, where the server tells
    arrived: Option<i64>,
}

const LOOK: &str = "
    SELECT (SELECT string_agg(CASE WHEN b.pid IS NULL THEN 'a prepared transaction holds it' ELSE
              format('backend %s (%s, %s, %s; its statement began at %s UTC)', b.pid, coalesce('user \"' || b.usename || '\"', b.backend_type),
                'application \"' || coalesce(b.application_name, '') || '\"', coalesce(b.state, 'state unknown'),
                coalesce(to_char(b.query_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'), 'an unknown time')) || ' holds it' END, ', ')
            FROM (SELECT DISTINCT unnest(pg_blocking_pids(a.pid)) AS pid LIMIT 3) x LEFT JOIN pg_stat_activity b ON b.pid = x.pid),
           a.wait_event_type IS NOT DISTINCT FROM 'Client',
           coalesce((SELECT format('been building an index of %s', i.relid::regclass) FROM pg_stat_progress_create_index i WHERE i.pid = a.pid),
                    (SELECT format('been vacuuming %s', v.relid::regclass) FROM pg_stat_progress_vacuum v WHERE v.pid = a.pid)),
           ARRIVED
    FROM pg_stat_activity a WHERE a.pid = $1 AND a.application_name = $2";

/// PostgreSQL 14 and newer; counted whenever a message is there as a whole.
const ARRIVED: &str = "(SELECT c.bytes_processed FROM pg_stat_progress_copy c WHERE c.pid = a.pid)";

/// None where the backend has gone.
async fn look(session: &Session, one: &Connection, connector: &Connector) -> Result<Option<Seen>> {
    let name = name(one, connector);
    let arrived = if session.server_info().version_num >= 140_000 { ARRIVED } else { "NULL::int8" };
    let look = LOOK.replace("ARRIVED", arrived);
    let rows =
        session.client().query_typed(&look, &[(&one.backend_pid, Type::INT4), (&name, Type::TEXT)]).await;
    match rows {
        Ok(rows) => Ok(rows.first().map(|row| Seen {
            blocker: row.get(0),
            waits_for_us: row.get(1),
            doing: row.get(2),
            arrived: row.get(3),
        })),
        Err(error) => Err(session.explain(error, "looking at a backend").await),
    }
}

fn name(one: &Connection, connector: &Connector) -> String {
    format!("{PREFIX}{} {}", connector.run_label(), one.role)
}
