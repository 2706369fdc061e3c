//! Seals: every row of the ledger carries a digest over what it says, so that a row that was edited, moved, or written by
//! another version is seen when a run reads it.
//!
//! The server computes them, in the statement that writes the row, so that a seal costs no round trip; the same expression
//! reads it back. What only people read (times, who ran last, its error) and the epoch, which fences and says nothing of
//! work, are not sealed. A seal shows accidents and edits by hand: it is no defence against somebody who computes one.

use super::ledger::LEDGER_FORMAT;

/// One sealed table: its name, and its columns, each with the text form that is sealed, where `$` stands for its value.
#[derive(Debug)]
pub struct Sealed {
    table: &'static str,
    fields: &'static [(&'static str, &'static str)],
}

/// `cutover.source`. Plan and prediction, which are long, go in as their own digests. The id is sealed in the rows that speak of the
/// source: with another one it would have none of them.
pub const SOURCE: Sealed = Sealed {
    table: "source",
    fields: &[
        ("path", "$"),
        ("target_schema", "$"),
        ("fingerprint", "$"),
        ("options", "$"),
        ("plan_hash", "$"),
        ("plan", "encode(sha256(convert_to($, 'UTF8')), 'hex')"),
        ("created_schema", "$"),
        ("finished_at", "($) IS NOT NULL"),
        ("prediction", "encode(sha256(convert_to($, 'UTF8')), 'hex')"),
        ("before_rows", "$"),
        ("chunk_rows", "$"),
        ("step_rows", "$"),
    ],
};

/// `cutover.before`.
pub const BEFORE: Sealed = Sealed {
    table: "before",
    fields: &[("source_id", "$"), ("table_name", "$"), ("digest", "encode($, 'hex')")],
};

/// `cutover.chunk`.
pub const CHUNK: Sealed = Sealed {
    table: "chunk",
    fields: &[
        ("source_id", "$"),
        ("table_name", "$"),
        ("chunk", "$"),
        ("lo", "$"),
        ("hi", "$"),
        ("rows", "$"),
        ("bytes", "$"),
        ("digest", "encode($, 'hex')"),
        ("set_aside", "$"),
        ("set_aside_digest", "encode($, 'hex')"),
        ("verified_at", "($) IS NOT NULL"),
    ],
};

/// `cutover.step`.
pub const STEP: Sealed = Sealed {
    table: "step",
    fields: &[
        ("source_id", "$"),
        ("step", "$"),
        ("table_name", "$"),
        ("kind", "$"),
        ("object", "$"),
        ("sql", "$"),
        ("restores", "$"),
        ("state", "$"),
        ("detail", "$"),
    ],
};

impl Sealed {
    /// The seal of row `t` as an expression, with what its columns become where a statement changes them. The text of a ROW
    /// quotes what needs it and tells NULL from nothing, so that no two rows have the same.
    pub fn of(&self, changes: &[(&str, &str)]) -> String {
        let mut text = format!("sha256(convert_to(ROW('cutover.{} {LEDGER_FORMAT}'::text", self.table);
        for (column, form) in self.fields {
            let changed = changes.iter().find(|(name, _)| name == column);
            let value = changed.map_or_else(|| format!("t.{column}"), |(_, value)| (*value).to_owned());
            text.push_str(", ");
            text.push_str(&form.replace('$', &value));
        }
        text.push_str(")::text, 'UTF8'))");
        text
    }

    /// Whether row `t` is as it was written, as an expression.
    pub fn holds(&self) -> String {
        format!("coalesce(t.seal = {}, false)", self.of(&[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seal_is_over_the_row_as_it_will_be() {
        let seal = BEFORE.of(&[("digest", "$2")]);
        let row = "ROW('cutover.before 4'::text, t.source_id, t.table_name, encode($2, 'hex'))::text";
        assert_eq!(seal, format!("sha256(convert_to({row}, 'UTF8'))"));
        assert!(CHUNK.of(&[]).contains("(t.verified_at) IS NOT NULL"));
        assert!(STEP.holds().starts_with("coalesce(t.seal = sha256("));
    }

    /// A column that is written and not sealed could be edited unseen.
    #[test]
    fn every_column_is_sealed_or_left_out_on_purpose() {
        let schema = include_str!("../../schema/ledger/0001_init.sql");
        let left_out =
            ["seal", "epoch", "run_id", "started_at", "last_error", "done_at", "PRIMARY", "UNIQUE"];
        for sealed in [SOURCE, BEFORE, CHUNK, STEP] {
            let begin = format!("CREATE TABLE cutover.{} (", sealed.table);
            let body = schema.split(&begin).nth(1).and_then(|rest| rest.split("\n);").next()).unwrap();
            let columns = body.lines().filter_map(|line| line.split_whitespace().next());
            for column in columns.filter(|column| !left_out.contains(column)) {
                let is_sealed = sealed.fields.iter().any(|(name, _)| *name == column);
                let is_counted = sealed.table == "source" && column == "source_id";
                assert!(is_sealed || is_counted, "cutover.{}.{column}", sealed.table);
            }
            assert!(body.contains("seal"), "cutover.{}", sealed.table);
        }
    }
}
