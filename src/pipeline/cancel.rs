//! Stopping: the first signal asks for a stop at the next chunk, within a bounded time; the second ends the process at once.

use crate::error::{Error, ErrorKind};
use crate::limits::INTERRUPT_GRACE;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

const RUNNING: u8 = 0;
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;

/// Whether a stop was asked for; shared by every task of a run.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    asked: AtomicU8,
    notify: Notify,
}

impl Cancel {
    /// A run that nobody stops.
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Listens for SIGINT, SIGTERM and SIGHUP until the process ends.
    pub fn listen(&self) {
        for (kind, code) in [
            (SignalKind::interrupt(), INTERRUPTED),
            (SignalKind::terminate(), TERMINATED),
            (SignalKind::hangup(), TERMINATED),
        ] {
            let cancel = self.clone();
            tokio::spawn(async move {
                // Without a handler the signal keeps its default meaning, which also ends the run.
                let Ok(mut signals) = signal(kind) else { return };
                while signals.recv().await.is_some() {
                    cancel.ask(code);
                }
            });
        }
    }

    pub(super) fn ask(&self, code: u8) {
        if self.0.asked.swap(code, Ordering::SeqCst) != RUNNING {
            // The second signal: whatever is under way is rolled back by the server when the connection breaks.
            std::process::exit(i32::from(code));
        }
        self.0.notify.notify_waiters();
    }

    /// A stop was asked for.
    pub fn is_asked(&self) -> bool {
        self.0.asked.load(Ordering::SeqCst) != RUNNING
    }

    /// The error that a stopped run ends with, if a stop was asked for.
    pub fn check(&self) -> Result<(), Error> {
        let kind = match self.0.asked.load(Ordering::SeqCst) {
            RUNNING => return Ok(()),
            TERMINATED => ErrorKind::Terminated,
            _ => ErrorKind::Interrupted,
        };
        Err(Error::new(kind, "stopped; what was committed stays")
            .remedy("run the same command again to resume"))
    }

    /// Waits until a stop was asked for.
    pub async fn asked(&self) {
        loop {
            let notified = self.0.notify.notified();
            if self.is_asked() {
                return;
            }
            notified.await;
        }
    }

    /// Runs `work` until a stop is asked for; then it is dropped at once. For work that has written nothing.
    pub async fn at_once<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::select! {
            result = work => result,
            () = self.asked() => self.stopped(),
        }
    }

    fn stopped<T>(&self) -> Result<T, Error> {
        self.check()?;
        Err(Error::internal("a stop was noticed that nobody asked for"))
    }

    /// Runs `work`, but not for longer than the grace after a stop was asked for; then it is dropped, which aborts it.
    pub async fn bound<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        tokio::select! {
            result = work => result,
            () = async { self.asked().await; tokio::time::sleep(INTERRUPT_GRACE).await } => self.stopped(),
        }
    }
}
