//! What went on when: the phases of a run, the tables at work, and how far the rows had come.

use serde::Serialize;

/// One stretch in which a phase went on. Phases overlap, and one may come more than once.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseSpan {
    /// its name: `open`, `hook`, `backup`, `page check`, `profile`, `plan`, `prepare`, `copy`, `reread`, `verify`, `index`,
    /// `constrain`, `maintain` or `record`
    pub name: String,
    /// seconds from the beginning of the run to its own
    pub started: f64,
    /// how long it went on
    pub seconds: f64,
}

/// From when to when, in seconds since the beginning of the run.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Span {
    /// the beginning of the first piece of work that was done
    pub started: f64,
    /// the end of the last one
    pub ended: f64,
}

/// When one table was worked on. Between the two ends of a span the work may have rested, for other tables.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct TableSpans {
    /// its rows were copied
    pub copy: Option<Span>,
    /// it was read back and compared
    pub verify: Option<Span>,
    /// its keys, indexes and foreign keys were made
    pub index: Option<Span>,
}

/// How far the rows of one phase had come, over time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseRate {
    /// the phase's name: `profile`, `copy` or `verify`
    pub phase: String,
    /// in order of time, at most [`crate::limits::RATE_SAMPLES_MAX`] of them whatever the length of the run
    pub samples: Vec<RateSample>,
}

/// What was done at one moment, in sum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct RateSample {
    /// since the beginning of the run
    pub seconds: f64,
    /// rows of the phase so far; fewer than before where work came to nothing and is done again
    pub rows: u64,
    /// their bytes, as they are counted in that phase
    pub bytes: u64,
}
