//! The two servers' answers to one expression, row by row, compared in SQLite's domain (semantics.md §6.1).

use super::compare::{is_column, only_as_it_is, read_as, rendered, same, shown};
use crate::levels::Cell;
use crate::support::postgres::{Database, query};
use cutover::catalog::expr::Expr;
use cutover::catalog::read::expression;
use cutover::plan::translate::{self, Reason, Scope, Translated};
use cutover::plan::types::{Codec, Mapping, PgType};
use rusqlite::types::ValueRef;

/// Settings that nobody chose for our statements: what is made must mean the same under any of them.
pub(super) const SESSION: &str =
    "SET TimeZone = 'Asia/Kolkata'; SET DateStyle = 'SQL, DMY'; SET bytea_output = 'escape';
    SET IntervalStyle = 'sql_standard'; SET extra_float_digits = 1; ";

/// A number that is too large for the target's type: numeric_value_out_of_range.
pub(super) const OVERFLOW: &str = "22003";

/// Expressions in one statement.
const BATCH: usize = 50;

/// Evaluates an expression in each row on its own, since one row's error is the whole statement's.
pub(super) const TRIED: &str = "CREATE SCHEMA judge;
    CREATE FUNCTION judge.tried(source text, expression text) RETURNS TABLE (place bigint, answer text, failed text)
    LANGUAGE plpgsql AS $$ BEGIN
      FOR place IN EXECUTE 'SELECT id FROM ' || source || ' ORDER BY id' LOOP
        answer := NULL; failed := NULL;
        BEGIN
          EXECUTE 'SELECT ' || expression || ' FROM ' || source || ' WHERE id = ' || place INTO answer;
        EXCEPTION WHEN OTHERS THEN failed := SQLSTATE || ': ' || SQLERRM;
        END;
        RETURN NEXT;
      END LOOP;
    END $$";

/// What a translation is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Role {
    Value,
    Condition,
    Check,
    /// a key of an index: which rows have the same one
    Key,
    /// and in which order they are
    Order,
}

impl Role {
    pub(super) fn translate(self, expr: &Expr, scope: &Scope<'_>) -> Result<Translated, Reason> {
        match self {
            Role::Value => translate::value(expr, scope),
            Role::Condition => translate::condition(expr, scope),
            Role::Check => translate::check(expr, scope),
            Role::Key | Role::Order => translate::index_key(expr, scope),
        }
    }

    /// All rows are needed for the answer in one.
    fn is_of_all(self) -> bool {
        matches!(self, Role::Key | Role::Order)
    }

    /// What is asked of SQLite.
    fn of_sqlite(self, sql: &str) -> String {
        match self {
            Role::Value => format!("({sql})"),
            Role::Condition => format!("CASE WHEN ({sql}) THEN 1 ELSE 0 END"),
            Role::Check => format!("CASE WHEN NOT ({sql}) THEN 0 ELSE 1 END"),
            Role::Key => format!("min(id) OVER (PARTITION BY {sql})"),
            Role::Order => format!("dense_rank() OVER (ORDER BY {sql})"),
        }
    }

    /// The same of PostgreSQL, as text.
    fn of_target(self, translated: &Translated) -> String {
        let sql = &translated.sql;
        match self {
            Role::Value => rendered(&format!("({sql})"), &translated.mapping),
            Role::Condition => format!("(CASE WHEN ({sql}) THEN 1 ELSE 0 END)::text"),
            Role::Check => format!("(CASE WHEN (({sql}) IS NOT FALSE) THEN 1 ELSE 0 END)::text"),
            Role::Key => format!("(min(id) OVER (PARTITION BY ({sql})))::text"),
            Role::Order => format!("(dense_rank() OVER (ORDER BY ({sql}) NULLS FIRST))::text"),
        }
    }
}

/// An expression and its translation.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    pub(super) sql: String,
    pub(super) translated: Translated,
}

/// What became of an expression in one row.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    Agree,
    /// SQLite itself gives an error
    None,
    /// a number beyond the target's type, which a note said beforehand
    Noted,
    /// what SQLite gives, what PostgreSQL does
    Disagree(String, String),
}

/// The two sides of one table.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    pub(super) sqlite: &'a rusqlite::Connection,
    pub(super) database: &'a Database,
    /// the table with its alias, if it has one
    pub(super) from: String,
    /// its key, with the table's name, which no other output column has
    pub(super) key: String,
}

/// A column of answers: one for each row.
type Answers<T> = Vec<Result<T, String>>;

impl Judge<'_> {
    /// The verdicts for each of `pairs`, row by row.
    pub(super) fn verdicts(&self, role: Role, pairs: &[Pair]) -> Vec<Vec<Verdict>> {
        let mut all = Vec::new();
        for pairs in pairs.chunks(BATCH) {
            let left: Vec<String> = pairs.iter().map(|pair| role.of_sqlite(&pair.sql)).collect();
            let right: Vec<String> = pairs.iter().map(|pair| role.of_target(&pair.translated)).collect();
            let answers = self.sqlite_answers(role, &left).into_iter().zip(self.target_answers(role, &right));
            for (pair, (left, right)) in pairs.iter().zip(answers) {
                let verdict = |(left, right)| verdict(role, &pair.translated, left, right);
                all.push(left.into_iter().zip(right).map(verdict).collect());
            }
        }
        all
    }

    pub(super) fn sqlite_answers(&self, role: Role, expressions: &[String]) -> Vec<Answers<Cell>> {
        let (from, key) = (&self.from, &self.key);
        let together = format!("SELECT {} FROM {from} ORDER BY {key}", expressions.join(", "));
        if let Ok(rows) = cells(self.sqlite, &together) {
            return (0..expressions.len())
                .map(|at| rows.iter().map(|row| Ok(row[at].clone())).collect())
                .collect();
        }
        let rows = cells(self.sqlite, &format!("SELECT {key} FROM {from} ORDER BY {key}"))
            .expect("the table's keys");
        let ids: Vec<i64> = rows
            .iter()
            .filter_map(|row| match row[0] {
                Cell::Integer(id) => Some(id),
                _ => None,
            })
            .collect();
        let alone = |expression: &String| match cells(
            self.sqlite,
            &format!("SELECT {expression} FROM {from} ORDER BY {key}"),
        ) {
            Ok(rows) => rows.into_iter().map(|mut row| Ok(row.swap_remove(0))).collect(),
            Err(error) if role.is_of_all() => vec![Err(error); ids.len()],
            Err(_) => {
                let one = |id: &i64| {
                    let rows =
                        cells(self.sqlite, &format!("SELECT {expression} FROM {from} WHERE {key} = {id}"))?;
                    Ok(rows[0][0].clone())
                };
                ids.iter().map(one).collect()
            }
        };
        expressions.iter().map(alone).collect()
    }

    fn target_answers(&self, role: Role, expressions: &[String]) -> Vec<Answers<Option<String>>> {
        let (from, key) = (&self.from, &self.key);
        let url = self.database.url();
        let together = format!("{SESSION}SELECT {} FROM {from} ORDER BY {key}", expressions.join(", "));
        if let Ok(rows) = query(&url, &together) {
            return (0..expressions.len())
                .map(|at| rows.iter().map(|row| Ok(row[at].clone())).collect())
                .collect();
        }
        let alone = |expression: &String| {
            let sql = if role.is_of_all() {
                format!("{SESSION}SELECT {expression}, NULL FROM {from} ORDER BY {key}")
            } else {
                let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
                format!(
                    "{SESSION}SELECT answer, failed FROM judge.tried({}, {}) ORDER BY place",
                    quoted(from),
                    quoted(expression)
                )
            };
            match query(&url, &sql) {
                Ok(rows) => rows
                    .into_iter()
                    .map(|mut row| match row.pop().flatten() {
                        Some(failed) => Err(failed),
                        None => Ok(row.pop().flatten()),
                    })
                    .collect(),
                Err(error) => self
                    .database
                    .rows(&format!("SELECT {key} FROM {from}"))
                    .iter()
                    .map(|_| Err(error.clone()))
                    .collect(),
            }
        };
        expressions.iter().map(alone).collect()
    }
}

impl Judge<'_> {
    /// Translations whose type is not the one that they say.
    pub(super) fn mistyped(&self, pairs: &[Pair]) -> Vec<String> {
        let mut all = Vec::new();
        for pairs in pairs.chunks(BATCH) {
            let types: Vec<String> = pairs
                .iter()
                .map(|pair| format!("format_type(pg_typeof({})::oid, NULL)", pair.translated.sql))
                .collect();
            let from = &self.from;
            // An error is told as a result, row by row.
            let Ok(rows) = query(
                &self.database.url(),
                &format!("{SESSION}SELECT {} FROM {from} WHERE {} = 1", types.join(", "), self.key),
            ) else {
                continue;
            };
            for (pair, found) in pairs.iter().zip(&rows[0]) {
                let (found, said) =
                    (found.as_deref().unwrap_or_default(), pair.translated.mapping.pg.to_string());
                let bare = said.split('(').next().unwrap_or_default();
                // A constant's type is decided where it stands, and a bounded text is a text.
                let is_text = bare == "text" && ["unknown", "character varying"].contains(&found);
                if !found.starts_with(bare) && !is_text {
                    all.push(format!(
                        "{}\n    is {}\n    of type {found}, not {said}",
                        pair.sql, pair.translated.sql
                    ));
                }
            }
        }
        all
    }
}

/// All rows of a query.
pub(super) fn cells(sqlite: &rusqlite::Connection, sql: &str) -> Result<Vec<Vec<Cell>>, String> {
    let mut statement = sqlite.prepare(sql).map_err(|error| error.to_string())?;
    let count = statement.column_count();
    let mut rows = statement.query([]).map_err(|error| error.to_string())?;
    let mut all = Vec::new();
    while let Some(row) = rows.next().map_err(|error| error.to_string())? {
        all.push((0..count).map(|at| cell(row.get_ref(at).expect("a column"))).collect());
    }
    Ok(all)
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Null,
        ValueRef::Integer(integer) => Cell::Integer(integer),
        ValueRef::Real(real) => Cell::Real(real.to_bits()),
        ValueRef::Text(bytes) => Cell::Text(bytes.to_vec()),
        ValueRef::Blob(bytes) => Cell::Blob(bytes.to_vec()),
    }
}

fn verdict(
    role: Role,
    translated: &Translated,
    left: Result<Cell, String>,
    right: Result<Option<String>, String>,
) -> Verdict {
    let Ok(left) = left else { return Verdict::None };
    let found = match right {
        Err(error) if error.starts_with(OVERFLOW) && !translated.notes.is_empty() => return Verdict::Noted,
        Err(error) => return Verdict::Disagree(shown(&left), format!("error {error}")),
        Ok(found) => found,
    };
    if role == Role::Value && only_as_it_is(&translated.mapping.codec) && is_column(&translated.sql) {
        return Verdict::Agree;
    }
    let exact = Mapping { pg: PgType::Int8, codec: Codec::Int };
    let mapping = if role == Role::Value { read_as(&translated.mapping) } else { exact };
    if same(&left, found.as_deref(), &mapping) {
        return Verdict::Agree;
    }
    Verdict::Disagree(shown(&left), found.map_or_else(|| "NULL".to_owned(), |found| format!("{found:?}")))
}

/// How the reason of an expression begins that is refused by a panic.
pub(super) const PANICKED: &str = "the translator panicked: ";

/// Reads and translates; the reason where it is not carried.
pub(super) fn translated(sql: &str, role: Role, scope: &Scope<'_>) -> Result<Pair, Reason> {
    let expr = expression(sql).map_err(|error| format!("not read: {sql}: {error}"))?;
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| role.translate(&expr, scope)));
    let translated = caught.map_err(|_| format!("{PANICKED}{sql}"))??;
    Ok(Pair { sql: sql.to_owned(), translated })
}
