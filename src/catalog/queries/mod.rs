//! A file of an application's own queries, to be run on both sides (docs/verify.md, "The application's own queries").
//!
//! Statements end with `;`, and are SQLite's. Comments before one may say more of it: `name:`, `params:` (a row of JSON
//! values; several rows are several runs), `postgres:` and `sqlite:` (its spelling there), `order: any`.

mod marks;

use super::script::{Piece, split};
use crate::counts::plural;
use crate::value::Param;
use marks::Words;
use serde_json::Value;

/// One query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// `name:`, else `query N`
    pub name: String,
    /// the line where its statement begins, from 1
    pub line: usize,
    /// in SQLite's words
    pub sqlite: String,
    /// in PostgreSQL's words, with `$1` for its parameters
    pub postgres: String,
    /// values of the parameters, a row for each run; at least one row
    pub params: Vec<Vec<Param>>,
    /// the order of its rows counts
    pub ordered: bool,
}

/// What is wrong with a file, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// line, from 1
    pub line: usize,
    /// in words
    pub what: String,
}

/// Reads a file of queries.
///
/// # Errors
/// The first mistake.
pub fn parse(text: &str) -> Result<Vec<Query>, Mistake> {
    let (pieces, rest) = split(text);
    let mut queries: Vec<Query> = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        let mistake = |what: String| Mistake { line: piece.line, what };
        let query = query(piece, i + 1).map_err(mistake)?;
        if queries.iter().any(|other| other.name == query.name) {
            return Err(mistake(format!("a second query is called \"{}\"", query.name)));
        }
        queries.push(query);
    }
    let line = text.lines().count();
    match queries.is_empty() {
        true => Err(Mistake { line, what: "there is no query in it".to_owned() }),
        false if directives(&rest).next().is_some() => {
            Err(Mistake { line, what: "what stands at its end belongs to no query".to_owned() })
        }
        false => Ok(queries),
    }
}

/// Words that say something of the query that follows.
const DIRECTIVES: [&str; 5] = ["name", "params", "postgres", "sqlite", "order"];

/// What comments say, by directive; a line that is none continues the spelling before it.
fn directives(comments: &[Option<String>]) -> impl Iterator<Item = (&'static str, String)> {
    let mut found: Vec<(&'static str, String)> = Vec::new();
    let mut open = false;
    for comment in comments {
        let Some(line) = comment else {
            open = false;
            continue;
        };
        let begun = line.split_once(':').and_then(|(word, rest)| {
            let word = DIRECTIVES.iter().find(|known| **known == word.trim())?;
            Some((*word, rest.trim().to_owned()))
        });
        match (begun, found.last_mut()) {
            (Some((word, rest)), _) => {
                open = matches!(word, "postgres" | "sqlite");
                found.push((word, rest));
            }
            (None, Some((_, text))) if open => {
                text.push('\n');
                text.push_str(line);
            }
            _ => {}
        }
    }
    found.into_iter()
}

fn query(piece: &Piece, number: usize) -> Result<Query, String> {
    let (mut name, mut rows, mut order) = (None, Vec::new(), None);
    let (mut postgres, mut sqlite) = (None, None);
    for (word, text) in directives(&piece.comments) {
        let place = match word {
            "params" => {
                rows.push(text);
                continue;
            }
            "name" => &mut name,
            "order" => &mut order,
            "postgres" => &mut postgres,
            _ => &mut sqlite,
        };
        if text.is_empty() || place.replace(text.trim_end_matches(';').trim_end().to_owned()).is_some() {
            return Err(format!("`{word}:` is empty, or there twice"));
        }
    }
    let ordered = order.as_deref().map(is_ordered).transpose()?;
    let sqlite = sqlite.unwrap_or_else(|| piece.sql.clone());
    let names = marks::marks(&sqlite).1;
    let postgres = match postgres {
        Some(text) => marks::named(&text, &names),
        // Where only SQLite's spelling is given, the statement itself is PostgreSQL's.
        None if sqlite != piece.sql => marks::named(&piece.sql, &names),
        None => marks::numbered(&sqlite),
    };
    for (text, words) in [(&sqlite, Words::Sqlite), (&postgres, Words::Postgres)] {
        if !marks::is_query(text, words) {
            return Err("it is no query: SELECT, WITH or VALUES comes first".to_owned());
        }
    }
    let params = rows.iter().map(|row| params(row, &names)).collect::<Result<Vec<_>, _>>()?;
    if params.is_empty() && !names.is_empty() {
        let count = plural(names.len() as u64, "parameter");
        return Err(format!("it has {count}, and `params:` is not there"));
    }
    Ok(Query {
        name: name.unwrap_or_else(|| format!("query {number}")),
        line: piece.line,
        ordered: ordered.unwrap_or_else(|| marks::is_ordered(&sqlite)),
        params: if params.is_empty() { vec![Vec::new()] } else { params },
        sqlite,
        postgres,
    })
}

fn is_ordered(word: &str) -> Result<bool, String> {
    match word {
        "any" => Ok(false),
        "kept" => Ok(true),
        _ => Err("`order:` is `any` or `kept`".to_owned()),
    }
}

/// One row of values: an array by number, or an object by name.
fn params(text: &str, names: &[Option<String>]) -> Result<Vec<Param>, String> {
    let count = names.len();
    let wrong = |found: usize, noun: &str| {
        let (found, count) = (plural(found as u64, noun), plural(count as u64, "parameter"));
        Err(format!("`params:` has {found} for {count}"))
    };
    match serde_json::from_str(text) {
        Ok(Value::Array(values)) if values.len() == count => Ok(values.iter().map(param).collect()),
        Ok(Value::Array(values)) => wrong(values.len(), "value"),
        Ok(Value::Object(values)) if values.len() == count => names
            .iter()
            .map(|name| {
                let name = name.as_deref().ok_or("a parameter without a name takes `params: […]`")?;
                values.get(name).map(param).ok_or_else(|| format!("`params:` has no \"{name}\""))
            })
            .collect(),
        Ok(Value::Object(values)) => wrong(values.len(), "name"),
        // The parser's own words may quote a value.
        _ => Err("`params:` is neither an array nor an object in JSON".to_owned()),
    }
}

fn param(value: &Value) -> Param {
    match value {
        Value::Null => Param::Null,
        Value::Bool(flag) => Param::Flag(*flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Param::Integer(integer),
            (None, Some(real)) => Param::Real(real),
            (None, None) => Param::Text(number.to_string()),
        },
        Value::String(text) => Param::Text(text.clone()),
        other => Param::Text(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read() {
        let text = "-- The dashboard's.\n\n-- name: open ones\n-- params: [\"open\", 5]\n-- params: [null, 1.5]\n\
            SELECT a FROM t WHERE s = ? AND n > ?; \n\n-- postgres: SELECT date_trunc('month', d)\n--   FROM t WHERE x = :x;\n\
            -- params: {\"x\": true}\nSELECT strftime('%Y-%m', d) FROM t WHERE x = :x ORDER BY 1;\n\
            -- order: any\nSELECT 1 ORDER BY 1";
        let queries = parse(text).unwrap();
        assert_eq!(queries.len(), 3);
        assert_eq!((queries[0].name.as_str(), queries[0].line, queries[0].ordered), ("open ones", 6, false));
        assert_eq!(queries[0].postgres, "SELECT a FROM t WHERE s = $1 AND n > $2");
        assert_eq!(queries[0].params[1], [Param::Null, Param::Real(1.5)]);
        assert_eq!(queries[1].postgres, "SELECT date_trunc('month', d)\nFROM t WHERE x = $1");
        assert_eq!((queries[1].name.as_str(), queries[1].ordered), ("query 2", true));
        assert_eq!(queries[1].params, [[Param::Flag(true)]]);
        assert!(!queries[2].ordered);
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        for (text, what) in [
            ("", "no query"),
            ("\nDELETE FROM t", "no query:"),
            ("SELECT ?", "1 parameter,"),
            ("-- params: [1]\nSELECT 1", "1 value for 0"),
            ("-- params: {\"b\": 1}\nSELECT :a", "no \"a\""),
            ("-- params: nonsense\nSELECT ?", "JSON"),
            ("-- name: a\nSELECT 1;\n-- name: a\nSELECT 2", "second query"),
            ("-- order: up\nSELECT 1", "`any` or `kept`"),
            ("-- name: a\n-- name: b\nSELECT 1", "twice"),
            ("SELECT 1; -- name: lost", "belongs to no query"),
            ("-- postgres: COMMIT\nSELECT 1", "no query:"),
        ] {
            let mistake = parse(text).unwrap_err();
            assert!(mistake.what.contains(what), "{text}: {mistake:?}");
        }
        assert_eq!(parse("\n\nDELETE FROM t").unwrap_err().line, 3);
    }
}
