//! One source file on its way: opened, read, selected.

use super::aside::sets_rows_aside;
use crate::catalog::profile::TableProfile;
use crate::catalog::{Catalog, Column, Generated, Table};
use crate::config::{Cleanse, Config, Settings};
use crate::digest::text_hash;
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::outcome::SourceInfo;
use crate::plan::TablePlan;
use crate::plan::select::{idle_globs, is_selected};
use crate::sqlite::aside::AsideRows;
use crate::sqlite::scan::{Endian, ScanSpec};
use crate::sqlite::{Encoding, Source, WRITERS_WAIT};
use std::path::Path;
use std::sync::{Arc, OnceLock};

/// A source, open for the whole run.
#[derive(Debug)]
pub struct Job {
    /// the open file, one snapshot for all its readers
    pub source: Arc<Source>,
    /// what is in it
    pub catalog: Catalog,
    /// indexes of the selected tables in the catalog
    pub selected: Vec<usize>,
    /// the profiles of the selected tables, in their order; empty until they are taken
    pub profiles: Vec<TableProfile>,
    /// what the pre-flight found
    pub notes: Vec<Finding>,
    settings: Settings,
    /// rows that are set aside for their parents, once somebody has looked ([`super::aside`])
    pub aside: OnceLock<AsideRows>,
    path_text: String,
    fingerprint: String,
}

/// Whether a note tells something that was not asked for: with `--freeze`, that writers are kept out was.
pub fn is_of_use(note: &Finding, config: &Config) -> bool {
    !(config.around.freeze && note.code == WRITERS_WAIT)
}

impl Job {
    /// Opens and reads a source; blocking.
    ///
    /// # Errors
    /// A source fault that says what the file is and what to do; a usage error where no table is selected.
    pub fn open(path: &Path, config: &Config) -> Result<Job> {
        let source = Source::open(path, config.jobs)?;
        let mut notes = source.facts().notes.clone();
        notes.retain(|note| is_of_use(note, config));
        let catalog = source.catalog()?;
        let selected: Vec<usize> =
            (0..catalog.tables.len()).filter(|&i| is_selected(&catalog.tables[i].name, config)).collect();
        let path_text = source.facts().path.to_string_lossy().into_owned();
        let fingerprint = serde_json::to_string(source.fingerprint()).map_err(|cause| {
            Error::internal("the source's fingerprint cannot be written down").cause(cause)
        })?;
        Ok(Job {
            source: Arc::new(source),
            catalog,
            selected,
            profiles: Vec::new(),
            notes,
            settings: config.settings.clone(),
            aside: OnceLock::new(),
            path_text,
            fingerprint,
        })
    }

    /// Canonical path: the source's name in the ledger.
    pub fn path(&self) -> &str {
        &self.path_text
    }

    /// The selected tables.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.selected.iter().map(|&i| &self.catalog.tables[i])
    }

    /// Fingerprint as the ledger stores it.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// For the report.
    pub fn info(&self) -> SourceInfo {
        let facts = self.source.facts();
        SourceInfo {
            path: self.path_text.clone(),
            bytes: facts.bytes,
            fingerprint: text_hash(self.fingerprint()),
            sqlite_version: facts.sqlite_version.clone(),
            encoding: self.encoding().to_owned(),
            journal_mode: facts.journal_mode.clone(),
        }
    }

    /// What the configuration says of single tables and columns.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The condition that rows of the table must meet, where the configuration has one.
    pub fn filter(&self, table: &str) -> Option<String> {
        self.settings.table(table).filter
    }

    /// The type whose spelling to look for in a column's texts: the configured one, else the declared one.
    pub fn hoped_type(&self, table: &str, column: &Column) -> String {
        let said = self.settings.column(table, &column.name);
        said.pg_type.unwrap_or_else(|| column.declared.clone())
    }

    /// How its texts are stored.
    pub fn encoding(&self) -> &'static str {
        match self.source.facts().encoding {
            Encoding::Utf8 => "UTF-8",
            Encoding::Utf16le => "UTF-16le",
            Encoding::Utf16be => "UTF-16be",
        }
    }

    fn endian(&self) -> Option<Endian> {
        match self.source.facts().encoding {
            Encoding::Utf8 => None,
            Encoding::Utf16le => Some(Endian::Little),
            Encoding::Utf16be => Some(Endian::Big),
        }
    }

    /// The scan of a whole table, every column of the rows that the configuration lets through.
    pub fn scan_of_table(&self, table: &Table) -> ScanSpec {
        self.scan_of_columns(table, &table.columns)
    }

    /// The same scan of some of its columns.
    pub fn scan_of_columns(&self, table: &Table, columns: &[Column]) -> ScanSpec {
        let filter = self.filter(&table.name);
        let spec = ScanSpec::new(&table.name, table.rowid_name(), self.endian());
        let mut spec = spec.filter(filter.as_deref()).whole_where(has_generated(table));
        for column in columns {
            // An empty text that becomes NULL is none of the texts whose spelling is looked for.
            let empty_null = self.settings.column(&table.name, &column.name).cleanse.empty_null;
            spec.changed_column(&column.name, false, Cleanse { empty_null, ..Cleanse::default() });
        }
        spec
    }

    /// The columns by which the rows of a table without a rowid are numbered; none for other tables.
    pub fn row_order(&self, plan: &TablePlan) -> Vec<String> {
        let table = self.catalog.table(&plan.source).filter(|table| table.without_rowid);
        table.map_or_else(Vec::new, |table| {
            table.column_names(&table.primary_key).map(str::to_owned).collect()
        })
    }

    /// The scan of a planned table: its travelling columns, with the changes that the configuration asked for.
    pub fn scan_of_plan(&self, plan: &TablePlan) -> ScanSpec {
        let spec = ScanSpec::new(&plan.source, plan.rowid_name(), self.endian());
        let generated = self.catalog.table(&plan.source).is_some_and(has_generated);
        let mut spec = spec.filter(plan.filter.as_deref()).whole_where(generated);
        if sets_rows_aside(plan) {
            spec.numbered_by(&self.row_order(plan));
        }
        for column in &plan.columns {
            spec.changed_column(&column.source, column.stored_bytes, column.changes());
        }
        spec
    }
}

fn has_generated(table: &Table) -> bool {
    table.columns.iter().any(|column| column.generated != Generated::No)
}

/// Globs that select nothing in any source are typing mistakes.
///
/// # Errors
/// A usage error that names them.
pub fn check_globs(jobs: &[Job], config: &Config) -> Result<()> {
    let names: Vec<&str> =
        jobs.iter().flat_map(|job| job.catalog.tables.iter().map(|table| table.name.as_str())).collect();
    let idle = idle_globs(config, &names);
    if idle.is_empty() {
        return Ok(());
    }
    let known = names.iter().take(20).copied().collect::<Vec<_>>().join(", ");
    Err(Error::usage(format!("no table of the source matches {}", idle.join(", ")))
        .remedy(format!("its tables are: {known}")))
}

/// A row's key for a person.
pub fn key_text(key: Option<i64>, number: u64) -> String {
    key.map_or_else(|| format!("row {number} in the table's order"), |key| format!("rowid {key}"))
}
