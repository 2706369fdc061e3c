//! What the values of partition columns span, as they will be in the target: its partitions are made for that.
//!
//! The profile knows the smallest and largest INTEGER of every column, which is all of a `bigint`. Dates and date-times have
//! many forms in a source, and not every INTEGER fits a narrower type, so each value is encoded as the copy would and
//! compared in PostgreSQL's own form: one more pass, over one column.

use super::job::Job;
use super::pool;
use crate::checkpoint::ScanRange;
use crate::encode;
use crate::error::Result;
use crate::plan::partition::Spans;
use crate::plan::types::PgType;
use crate::plan::{Plan, Span, TablePlan};
use crate::sqlite::scan::scan;
use std::sync::Arc;

/// Measures the columns of `plan`'s partitioned tables whose span the profile does not know.
///
/// # Errors
/// A source fault.
pub(super) async fn measure(job: &Arc<Job>, plan: &Plan, jobs: usize) -> Result<Spans> {
    let is_unknown = |table: &&TablePlan| {
        let column = table.partition.as_ref().map(|partition| table.columns[partition.column].mapping.pg);
        column.is_some_and(|pg| pg != PgType::Int8)
    };
    let tables: Vec<TablePlan> = plan.tables.iter().filter(is_unknown).cloned().collect();
    let names: Vec<String> = tables.iter().map(|table| table.source.clone()).collect();
    let shared = Arc::clone(job);
    let spans =
        pool::blocking(jobs, tasks(tables), move |(table, column)| span(&shared, table, *column)).await?;
    Ok(names.into_iter().zip(spans).filter_map(|(name, span)| Some((name, span?))).collect())
}

/// Each table with the one column that is read of it.
fn tasks(tables: Vec<TablePlan>) -> Vec<(TablePlan, usize)> {
    let partitioned = tables.into_iter().filter_map(|table| {
        let column = table.partition.as_ref()?.column;
        Some((table, column))
    });
    partitioned.collect()
}

/// Values that do not fit the column are no row of the target: the trial tells of them.
fn span(job: &Job, table: &TablePlan, column: usize) -> Result<Option<Span>> {
    let mut narrow = table.clone();
    narrow.columns = vec![table.columns[column].clone()];
    let mapping = narrow.columns[0].mapping.clone();
    let (mut span, mut field) = (None, Vec::new());
    scan(&*job.source.reader()?, &job.scan_of_plan(&narrow), &ScanRange::WHOLE, |row| {
        field.clear();
        if encode::value(row.value(0)?, &mapping, &mut field).is_ok()
            && let Some(value) = number(&field)
        {
            span = Some(Span::with(span, value));
        }
        Ok(())
    })?;
    Ok(span)
}

/// The number in a field of a binary COPY: `smallint` of 2 bytes, days and `integer` of 4, microseconds of 8; none for NULL.
fn number(field: &[u8]) -> Option<i64> {
    let (_, payload) = field.split_first_chunk::<4>()?;
    if let Ok(small) = <[u8; 2]>::try_from(payload) {
        return Some(i16::from_be_bytes(small).into());
    }
    if let Ok(days) = <[u8; 4]>::try_from(payload) {
        return Some(i32::from_be_bytes(days).into());
    }
    <[u8; 8]>::try_from(payload).ok().map(i64::from_be_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::types::{Codec, Mapping};
    use crate::value::Value;

    #[test]
    fn fields_are_read_as_they_are_sent() {
        let of = |value, pg, codec| {
            let mut field = Vec::new();
            encode::value(value, &Mapping { pg, codec }, &mut field).unwrap();
            number(&field)
        };
        assert_eq!(of(Value::Text(b"1999-12-31"), PgType::Date, Codec::Date), Some(-1));
        let stamp = |text| of(Value::Text(text), PgType::Timestamp(6), Codec::AnyTimestamp);
        assert_eq!(stamp(b"2000-01-01 00:00:01.5"), Some(1_500_000));
        assert_eq!(of(Value::Null, PgType::Date, Codec::Date), None);
        assert_eq!(of(Value::Integer(-7), PgType::Int2, Codec::Int), Some(-7));
        assert_eq!(of(Value::Integer(-70_000), PgType::Int4, Codec::Int), Some(-70_000));
    }
}
