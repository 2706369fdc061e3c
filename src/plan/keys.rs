//! Primary keys, unique constraints and indexes of a table that we create (semantics.md §3.2–3.4, §3.7).

use super::draft::warning;
use super::names::{Names, spell};
use super::types::{Codec, Level, PgType};
use super::{ColumnPlan, Step, StepKind, ddl, partition_keys};
use crate::catalog::profile::TableProfile;
use crate::catalog::{Index, IndexKey, IndexOrigin, Table};
use crate::config::NamePolicy;
use crate::counts::plural;
use crate::finding::{Finding, NotCarried, Severity};
use crate::ident::quote;
use crate::limits::{INDEX_COLUMNS_MAX, INDEX_KEY_BYTES_MAX};

/// What a btree adds to a key of several values: its header, longer with a NULL, and the last rounding up.
pub(super) const KEY_HEADER_BYTES: u64 = 24;

/// Where the keys of one table are planned.
pub(super) struct Keys<'a> {
    pub schema: &'a str,
    pub policy: NamePolicy,
    pub table: &'a Table,
    pub profile: &'a TableProfile,
    pub target: &'a str,
    pub columns: &'a [ColumnPlan],
    /// the column that every unique key must have in it
    pub partition: Option<usize>,
    /// for each column: its configured type or change may make one value of two
    pub may_meet: &'a [bool],
    pub findings: &'a mut Vec<Finding>,
    pub not_carried: &'a mut Vec<NotCarried>,
    /// unique keys over hashes of their values, to which no foreign key can refer: `primary key`, or the index's name
    pub hashed: &'a mut Vec<String>,
}

impl Keys<'_> {
    /// All keys and indexes of the table, as statements after the data; unique ones first.
    pub(super) fn plan(mut self, names: &mut Names) -> Vec<Step> {
        let mut steps = Vec::new();
        steps.extend(self.primary_key(names));
        for index in &self.table.indexes {
            match index.origin {
                IndexOrigin::PrimaryKey => steps.extend(self.folding_primary_key(index, names)),
                IndexOrigin::Unique => steps.extend(self.unique(index, names)),
                IndexOrigin::Created => steps.extend(self.created(index, names)),
            }
        }
        steps.sort_by_key(|step| step.kind);
        steps
    }

    fn primary_key(&mut self, names: &mut Names) -> Option<Step> {
        let key = &self.table.primary_key;
        if key.is_empty() {
            return None;
        }
        let nulls: u64 = key.iter().map(|&column| self.profile.columns[column].nulls).sum();
        let in_partition = self.partition.map_or(0, |column| self.profile.columns[column].nulls);
        let (kind, words, suffix) = if nulls + in_partition == 0 {
            (StepKind::PrimaryKey, "PRIMARY KEY", "pkey")
        } else if nulls == 0 {
            (StepKind::Unique, "UNIQUE", "key")
        } else {
            let places = plural(nulls, "place");
            let message =
                format!("its primary key holds NULL in {places}, as SQLite allows: it becomes UNIQUE");
            self.findings.push(warning("W_PK_NULL", &self.table.name, message).count(nulls));
            (StepKind::Unique, "UNIQUE", "key")
        };
        let sql = format!("PRIMARY KEY ({})", self.source_names(key));
        if let Some(why) = self.why_not_unique(key) {
            self.leave_out("primary key", self.table.name.clone(), why, sql);
            return None;
        }
        let wanted = format!("{}_{suffix}", self.target);
        if let Some(why) = self.why_too_large(key, self.added(key)) {
            let step = self.hashed_key(key, None, &wanted, names);
            self.leave_out("primary key", self.table.name.clone(), instead_of_key(why, step.as_ref()), sql);
            self.hashed.extend(step.iter().map(|_| "primary key".to_owned()));
            return step;
        }
        self.note_adapted(key, words);
        let name = names.take(&wanted);
        let columns = self.with_partition(key);
        let sql = ddl::add_key(self.schema, self.target, &name, words, &self.target_names(&columns));
        Some(Step { kind, object: name, sql })
    }

    /// A primary key takes bytes for what they are. Where the source's folds them (NOCASE, RTRIM), a unique index beside
    /// it keeps out what the source would keep out.
    fn folding_primary_key(&self, index: &Index, names: &mut Names) -> Option<Step> {
        let key: Vec<usize> = index.keys.iter().filter_map(|key| key.column).collect();
        if self.key_expressions(index) == self.plain_keys(index)
            || self.why_not_unique(&key).is_some()
            || self.why_too_large(&key, self.added(&key)).is_some()
        {
            return None;
        }
        let name = names.take(&format!("{}_{}_key", self.target, self.target_names(&key).join("_")));
        let mut keys = self.key_expressions(index);
        keys.extend(self.partition_key(&key));
        let sql = ddl::create_index(self.schema, self.target, &name, true, &keys);
        Some(Step { kind: StepKind::Unique, object: name, sql })
    }

    fn unique(&mut self, index: &Index, names: &mut Names) -> Option<Step> {
        let key: Vec<usize> = index.keys.iter().filter_map(|key| key.column).collect();
        let sql = format!("UNIQUE ({})", self.source_names(&key));
        if let Some(why) = self.why_not_unique(&key) {
            self.leave_out("unique", index.name.clone(), why, sql);
            return None;
        }
        let wanted = format!("{}_{}_key", self.target, self.target_names(&key).join("_"));
        let kind = StepKind::Unique;
        if let Some(why) = self.why_too_large(&key, self.added(&key)) {
            let step = self.hashed_key(&key, Some(index), &wanted, names);
            match &step {
                Some(step) => self.note_hashed(index, &step.object, why),
                None => self.leave_out("unique", index.name.clone(), why, sql),
            }
            return step;
        }
        self.note_adapted(&key, "UNIQUE");
        let name = names.take(&wanted);
        if self.is_folding(index) {
            let mut keys = self.key_expressions(index);
            keys.extend(self.partition_key(&key));
            let sql = ddl::create_index(self.schema, self.target, &name, true, &keys);
            return Some(Step { kind, object: name, sql });
        }
        let columns = self.with_partition(&key);
        let sql = ddl::add_key(self.schema, self.target, &name, "UNIQUE", &self.target_names(&columns));
        Some(Step { kind, object: name, sql })
    }

    fn created(&mut self, index: &Index, names: &mut Names) -> Option<Step> {
        let mut parts = match self.parts(index) {
            Ok(parts) => parts,
            Err(why) => {
                self.leave_out("index", index.name.clone(), why, index.sql.clone());
                return None;
            }
        };
        let name = names.take(&spell(&index.name, self.policy));
        if name != index.name {
            let message = format!("the index is called \"{name}\" in the target");
            self.findings.push(Finding::new("W_RENAMED", Severity::Note, index.name.clone(), message));
        }
        if let Some(why) = parts.hashed {
            self.note_hashed(index, &name, why);
        }
        if index.unique {
            let key: Vec<usize> = index.keys.iter().filter_map(|key| key.column).collect();
            self.note_adapted(&key, "UNIQUE");
            parts.keys.extend(self.partition_key(&key));
        }
        let mut sql = ddl::create_index(self.schema, self.target, &name, index.unique, &parts.keys);
        if let Some(condition) = parts.condition {
            sql.push_str(&format!(" WHERE {condition}"));
        }
        Some(Step { kind: StepKind::Index, object: name, sql })
    }

    /// Key parts as PostgreSQL reads them, with NOCASE and RTRIM, which decide what counts as equal.
    fn key_expressions(&self, index: &Index) -> Vec<String> {
        let parts = index.keys.iter().filter_map(|key| Some((key, key.column?)));
        parts.map(|(key, column)| directed(&self.folded(column, &key.collation), key)).collect()
    }

    /// The same without the collations.
    fn plain_keys(&self, index: &Index) -> Vec<String> {
        let parts = index.keys.iter().filter_map(|key| Some((key, key.column?)));
        parts.map(|(key, column)| directed(&quote(&self.columns[column].target), key)).collect()
    }

    /// The column as that collation compares it: NOCASE folds A to Z alone, RTRIM passes over spaces at the end (semantics.md
    /// §3.4).
    pub(super) fn folded(&self, column: usize, collation: &str) -> String {
        let name = quote(&self.columns[column].target);
        let is_text = matches!(self.columns[column].mapping.pg, PgType::Text | PgType::Varchar(_));
        match collation {
            "NOCASE" if is_text => format!("lower({name} COLLATE \"C\")"),
            "RTRIM" if is_text => format!("rtrim({name}, ' ')"),
            _ => name,
        }
    }

    fn is_folding(&self, index: &Index) -> bool {
        index.keys.iter().any(|key| matches!(key.collation.as_str(), "NOCASE" | "RTRIM"))
    }

    /// Why the target could not keep these columns unique the way the source does.
    pub(super) fn why_not_unique(&self, key: &[usize]) -> Option<String> {
        for &column in key {
            let (source, plan) = (&self.table.columns[column], &self.columns[column]);
            if !matches!(source.collation.as_str(), "BINARY" | "NOCASE" | "RTRIM") {
                return Some(format!(
                    "column \"{}\" is compared by the application's own collation {}",
                    source.name, source.collation
                ));
            }
            if source.collation != "BINARY" && plan.level == Level::Loss {
                return Some(format!(
                    "values of column \"{}\" are changed by the configuration, and may meet where {} folds them",
                    source.name, source.collation
                ));
            }
            let merges =
                matches!(plan.mapping.codec, Codec::TextForm | Codec::BytesForm) && plan.level == Level::B;
            if merges {
                return Some(format!(
                    "values of column \"{}\" that SQLite keeps apart by class may be equal as {}",
                    source.name, plan.mapping.pg
                ));
            }
        }
        None
    }

    /// `added` columns, of at most 8 bytes each, come behind the key.
    pub(super) fn why_too_large(&self, key: &[usize], added: usize) -> Option<String> {
        let columns = key.len() + added;
        if columns > INDEX_COLUMNS_MAX {
            return Some(format!("{columns} key columns; PostgreSQL takes {INDEX_COLUMNS_MAX} (E_INDEX_32)"));
        }
        let bytes = self.key_bytes(key) + 8 * added as u64;
        (bytes > INDEX_KEY_BYTES_MAX).then(|| {
            format!(
                "keys of up to {bytes} bytes; a btree key has at most {INDEX_KEY_BYTES_MAX} (E_INDEX_2704)"
            )
        })
    }

    /// Bytes of the longest key over these columns: measured where an index of the source is over the same ones, else as
    /// long as the longest values of all columns together.
    fn key_bytes(&self, key: &[usize]) -> u64 {
        let same = |index: &Index| index.keys.iter().filter_map(|part| part.column).eq(key.iter().copied());
        let measured = self.table.indexes.iter().position(same);
        measured
            .and_then(|index| self.profile.max_key_bytes.get(index).copied())
            .unwrap_or_else(|| KEY_HEADER_BYTES + key.iter().map(|&column| self.longest(column)).sum::<u64>())
    }

    /// Bytes of the column's longest value in a key, with its length and alignment.
    pub(super) fn longest(&self, column: usize) -> u64 {
        self.profile.columns[column].max_bytes.max(8) + 8
    }

    fn leave_out(&mut self, kind: &str, name: String, why: String, sql: String) {
        let table = Some(self.table.name.clone());
        self.not_carried.push(NotCarried { kind: kind.to_owned(), name, table, why, sql });
    }

    /// The key as the target has it: with the partition column, which every unique key of a partitioned table contains.
    fn with_partition(&self, key: &[usize]) -> Vec<usize> {
        let missing = self.partition.filter(|column| !key.contains(column));
        key.iter().copied().chain(missing).collect()
    }

    /// How many columns that adds.
    pub(super) fn added(&self, key: &[usize]) -> usize {
        usize::from(self.partition.is_some_and(|column| !key.contains(&column)))
    }

    /// The partition column behind the keys of a unique index that does not have it.
    pub(super) fn partition_key(&self, key: &[usize]) -> Option<String> {
        let missing = self.partition.filter(|column| !key.contains(column));
        missing.map(|column| quote(&self.columns[column].target))
    }

    fn note_adapted(&mut self, key: &[usize], words: &str) {
        let Some(column) = self.partition.filter(|column| !key.contains(column)) else { return };
        let nulls = self.profile.columns[column].nulls;
        self.findings.push(partition_keys::adapted_key(self.table, words, (key, column), nulls));
    }

    fn note_hashed(&mut self, index: &Index, name: &str, why: String) {
        self.hashed.push(index.name.clone());
        let message =
            format!("{why}: the unique index \"{name}\" is over md5() or sha256() of its long columns");
        self.findings.push(Finding::new("W_KEY_HASHED", Severity::Note, self.table.name.clone(), message));
    }

    fn target_names(&self, key: &[usize]) -> Vec<&str> {
        key.iter().map(|&column| self.columns[column].target.as_str()).collect()
    }

    fn source_names(&self, key: &[usize]) -> String {
        crate::ident::quote_list(self.table.column_names(key))
    }
}

/// `expression` with the key's direction.
pub(super) fn directed(expression: &str, key: &IndexKey) -> String {
    if key.descending { format!("{expression} DESC") } else { expression.to_owned() }
}

fn instead_of_key(why: String, step: Option<&Step>) -> String {
    match step {
        Some(step) => format!(
            "{why}; the unique index \"{}\" over md5() or sha256() of its long columns takes its place, and no foreign key can refer to it",
            step.object
        ),
        None => why,
    }
}
