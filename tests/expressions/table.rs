//! A table with columns of every kind that expressions may meet, moved by the built program, and what its plan says of it.

use super::pools;
use crate::support::dice::Dice;
use crate::support::flow::migrate;
use crate::support::postgres::Database;
use crate::support::sqlite::SqliteFile;
use cutover::catalog::affinity::Affinity;
use cutover::plan::translate::{Relation, Scope, ScopeColumn};
use cutover::plan::{Plan, TablePlan};
use std::fmt::Write as _;

/// Rows of a table: enough for most pairs of values of two columns to meet in some table.
pub(super) const ROWS: usize = 24;

/// What an expression is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Sort {
    Integer,
    Real,
    Text,
    Truth,
    Blob,
    Day,
    Moment,
    Json,
    Any,
}

/// A column in SQLite.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) declared: &'static str,
    pub(super) sort: Sort,
    pub(super) not_null: bool,
    /// what the configuration says of it, if anything
    configured: &'static str,
    pool: Vec<&'static str>,
}

impl Column {
    /// Its name as it may be written in an expression.
    pub(super) fn quoted(&self) -> String {
        format!("\"{}\"", self.name.replace('"', "\"\""))
    }

    fn collation(&self) -> String {
        self.declared.split("COLLATE ").nth(1).unwrap_or("BINARY").to_owned()
    }
}

/// A table's columns and rows.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    rows: Vec<Vec<&'static str>>,
}

/// Tame columns let every operator be carried; nasty ones show which must not be.
fn columns(dice: &mut Dice) -> Vec<Column> {
    use Sort::{Any, Blob, Day, Integer, Json, Moment, Real, Text, Truth};
    let mut pool = |of: &[&'static [&'static str]]| dice.pick(of).to_vec();
    let of = |name, declared, sort, pool: Vec<&'static str>| Column {
        name,
        declared,
        sort,
        not_null: false,
        configured: "",
        pool,
    };
    let mut all = vec![
        of("i", "INTEGER", Integer, pools::SMALL.to_vec()),
        of("Big", "BIGINT", Integer, pool(&[pools::INTEGERS, pools::SMALL])),
        of("flag", "BOOLEAN", Truth, vec!["0", "1"]),
        of("on_off", "INTEGER", Truth, vec!["0", "1"]),
        of("r", "REAL", Real, pool(&[pools::QUARTERS, pools::FINITE])),
        of("wild", "DOUBLE", Real, pools::REALS.to_vec()),
        of("s", "TEXT", Text, pools::WORDS.to_vec()),
        of("w", "VARCHAR(400)", Text, pools::TEXTS.to_vec()),
        of("É t", "TEXT", Text, pools::TEXTS.to_vec()),
        of("nc", "TEXT COLLATE NOCASE", Text, pools::FOLDING.to_vec()),
        of("rt", "TEXT COLLATE RTRIM", Text, pools::FOLDING.to_vec()),
        of("b", "BLOB", Blob, pools::BLOBS.to_vec()),
        of(
            "n",
            "NUMERIC",
            Real,
            pool(&[&["1", "1.5", "-2", "0.1", "100", "2.5"], pools::SMALL, pools::QUARTERS]),
        ),
        of("dec", "DECIMAL(10,2)", Real, vec!["1.25", "10", "-0.01", "99999999.99", "0", "2.5", "3.005"]),
        of("num", "INTEGER", Real, pools::NUMBERS.to_vec()),
        of(
            "u",
            "",
            Any,
            pool(&[pools::SMALL, pools::QUARTERS, pools::WORDS, pools::BLOBS, &["1", "1.0", "2.5", "3"]]),
        ),
        of("v", "", Any, pools::CLASSES.to_vec()),
        of("mix", "INTEGER", Any, pools::MIXED.to_vec()),
        of("tb", "TEXT", Any, pools::BYTES.to_vec()),
        of("d", "DATE", Day, pools::DAYS.to_vec()),
        of("at", "DATETIME", Moment, pools::MOMENTS.to_vec()),
        of(
            "z",
            "TIMESTAMP",
            Moment,
            pool(&[&["'2024-01-01 00:00:00'", "'2024-02-29 10:00:00'"], pools::MOMENTS]),
        ),
        of("clock", "TIME", Day, pools::CLOCKS.to_vec()),
        of("j", "JSON", Json, pools::DOCUMENTS.to_vec()),
        of("uid", "UUID", Text, pools::IDS.to_vec()),
        of(
            "select",
            "TEXT",
            Day,
            vec!["'2024-02-29'", "'2023-12-31'", "'now'", "''", "'2024-02-29 10:00:00'", "'x'"],
        ),
        of("ctid", "INTEGER", Integer, pools::SMALL.to_vec()),
    ];
    all.push(of("zulu", "DATETIME", Moment, pools::ZULU.to_vec()));
    all.push(of("milli", "DATETIME", Moment, pools::MILLIS.to_vec()));
    all.extend(configured(dice));
    for column in &mut all {
        column.not_null = dice.below(4) == 0;
    }
    all
}

/// Columns that a user gave another type.
fn configured(dice: &mut Dice) -> Vec<Column> {
    use Sort::{Any, Blob, Day, Integer, Json, Moment, Real, Text};
    const WHOLE: &[&str] = &[
        r#"type = "smallint""#,
        r#"type = "integer""#,
        r#"type = "numeric""#,
        r#"type = "numeric(9,1)""#,
        r#"type = "double precision""#,
        r#"type = "text""#,
        r#"encoding = "seconds""#,
    ];
    const EPOCHS: &[&str] = &[
        r#"encoding = "epoch_s""#,
        r#"type = "timestamp", encoding = "epoch_ms""#,
        r#"type = "timestamptz", encoding = "epoch_us""#,
        r#"type = "timestamptz(3)", encoding = "epoch_ms""#,
    ];
    const ZONES: &[&str] = &[
        r#"type = "timestamptz", time_zone = "Europe/Berlin""#,
        r#"type = "timestamptz", time_zone = "UTC""#,
    ];
    let small = ["0", "1", "-1", "7", "100", "32767", "-32768", "300", "9", "10"];
    let seconds = ["0", "1709251199", "-1", "253402300799", "1704067200", "86400"];
    let days = ["20240229", "19700101", "99991231", "10101", "20231231"];
    let upper = ["'550E8400-E29B-41D4-A716-446655440000'", "'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'"];
    let sixteen = ["x'550e8400e29b41d4a716446655440000'", "x'00000000000000000000000000000000'"];
    let stamps = ["'2024-02-29 23:59:59'", "'1999-12-31 12:00:00'", "'2024-07-01 00:00:00'"];
    let documents = ["'{\"a\":1,\"b\":\"x\"}'", "'[1, 2]'", "'{\"b\":null}'", "'{ \"a\" : 1.50 }'"];
    let of = |name, declared, sort, pool: &[&'static str], configured| Column {
        name,
        declared,
        sort,
        not_null: false,
        configured,
        pool: pool.to_vec(),
    };
    vec![
        of("little", "INTEGER", Integer, &small, *dice.pick(WHOLE)),
        of("since", "INTEGER", Integer, &seconds, *dice.pick(EPOCHS)),
        of("yyyy", "INTEGER", Integer, &days, r#"encoding = "yyyymmdd""#),
        of("yes", "TEXT", Text, &["'yes'", "'no'"], r#"encoding = "yes/no""#),
        of("guid", "TEXT", Text, &upper, r#"type = "uuid""#),
        of(
            "guid16",
            "BLOB",
            Blob,
            &sixteen,
            *dice.pick(&[r#"encoding = "rfc4122""#, r#"encoding = "dotnet""#]),
        ),
        of("local", "TEXT", Moment, &stamps, *dice.pick(ZONES)),
        of("day", "TEXT", Day, pools::DAYS, r#"type = "date""#),
        of("doc", "TEXT", Json, &documents, *dice.pick(&[r#"type = "json""#, r#"type = "jsonb""#])),
        of(
            "half",
            "REAL",
            Real,
            pools::QUARTERS,
            *dice.pick(&[r#"type = "real""#, r#"type = "numeric(12,3)""#]),
        ),
        of(
            "word",
            "TEXT",
            Text,
            pools::TEXTS,
            *dice.pick(&[r#"type = "varchar(300)""#, r#"type = "tagged""#, r#"type = "bytea""#]),
        ),
        of("tag", "", Any, &["1", "'1'", "2.5", "x'00'"], r#"type = "tagged""#),
        of("bit", "INTEGER", Integer, &["0", "1"], r#"type = "boolean""#),
    ]
}

impl Table {
    pub(super) fn new(dice: &mut Dice, rows: usize) -> Table {
        let columns = columns(dice);
        let mut value = |column: &Column| match dice.below(8) {
            0 if !column.not_null => "NULL",
            _ => *dice.pick(&column.pool),
        };
        let rows = (0..rows).map(|_| columns.iter().map(&mut value).collect()).collect();
        Table { columns, rows }
    }

    /// `id` and the columns, as a CREATE TABLE says them.
    pub(super) fn declarations(&self) -> String {
        let mut sql = "id INTEGER PRIMARY KEY".to_owned();
        for column in &self.columns {
            let null = if column.not_null { "NOT NULL" } else { "" };
            let _ = write!(sql, ", {} {} {null}", column.quoted(), column.declared);
        }
        sql
    }

    fn sql(&self) -> String {
        let mut sql = format!("CREATE TABLE t ({});", self.declarations());
        for (at, row) in self.rows.iter().enumerate() {
            let _ = write!(sql, "INSERT INTO t VALUES ({}, {});", at + 1, row.join(", "));
        }
        sql
    }

    /// A file that holds it, its texts in that encoding.
    pub(super) fn file(&self, encoding: &str) -> SqliteFile {
        SqliteFile::from_sql(&format!("PRAGMA encoding = '{encoding}'; {}", self.sql()))
    }

    /// `cutover.toml` for it and its copies.
    fn configuration(&self) -> String {
        let mut toml = "[tables.\"*\".columns]\n".to_owned();
        for column in self.columns.iter().filter(|column| !column.configured.is_empty()) {
            let _ = writeln!(toml, "{} = {{ {} }}", column.name, column.configured);
        }
        toml
    }

    /// Its REALs in `r` can be halved without a remainder.
    pub(super) fn has_quarters(&self) -> bool {
        self.columns.iter().any(|column| column.name == "r" && column.pool == pools::QUARTERS)
    }

    /// A row as it was written, the columns that `expression` names.
    pub(super) fn row(&self, id: usize, expression: &str) -> String {
        let folded = expression.to_lowercase();
        let cells = self.columns.iter().zip(&self.rows[id - 1]);
        let named = cells.filter(|(column, _)| names(&folded, &column.name.to_lowercase()));
        named.map(|(column, value)| format!("{} = {value}", column.name)).collect::<Vec<_>>().join(", ")
    }
}

/// Whether `name` occurs in `text` as a word.
fn names(text: &str, name: &str) -> bool {
    let word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(name)
        .any(|(at, _)| !word(text[..at].chars().next_back()) && !word(text[at + name.len()..].chars().next()))
}

/// Moves `file`, in which `table` is, into `database`; what was planned.
pub(super) fn moved(table: &Table, file: &SqliteFile, database: &Database) -> Plan {
    let toml = file.path().with_extension("toml");
    std::fs::write(&toml, table.configuration()).unwrap();
    migrate(file.path(), database, &["--config", toml.to_str().unwrap()]).ends_with(0);
    let plan = database.query_one_text("SELECT plan::text FROM cutover.source");
    serde_json::from_str(&plan).unwrap()
}

/// What an expression may name in `planned`, whose first columns are those of `table`.
pub(super) fn scope(table: &Table, planned: &TablePlan, alias: Option<&str>) -> Scope<'static> {
    let of = |name: &str| table.columns.iter().find(|column| column.name == name);
    let known = planned.columns.iter().filter(|column| column.source == "id" || of(&column.source).is_some());
    let column = |planned: &cutover::plan::ColumnPlan| ScopeColumn {
        source: planned.source.clone(),
        target: planned.target.clone(),
        mapping: planned.mapping.clone(),
        affinity: Affinity::of(&planned.declared, false),
        collation: of(&planned.source).map_or_else(|| "BINARY".to_owned(), Column::collation),
        nullable: !planned.not_null && planned.source != "id",
    };
    let relation = Relation {
        name: alias.unwrap_or(&planned.source).to_owned(),
        qualifier: alias.map(|alias| format!("\"{alias}\"")),
        columns: known.map(column).collect(),
    };
    Scope { relations: vec![relation], ..Scope::default() }
}
