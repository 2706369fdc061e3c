//! Statements that may run twice, and what they run under where PostgreSQL has no IF EXISTS for them.

use crate::ident::{literal, qualified};

/// Statements, and the condition that they run under.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    /// all of them must hold; none: always
    pub conditions: Vec<String>,
    /// without semicolons
    pub body: Vec<String>,
    /// they are PL/pgSQL's, and need a block in any case
    pub is_block: bool,
}

impl Run {
    /// One statement that runs always.
    pub(super) fn always(sql: impl Into<String>) -> Run {
        Run { conditions: Vec::new(), body: vec![sql.into()], is_block: false }
    }

    /// Statements that run under a condition.
    pub(super) fn when(condition: String, body: Vec<String>) -> Run {
        Run::under_all(vec![condition], body)
    }

    /// Statements that run where all conditions hold.
    pub(super) fn under_all(conditions: Vec<String>, body: Vec<String>) -> Run {
        Run { conditions, body, is_block: false }
    }

    /// A statement of PL/pgSQL.
    pub(super) fn within(sql: String) -> Run {
        Run { conditions: Vec::new(), body: vec![sql], is_block: true }
    }

    /// The same under more conditions.
    pub(super) fn under(mut self, conditions: &[String]) -> Run {
        let new: Vec<String> =
            conditions.iter().filter(|one| !self.conditions.contains(one)).cloned().collect();
        self.conditions.splice(0..0, new);
        self
    }

    /// Its text, semicolons included.
    pub(super) fn text(&self) -> String {
        if self.conditions.is_empty() && self.is_block {
            return block(&self.body.iter().map(|sql| format!("  {sql};\n")).collect::<String>());
        }
        if self.conditions.is_empty() {
            return self.body.iter().map(|sql| format!("{sql};\n")).collect();
        }
        let body: String = self.body.iter().map(|sql| format!("    {sql};\n")).collect();
        let condition = self.conditions.join("\n    AND ");
        block(&format!("  IF {condition} THEN\n{body}  END IF;\n"))
    }
}

/// `DO` with a tag that the body does not have.
fn block(body: &str) -> String {
    let tags = std::iter::once("$$".to_owned()).chain((0..).map(|n| format!("$cutover{n}$")));
    let tag = tags.into_iter().find(|tag| !body.contains(tag.as_str())).unwrap_or_default();
    format!("DO {tag}\nBEGIN\n{body}END\n{tag};\n")
}

/// The relation's oid, or NULL.
fn relation(schema: &str, name: &str) -> String {
    format!("pg_catalog.to_regclass({})", literal(&qualified(schema, name)))
}

/// There is such a relation.
pub(super) fn has_relation(schema: &str, name: &str) -> String {
    format!("{} IS NOT NULL", relation(schema, name))
}

/// There is no such relation.
pub(super) fn lacks_relation(schema: &str, name: &str) -> String {
    format!("{} IS NULL", relation(schema, name))
}

/// The table has the column.
pub(super) fn has_column(schema: &str, table: &str, column: &str) -> String {
    format!("EXISTS ({})", column_row(schema, table, column))
}

/// The table has no such column.
pub(super) fn lacks_column(schema: &str, table: &str, column: &str) -> String {
    format!("NOT EXISTS ({})", column_row(schema, table, column))
}

/// The column has this type, as `format_type` spells it.
pub(super) fn column_is(schema: &str, table: &str, column: &str, pg: &str) -> String {
    let row = column_row(schema, table, column);
    format!("EXISTS ({row} AND pg_catalog.format_type(atttypid, atttypmod) = {})", literal(&spelled(pg)))
}

/// The column is no identity.
pub(super) fn is_no_identity(schema: &str, table: &str, column: &str) -> String {
    format!("EXISTS ({} AND attidentity = '')", column_row(schema, table, column))
}

fn column_row(schema: &str, table: &str, column: &str) -> String {
    let (relation, name) = (relation(schema, table), literal(column));
    format!(
        "SELECT FROM pg_catalog.pg_attribute WHERE attrelid = {relation} AND attname = {name} AND NOT attisdropped"
    )
}

/// The table has the constraint.
pub(super) fn has_constraint(schema: &str, table: &str, name: &str) -> String {
    format!("EXISTS ({})", constraint_row(schema, table, name))
}

/// The table has no such constraint.
pub(super) fn lacks_constraint(schema: &str, table: &str, name: &str) -> String {
    format!("NOT EXISTS ({})", constraint_row(schema, table, name))
}

fn constraint_row(schema: &str, table: &str, name: &str) -> String {
    let (relation, name) = (relation(schema, table), literal(name));
    format!("SELECT FROM pg_catalog.pg_constraint WHERE conrelid = {relation} AND conname = {name}")
}

/// A type of ours as `format_type` spells it.
fn spelled(pg: &str) -> String {
    let is_bare = |word: &str| pg == word || pg.strip_prefix(word).is_some_and(|rest| rest.starts_with('('));
    match pg.ends_with("zone") {
        false if is_bare("timestamp") || is_bare("time") => format!("{pg} without time zone"),
        _ => pg.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_ends_where_it_is_meant_to() {
        assert_eq!(Run::always("SELECT 1").text(), "SELECT 1;\n");
        let run = Run::when("a".to_owned(), vec!["SELECT '$$'".to_owned()])
            .under(&["b".to_owned(), "a".to_owned()]);
        assert_eq!(
            run.text(),
            "DO $cutover0$\nBEGIN\n  IF b\n    AND a THEN\n    SELECT '$$';\n  END IF;\nEND\n$cutover0$;\n"
        );
    }

    #[test]
    fn types_are_spelled_as_the_server_does() {
        for (ours, theirs) in [
            ("timestamp", "timestamp without time zone"),
            ("time(3)", "time(3) without time zone"),
            ("timestamp(3) with time zone", "timestamp(3) with time zone"),
            ("numeric(14,6)", "numeric(14,6)"),
        ] {
            assert_eq!(spelled(ours), theirs);
        }
    }
}
