//! What an examination found: a stable code, an object, a count, and the way out.

use serde::{Deserialize, Serialize};

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing; nothing is lost.
    Note,
    /// Something differs from the source, or could not be carried.
    Warning,
    /// The run is refused because of it.
    Refusal,
}

/// One finding about one object. Examples are keys, never values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Stable code, such as `E_RANGE` or `W_PK_NULL` (semantics.md §0.2).
    pub code: String,
    /// How much it weighs.
    pub severity: Severity,
    /// `table`, `table.column` or another object's name.
    pub object: String,
    /// What is the matter, as a sentence.
    pub message: String,
    /// How many rows or objects it concerns.
    pub count: u64,
    /// Keys of the first rows concerned.
    pub examples: Vec<String>,
    /// What to do about it.
    pub fix: String,
}

impl Finding {
    /// A finding about one object, to be completed with the methods below.
    pub fn new(
        code: &str,
        severity: Severity,
        object: impl Into<String>,
        message: impl Into<String>,
    ) -> Finding {
        Finding {
            code: code.to_owned(),
            severity,
            object: object.into(),
            message: message.into(),
            count: 1,
            examples: Vec::new(),
            fix: String::new(),
        }
    }

    /// How many rows or objects it concerns.
    pub fn count(mut self, count: u64) -> Finding {
        self.count = count;
        self
    }

    /// Keys of the first rows concerned.
    pub fn examples(mut self, examples: Vec<String>) -> Finding {
        self.examples = examples;
        self
    }

    /// What to do about it.
    pub fn fix(mut self, fix: impl Into<String>) -> Finding {
        self.fix = fix.into();
        self
    }
}

/// An object of the source that the target will not have, with the reason and its own text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotCarried {
    /// `trigger`, `view`, `check`, `index`, `default`, `virtual table`, …
    pub kind: String,
    /// Its name in the source.
    pub name: String,
    /// The table it belongs to, if any.
    pub table: Option<String>,
    /// Why it is not carried.
    pub why: String,
    /// Its original SQL, as far as SQLite keeps it.
    pub sql: String,
}
