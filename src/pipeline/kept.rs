//! Copies that the ledger knows, in a target that somebody may have changed since: what is gone is told, and what has
//! another type now is compared in the meaning of that.

use crate::assess::paired::Alone;
use crate::finding::{Finding, Severity};
use crate::plan::target::{TargetCatalog, TargetTable};
use crate::plan::types::{Codec, Level, Mapping, PgType, Reading, Unit};
use crate::plan::{ColumnPlan, Plan, ScanKey, TablePlan};
use std::collections::BTreeSet;

/// A stored plan as far as the target still has what it names.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) plan: Plan,
    pub(super) alone: Vec<Alone>,
    pub(super) findings: Vec<Finding>,
    /// tables of the source whose columns are not those of the plan any more
    pub(super) changed: BTreeSet<String>,
}

/// Looks for what `plan` made or filled of the tables that `is_wanted` names.
pub(super) fn with_target(mut plan: Plan, target: &TargetCatalog, is_wanted: impl Fn(&str) -> bool) -> Kept {
    let (mut alone, mut findings, mut changed) = (Vec::new(), Vec::new(), BTreeSet::new());
    plan.tables.retain_mut(|table| {
        if !is_wanted(&table.source) {
            return true;
        }
        let Some(there) = target.tables.iter().find(|there| there.name == table.target) else {
            let finding = gone(table);
            let (source, why) = (table.source.clone(), finding.message.clone());
            alone.push(Alone { source, rows: table.rows, why, is_there: false });
            findings.push(finding);
            return false;
        };
        if reduce(table, there, &mut findings) {
            changed.insert(table.source.clone());
        }
        true
    });
    Kept { plan, alone, findings, changed }
}

fn gone(table: &TablePlan) -> Finding {
    let message = format!("was copied to \"{}\", and that is not in the target any more", table.target);
    Finding::new("E_TABLE_MISSING", Severity::Warning, table.source.clone(), message)
        .count(table.rows.max(1))
        .fix("copy again with --restart")
}

/// Leaves out the columns that are gone, and reads those whose type has changed as that. True where there are any.
fn reduce(table: &mut TablePlan, there: &TargetTable, findings: &mut Vec<Finding>) -> bool {
    let rowid = match &table.key {
        ScanKey::Rowid { column: Some(column), .. } => table.columns.get(*column).map(|c| c.target.clone()),
        _ => None,
    };
    let (source, count) = (table.source.clone(), table.columns.len());
    let mut is_changed = false;
    table.columns.retain_mut(|column| {
        let object = format!("{source}.{}", column.source);
        let Some(partner) = there.columns.iter().find(|partner| partner.name == column.target) else {
            let message =
                format!("was copied to \"{}\", and that is not in the target any more", column.target);
            let finding = Finding::new("E_COLUMN_MISSING", Severity::Warning, object, message);
            findings.push(finding.fix("copy again with --restart"));
            return false;
        };
        match partner.pg {
            Some(pg) if pg == column.mapping.pg => true,
            Some(pg) => {
                is_changed = true;
                as_of_type(column, pg);
                true
            }
            None => {
                let message = format!("cannot be compared: it has the type {} now", partner.type_text);
                findings.push(
                    Finding::new("E_NOT_COMPARABLE", Severity::Warning, object, message)
                        .fix("compare it by hand, or copy again with --restart"),
                );
                false
            }
        }
    });
    if let ScanKey::Rowid { column, .. } = &mut table.key {
        *column = rowid.and_then(|name| table.columns.iter().position(|column| column.target == name));
    }
    is_changed || table.columns.len() < count
}

fn as_of_type(column: &mut ColumnPlan, pg: PgType) {
    let evidence = &column.evidence;
    let reading = match pg {
        PgType::Date | PgType::Timestamp(_) | PgType::Timestamptz(_) => Reading::Counted(Unit::Seconds),
        _ if evidence.reals > 0 => Reading::Numbers,
        _ => Reading::Plain,
    };
    let is_integer = matches!(pg, PgType::Int2 | PgType::Int4 | PgType::Int8);
    let is_kept = is_integer && column.mapping.codec == Codec::Int;
    let codec = if is_kept { Codec::Int } else { Codec::Meaning(reading) };
    column.stored_bytes = false;
    column.level = if is_kept { column.level } else { Level::E2 };
    column.mapping = Mapping { pg, codec };
}
