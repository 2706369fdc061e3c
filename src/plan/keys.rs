//! Primary keys, unique constraints and indexes of a table that we create (semantics.md §3.2–3.4, §3.7).

use super::draft::warning;
use super::names::{Names, spell};
use super::types::{Codec, Level, PgType};
use super::{ColumnPlan, Step, StepKind, ddl, partition_keys};
use crate::catalog::profile::TableProfile;
use crate::catalog::{Index, IndexOrigin, Table};
use crate::config::NamePolicy;
use crate::finding::{Finding, NotCarried, Severity};
use crate::ident::quote;
use crate::limits::{INDEX_COLUMNS_MAX, INDEX_KEY_BYTES_MAX};

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
    pub findings: &'a mut Vec<Finding>,
    pub not_carried: &'a mut Vec<NotCarried>,
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
        let with_partition = self.with_partition(key);
        let in_partition = self.partition.map_or(0, |column| self.profile.columns[column].nulls);
        let (kind, words, suffix) = if nulls + in_partition == 0 {
            (StepKind::PrimaryKey, "PRIMARY KEY", "pkey")
        } else if nulls == 0 {
            (StepKind::Unique, "UNIQUE", "key")
        } else {
            let message =
                format!("its primary key holds NULL in {nulls} places, as SQLite allows: it becomes UNIQUE");
            self.findings.push(warning("W_PK_NULL", &self.table.name, message).count(nulls));
            (StepKind::Unique, "UNIQUE", "key")
        };
        if let Some(why) = self.why_not_unique(key) {
            let sql = format!("PRIMARY KEY ({})", self.source_names(key));
            self.leave_out("primary key", self.table.name.clone(), why, sql);
            return None;
        }
        self.note_adapted(key, words);
        let name = names.take(&format!("{}_{suffix}", self.target));
        let sql = ddl::add_key(self.schema, self.target, &name, words, &self.target_names(&with_partition));
        Some(Step { kind, object: name, sql })
    }

    /// A primary key takes bytes for what they are. Where the source's folds them (NOCASE, RTRIM), a unique index beside
    /// it keeps out what the source would keep out.
    fn folding_primary_key(&self, index: &Index, names: &mut Names) -> Option<Step> {
        let expressions = self.key_expressions(index, true);
        let plain = self.key_expressions(index, false);
        let key: Vec<usize> = index.keys.iter().filter_map(|key| key.column).collect();
        if expressions == plain || self.why_not_unique(&key).is_some() {
            return None;
        }
        let name = names.take(&format!("{}_{}_key", self.target, self.target_names(&key).join("_")));
        let sql = ddl::create_index(self.schema, self.target, &name, true, &expressions);
        Some(Step { kind: StepKind::Unique, object: name, sql })
    }

    fn unique(&mut self, index: &Index, names: &mut Names) -> Option<Step> {
        let key: Vec<usize> = index.keys.iter().filter_map(|key| key.column).collect();
        if let Some(why) = self.why_not_unique(&key) {
            let sql = format!("UNIQUE ({})", self.source_names(&key));
            self.leave_out("unique", index.name.clone(), why, sql);
            return None;
        }
        self.note_adapted(&key, "UNIQUE");
        let name = names.take(&format!("{}_{}_key", self.target, self.target_names(&key).join("_")));
        let kind = StepKind::Unique;
        if self.is_folding(index) {
            let sql =
                ddl::create_index(self.schema, self.target, &name, true, &self.key_expressions(index, true));
            return Some(Step { kind, object: name, sql });
        }
        let columns = self.with_partition(&key);
        let sql = ddl::add_key(self.schema, self.target, &name, "UNIQUE", &self.target_names(&columns));
        Some(Step { kind, object: name, sql })
    }

    fn created(&mut self, index: &Index, names: &mut Names) -> Option<Step> {
        if let Some(why) = self.why_not_indexed(index) {
            self.leave_out("index", index.name.clone(), why, index.sql.clone());
            return None;
        }
        let name = names.take(&spell(&index.name, self.policy));
        if name != index.name {
            let message = format!("the index is called \"{name}\" in the target");
            self.findings.push(Finding::new("W_RENAMED", Severity::Note, index.name.clone(), message));
        }
        if index.unique {
            let key: Vec<usize> = index.keys.iter().filter_map(|key| key.column).collect();
            self.note_adapted(&key, "UNIQUE");
        }
        let keys = self.key_expressions(index, index.unique);
        let sql = ddl::create_index(self.schema, self.target, &name, index.unique, &keys);
        Some(Step { kind: StepKind::Index, object: name, sql })
    }

    /// Key parts as PostgreSQL reads them. `exact` also renders NOCASE and RTRIM, which decide what counts as equal.
    fn key_expressions(&self, index: &Index, exact: bool) -> Vec<String> {
        let parts = index.keys.iter().filter_map(|key| Some((key, key.column?)));
        let missing = self
            .partition
            .filter(|column| index.unique && index.keys.iter().all(|key| key.column != Some(*column)));
        let partition = missing.map(|column| quote(&self.columns[column].target));
        parts
            .map(|(key, column)| {
                let name = quote(&self.columns[column].target);
                let is_text = matches!(self.columns[column].mapping.pg, PgType::Text | PgType::Varchar(_));
                let expression = match key.collation.as_str() {
                    "NOCASE" if exact && is_text => format!("lower({name} COLLATE \"C\")"),
                    "RTRIM" if exact && is_text => format!("rtrim({name}, ' ')"),
                    _ => name,
                };
                if key.descending { format!("{expression} DESC") } else { expression }
            })
            .chain(partition)
            .collect()
    }

    fn is_folding(&self, index: &Index) -> bool {
        index.keys.iter().any(|key| matches!(key.collation.as_str(), "NOCASE" | "RTRIM"))
    }

    fn why_not_indexed(&self, index: &Index) -> Option<String> {
        let key: Vec<usize> = index.keys.iter().filter_map(|key| key.column).collect();
        if key.len() < index.keys.len() {
            return Some("an index on an expression is not translated".to_owned());
        }
        if index.partial {
            return Some(
                "a partial index is not translated, and without its WHERE it would be another index"
                    .to_owned(),
            );
        }
        if index.unique { self.why_not_unique(&key) } else { self.why_too_large(&key, 0) }
    }

    /// Why the target could not keep these columns unique the way the source does.
    fn why_not_unique(&self, key: &[usize]) -> Option<String> {
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
        self.why_too_large(key, self.with_partition(key).len() - key.len())
    }

    /// `added` columns, of at most 8 bytes each, come behind the key.
    fn why_too_large(&self, key: &[usize], added: usize) -> Option<String> {
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
        measured.and_then(|index| self.profile.max_key_bytes.get(index).copied()).unwrap_or_else(|| {
            key.iter().map(|&column| self.profile.columns[column].max_bytes.max(8) + 4).sum()
        })
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

    fn note_adapted(&mut self, key: &[usize], words: &str) {
        let Some(column) = self.partition.filter(|column| !key.contains(column)) else { return };
        let nulls = self.profile.columns[column].nulls;
        self.findings.push(partition_keys::adapted_key(self.table, words, (key, column), nulls));
    }

    fn target_names(&self, key: &[usize]) -> Vec<&str> {
        key.iter().map(|&column| self.columns[column].target.as_str()).collect()
    }

    fn source_names(&self, key: &[usize]) -> String {
        crate::ident::quote_list(self.table.column_names(key))
    }
}
