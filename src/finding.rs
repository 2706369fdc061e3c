//! What an examination found: a stable code, an object, a count, and the way out.

use crate::config::toml_string;
use serde::{Deserialize, Serialize};
use std::fmt;

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
    /// What to do about it: one way in each line. A line that begins as a [`Way`] does can be run as it stands.
    pub fix: String,
}

/// A way out that can be run as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// SQL for SQLite, in the source
    Source(String),
    /// SQL for PostgreSQL, in the target
    Target(String),
    /// an option of `copy`, as typed into a shell
    Option(String),
    /// a line of `cutover.toml`, above its first section
    Setting(String),
}

impl Way {
    /// An option and its value.
    pub fn option(name: &str, value: &str) -> Way {
        Way::Option(format!("--{name} {}", shell_word(value)))
    }

    /// `tables.T.key = value`; the value as TOML writes it.
    pub fn of_table(table: &str, key: &str, value: &str) -> Way {
        Way::Setting(format!("tables.{}.{key} = {value}", toml_key(table)))
    }

    /// `tables.T.columns.C = {}`: nothing is said of the column.
    pub fn nothing_of_column(table: &str, column: &str) -> Way {
        Way::Setting(format!("tables.{}.columns.{} = {{}}", toml_key(table), toml_key(column)))
    }

    /// `tables.T.columns.C.key = value`; the value as TOML writes it.
    pub fn of_column(table: &str, column: &str, key: &str, value: &str) -> Way {
        Way::Setting(format!("tables.{}.columns.{}.{key} = {value}", toml_key(table), toml_key(column)))
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Way::Source(sql) => write!(f, "in the source: {sql}"),
            Way::Target(sql) => write!(f, "in the target: {sql}"),
            Way::Option(option) => write!(f, "option: {option}"),
            Way::Setting(line) => write!(f, "cutover.toml: {line}"),
        }
    }
}

/// A key of TOML: bare where it can be.
fn toml_key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { toml_string(name) }
}

/// One word of a shell's command.
fn shell_word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=,+".contains(c);
    match !text.is_empty() && text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
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

    /// One more way out, after those that there are.
    pub fn way(self, way: Way) -> Finding {
        self.or(way.to_string())
    }

    /// One more way out, where there is one.
    pub fn or_way(self, way: Option<Way>) -> Finding {
        match way {
            Some(way) => self.way(way),
            None => self,
        }
    }

    /// One more thing to do about it, in words.
    pub fn or(mut self, fix: impl AsRef<str>) -> Finding {
        if !self.fix.is_empty() {
            self.fix.push('\n');
        }
        self.fix.push_str(fix.as_ref());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_can_be_run_as_they_stand() {
        let finding = Finding::new("E_X", Severity::Refusal, "t", "is odd")
            .way(Way::Target("DROP TABLE t".to_owned()))
            .way(Way::option("exclude", "it's"))
            .way(Way::of_column("my table", "c", "type", "\"text\""))
            .or("or leave it");
        let lines: Vec<&str> = finding.fix.lines().collect();
        let expected = [
            "in the target: DROP TABLE t",
            r"option: --exclude 'it'\''s'",
            r#"cutover.toml: tables."my table".columns.c.type = "text""#,
            "or leave it",
        ];
        assert_eq!(lines, expected);
        assert_eq!(Way::option("mixed", "widen").to_string(), "option: --mixed widen");
    }
}
