//! What `cutover.toml` says: options, and rules for tables and columns by pattern, each setting with its place.
//!
//! A setting that several rules give to one table or column is decided for itself: the closest pattern wins, the table's
//! before the column's (a name in full, then the longer literal part). Two equally close rules that differ are a mistake.

use super::around::Hooks;
use super::glob::{Closeness, closeness, matches};
use super::words::Word;
use super::{
    BadValuePolicy, Cleanse, ColumnChoice, CommentPolicy, CreatePolicy, Every, ExistingPolicy,
    GeneratedPolicy, Infer, InvalidPolicy, MixedPolicy, NamePolicy, NulPolicy, OrphanPolicy, PartitionChoice,
    TableChoice, TriggerPolicy, VerifyLevel,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// A place in the file, both counted from 1; columns in characters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// line
    pub line: usize,
    /// column
    pub column: usize,
}

/// Something with the place where it was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed<T> {
    /// what was said
    pub value: T,
    /// where
    pub place: Place,
}

/// The table `[options]`: what the command line may say, too. Absent means that the file is silent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// `schema`
    pub schema: Option<String>,
    /// `table`
    pub tables: Option<Vec<String>>,
    /// `exclude`
    pub exclude: Option<Vec<String>>,
    /// `create`
    pub create: Option<CreatePolicy>,
    /// `existing`
    pub existing: Option<ExistingPolicy>,
    /// `orphans`
    pub orphans: Option<OrphanPolicy>,
    /// `names`
    pub names: Option<NamePolicy>,
    /// `infer`
    pub infer: Option<Infer>,
    /// `mixed`
    pub mixed: Option<MixedPolicy>,
    /// `on_bad_value`
    pub on_bad_value: Option<BadValuePolicy>,
    /// `generated`
    pub generated: Option<GeneratedPolicy>,
    /// `triggers`
    pub triggers: Option<TriggerPolicy>,
    /// `comments`
    pub comments: Option<CommentPolicy>,
    /// `verify`
    pub verify: Option<VerifyLevel>,
    /// `naive_tz`
    pub naive_tz: Option<String>,
    /// `jobs`
    pub jobs: Option<usize>,
    /// `retry_for`
    pub retry_for: Option<Duration>,
    /// `fail_fast`
    pub fail_fast: Option<bool>,
    /// `chunk_bytes`
    pub chunk_bytes: Option<u64>,
    /// `chunk_rows`
    pub chunk_rows: Option<u64>,
}

/// One setting of a table or a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    /// `rename`
    Rename(String),
    /// `skip`
    Skip(bool),
    /// `where`
    Where(String),
    /// `partition`; none takes back what a wider pattern says
    Partition(Option<PartitionChoice>),
    /// `on_bad_value`
    OnBadValue(BadValuePolicy),
    /// `type`
    Type(String),
    /// `encoding`
    Encoding(String),
    /// `time_zone`
    TimeZone(String),
    /// `empty`
    EmptyNull(bool),
    /// `nul`
    Nul(Option<NulPolicy>),
    /// `invalid_utf8`
    InvalidUtf8(Option<InvalidPolicy>),
}

impl Setting {
    /// Its key in the file.
    pub fn key(&self) -> &'static str {
        match self {
            Setting::Rename(_) => "rename",
            Setting::Skip(_) => "skip",
            Setting::Where(_) => "where",
            Setting::Partition(_) => "partition",
            Setting::OnBadValue(_) => "on_bad_value",
            Setting::Type(_) => "type",
            Setting::Encoding(_) => "encoding",
            Setting::TimeZone(_) => "time_zone",
            Setting::EmptyNull(_) => "empty",
            Setting::Nul(_) => "nul",
            Setting::InvalidUtf8(_) => "invalid_utf8",
        }
    }

    /// Its value as TOML.
    pub fn toml(&self) -> String {
        match self {
            Setting::Skip(skip) => skip.to_string(),
            Setting::Rename(text)
            | Setting::Where(text)
            | Setting::Type(text)
            | Setting::Encoding(text)
            | Setting::TimeZone(text) => toml_string(text),
            Setting::OnBadValue(policy) => toml_string(policy.word()),
            Setting::Partition(None) => "false".to_owned(),
            Setting::Partition(Some(choice)) => choice.toml(),
            Setting::EmptyNull(null) => toml_string(if *null { "null" } else { "keep" }),
            Setting::Nul(policy) => toml_string(policy.word()),
            Setting::InvalidUtf8(policy) => toml_string(policy.word()),
        }
    }
}

impl PartitionChoice {
    fn toml(&self) -> String {
        let every = match self.every {
            Every::Period(period) => toml_string(period.word()),
            Every::Step(step) => step.to_string(),
        };
        format!("{{by = {}, every = {every}}}", toml_string(&self.by))
    }
}

/// A text as a TOML basic string (TOML 1.0, "String").
pub fn toml_string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// `[tables."TABLE"]`, or `[tables."TABLE".columns."COLUMN"]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub(super) table: Placed<String>,
    pub(super) column: Option<Placed<String>>,
    pub(super) settings: Vec<Placed<Setting>>,
}

/// How closely a rule means a table, and then its column; a rule without a column is the least close.
type Rank = (Closeness, Option<Closeness>);

impl Rule {
    fn rank(&self, table: &str, column: Option<&str>) -> Option<Rank> {
        let of_table = closeness(&self.table.value, table)?;
        match (&self.column, column) {
            (None, _) => Some((of_table, None)),
            (Some(glob), Some(column)) => Some((of_table, Some(closeness(&glob.value, column)?))),
            (Some(_), None) => None,
        }
    }
}

/// Everything that the file says; empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// the file as it was named
    pub file: Option<String>,
    /// `[options]`
    pub options: Options,
    /// `[hooks]`; a run has its own in [`super::Around`], with the texts of files
    pub hooks: Hooks,
    /// the rules in the file's order
    pub(super) rules: Vec<Rule>,
}

impl Settings {
    /// What is said of the table.
    pub fn table(&self, table: &str) -> TableChoice {
        let mut choice = TableChoice::default();
        for setting in self.effective(table, None) {
            match &setting.value {
                Setting::Rename(name) => choice.rename = Some(name.clone()),
                Setting::Skip(skip) => choice.skip = *skip,
                Setting::Where(filter) => choice.filter = Some(filter.clone()),
                Setting::Partition(partition) => choice.partition.clone_from(partition),
                _ => {}
            }
        }
        choice
    }

    /// What is said of the column; `on_bad_value` may come from the table.
    pub fn column(&self, table: &str, column: &str) -> ColumnChoice {
        let mut choice = ColumnChoice::default();
        for setting in self.effective(table, Some(column)) {
            apply(&mut choice, &setting.value);
        }
        choice
    }

    /// The settings that hold for the table, or for one of its columns, by key.
    pub fn effective(&self, table: &str, column: Option<&str>) -> Vec<&Placed<Setting>> {
        let mut best: BTreeMap<&str, (Rank, &Placed<Setting>)> = BTreeMap::new();
        for (rank, setting) in self.candidates(table, column) {
            let now = best.entry(setting.value.key()).or_insert((rank, setting));
            // A later rule of the same rank says the same: `conflict` has seen to that.
            if rank >= now.0 {
                *now = (rank, setting);
            }
        }
        best.into_values().map(|(_, setting)| setting).collect()
    }

    /// Every setting that any rule gives to the table or the column. From rules for the table, a column takes
    /// `on_bad_value` alone.
    fn candidates(&self, table: &str, column: Option<&str>) -> Vec<(Rank, &Placed<Setting>)> {
        let mut all = Vec::new();
        for rule in &self.rules {
            let Some(rank) = rule.rank(table, column) else { continue };
            let inherited = column.is_some() && rule.column.is_none();
            let taken =
                |setting: &&Placed<Setting>| !inherited || matches!(setting.value, Setting::OnBadValue(_));
            all.extend(rule.settings.iter().filter(taken).map(|setting| (rank, setting)));
        }
        all
    }

    /// Two rules that mean the table or the column equally closely and do not say the same.
    pub fn conflict(
        &self,
        table: &str,
        column: Option<&str>,
    ) -> Option<(&Placed<Setting>, &Placed<Setting>)> {
        let all = self.candidates(table, column);
        for chosen in self.effective(table, column) {
            let rank = all.iter().find(|(_, setting)| *setting == chosen).map(|(rank, _)| *rank);
            let other = all.iter().find(|(other_rank, other)| {
                Some(*other_rank) == rank
                    && other.value.key() == chosen.value.key()
                    && other.value != chosen.value
            });
            if let Some((_, other)) = other {
                return Some((other, chosen));
            }
        }
        None
    }

    /// Patterns of tables, each with its place, in the file's order.
    pub fn table_patterns(&self) -> impl Iterator<Item = &Placed<String>> {
        self.rules.iter().filter(|rule| rule.column.is_none()).map(|rule| &rule.table)
    }

    /// Patterns of columns, each with that of its table and its place.
    pub fn column_patterns(&self) -> impl Iterator<Item = (&str, &Placed<String>)> {
        self.rules.iter().filter_map(|rule| Some((rule.table.value.as_str(), rule.column.as_ref()?)))
    }

    /// Every setting of every rule, in the file's order.
    pub fn all(&self) -> impl Iterator<Item = &Placed<Setting>> {
        self.rules.iter().flat_map(|rule| &rule.settings)
    }

    /// Nothing is said of any table.
    pub fn says_nothing_of_tables(&self) -> bool {
        self.rules.iter().all(|rule| rule.settings.is_empty())
    }

    /// The rules as one text, whatever the file's comments and order of keys: what a copy was begun with is resumed with.
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        for rule in self.rules.iter().filter(|rule| !rule.settings.is_empty()) {
            let column = rule.column.as_ref().map(|column| &column.value);
            let mut settings: Vec<String> =
                rule.settings.iter().map(|s| format!("{}={}", s.value.key(), s.value.toml())).collect();
            settings.sort();
            text += &format!("{:?} {column:?}: {}\n", rule.table.value, settings.join(" "));
        }
        text
    }

    /// `FILE:LINE:COLUMN`.
    pub fn at(&self, place: Place) -> String {
        let file = self.file.as_deref().unwrap_or(super::DEFAULT_FILE);
        format!("{file}:{}:{}", place.line, place.column)
    }

    /// Whether a rule's pattern of a table means `name`.
    pub fn is_meant(pattern: &str, name: &str) -> bool {
        matches(pattern, name)
    }
}

fn apply(choice: &mut ColumnChoice, setting: &Setting) {
    let Cleanse { empty_null, nul, invalid_utf8 } = &mut choice.cleanse;
    match setting {
        Setting::Rename(name) => choice.rename = Some(name.clone()),
        Setting::Skip(skip) => choice.skip = *skip,
        Setting::Type(text) => choice.pg_type = Some(text.clone()),
        Setting::Encoding(word) => choice.encoding = Some(word.clone()),
        Setting::TimeZone(zone) => choice.time_zone = Some(zone.clone()),
        Setting::OnBadValue(policy) => choice.on_bad_value = Some(*policy),
        Setting::EmptyNull(null) => *empty_null = *null,
        Setting::Nul(policy) => *nul = *policy,
        Setting::InvalidUtf8(policy) => *invalid_utf8 = *policy,
        Setting::Where(_) | Setting::Partition(_) => {}
    }
}
