//! SQLite's dates and times: the present moment for DEFAULTs, and what it reads of a column.

/// SQLite's present moment as a text: how much of it the text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Instant {
    /// date and time to the second
    Second,
    /// date and time to the millisecond
    Milli,
    /// a date
    Date,
    /// a time of day to the second
    Time,
}
