//! What a query's columns are called, and what they are to the query around it.

use super::Rendered;
use super::known::Field;
use crate::plan::translate::{Reason, ScopeColumn};

/// What no name in SQL is like: it stands for a column that SQLite calls by the text of its expression.
const UNNAMED: &str = "\u{1}";

/// A query's columns as the query around it sees them, and their names in the target. `given` are names that a WITH gives.
pub(super) fn fields(rendered: &Rendered, given: &[String]) -> Result<(Vec<Field>, Vec<String>), Reason> {
    if !given.is_empty() && given.len() != rendered.columns.len() {
        return Err("a WITH that names another number of columns than its query has".to_owned());
    }
    let mut names: Vec<String> = Vec::new();
    let mut fields = Vec::new();
    for (index, column) in rendered.columns.iter().enumerate() {
        let wanted = given.get(index).unwrap_or(&column.source);
        let named = !wanted.is_empty();
        let source = if named { free(wanted, &names) } else { format!("{UNNAMED}{index}") };
        // Of a subquery's columns nothing is seen outside, so a number will do.
        let target = format!("c{}", index + 1);
        let column = Ok(ScopeColumn { source: source.clone(), target, ..column.clone() });
        let name = named.then(|| source.clone());
        let shown = rendered.shown[index].clone().filter(|_| source == rendered.columns[index].source);
        fields.push(Field { name, column, shown, computed: rendered.computed[index] });
        names.push(source);
    }
    let targets = (1..=fields.len()).map(|number| format!("c{number}")).collect();
    Ok((fields, targets))
}

/// SQLite's name for a column where another one has that name already (`sqlite3ColumnsFromExprList`).
fn free(wanted: &str, names: &[String]) -> String {
    let taken = |name: &String| names.iter().any(|other| other.eq_ignore_ascii_case(name));
    let base = match wanted.rsplit_once(':') {
        Some((base, digits)) if digits.bytes().all(|byte| byte.is_ascii_digit()) => base,
        _ => wanted,
    };
    let (mut name, mut number) = (wanted.to_owned(), 1);
    while taken(&name) {
        name = format!("{base}:{number}");
        number += 1;
    }
    name
}
