//! A sample: some rows of the source, and those of the target under the same keys. Exact for the rows that were looked at.

use super::merge::merge_ranges;
use super::sift::Sieve;
use super::source::each_row;
use super::tally::Leftovers;
use super::target::TargetRows;
use super::{
    Asked, Located, Look, Side, integer_key, join_closest, leftovers_of, other_key, read_cells, tell,
};
use crate::assess::pool::join;
use crate::error::Result;
use crate::ident::{literal, quote};
use crate::limits::LOCATE_ROWS_MAX;
use crate::pipeline::verify::{Expected, Sample};
use crate::plan::types::PgType;
use crate::postgres::readback::Rows;
use crate::postgres::session::Session;
use crate::sqlite::scan::{RowView, scan};
use crate::value::Value;
use std::sync::Arc;

/// Compares the rows of the sample; gives how many rows of the source were looked at, none where no key leads from one side
/// to the other.
///
/// # Errors
/// A fault of either side.
pub(crate) async fn sample(
    session: &Session,
    schema: &str,
    expected: &Expected,
    sample: &Sample,
    asked: &Asked,
) -> Result<(u64, Located)> {
    let _turn = asked.turn.lock().await;
    let (plan, job) = (Arc::clone(&expected.plan), Arc::clone(&expected.job));
    let integer_key = integer_key(&plan).filter(|_| sample.by_rowid());
    let key: Arc<[usize]> = if integer_key.is_some() { Vec::new() } else { other_key(&job, &plan) }.into();
    let side = Side { plan, job, key, secret: asked.secret, show_values: asked.show_values };
    let look = Look { session, schema };
    let mut left = leftovers_of(&side);
    let rows = match integer_key {
        Some(column) => {
            let keys: Vec<i64> = sample.ranges.iter().filter_map(|range| range.lo).collect();
            let among = Rows::Among { column: &side.plan.columns[column].target, keys: &keys };
            merge_ranges(&look, &side, column, (&sample.ranges, &among), &mut left).await?.rows()
        }
        None => by_other_key(&look, &side, sample, &mut left).await?,
    };
    if expected.before.is_some() {
        left.more.clear();
        left.counts.extra = 0;
    }
    let cells = read_cells(&look, &side, &left).await?;
    if expected.before.is_none() {
        join_closest(&side, integer_key.is_some(), &cells, &mut left);
    }
    let listed = tell::rows(&look, &side, &left, &cells).await?;
    let mut located = Located { counts: left.counts, rows: listed, notes: Vec::new() };
    if located.differs() {
        located.notes.push(tell::counts_note(&located.counts, 1, false));
    }
    Ok((rows, located))
}

/// Rows under a primary or unique key of texts and integers, which are looked up by it.
async fn by_other_key(look: &Look<'_>, side: &Side, sample: &Sample, left: &mut Leftovers) -> Result<u64> {
    let columns = &side.plan.columns;
    let has_words = |column: &usize| is_spelled_alike(columns[*column].mapping.pg);
    if side.key.is_empty() || !side.key.iter().all(has_words) {
        return Ok(0);
    }
    let (reading, chosen) = (side.clone(), sample.clone());
    let (rows, keys, sieve) =
        join(tokio::task::spawn_blocking(move || chosen_rows(&reading, &chosen)).await)?;
    if keys.is_empty() {
        return Ok(0);
    }
    let names: Vec<String> = side.key.iter().map(|&i| quote(&columns[i].target)).collect();
    let which = format!(" WHERE ({}) IN (VALUES {})", names.join(", "), keys.join(", "));
    let mut sieve = sieve;
    let mut target = TargetRows::open(look, side, None, &Rows::Where(&which)).await?;
    while let Some(row) = target.peek().await? {
        if let Some(tally) = sieve.of(row.group, row.hash) {
            tally.add_target(row.place);
        }
        target.pass();
    }
    sieve.empty_into(left, true);
    Ok(rows)
}

/// The type has one spelling of a value, which is SQLite's.
fn is_spelled_alike(pg: PgType) -> bool {
    matches!(
        pg,
        PgType::Int2 | PgType::Int4 | PgType::Int8 | PgType::Text | PgType::Varchar(_) | PgType::Char(_)
    )
}

/// Rows of the sample, and their keys as literals of the target's types; rows whose key has another class are passed over.
fn chosen_rows(side: &Side, sample: &Sample) -> Result<(u64, Vec<String>, Sieve)> {
    let (mut keys, mut sieve) = (Vec::new(), Sieve::whole(LOCATE_ROWS_MAX));
    let mut chosen = std::collections::BTreeSet::new();
    let reader = side.job.source.reader()?;
    let spec = side.job.scan_of_plan(&side.plan);
    for range in &sample.ranges {
        let mut number = 0;
        scan(&reader, &spec, range, |view| {
            number += 1;
            if number % sample.stride == 0
                && let Some(key) = key_literal(side, view)?
            {
                keys.push(key);
                chosen.insert((view.key(), number));
            }
            Ok(())
        })?;
    }
    let mut rows = 0;
    for range in &sample.ranges {
        each_row(side, range, |row| {
            if chosen.contains(&(row.place.rowid, row.place.number))
                && let Some(tally) = sieve.of(row.group, row.hash)
            {
                rows += 1;
                tally.add_source(row.place);
            }
            Ok(())
        })?;
    }
    Ok((rows, keys, sieve))
}

fn key_literal(side: &Side, view: &RowView<'_>) -> Result<Option<String>> {
    let mut parts = Vec::new();
    for &i in side.key.iter() {
        if view.large(i).is_some() {
            return Ok(None);
        }
        let pg = side.plan.columns[i].mapping.pg;
        let is_integer = matches!(pg, PgType::Int2 | PgType::Int4 | PgType::Int8);
        let text = match view.value(i)? {
            Value::Integer(integer) if is_integer => format!("({integer})::{pg}"),
            Value::Integer(integer) => format!("{}::text", literal(&integer.to_string())),
            Value::Text(text) if !is_integer && !text.contains(&0) => match std::str::from_utf8(text) {
                Ok(text) => format!("{}::text", literal(text)),
                Err(_) => return Ok(None),
            },
            _ => return Ok(None),
        };
        parts.push(text);
    }
    Ok(Some(format!("({})", parts.join(", "))))
}
