//! Which rows do not go into the target but are set aside, whole (semantics.md §0.2, REJECT): rows with a value that their
//! column cannot take, and rows whose parent is missing or is set aside itself. Copy, resume and verification decide it
//! anew for every row, by the same lines.

use super::job::Job;
use super::large;
use crate::config::BadValuePolicy;
use crate::digest::{MultisetDigest, RowHasher, table_key};
use crate::encode::{self, Misfit, MisfitKind};
use crate::error::{Error, Result};
use crate::limits::{LARGE_VALUE_BYTES, SET_ASIDE_KEYS_AT_ONCE};
use crate::plan::TablePlan;
use crate::plan::types::{Codec, Mapping, PgType};
use crate::sqlite::aside::AsideRows;
use crate::sqlite::scan::RowView;
use crate::value::Value;
use std::collections::VecDeque;

/// Why a row is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// a value of this column does not fit
    BadValue(usize, Misfit),
    /// NULL in this column, which refuses it
    Null(usize),
    /// the parent of this foreign key is missing, or set aside
    Orphan(usize),
}

impl Why {
    /// The rule's code.
    pub fn code(&self) -> &'static str {
        match self {
            Why::BadValue(_, misfit) => misfit.code(),
            Why::Null(_) => "E_NOTNULL",
            Why::Orphan(_) => "E_FK_ORPHANS",
        }
    }

    /// The rule as a sentence, without the value.
    pub fn sentence(&self, table: &TablePlan) -> String {
        match self {
            Why::BadValue(_, misfit) => misfit.to_string(),
            Why::Null(_) => "NULL in a column that is NOT NULL in the target".to_owned(),
            Why::Orphan(key) => {
                let name = table.foreign_keys.get(*key).map_or("", |key| key.name.as_str());
                format!("no parent for the foreign key \"{name}\"")
            }
        }
    }

    /// The columns concerned, by their index in the plan.
    pub fn columns(&self, table: &TablePlan) -> Vec<usize> {
        match self {
            Why::BadValue(column, _) | Why::Null(column) => vec![*column],
            Why::Orphan(key) => {
                let probe = table.foreign_keys.get(*key).and_then(|key| key.probe.as_ref());
                let names = probe.map(|probe| probe.columns.as_slice()).unwrap_or_default();
                names
                    .iter()
                    .filter_map(|name| table.columns.iter().position(|column| column.source == *name))
                    .collect()
            }
        }
    }
}

/// Decides for each row of one table, in the order of a scan. A table without a policy has none.
#[derive(Debug)]
pub struct Judge<'a> {
    table: &'a TablePlan,
    columns: Vec<usize>,
    orphans: Option<Orphans<'a>>,
    scratch: Vec<u8>,
    hasher: RowHasher,
    left_out: MultisetDigest,
}

/// How rows that are set aside are hashed: each value by its class and its stored bytes.
const AS_STORED: Mapping = Mapping { pg: PgType::Text, codec: Codec::Text };

impl<'a> Judge<'a> {
    /// The judge of `table`, where any row of it may be set aside.
    ///
    /// # Errors
    /// Internal, where orphans are to be set aside and nobody has looked for them ([`super::follow::prepare`]).
    pub fn new(job: &'a Job, table: &'a TablePlan) -> Result<Option<Judge<'a>>> {
        if !sets_orphans_aside(table) {
            return Ok(Judge::of_values(table));
        }
        let rows = job.aside.get().ok_or_else(|| Error::internal("nobody has looked for orphans"))?;
        let orphans = Some(Orphans { rows, table: &table.source, ahead: VecDeque::new(), ended: false });
        Ok(Some(Judge { orphans, ..Judge::of_columns(table) }))
    }

    /// A judge of values alone, where a column has the policy.
    pub fn of_values(table: &'a TablePlan) -> Option<Judge<'a>> {
        Some(Judge::of_columns(table)).filter(|judge| !judge.columns.is_empty())
    }

    fn of_columns(table: &'a TablePlan) -> Judge<'a> {
        let asked = |i: &usize| table.columns[*i].on_bad_value == BadValuePolicy::Quarantine;
        Judge {
            table,
            columns: (0..table.columns.len()).filter(asked).collect(),
            orphans: None,
            scratch: Vec::new(),
            hasher: RowHasher::new(table_key(&table.source, table.columns.len())),
            left_out: MultisetDigest::default(),
        }
    }

    /// Count and digest of the rows for which [`Self::leaves_out`] gave a reason.
    pub fn left_out(&self) -> MultisetDigest {
        self.left_out
    }

    /// The verdict on a row; one that is set aside is counted and hashed as it is stored.
    ///
    /// # Errors
    /// A source fault.
    pub fn leaves_out(&mut self, row: &RowView<'_>, number: u64) -> Result<Option<Why>> {
        let why = self.verdict(row, number)?;
        if why.is_some() {
            for i in 0..self.table.columns.len() {
                match row.large(i) {
                    Some(blob) => large::digest_blob(&blob, &AS_STORED, &mut self.hasher)?,
                    None => self.hasher.source_value(row.stored_value(i)?, &AS_STORED),
                }
            }
            self.left_out.add(&self.hasher.finish());
        }
        Ok(why)
    }

    /// Why this row is set aside, if it is; `number` is its place in the scan, from 1.
    ///
    /// # Errors
    /// A source fault.
    pub fn verdict(&mut self, row: &RowView<'_>, number: u64) -> Result<Option<Why>> {
        for &i in &self.columns {
            let column = &self.table.columns[i];
            if column.not_null && is_null(row, i)? {
                return Ok(Some(Why::Null(i)));
            }
            match try_cell(row, i, &column.mapping, &mut self.scratch)? {
                // The plan's mistake is no reason to set rows aside: the copy stops at it.
                Ok(()) | Err(Misfit { kind: MisfitKind::Mapping(_) }) => {}
                Err(misfit) => return Ok(Some(Why::BadValue(i, misfit))),
            }
        }
        match &mut self.orphans {
            Some(orphans) => Ok(orphans.key_of(row_id(row, number))?.map(Why::Orphan)),
            None => Ok(None),
        }
    }
}

/// Whether the cell is NULL, which no large BLOB is.
pub(super) fn is_null(row: &RowView<'_>, i: usize) -> Result<bool> {
    Ok(row.large(i).is_none() && row.value(i)? == Value::Null)
}

/// Whether the cell fits its column. What is large is not copied for the question, and a large BLOB is not read.
///
/// # Errors
/// A source fault.
pub(super) fn try_cell(
    row: &RowView<'_>,
    i: usize,
    mapping: &Mapping,
    scratch: &mut Vec<u8>,
) -> Result<std::result::Result<(), Misfit>> {
    if let Some(blob) = row.large(i) {
        return Ok(encode::large_blob(blob.bytes(), mapping).map(drop));
    }
    let value = row.value(i)?;
    Ok(match encode::large_payload(value, mapping) {
        Ok(None) => {
            scratch.clear();
            if scratch.capacity() > LARGE_VALUE_BYTES {
                // A large value that is converted is not held here while the row's own copy of it is made.
                *scratch = Vec::new();
            }
            encode::value(value, mapping, scratch)
        }
        Ok(Some(_)) => Ok(()),
        Err(misfit) => Err(misfit),
    })
}

/// A row's rowid, or its number where it has none.
pub fn row_id(row: &RowView<'_>, number: u64) -> i64 {
    row.key().unwrap_or(number.cast_signed())
}

/// Orphans of one table, ahead of a scan in the same order.
#[derive(Debug)]
struct Orphans<'a> {
    rows: &'a AsideRows,
    table: &'a str,
    ahead: VecDeque<(i64, usize)>,
    ended: bool,
}

impl Orphans<'_> {
    /// The foreign key for which `row` is set aside.
    fn key_of(&mut self, row: i64) -> Result<Option<usize>> {
        while self.ahead.front().is_some_and(|(ahead, _)| *ahead < row) {
            self.ahead.pop_front();
        }
        if self.ahead.is_empty() && !self.ended {
            self.ahead = self.rows.orphans_from(self.table, row, SET_ASIDE_KEYS_AT_ONCE)?.into();
            self.ended = self.ahead.len() < SET_ASIDE_KEYS_AT_ONCE;
        }
        Ok(self.ahead.front().filter(|(ahead, _)| *ahead == row).map(|(_, key)| *key))
    }
}

/// Whether any row of `table` may be set aside.
pub fn sets_rows_aside(table: &TablePlan) -> bool {
    sets_orphans_aside(table) || Judge::of_values(table).is_some()
}

/// Whether orphans of a foreign key of `table` are set aside.
pub fn sets_orphans_aside(table: &TablePlan) -> bool {
    table.foreign_keys.iter().any(|key| key.quarantine)
}
