//! A run's hold on its target: a lock that one session has for as long as it lives, and a sign of life by the server's
//! clock every few seconds (reliability.md §4.2).
//!
//! Invariants: without the lock no run writes the ledger's sources; work that has not begun waits while the last sign of
//! life is older than two thirds of the lease; a run whose lock another one has taken is told so and stops. None of this
//! fences: the epoch does, in every transaction. Deliberately absent: any end of a session whose owner is alive.

use super::connect::Connector;
use super::fault::LinkFault;
use super::ledger::LOCK_KEYS;
use super::owner::{self, Owner, ROLE};
use super::patience;
use super::session::Session;
use crate::counts::plural;
use crate::error::{Error, ErrorKind, Result};
use crate::event::Events;
use crate::limits::RECORD_WAIT;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_postgres::types::Type;

/// How often a lock that is waited for is tried.
const TRY_EVERY: Duration = Duration::from_millis(200);

/// A lease that is held, until it is released or its last handle is dropped.
#[derive(Debug, Clone)]
pub struct Lease(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: watch::Receiver<State>,
    /// beat now, do not wait
    nudge: Arc<Notify>,
    let_go: Arc<Notify>,
    keeper: JoinHandle<()>,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

#[derive(Debug, Clone)]
enum State {
    /// when the last answer was asked for, and when the last question was, answered or not
    Held { beaten: Instant, tried: Instant },
    /// another run has taken it
    Lost(String),
    /// let go by ourselves
    Released,
}

/// Takes the lease for run `run_id`. Waits a while for an owner that is about to end; one that has fallen silent for longer
/// than its lease is named, and waited for, or with `take_over` its sessions are ended.
///
/// # Errors
/// [`ErrorKind::Busy`] where another run keeps it; a target fault.
pub async fn take(connector: &Connector, run_id: &str, take_over: bool, events: &Events) -> Result<Lease> {
    let session = connect(connector).await?;
    let mut claim =
        Claim { take_over, events, label: connector.run_label(), begun: Instant::now(), orphan: None };
    claim.lock(&session).await?;
    claim.outlast_leftovers(&session).await?;
    let mut keeper = Keeper {
        connector: connector.clone(),
        run_id: run_id.to_owned(),
        session: Some(session),
        is_recorded: false,
        nudge: Arc::default(),
        let_go: Arc::default(),
    };
    let beaten = Instant::now();
    keeper.beat().await?;
    let (sender, state) = watch::channel(State::Held { beaten, tried: beaten });
    let (nudge, let_go) = (Arc::clone(&keeper.nudge), Arc::clone(&keeper.let_go));
    let keeper = tokio::spawn(keeper.keep(sender));
    Ok(Lease(Arc::new(Shared { state, nudge, let_go, keeper })))
}

async fn connect(connector: &Connector) -> Result<Session> {
    let session = connector.connect(ROLE).await?;
    // A beat that waits for a lock is none; and whose name the ledger has must outlive a crash of the server.
    let wait_ms = (patience::beat() / 2).as_millis();
    let sql = format!("SET lock_timeout = {wait_ms}; SET synchronous_commit = on");
    match session.client().batch_execute(&sql).await {
        Ok(()) => Ok(session),
        Err(error) => Err(session.explain(error, "preparing the session of the lease").await),
    }
}

async fn try_lock(session: &Session) -> Result<bool> {
    let sql = format!("SELECT pg_try_advisory_lock({}, {})", LOCK_KEYS.0, LOCK_KEYS.1);
    match session.client().query_typed(&sql, &[]).await {
        Ok(rows) => Ok(rows.first().is_some_and(|row| row.get(0))),
        Err(error) => Err(session.explain(error, "taking the lock of the run").await),
    }
}

fn lost(who: &str) -> Error {
    Error::new(ErrorKind::Busy, format!("another run took this copy over{who}; this one has stopped"))
        .remedy("let the other run finish, or run the same command again when it has ended")
}

/// The error where the lock is held and nobody is seen to hold it, for as long as an orphan is waited for.
fn unseen() -> Error {
    Error::new(ErrorKind::Busy, "another run holds this target, by a session that this role may not see")
        .remedy("wait until it has ended; pg_locks shows advisory locks to a superuser")
}

impl Lease {
    /// Waits until work may begin: at once while the owner is heard from, else until it is again.
    ///
    /// # Errors
    /// [`ErrorKind::Busy`] where another run has taken the lease; a target fault where it cannot be renewed.
    pub async fn ready(&self) -> Result<()> {
        let fresh = |state: &State| match state {
            State::Held { beaten, .. } => beaten.elapsed() < patience::lease() * 2 / 3,
            State::Lost(_) | State::Released => true,
        };
        if !fresh(&self.0.state.borrow()) {
            self.0.nudge.notify_one();
        }
        let mut state = self.0.state.clone();
        let settled = timeout(patience::regain(), state.wait_for(fresh)).await;
        match settled {
            Ok(Ok(state)) => match &*state {
                State::Lost(who) => Err(lost(who)),
                State::Held { .. } | State::Released => Ok(()),
            },
            Ok(Err(_)) => Err(Error::internal("the keeper of the lease has gone")),
            Err(_) => Err(Error::target_fault("renewing the lease on this target")
                .cause(LinkFault::new("the server cannot be asked"))
                .remedy("run the same command again to resume")),
        }
    }

    /// The error of a run for `error`, which may be only what came of the loss of the lease: then that is the error.
    pub async fn judge(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::Target {
            return error;
        }
        let (asked, mut state) = (Instant::now(), self.0.state.clone());
        self.0.nudge.notify_one();
        let answered = |state: &State| !matches!(state, State::Held { tried, .. } if *tried < asked);
        match timeout(patience::beat(), state.wait_for(answered)).await {
            Ok(Ok(state)) => match &*state {
                State::Lost(who) => lost(who).cause(error),
                State::Held { .. } | State::Released => error,
            },
            _ => error,
        }
    }

    /// Lets go, so that the next run need not wait.
    pub async fn release(&self) {
        self.0.let_go.notify_one();
        let mut state = self.0.state.clone();
        let _ = timeout(RECORD_WAIT, state.wait_for(|state| !matches!(state, State::Held { .. }))).await;
    }
}

/// A run that asks for the lock.
struct Claim<'a> {
    take_over: bool,
    events: &'a Events,
    label: &'a str,
    begun: Instant,
    /// when it was seen that the owner has fallen silent
    orphan: Option<Instant>,
}

impl Claim<'_> {
    async fn lock(&mut self, session: &Session) -> Result<()> {
        while !try_lock(session).await? {
            match owner::find(session).await? {
                Some(owner) => self.look_at(session, &owner).await?,
                None if self.begun.elapsed() >= patience::orphan() => return Err(unseen()),
                None => {}
            }
            sleep(TRY_EVERY).await;
        }
        Ok(())
    }

    /// Errors where there is nothing to be waited for.
    async fn look_at(&mut self, session: &Session, owner: &Owner) -> Result<()> {
        if owner.label() == Some(self.label) {
            // Of an attempt of this very run: the server does not know yet that it has ended.
            let name = session_name(self.label);
            return owner::end_backends(session, &[(owner.pid, name)]).await.map(drop);
        }
        if !owner.is_orphan() {
            let in_vain = self.begun.elapsed() >= patience::handover() && !owner.is_late();
            return if in_vain { Err(owner.busy()) } else { Ok(()) };
        }
        let seen = *self.orphan.get_or_insert_with(|| {
            let how = if self.take_over {
                "ending its sessions"
            } else {
                "waiting for the server to end its session"
            };
            self.events.note(format!(
                "an earlier run holds this target and does not answer ({}): {how}",
                owner.words()
            ));
            Instant::now()
        });
        if self.take_over {
            let ended = owner::end_orphan(session, owner).await?;
            if ended > 0 {
                self.events.note(format!(
                    "ended {} of the run that does not answer",
                    plural(ended as u64, "session")
                ));
            }
        }
        if seen.elapsed() >= patience::orphan() { Err(owner.busy()) } else { Ok(()) }
    }

    /// The lock is ours. Transactions of its last owner may still be open, where its sessions did not end all at once:
    /// they hold what we need next.
    async fn outlast_leftovers(&self, session: &Session) -> Result<()> {
        let (begun, mut told) = (Instant::now(), false);
        loop {
            let found = owner::leftovers(session, self.label).await?;
            let Some((pid, name)) = found.first() else { return Ok(()) };
            if begun.elapsed() >= patience::orphan() {
                let message =
                    format!("a transaction of an earlier run is still open (backend {pid}, \"{name}\")");
                return Err(Error::new(ErrorKind::Busy, message)
                    .remedy("run the same command again in a while, or with --take-over to end it"));
            }
            if begun.elapsed() >= patience::handover() {
                if !std::mem::replace(&mut told, true) {
                    let text = format!(
                        "waiting for a transaction of an earlier run to end (backend {pid}, \"{name}\")"
                    );
                    self.events.note(text);
                }
                if self.take_over {
                    owner::end_backends(session, &found).await?;
                }
            }
            sleep(TRY_EVERY).await;
        }
    }
}

/// Errors: who has the lease now, where it is somebody else; nobody where the server cannot be asked.
type Renewed = std::result::Result<(), Option<String>>;

/// What keeps a lease.
struct Keeper {
    connector: Connector,
    run_id: String,
    session: Option<Session>,
    /// the ledger names this run as owner
    is_recorded: bool,
    nudge: Arc<Notify>,
    let_go: Arc<Notify>,
}

impl Keeper {
    /// Beats until it is let go or lost.
    async fn keep(mut self, state: watch::Sender<State>) {
        let (let_go, nudge) = (Arc::clone(&self.let_go), Arc::clone(&self.nudge));
        loop {
            // A session that is being replaced is tried for more often.
            let pause = if self.session.is_some() { patience::beat() } else { patience::beat() / 10 };
            let gone = self.session.as_ref().map(Session::gone);
            tokio::select! {
                () = let_go.notified() => break,
                () = nudge.notified() => {}
                () = sleep(pause) => {}
                // Whoever comes next gets the lock now: it is to be ours again at once, or known to be lost.
                () = async { gone.unwrap_or_else(|| Box::pin(std::future::pending())).await } => {}
            }
            let now = Instant::now();
            let renewed = tokio::select! {
                () = let_go.notified() => break,
                renewed = self.renew() => renewed,
            };
            match renewed {
                Ok(()) => drop(state.send_replace(State::Held { beaten: now, tried: now })),
                Err(Some(who)) => return drop(state.send_replace(State::Lost(who))),
                Err(None) => state.send_modify(|state| {
                    if let State::Held { tried, .. } = state {
                        *tried = now;
                    }
                }),
            }
        }
        let _ = timeout(RECORD_WAIT / 2, self.forget()).await;
        state.send_replace(State::Released);
    }

    /// One sign of life; on a new session where the old one is of no more use.
    async fn renew(&mut self) -> Renewed {
        if let Ok(Ok(())) = timeout(patience::beat(), self.beat()).await {
            return Ok(());
        }
        self.session = None;
        match timeout(patience::look_limit(), self.regain()).await {
            Ok(regained) => regained,
            Err(_) => Err(None),
        }
    }

    /// Says that the owner is alive: by asking at all, and in the ledger where it is there. What the server answers, be it
    /// an error, was asked by somebody alive.
    async fn beat(&mut self) -> Result<()> {
        let Some(session) = &self.session else { return Err(Error::internal("a beat without a session")) };
        if !owner::has_row_table(session).await? {
            return Ok(());
        }
        let sql = "INSERT INTO cutover.lease (run_id, backend_pid, host, process_id, until)
                   VALUES ($1, pg_backend_pid(), $2, $3, clock_timestamp() + $4 * interval '1 s')
                   ON CONFLICT (singleton) DO UPDATE SET run_id = excluded.run_id, backend_pid = excluded.backend_pid,
                     host = excluded.host, process_id = excluded.process_id, until = excluded.until";
        let (host, process, seconds) =
            (host(), i64::from(std::process::id()), patience::lease().as_secs_f64());
        let params: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 4] = [
            (&self.run_id, Type::TEXT),
            (&host, Type::TEXT),
            (&process, Type::INT8),
            (&seconds, Type::FLOAT8),
        ];
        match session.client().query_typed(sql, &params).await {
            Ok(_) => self.is_recorded = true,
            Err(error) if error.as_db_error().is_some() && !session.client().is_closed() => {}
            Err(error) => return Err(session.explain(error, "renewing the lease").await),
        }
        Ok(())
    }

    /// Takes the lock again on a new session. Nobody may have had it meanwhile.
    async fn regain(&mut self) -> Renewed {
        let unknown = |_: Error| None;
        let session = connect(&self.connector).await.map_err(unknown)?;
        while !try_lock(&session).await.map_err(unknown)? {
            let Some(owner) = owner::find(&session).await.map_err(unknown)? else {
                sleep(TRY_EVERY).await;
                continue;
            };
            if owner.label() != Some(self.connector.run_label()) {
                return Err(Some(format!(" ({})", owner.words())));
            }
            // Our own old session, of which the server does not know yet that it is of no more use.
            let name = session_name(self.connector.run_label());
            owner::end_backends(&session, &[(owner.pid, name)]).await.map_err(unknown)?;
            sleep(TRY_EVERY).await;
        }
        if self.is_recorded && !self.is_still_named(&session).await.map_err(unknown)? {
            return Err(Some(String::new()));
        }
        self.session = Some(session);
        self.beat().await.map_err(unknown)
    }

    /// Whether the ledger names this run still. Its row outlives a crash of the server (see [`connect`]), so that one which
    /// is not there was another run's meanwhile, which came and went.
    async fn is_still_named(&self, session: &Session) -> Result<bool> {
        if !owner::has_row_table(session).await? {
            return Ok(false);
        }
        let sql = "SELECT 1 FROM cutover.lease WHERE run_id = $1";
        match session.client().query_typed(sql, &[(&self.run_id, Type::TEXT)]).await {
            Ok(rows) => Ok(!rows.is_empty()),
            Err(error) => Err(session.explain(error, "reading who holds the target").await),
        }
    }

    /// Takes the run's name out of the ledger and closes the session, and with it the lock is gone.
    async fn forget(&mut self) {
        let Some(session) = self.session.take() else { return };
        if self.is_recorded {
            let sql = "DELETE FROM cutover.lease WHERE run_id = $1";
            let _ = session.client().query_typed(sql, &[(&self.run_id, Type::TEXT)]).await;
        }
        session.close().await;
    }
}

/// Sees in the transaction that is open that this run's lease session holds the lock still: what comes before the first
/// epoch of a source is fenced by nothing else.
///
/// # Errors
/// A target fault that can pass: beginning again takes the lease again, or tells who has it.
pub(super) async fn check_held(session: &Session, label: &str) -> Result<()> {
    if owner::find(session).await?.is_some_and(|owner| owner.label() == Some(label)) {
        return Ok(());
    }
    Err(Error::target_fault("preparing the target")
        .cause(LinkFault::new("the session that holds the lease of this run has ended"))
        .remedy("run the same command again to resume"))
}

/// The name of the lease session of a run.
fn session_name(label: &str) -> String {
    format!("{}{label} {ROLE}", owner::PREFIX)
}

/// The name of this machine, for people.
fn host() -> String {
    let named = std::fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| std::fs::read_to_string("/etc/hostname"));
    let named = named.ok().map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    named.or_else(|| std::env::var("HOSTNAME").ok()).unwrap_or_else(|| "a machine without a name".to_owned())
}
