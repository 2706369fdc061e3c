//! Stopping: the first signal asks for a stop at the next chunk, within a bounded time; the second ends the process at once.
//!
//! Three bounds stand one behind the other: work that has written nothing is dropped at once, work that may still commit
//! after a grace, and whatever does not end even then ends with the process.

use super::last::{Deed, Deeds, Undone};
use crate::error::{Error, ErrorKind};
use crate::limits::{HOOK_STOP_WAIT, INTERRUPT_GRACE, STOP_WAIT};
use std::io::Write;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

const RUNNING: u8 = 0;
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;
const DEADLINE: u8 = 6;

/// Whether a stop was asked for; shared by every task of a run.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    asked: AtomicU8,
    /// when the first signal came
    at: OnceLock<Instant>,
    notify: Notify,
    /// the grace leaves time for what runs after the run
    leaves_time: AtomicBool,
    /// what must not be left undone, however the process ends
    deeds: Deeds,
    /// when the process ends after a stop, whatever holds it
    ends_at: OnceLock<Instant>,
}

/// What a stopped run says of the way on.
const RESUME: &str = "run the same command again to resume";

/// How long the last words of a run that is ended from within may take to be written.
const LAST_WORDS_WAIT: Duration = Duration::from_millis(50);

impl Cancel {
    /// A run that nobody stops.
    pub fn new() -> Cancel {
        Cancel::default()
    }

    /// Within the runtime: listens for SIGINT, SIGTERM and SIGHUP until the process ends; not for a SIGHUP that whoever started us has us
    /// ignore (`nohup`).
    pub fn listen(&self) {
        let signals = [
            (SignalKind::interrupt(), INTERRUPTED),
            (SignalKind::terminate(), TERMINATED),
            (SignalKind::hangup(), TERMINATED),
        ];
        let outlives_terminal = is_ignored(SignalKind::hangup());
        for (kind, code) in signals {
            if kind == SignalKind::hangup() && outlives_terminal {
                continue;
            }
            // Heard from now on, and not only when the task begins. Without a handler the signal keeps its default meaning,
            // which also ends the run.
            let Ok(mut signals) = signal(kind) else { continue };
            let cancel = self.clone();
            tokio::spawn(async move {
                while signals.recv().await.is_some() {
                    cancel.ask(code);
                    cancel.end_within(STOP_WAIT, code);
                }
            });
        }
    }

    /// The deadline has passed: the run stops as after a signal, and the process ends within `beyond` and the time of a stop.
    pub(super) fn stop_by_deadline(&self, beyond: Duration) {
        // A signal that came first has its own stop; this one is not the second signal.
        if self.0.asked.compare_exchange(RUNNING, DEADLINE, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            self.tell_asked();
            self.end_within(STOP_WAIT + beyond, DEADLINE);
        }
    }

    fn end_within(&self, wait: Duration, code: u8) {
        let _ = self.0.ends_at.set(Instant::now() + wait);
        // Where the system has no thread to give, the bounds inside have to do.
        let end = std::thread::Builder::new().name("stop".to_owned());
        let cancel = self.clone();
        let _ = end.spawn(move || cancel.end_after(wait, code));
    }

    /// How long a stopped run still has; none where no stop was asked for.
    pub(super) fn time_left(&self) -> Option<Duration> {
        self.is_asked().then(|| {
            let left = self.0.ends_at.get().map(|at| at.saturating_duration_since(Instant::now()));
            left.unwrap_or(STOP_WAIT)
        })
    }

    /// A stop leaves time for what runs after the run.
    pub(super) fn leave_time(&self) {
        self.0.leaves_time.store(true, Ordering::SeqCst);
    }

    /// Has `deed` done where the process ends before what is given is dropped.
    pub(super) fn at_the_latest(&self, deed: Deed) -> Undone {
        self.0.deeds.enter(deed)
    }

    /// Carries out what threads that are not waited for have left open: the process is about to end.
    pub fn settle(&self) {
        self.0.deeds.all();
    }

    fn end_process(&self, code: u8) -> ! {
        self.settle();
        std::process::exit(i32::from(code));
    }

    pub(super) fn ask(&self, code: u8) {
        if self.0.asked.swap(code, Ordering::SeqCst) != RUNNING {
            // The second signal: whatever is under way is rolled back by the server when the connection breaks.
            self.end_process(code);
        }
        self.tell_asked();
    }

    fn tell_asked(&self) {
        let _ = self.0.at.set(Instant::now());
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
            DEADLINE => ErrorKind::Deadline,
            _ => ErrorKind::Interrupted,
        };
        let by = if kind == ErrorKind::Deadline { "stopped by its deadline" } else { "stopped" };
        Err(Error::new(kind, format!("{by}; what was committed stays")).remedy(RESUME))
    }

    /// The error that a run ends with: after a stop was asked for, what the server said meanwhile came of that.
    pub fn or_stopped(&self, error: Error) -> Error {
        match self.check() {
            Err(stopped) if error.kind() == ErrorKind::Target => stopped.cause(error),
            // Whoever stops reading does not know what it was stopped by.
            Err(stopped) if error.kind() == ErrorKind::Interrupted => stopped,
            _ => error,
        }
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
            () = self.grace_over() => self.stopped(),
        }
    }

    /// Waits until a stop was asked for and its grace is over: one grace, however much is bound by it.
    pub async fn grace_over(&self) {
        self.asked().await;
        let since = self.0.at.get().map_or(Duration::ZERO, Instant::elapsed);
        let kept = if self.0.leaves_time.load(Ordering::SeqCst) { HOOK_STOP_WAIT } else { Duration::ZERO };
        tokio::time::sleep(INTERRUPT_GRACE.saturating_sub(kept).saturating_sub(since)).await;
    }

    /// Ends the process after `wait`, unless it has ended by then: a disk or a screen may hold what no bound inside reaches.
    /// The server rolls back what was not committed, and the ledger knows what was.
    fn end_after(&self, wait: Duration, code: u8) {
        std::thread::sleep(wait);
        let words = || drop(writeln!(std::io::stderr().lock(), "stopped; {RESUME}"));
        if std::thread::Builder::new().spawn(words).is_ok() {
            std::thread::sleep(LAST_WORDS_WAIT);
        }
        self.end_process(code)
    }
}

/// Whether this process was started with the signal ignored, as far as the system tells (Linux: the mask `SigIgn` in
/// proc(5), whose lowest bit is signal 1).
fn is_ignored(signal: SignalKind) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    mask_has(&status, signal.as_raw_value())
}

fn mask_has(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    u32::try_from(signal - 1).ok().and_then(|bit| mask.checked_shr(bit)).is_some_and(|mask| mask & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_mask() {
        let status = "Name:\tcutover\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000001001\n";
        assert!(mask_has(status, 1) && mask_has(status, 13));
        assert!(!mask_has(status, 2) && !mask_has(status, 0) && !mask_has(status, 99) && !mask_has("", 1));
    }

    #[test]
    fn what_the_server_says_after_a_stop_came_of_the_stop() {
        let cancel = Cancel::new();
        let fault = || Error::target_fault("the connection broke");
        assert_eq!(cancel.or_stopped(fault()).kind(), ErrorKind::Target);
        cancel.0.asked.store(INTERRUPTED, Ordering::SeqCst);
        let stopped = cancel.or_stopped(fault());
        assert_eq!(stopped.kind(), ErrorKind::Interrupted);
        assert!(stopped.to_string().contains("the connection broke"), "{stopped}");
        cancel.0.asked.store(DEADLINE, Ordering::SeqCst);
        let stopped = cancel.or_stopped(Error::new(ErrorKind::Interrupted, "stopped while reading"));
        assert_eq!(stopped.kind(), ErrorKind::Deadline);
        for kind in [ErrorKind::Differs, ErrorKind::Refused, ErrorKind::Busy, ErrorKind::Source] {
            assert_eq!(cancel.or_stopped(Error::new(kind, "x")).kind(), kind);
        }
    }
}
