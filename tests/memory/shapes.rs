//! Tables of every shape: many rows, wide rows, many tables; whole runs, runs that fail, runs that only look.

use super::{MIB, copy};
use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;
use std::fmt::Write;

/// For tables whose rows, held as a whole in any form, would take 75 MB and more: at 4 jobs, frames and page caches take 4 × (6 frames
/// of 0.8 MiB and 8 MiB), program and plan 15 MiB, and measured were 42 to 62; so a table that is held shows, which it would not below the promised 128 MiB.
const ROWS_BYTES: u64 = 96 * MIB;

/// For 1,000 tables: their plan, ledger and report grow with their number, about 40 kB each with two indexes.
const TABLES_BYTES: u64 = 112 * MIB;

/// 1.5 million rows, about 110 MB as they travel.
#[test]
fn many_narrow_rows() {
    let Some(server) = Server::available() else { return };
    let file = SqliteFile::from_sql(
        "CREATE TABLE narrow(id INTEGER PRIMARY KEY, k INTEGER NOT NULL, x REAL, t TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500000)
         INSERT INTO narrow SELECT i, i * 7919 % 1000003, i / 8.0, 'a narrow row, number ' || i FROM n",
    );
    copy("--migrate", file.path(), &server.fresh_database(), &["--jobs", "4"]).is_within(0, ROWS_BYTES);
}

/// 60,000 rows of 40 columns of every class, about 75 MB; also where nothing is written, and where the last rows are refused.
#[test]
fn wide_rows() {
    let Some(server) = Server::available() else { return };
    let column = |i: usize| match i % 4 {
        0 => (format!("c{i} INTEGER"), format!("c{i} bigint"), format!("i + {i}")),
        1 => (format!("c{i} TEXT"), format!("c{i} text"), format!("'text ' || (i * {i})")),
        2 => (format!("c{i} REAL"), format!("c{i} float8"), format!("i / {i}.5")),
        _ => (format!("c{i} BLOB"), format!("c{i} bytea"), format!("randomblob({})", 60 + i)),
    };
    let columns: Vec<_> = (0..40).map(column).collect();
    let list =
        |part: fn(&(String, String, String)) -> &str| columns.iter().map(part).collect::<Vec<_>>().join(", ");
    let file = SqliteFile::from_sql(&format!(
        "CREATE TABLE wide({});
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) INSERT INTO wide SELECT {} FROM n",
        list(|column| &column.0),
        list(|column| &column.2)
    ));
    let database = server.fresh_database();
    copy("--validate", file.path(), &database, &["--jobs", "2"]).is_within(0, ROWS_BYTES);
    copy("--migrate", file.path(), &database, &["--jobs", "2"]).is_within(0, ROWS_BYTES);
    copy("--migrate", file.path(), &server.fresh_database(), &["--jobs", "4", "--chunk-rows", "7000"])
        .is_within(0, ROWS_BYTES);
    let refusing = server.fresh_database();
    // It draws a number, so that it cannot be tried before the copy.
    refusing.execute(
        "CREATE SEQUENCE drawn; CREATE FUNCTION is_low(n bigint) RETURNS boolean LANGUAGE plpgsql AS
           'BEGIN IF n > 59980 THEN PERFORM nextval(''public.drawn''); END IF; RETURN n < 59990; END'",
    );
    refusing.execute(&format!("CREATE TABLE wide({}, CHECK (is_low(c0)))", list(|column| &column.1)));
    let failed = copy("--migrate", file.path(), &refusing, &["--jobs", "4"]);
    assert!(failed.said.contains("wide"), "{}", failed.said);
    assert_ne!(refusing.query_one_text("SELECT count(*) FROM wide"), "60000", "{}", failed.said);
    failed.is_within(6, ROWS_BYTES);
}

/// 1,000 tables of 50 rows with two indexes each.
#[test]
fn many_tables() {
    let Some(server) = Server::available() else { return };
    let mut sql = "BEGIN;".to_owned();
    for table in 0..1000 {
        let _ = write!(
            sql,
            "CREATE TABLE t{table}(id INTEGER PRIMARY KEY, a INTEGER, b TEXT);
             CREATE INDEX a{table} ON t{table}(a); CREATE INDEX b{table} ON t{table}(b);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50)
             INSERT INTO t{table} SELECT i, i * 3, 'text ' || i FROM n;"
        );
    }
    sql.push_str("COMMIT");
    let file = SqliteFile::from_sql(&sql);
    copy("--migrate", file.path(), &server.fresh_database(), &["--jobs", "4"]).is_within(0, TABLES_BYTES);
}
