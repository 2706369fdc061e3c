//! Foreign keys without orphans, proved by what the profile has counted: no row is looked at again.

use super::job::Job;
use crate::catalog::Table;
use crate::catalog::profile::{ColumnProfile, TableProfile};
use crate::plan::{OrphanProbe, TablePlan};

/// Whether every row of `child` has a parent, because the parents' keys are INTEGERs without a gap and the child's are within
/// them, or NULL. False also where only a look at the rows could tell. None of the parents may be set aside.
///
/// Two INTEGERs are equal to SQLite whatever the affinity and collation of their columns, and have the same text form and
/// class; so they are to the target, whatever types both columns get.
pub(super) fn has_all(job: &Job, child: &TablePlan, parent: &TablePlan, probe: &OrphanProbe) -> bool {
    let ([column], [key]) = (&probe.columns[..], &probe.parent_columns[..]) else { return false };
    let (Some(child), Some((table, parent))) = (known(job, child), known(job, parent)) else { return false };
    let Some(key) = table.column_index(key).filter(|key| table.rowid_column == Some(*key)) else {
        return false;
    };
    let keys = parent.columns.get(key).and_then(|keys| gapless(keys, parent.rows));
    let column = child.0.column_index(column).and_then(|column| child.1.columns.get(column));
    keys.zip(column).is_some_and(|(keys, column)| is_within(column, keys))
}

/// A table and its profile, where it was taken of the rows that the plan speaks of.
fn known<'a>(job: &'a Job, plan: &TablePlan) -> Option<(&'a Table, &'a TableProfile)> {
    let found = job.tables().zip(&job.profiles).find(|(table, _)| table.name == plan.source);
    found.filter(|_| job.filter(&plan.source) == plan.filter)
}

/// The smallest and largest of unique keys, if every INTEGER between them is one.
fn gapless(keys: &ColumnProfile, rows: u64) -> Option<(i64, i64)> {
    let (min, max) = keys.integer_range.filter(|_| keys.integers == rows)?;
    // One less, so that the whole range of 64 bits does not overflow.
    (max.abs_diff(min) == rows - 1).then_some((min, max))
}

fn is_within(column: &ColumnProfile, (min, max): (i64, i64)) -> bool {
    let only_integers = column.values() == column.integers;
    only_integers && column.integer_range.is_none_or(|(low, high)| min <= low && high <= max)
}

#[cfg(test)]
#[path = "parents_tests.rs"]
mod tests;
