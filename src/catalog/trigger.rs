//! Triggers that do one thing to the table that they watch: `AFTER UPDATE ON t … BEGIN UPDATE t SET … WHERE …; END`.

use super::expr::Expr;
use super::read::{self, unquote};
use sqlite3_parser::ast::{Set, Stmt, TriggerCmd, TriggerEvent, TriggerTime};

/// What such a trigger says.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateTrigger {
    /// the table that it watches
    pub table: String,
    /// UPDATE OF; empty for every column
    pub of: Vec<String>,
    /// WHEN
    pub when: Option<Expr>,
    /// SET: columns and their values
    pub sets: Vec<(String, Expr)>,
    /// WHERE
    pub filter: Expr,
}

/// What a trigger is.
#[derive(Debug, Clone, PartialEq)]
pub enum Trigger {
    /// one UPDATE of its own table after an UPDATE
    Update(UpdateTrigger),
    /// something else on an UPDATE of the table
    OnUpdate(String),
    /// anything else
    Other,
}

/// Reads a CREATE TRIGGER statement.
///
/// # Errors
/// The parser's own sentence.
pub fn read(sql: &str) -> Result<Trigger, String> {
    read::with_object(sql, |statement| match statement {
        Stmt::CreateTrigger { time, event, tbl_name, when_clause, commands, .. } => {
            let table = unquote(tbl_name.name.0);
            let of = match event {
                TriggerEvent::Update => Vec::new(),
                TriggerEvent::UpdateOf(names) => names.iter().map(|name| unquote(name.0)).collect(),
                _ => return Ok(Trigger::Other),
            };
            let [command] = commands else { return Ok(Trigger::OnUpdate(table)) };
            let when = when_clause.as_ref().map(read::expr).transpose()?;
            match one_update(command, &table)? {
                Some((sets, filter)) if matches!(time, Some(TriggerTime::After)) => {
                    Ok(Trigger::Update(UpdateTrigger { table, of, when, sets, filter }))
                }
                _ => Ok(Trigger::OnUpdate(table)),
            }
        }
        _ => Err("not a CREATE TRIGGER statement".to_owned()),
    })
}

/// SET: columns and their values.
type Sets = Vec<(String, Expr)>;

fn one_update(command: &TriggerCmd<'_>, table: &str) -> Result<Option<(Sets, Expr)>, String> {
    let TriggerCmd::Update { or_conflict: None, tbl_name, sets, from: None, where_clause: Some(filter) } =
        command
    else {
        return Ok(None);
    };
    if !unquote(tbl_name.name.0).eq_ignore_ascii_case(table) {
        return Ok(None);
    }
    let one = |set: &Set<'_>| -> Result<Option<(String, Expr)>, String> {
        match set.col_names.iter().collect::<Vec<_>>().as_slice() {
            [name] => Ok(Some((unquote(name.0), read::expr(&set.expr)?))),
            _ => Ok(None),
        }
    };
    let sets: Option<Vec<_>> = sets.iter().map(one).collect::<Result<_, _>>()?;
    let filter = read::expr(filter)?;
    Ok(sets.map(|sets| (sets, filter)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_form_is_read_and_others_are_told_apart() {
        let found = read(
            "CREATE TRIGGER touch AFTER UPDATE OF a, \"b\" ON [T] FOR EACH ROW WHEN NEW.a <> OLD.a \
             BEGIN UPDATE t SET changed = CURRENT_TIMESTAMP WHERE id = NEW.id; END",
        );
        let Ok(Trigger::Update(found)) = found else { panic!("{found:?}") };
        assert_eq!((found.table.as_str(), found.of.as_slice()), ("T", &["a".to_owned(), "b".to_owned()][..]));
        assert!(found.when.is_some() && found.sets[0].0 == "changed");
        for (sql, expected) in [
            ("CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END", Trigger::Other),
            (
                "CREATE TRIGGER x BEFORE UPDATE ON t BEGIN UPDATE t SET a = 1 WHERE id = NEW.id; END",
                Trigger::OnUpdate("t".to_owned()),
            ),
            (
                "CREATE TRIGGER x AFTER UPDATE ON t BEGIN UPDATE u SET a = 1 WHERE id = NEW.id; END",
                Trigger::OnUpdate("t".to_owned()),
            ),
            (
                "CREATE TRIGGER x AFTER UPDATE ON t BEGIN UPDATE t SET a = 1; END",
                Trigger::OnUpdate("t".to_owned()),
            ),
        ] {
            assert_eq!(read(sql), Ok(expected), "{sql}");
        }
        assert!(read("CREATE TABLE t(a)").is_err());
    }
}
