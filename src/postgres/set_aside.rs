//! The rows that a policy kept out of their tables, as the ledger lists them (`cutover.set_aside`).

use super::ledger::{Params, query};
use super::session::Session;
use crate::error::Result;
use crate::outcome::{SetAsideCount, SetAsideList, SetAsideRow};
use tokio_postgres::Row;
use tokio_postgres::types::Type;

/// Rows of one source that are set aside, by table, rule and column.
///
/// # Errors
/// A target fault.
pub async fn counts(session: &Session, source_id: i64) -> Result<Vec<(String, SetAsideCount)>> {
    let sql = "SELECT table_name, rule, column_name, count(*) FROM cutover.set_aside WHERE source_id = $1
               GROUP BY 1, 2, 3 ORDER BY 1, 2, 3";
    let rows = query(session, sql, &[(&source_id, Type::INT8)]).await?;
    let count = |row: &Row| SetAsideCount {
        rule: row.get(1),
        column: row.get(2),
        rows: row.get::<_, i64>(3).cast_unsigned(),
    };
    Ok(rows.iter().map(|row| (row.get(0), count(row))).collect())
}

/// Which columns of `cutover.set_aside` a list shows: everything but the values.
const LIST: &str = "SELECT s.path, a.table_name, a.key, a.column_name, a.class, a.rule, a.reason, a.bytes
    FROM cutover.set_aside a JOIN cutover.source s USING (source_id)";

/// The rows that are set aside, of the sources that go into `schema`; the first `max` of them listed.
///
/// # Errors
/// A target fault.
pub async fn list(session: &Session, schema: Option<&str>, max: u64) -> Result<SetAsideList> {
    let wanted = "WHERE $1::text IS NULL OR s.target_schema = $1";
    let params: Params<'_> = &[(&schema, Type::TEXT)];
    let sql =
        format!("SELECT count(*) FROM cutover.set_aside a JOIN cutover.source s USING (source_id) {wanted}");
    let count = query(session, &sql, params).await?;
    let sql = format!("{LIST} {wanted} ORDER BY source_id, table_name, row LIMIT {max}");
    let row = |row: &Row| SetAsideRow {
        source: row.get(0),
        table: row.get(1),
        key: row.get(2),
        column: row.get(3),
        class: row.get(4),
        rule: row.get(5),
        reason: row.get(6),
        bytes: row.get::<_, i64>(7).cast_unsigned(),
    };
    Ok(SetAsideList {
        count: count.first().map_or(0, |row| row.get::<_, i64>(0).cast_unsigned()),
        rows: query(session, &sql, params).await?.iter().map(row).collect(),
        sql: format!(
            "{} ORDER BY source_id, table_name, row",
            LIST.split_whitespace().collect::<Vec<_>>().join(" ")
        ),
    })
}
