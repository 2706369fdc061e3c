//! What a row is while it is looked for: its hash, the group that it can only be found in, and where it is.

use crate::digest::{RowHash, RowHasher, table_key};
use crate::plan::TablePlan;
use crate::plan::types::Mapping;
use crate::value::Class;

/// One row of either side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<P> {
    /// the integer key, where the table has one
    pub(super) key: Option<i64>,
    /// a hash of its other key, or of the whole row where it has none: what may be the same row has the same group
    pub(super) group: u64,
    /// its hash, as the digest has it
    pub(super) hash: RowHash,
    /// where it is
    pub(super) place: P,
}

/// What may be told of a cell.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    /// the class; none for a target's value, whose type is its column's
    pub(super) class: Option<Class>,
    pub(super) bytes: u64,
    /// under the run's secret
    pub(super) hash: RowHash,
    pub(super) value: Option<String>,
}

/// Hashes rows of one side.
#[derive(Debug)]
pub(super) struct Forms {
    pub(super) mappings: Vec<Mapping>,
    pub(super) row: RowHasher,
    /// columns of the key
    pub(super) key: Vec<usize>,
    pub(super) of_key: RowHasher,
}

impl Forms {
    pub(super) fn new(plan: &TablePlan, key: &[usize]) -> Forms {
        let mappings: Vec<Mapping> = plan.columns.iter().map(|column| column.mapping.clone()).collect();
        Forms {
            row: RowHasher::new(table_key(&plan.source, mappings.len())),
            of_key: RowHasher::new(table_key(&plan.source, key.len())),
            key: key.to_vec(),
            mappings,
        }
    }

    /// The group of a row whose key columns went into `of_key`. A key with NULL in it may be many rows'.
    pub(super) fn group(&mut self, hash: &RowHash, has_null: bool) -> u64 {
        let key = self.of_key.finish();
        let of = if self.key.is_empty() || has_null { hash } else { &key };
        of.as_bytes().iter().take(8).fold(0, |group, byte| group << 8 | u64::from(*byte))
    }
}
