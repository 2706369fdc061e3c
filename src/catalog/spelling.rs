//! The one spelling that all texts of a column share: dates, times, UUIDs, flags, JSON (semantics.md §1.6–1.8).

use serde::{Deserialize, Serialize};

/// What the texts of a column have in common.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Spelling {
    /// only the first of them were looked at, since the column's type does not depend on it: a proposal, no proof
    pub sampled: bool,
    /// every text is `YYYY-MM-DD` and a real date
    pub date: bool,
    /// the date-time spelling that every text keeps
    pub stamp: Option<Template>,
    /// the time-of-day spelling that every text keeps
    pub time: Option<TimeTemplate>,
    /// every text is strict JSON (RFC 8259)
    pub json: bool,
    /// every text is JSON whose strings and numbers a parsed form can hold
    pub jsonb: bool,
    /// every text is a JSON object or array
    pub container: bool,
    /// the UUID style that every text keeps
    pub uuid: Option<UuidStyle>,
    /// the two words, for true and for false, that every text is one of
    pub flag: Option<(String, String)>,
}

/// How fractions of a second are spelled in a column (semantics.md §1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fraction {
    /// always exactly this many digits, 0 to 6; 0 means no point either
    Fixed(u8),
    /// trailing zeros removed, nothing at all where the fraction is 0; at most 6 digits
    Shortened,
    /// none where the fraction is 0, else exactly 6 digits (Python's `isoformat`)
    NoneOrSix,
}

/// How a zone is spelled in a column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Zone {
    /// no zone
    None,
    /// `Z`
    Z,
    /// one constant offset, with its own spelling (`+00:00`, ` +00:00`, `-05`, `+0530`) and its seconds east of UTC
    Offset {
        /// as spelled, with a leading space if there is one
        text: String,
        /// seconds east of UTC
        seconds: i32,
    },
}

/// The one spelling that every value of a date column has: what makes text → timestamp → text exact.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Template {
    /// `' '` or `'T'` between date and time
    pub separator: char,
    /// false for `HH:MM` without seconds
    pub seconds: bool,
    /// the fraction
    pub fraction: Fraction,
    /// the zone
    pub zone: Zone,
}

/// The one spelling of a time of day that every value of a column has (semantics.md §1.6, H0 to H6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TimeTemplate {
    /// false for `HH:MM` without seconds
    pub seconds: bool,
    /// the fraction
    pub fraction: Fraction,
}

/// The one spelling of a UUID that every value of a column has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct UuidStyle {
    /// hex digits in upper case; a column whose values have no letters is lower case
    pub upper: bool,
    /// grouped 8-4-4-4-12
    pub hyphens: bool,
    /// between `{` and `}`
    pub braces: bool,
}
