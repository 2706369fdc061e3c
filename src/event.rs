//! What a run tells the screen: a few lifecycle facts through one callback, and counters that are sampled.
//!
//! The data plane never waits for the screen: it bumps atomics, and whoever draws reads them when it likes.

use crate::timing::{Clock, RunStage};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The stations of a run, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Reading every value once to choose types and chunks.
    Profile,
    /// Creating tables and the ledger.
    Prepare,
    /// Moving rows.
    Copy,
    /// Reading the target back and comparing digests.
    Verify,
    /// Primary keys, unique constraints, indexes, CHECKs.
    Index,
    /// Foreign keys, views and sequences; triggers and comments.
    Constrain,
    /// VACUUM ANALYZE.
    Maintain,
}

impl Phase {
    /// Its place in the profile of the run.
    pub fn stage(self) -> RunStage {
        match self {
            Phase::Profile => RunStage::Profile,
            Phase::Prepare => RunStage::Prepare,
            Phase::Copy => RunStage::Copy,
            Phase::Verify => RunStage::Verify,
            Phase::Index => RunStage::Index,
            Phase::Constrain => RunStage::Constrain,
            Phase::Maintain => RunStage::Maintain,
        }
    }

    /// Whether its tasks count rows.
    fn has_rows(self) -> bool {
        matches!(self, Phase::Profile | Phase::Copy | Phase::Verify)
    }

    /// The phase in one word, for people and for `--progress json`.
    pub fn name(self) -> &'static str {
        match self {
            Phase::Profile => "profile",
            Phase::Prepare => "prepare",
            Phase::Copy => "copy",
            Phase::Verify => "verify",
            Phase::Index => "index",
            Phase::Constrain => "constrain",
            Phase::Maintain => "maintain",
        }
    }
}

/// Rows and bytes done by one task; bumped by the data plane, sampled by the screen.
#[derive(Debug, Default)]
pub struct TaskCounters {
    rows: AtomicU64,
    bytes: AtomicU64,
}

impl TaskCounters {
    /// Adds what one batch of rows did.
    pub fn add(&self, rows: u64, bytes: u64) {
        self.rows.fetch_add(rows, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes back what was added for work that came to nothing.
    pub fn take_back(&self, rows: u64, bytes: u64) {
        self.rows.fetch_sub(rows, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Rows and bytes so far.
    pub fn sample(&self) -> (u64, u64) {
        (self.rows.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

/// A lifecycle fact.
#[derive(Debug, Clone)]
pub enum Event {
    /// A phase begins. `tasks` tables or objects, `rows` and `bytes` where they are known (else 0).
    PhaseStarted {
        /// which
        phase: Phase,
        /// how many tables or objects it has
        tasks: u64,
        /// rows of all of them
        rows: u64,
        /// bytes of all of them
        bytes: u64,
    },
    /// A phase is over.
    PhaseFinished {
        /// which
        phase: Phase,
        /// how long it took
        seconds: f64,
    },
    /// A table (or one object of the index phase) is being worked on.
    TaskStarted {
        /// in which phase
        phase: Phase,
        /// the table's or object's name
        name: String,
        /// rows to be done, 0 where unknown
        rows: u64,
        /// bytes to be done, 0 where unknown
        bytes: u64,
        /// what is done so far
        counters: Arc<TaskCounters>,
    },
    /// A table (or object) is done.
    TaskFinished {
        /// in which phase
        phase: Phase,
        /// the table's or object's name
        name: String,
        /// rows done
        rows: u64,
        /// how long it took
        seconds: f64,
    },
    /// A sentence worth showing at once.
    Note {
        /// the sentence
        text: String,
    },
}

/// Where events go. Called from any thread; must return quickly.
pub trait Observer: Send + Sync {
    /// Takes one event.
    fn observe(&self, event: Event);
}

/// Hands events to the one observer of a run. It goes wherever work is done, and so carries the run's clock, too.
#[derive(Clone)]
pub struct Events {
    observer: Arc<dyn Observer>,
    clock: Clock,
}

impl std::fmt::Debug for Events {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Events")
    }
}

impl Events {
    /// Events for `observer`, of a run that is not measured.
    pub fn new(observer: Arc<dyn Observer>) -> Events {
        Events { observer, clock: Clock::default() }
    }

    /// The same, of a run that `clock` measures: a phase that is told is one of its stages.
    pub fn measured(self, clock: Clock) -> Events {
        Events { clock, ..self }
    }

    /// The same events for `other`, too.
    pub fn beside(&self, other: Arc<dyn Observer>) -> Events {
        struct Both(Arc<dyn Observer>, Arc<dyn Observer>);
        impl Observer for Both {
            fn observe(&self, event: Event) {
                self.0.observe(event.clone());
                self.1.observe(event);
            }
        }
        Events { observer: Arc::new(Both(Arc::clone(&self.observer), other)), clock: self.clock.clone() }
    }

    /// The run's clock.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Events for nobody.
    pub fn silent() -> Events {
        struct Silent;
        impl Observer for Silent {
            fn observe(&self, _: Event) {}
        }
        Events::new(Arc::new(Silent))
    }

    /// Tells one fact.
    pub fn tell(&self, event: Event) {
        match &event {
            Event::PhaseStarted { phase, .. } => self.clock.begin(phase.stage()),
            Event::PhaseFinished { phase, .. } => self.clock.end(phase.stage()),
            Event::TaskStarted { phase, counters, .. } if phase.has_rows() => {
                self.clock.watch(phase.stage(), counters);
            }
            Event::TaskStarted { .. } | Event::TaskFinished { .. } | Event::Note { .. } => {}
        }
        self.observer.observe(event);
    }

    /// Tells a sentence.
    pub fn note(&self, text: impl Into<String>) {
        self.tell(Event::Note { text: text.into() });
    }
}
