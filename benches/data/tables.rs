//! The three large tables: narrow rows, wide rows, log lines. Each is filled through one prepared statement.

use super::random::Random;
use jiff::Timestamp;
use rusqlite::{Connection, Result, Statement, ToSql};

/// Rows of `narrow` at scale 1.
pub(crate) const NARROW_ROWS: f64 = 10_000_000.0;
/// Rows of `wide` at scale 1.
pub(crate) const WIDE_ROWS: f64 = 500_000.0;
/// Rows of `logs` at scale 1.
pub(crate) const LOG_ROWS: f64 = 3_000_000.0;

/// Seconds since 1970 at which the first row's time is.
const EPOCH: i64 = 1_700_000_000;

/// Rows at `scale`, at least one.
pub(crate) fn scaled(rows: f64, scale: f64) -> i64 {
    ((rows * scale).round() as i64).max(1)
}

/// The next row's cells, bound one after the other.
pub(crate) struct Row<'s, 'c> {
    statement: &'s mut Statement<'c>,
    bound: usize,
}

impl Row<'_, '_> {
    pub(crate) fn put(&mut self, cell: impl ToSql) -> Result<()> {
        self.bound += 1;
        self.statement.raw_bind_parameter(self.bound, cell)
    }
}

/// Inserts rows 1 to `count` into a table of so many columns.
pub(crate) fn insert(
    db: &Connection,
    table: &str,
    columns: usize,
    count: i64,
    mut cells: impl FnMut(i64, &mut Row<'_, '_>) -> Result<()>,
) -> Result<()> {
    let places = vec!["?"; columns].join(", ");
    let mut statement = db.prepare(&format!("INSERT INTO {table} VALUES ({places})"))?;
    for number in 1..=count {
        cells(number, &mut Row { statement: &mut statement, bound: 0 })?;
        statement.raw_execute()?;
    }
    Ok(())
}

/// Four columns: where the cost of a row outweighs that of its bytes.
pub(crate) fn narrow(db: &Connection, rows: i64) -> Result<()> {
    db.execute_batch("CREATE TABLE narrow (id INTEGER PRIMARY KEY, a INTEGER NOT NULL, b INTEGER, c REAL)")?;
    let random = &mut Random::new(1);
    insert(db, "narrow", 4, rows, |i, row| {
        row.put(i)?;
        row.put(random.below(1_000_000))?;
        row.put((i % 10 != 0).then(|| random.next().cast_signed() / 1000))?;
        row.put(random.below(1_000_000) as f64 / 997.0)
    })
}

const WIDE: &str = "CREATE TABLE wide (
  id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT NOT NULL UNIQUE, status TEXT NOT NULL, title TEXT, address TEXT,
  n1 INTEGER, n2 INTEGER, n3 INTEGER, n4 INTEGER, n5 INTEGER, n6 INTEGER, n7 INTEGER, n8 INTEGER, n9 INTEGER,
  r1 REAL, r2 REAL, r3 REAL, r4 REAL, r5 REAL, r6 REAL, r7 REAL, r8 REAL,
  t1 TEXT, t2 TEXT, t3 TEXT, t4 TEXT, t5 TEXT, t6 TEXT, t7 TEXT, t8 TEXT,
  created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP, ended_at TEXT, durations TEXT, details TEXT,
  flag1 INTEGER DEFAULT 0, flag2 INTEGER DEFAULT 0, hour INTEGER, day INTEGER, empty1 TEXT, version TEXT)";

/// Forty columns of all kinds, a unique key and two indexes.
pub(crate) fn wide(db: &Connection, rows: i64) -> Result<()> {
    db.execute_batch(WIDE)?;
    let random = &mut Random::new(2);
    insert(db, "wide", 40, rows, |i, row| {
        row.put(i)?;
        wide_texts(random, i, row)?;
        wide_numbers(random, i, row)?;
        wide_words(i, row)?;
        wide_rest(i, row)
    })?;
    db.execute_batch(
        "CREATE INDEX wide_status ON wide (status); CREATE INDEX wide_created ON wide (created_at DESC)",
    )
}

fn wide_texts(random: &mut Random, i: i64, row: &mut Row<'_, '_>) -> Result<()> {
    row.put(format!("code-{:016X}", random.next()))?;
    row.put(if i % 5 == 0 { "failed" } else { "completed" })?;
    row.put(format!("A title that says what was asked for in item {i}"))?;
    row.put(format!("https://example.org/items/{}", i % 5000))
}

fn wide_numbers(random: &mut Random, i: i64, row: &mut Row<'_, '_>) -> Result<()> {
    for integer in [i % 5000, 8, i % 4] {
        row.put(integer)?;
    }
    for bound in [100_000, 100_000, 100_000, 400_000] {
        row.put(random.below(bound))?;
    }
    row.put(i % 7200)?;
    row.put(i % 60)?;
    row.put((i % 100) as f64 / 100.0)?;
    for _ in 0..2 {
        row.put((random.below(20_000) - 10_000) as f64 / 1000.0)?;
    }
    for (modulus, divisor) in [(1000, 10.0), (90, 90.0), (80, 80.0), (70, 70.0), (60, 60.0)] {
        row.put((i % modulus) as f64 / divisor)?;
    }
    Ok(())
}

fn wide_words(i: i64, row: &mut Row<'_, '_>) -> Result<()> {
    for word in ["plan", "build", "test"] {
        row.put(word)?;
    }
    row.put((i % 5 == 0).then(|| format!("Error: step {} went wrong", i % 9)))?;
    row.put("medium")?;
    row.put("high")?;
    row.put(format!("model-{}", i % 3))?;
    row.put(None::<i64>)
}

fn wide_rest(i: i64, row: &mut Row<'_, '_>) -> Result<()> {
    let begin = EPOCH + i * 60;
    row.put(moment(begin * 1000, "%Y-%m-%d %H:%M:%S"))?;
    row.put(moment((begin + i % 7200) * 1000, "%Y-%m-%d %H:%M:%S"))?;
    row.put(format!(r#"{{"plan":{},"build":{},"test":{},"review":{}}}"#, i % 100, i % 300, i % 200, i % 50))?;
    let third = i as f64 / 3.0;
    row.put(format!(r#"{{"title":"Item {i}","labels":["a","b","c"],"nested":{{"x":{i},"y":{third:?}}}}}"#))?;
    for integer in [i % 2, 1, i % 24, i % 7] {
        row.put(integer)?;
    }
    row.put(None::<i64>)?;
    row.put("1.0")
}

/// Lines with letters beyond ASCII and a blob of 0 to 200 bytes, each of one of the `parents` rows of `wide`.
pub(crate) fn logs(db: &Connection, rows: i64, parents: i64) -> Result<()> {
    db.execute_batch(
        "CREATE TABLE logs (id INTEGER PRIMARY KEY, wide_id INTEGER NOT NULL REFERENCES wide (id), at TEXT NOT NULL,
           level TEXT, message TEXT, payload BLOB)",
    )?;
    let (random, bytes) = (&mut Random::new(3), &mut Vec::new());
    insert(db, "logs", 6, rows, |i, row| {
        row.put(i)?;
        row.put(1 + i % parents)?;
        row.put(moment(EPOCH * 1000 + i * 6123, "%Y-%m-%dT%H:%M:%S%.3fZ"))?;
        row.put(if i % 4 == 0 { "DEBUG" } else { "INFO" })?;
        row.put(message(random, i))?;
        random.fill(bytes, (i % 201) as usize);
        row.put(bytes.as_slice())
    })?;
    db.execute_batch("CREATE INDEX logs_wide ON logs (wide_id, at)")
}

/// Between about 80 and 160 bytes.
fn message(random: &mut Random, i: i64) -> String {
    let mut text = format!("What happened at step {i} — naïve café ☕ ");
    for _ in 0..3 + i % 5 {
        text.push_str(&format!("{:016X}", random.next()));
    }
    text
}

/// A moment in milliseconds since 1970, in UTC.
fn moment(milliseconds: i64, form: &str) -> String {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default().strftime(form).to_string()
}
