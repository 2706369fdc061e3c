//! What a plan is made from, and what it looks like while it is made.

use super::TablePlan;
use super::names::NameHash;
use super::partition::Spans;
use super::target::{TargetCatalog, TargetColumn};
use crate::catalog::profile::TableProfile;
use crate::catalog::{Catalog, Table};
use crate::config::{
    BadValuePolicy, CommentPolicy, CreatePolicy, GeneratedPolicy, Infer, MixedPolicy, NamePolicy, Settings,
    TriggerPolicy,
};
use crate::finding::{Finding, NotCarried, Severity};
use std::collections::BTreeMap;

/// The options that bear on a plan.
#[derive(Debug, Clone)]
pub struct Rules {
    /// target schema
    pub schema: String,
    /// may tables be created
    pub create: CreatePolicy,
    /// spelling of names
    pub names: NamePolicy,
    /// what types may be taken from
    pub infer: Infer,
    /// what becomes of generated columns
    pub generated: GeneratedPolicy,
    /// what becomes of triggers
    pub triggers: TriggerPolicy,
    /// whether declared types are kept as comments
    pub comments: CommentPolicy,
    /// what becomes of mixed columns
    pub mixed: MixedPolicy,
    /// what is said of single tables and columns
    pub settings: Settings,
    /// what becomes of rows whose value does not fit, where no column says otherwise
    pub on_bad_value: BadValuePolicy,
    /// zone of date-times that name none, where no column says otherwise
    pub naive_tz: Option<String>,
    /// types that columns of new tables get whatever their values are
    pub imposed: Imposed,
    /// which tables and columns of the target are compared with which; then nothing is made, and nothing is sent
    pub partners: Option<Partners>,
    /// for shortened names
    pub hash: NameHash,
}

/// What of a copy that another tool made is compared with what: names of the source, and those of the target.
#[derive(Debug, Clone, Default)]
pub struct Partners {
    /// by table
    pub tables: BTreeMap<String, String>,
    /// by table and column of the source
    pub columns: BTreeMap<(String, String), String>,
}

/// Source table and column, and the column elsewhere whose type it gets: schemas are compared over the same types.
pub type Imposed = BTreeMap<(String, String), TargetColumn>;

/// Everything a plan is made from.
#[derive(Debug)]
pub struct Inputs<'a> {
    /// the source
    pub catalog: &'a Catalog,
    /// the selected tables with their profiles, in the catalog's order
    pub tables: Vec<(&'a Table, &'a TableProfile)>,
    /// the target as it is
    pub target: &'a TargetCatalog,
    /// options
    pub rules: &'a Rules,
    /// what the values of partition columns span, where that has been measured
    pub spans: &'a Spans,
}

/// What planning has to say.
pub(super) struct Remarks {
    pub findings: Vec<Finding>,
    pub not_carried: Vec<NotCarried>,
}

/// A table while it is planned.
pub(super) struct Draft {
    pub plan: TablePlan,
    pub schema: String,
    /// unique keys that the target will have: `primary key`, or the source index's name
    pub unique_keys: Vec<String>,
    /// for each planned column: it holds INTEGER and NULL alone
    pub holds_only_integers: Vec<bool>,
    /// for each planned column: the configuration says what it becomes
    pub is_chosen: Vec<bool>,
}

pub(super) fn refusal(code: &str, object: &str, message: String) -> Finding {
    Finding::new(code, Severity::Refusal, object, message)
}

pub(super) fn warning(code: &str, object: &str, message: String) -> Finding {
    Finding::new(code, Severity::Warning, object, message)
}
