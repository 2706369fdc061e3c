//! The text of `cutover.toml` → [`Settings`]. Every mistake is named with its place, all of them at once.

mod hooks;
mod partition;

use super::duration::duration;
use super::nearest::suggestion;
use super::settings::{Options, Place, Placed, Rule, Setting, Settings};
use super::size::size;
use super::words::{EmptyNull, Word};
use crate::error::{Error, Result};
use crate::limits::JOBS_MAX;
use std::time::Duration;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Words of `encoding`; beside them, two spellings of a flag with a `/` between.
pub const ENCODINGS: [&str; 15] = [
    "epoch_s",
    "epoch_ms",
    "epoch_us",
    "epoch_s_real",
    "julian",
    "local",
    "yyyymmdd",
    "rfc4122",
    "dotnet",
    "microseconds",
    "milliseconds",
    "seconds",
    "since_1970",
    "text",
    "t/f",
];

const TABLE_KEYS: [&str; 6] = ["rename", "skip", "where", "on_bad_value", "partition", "columns"];
const COLUMN_KEYS: [&str; 9] =
    ["type", "encoding", "time_zone", "rename", "skip", "on_bad_value", "empty", "nul", "invalid_utf8"];
const OPTION_KEYS: [&str; 20] = [
    "schema",
    "table",
    "exclude",
    "create",
    "existing",
    "orphans",
    "names",
    "infer",
    "mixed",
    "on_bad_value",
    "generated",
    "triggers",
    "comments",
    "verify",
    "naive_tz",
    "jobs",
    "retry_for",
    "fail_fast",
    "chunk_bytes",
    "chunk_rows",
];
/// Options that belong to one run, not to a project.
const OF_ONE_RUN: [&str; 14] = [
    "from",
    "env_file",
    "config",
    "write_config",
    "report",
    "progress",
    "restart",
    "reverify",
    "take_over",
    "backup",
    "freeze",
    "deadline",
    "migrate",
    "validate",
];

/// A key as it stands in the file.
type Key<'a> = Spanned<std::borrow::Cow<'a, str>>;
type Value<'a> = Spanned<DeValue<'a>>;

/// Reads the text of `file`.
///
/// # Errors
/// Usage, with every mistake and its place.
pub fn parse(text: &str, file: &str) -> Result<Settings> {
    let mut reader = Reader { text, file, mistakes: Vec::new() };
    let mut settings = Settings { file: Some(file.to_owned()), ..Settings::default() };
    match DeTable::parse(text) {
        Ok(root) => reader.root(root.get_ref(), &mut settings),
        Err(error) => {
            let at = error.span().map_or(text.len(), |span| span.start);
            reader.mistake(at, error.message().to_owned());
        }
    }
    if reader.mistakes.is_empty() {
        return Ok(settings);
    }
    Err(Error::usage(reader.mistakes.join("\n")).remedy("docs/configuration.md lists every key and word"))
}

struct Reader<'a> {
    text: &'a str,
    file: &'a str,
    mistakes: Vec<String>,
}

impl Reader<'_> {
    fn root(&mut self, root: &DeTable<'_>, settings: &mut Settings) {
        for (key, value) in in_order(root) {
            match key.get_ref().as_ref() {
                "options" => self.options(value, &mut settings.options),
                "tables" => self.tables(value, &mut settings.rules),
                "hooks" => self.hooks(value, &mut settings.hooks),
                other => {
                    let hint = match OPTION_KEYS.contains(&other) {
                        true => "; options stand below [options]".to_owned(),
                        false => suggestion(other, ["options", "tables", "hooks"]),
                    };
                    self.mistake(key.span().start, format!("unknown key `{other}`{hint}"));
                }
            }
        }
    }

    fn options(&mut self, value: &Value<'_>, options: &mut Options) {
        for (key, value) in self.entries(value, "options") {
            let o = &mut *options;
            match key.get_ref().as_ref() {
                "schema" => o.schema = self.string(key, value),
                "table" => o.tables = self.strings(key, value),
                "exclude" => o.exclude = self.strings(key, value),
                "create" => o.create = self.word(key, value),
                "existing" => o.existing = self.word(key, value),
                "orphans" => o.orphans = self.word(key, value),
                "names" => o.names = self.word(key, value),
                "infer" => o.infer = self.word(key, value),
                "mixed" => o.mixed = self.word(key, value),
                "on_bad_value" => o.on_bad_value = self.word(key, value),
                "generated" => o.generated = self.word(key, value),
                "triggers" => o.triggers = self.word(key, value),
                "comments" => o.comments = self.word(key, value),
                "verify" => o.verify = self.word(key, value),
                "naive_tz" => o.naive_tz = self.string(key, value),
                "fail_fast" => o.fail_fast = self.flag(key, value),
                "jobs" => o.jobs = self.jobs(key, value),
                "retry_for" => o.retry_for = self.duration(key, value),
                "chunk_bytes" => o.chunk_bytes = self.size(key, value),
                "chunk_rows" => o.chunk_rows = self.count(key, value, u64::MAX),
                other => self.unknown_option(key.span().start, other),
            }
        }
    }

    fn unknown_option(&mut self, at: usize, key: &str) {
        let message = match key {
            "to" => "`to` is not allowed here: a target may hold a password, and this file may be shared; \
                     name it on the command line, in CUTOVER_TO or in DATABASE_URL"
                .to_owned(),
            key if OF_ONE_RUN.contains(&key) => {
                format!("`{key}` belongs to one run: it is an option of the command line only")
            }
            key => format!("unknown option `{key}`{}", suggestion(key, OPTION_KEYS)),
        };
        self.mistake(at, message);
    }

    fn tables(&mut self, value: &Value<'_>, rules: &mut Vec<Rule>) {
        for (name, value) in self.entries(value, "tables") {
            let table = self.pattern(name);
            let mut rule = Rule { table: table.clone(), column: None, settings: Vec::new() };
            let mut columns = Vec::new();
            for (key, value) in self.entries(value, "a table") {
                match key.get_ref().as_ref() {
                    "columns" => columns = self.columns(value, &table),
                    _ => rule.settings.extend(self.table_setting(key, value)),
                }
            }
            rules.push(rule);
            rules.extend(columns);
        }
    }

    fn columns(&mut self, value: &Value<'_>, table: &Placed<String>) -> Vec<Rule> {
        let mut rules = Vec::new();
        for (name, value) in self.entries(value, "columns") {
            let column = Some(self.pattern(name));
            let entries = self.entries(value, "a column");
            let settings = entries.into_iter().filter_map(|(key, value)| self.column_setting(key, value));
            let settings = settings.collect();
            rules.push(Rule { table: table.clone(), column, settings });
        }
        rules
    }

    fn table_setting(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<Placed<Setting>> {
        let setting = match key.get_ref().as_ref() {
            "rename" => Setting::Rename(self.name(key, value)?),
            "skip" => Setting::Skip(self.flag(key, value)?),
            "where" => Setting::Where(self.string(key, value)?),
            "partition" => Setting::Partition(self.partition(key, value)?),
            "on_bad_value" => Setting::OnBadValue(self.word(key, value)?),
            other => {
                let hint = match COLUMN_KEYS.contains(&other) {
                    true => "; it is a key of columns: [tables.\"…\".columns.\"…\"]".to_owned(),
                    false => suggestion(other, TABLE_KEYS),
                };
                self.mistake(key.span().start, format!("unknown key `{other}` of a table{hint}"));
                return None;
            }
        };
        Some(Placed { value: setting, place: self.place(key.span().start) })
    }

    fn column_setting(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<Placed<Setting>> {
        let setting = match key.get_ref().as_ref() {
            "rename" => Setting::Rename(self.name(key, value)?),
            "skip" => Setting::Skip(self.flag(key, value)?),
            "type" => Setting::Type(self.string(key, value)?),
            "encoding" => Setting::Encoding(self.encoding(key, value)?),
            "time_zone" => Setting::TimeZone(self.string(key, value)?),
            "on_bad_value" => Setting::OnBadValue(self.word(key, value)?),
            "empty" => Setting::EmptyNull(self.word::<EmptyNull>(key, value)?.0),
            "nul" => Setting::Nul(self.word(key, value)?),
            "invalid_utf8" => Setting::InvalidUtf8(self.word(key, value)?),
            other => {
                let hint = suggestion(other, COLUMN_KEYS);
                self.mistake(key.span().start, format!("unknown key `{other}` of a column{hint}"));
                return None;
            }
        };
        Some(Placed { value: setting, place: self.place(key.span().start) })
    }

    fn encoding(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<String> {
        let word = self.string(key, value)?;
        let is_pair = flag_spellings(&word).is_some();
        if is_pair || (word != "t/f" && ENCODINGS.contains(&word.as_str())) {
            return Some(word);
        }
        let hint = suggestion(&word, ENCODINGS);
        let words = ENCODINGS.join(", ");
        self.mistake(value.span().start, format!("unknown encoding `{word}`{hint} (known: {words})"));
        None
    }

    /// A name that the target can have as it is.
    fn name(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<String> {
        let name = self.string(key, value)?;
        let problem = match name.len() {
            _ if name.contains('\0') => "contains a NUL",
            0 => "is empty",
            bytes if bytes > crate::limits::NAME_BYTES_MAX => {
                "is longer than 63 bytes, which PostgreSQL would cut"
            }
            _ => return Some(name),
        };
        self.mistake(value.span().start, format!("the name in `{}` {problem}", key.get_ref()));
        None
    }

    fn pattern(&mut self, key: &Key<'_>) -> Placed<String> {
        let place = self.place(key.span().start);
        Placed { value: key.get_ref().to_string(), place }
    }

    fn entries<'v, 'd>(&mut self, value: &'v Value<'d>, what: &str) -> Vec<(&'v Key<'d>, &'v Value<'d>)> {
        match value.get_ref() {
            DeValue::Table(table) => in_order(table),
            other => {
                let message = format!("{what} must be a table, not {}", kind(other));
                self.mistake(value.span().start, message);
                Vec::new()
            }
        }
    }

    fn string(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            other => self.wrong(key, value, "a text in quotes", other),
        }
    }

    fn strings(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<Vec<String>> {
        match value.get_ref() {
            DeValue::Array(items) => items.iter().map(|item| self.string(key, item)).collect(),
            DeValue::String(one) => Some(vec![one.to_string()]),
            other => self.wrong(key, value, "an array of texts", other),
        }
    }

    fn flag(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<bool> {
        match value.get_ref() {
            DeValue::Boolean(flag) => Some(*flag),
            other => self.wrong(key, value, "true or false", other),
        }
    }

    fn word<W: Word>(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<W> {
        let word = self.string(key, value)?;
        let found = W::of_word(&word);
        if found.is_none() {
            let words: Vec<&str> = W::WORDS.iter().map(|(word, _)| *word).collect();
            let hint = suggestion(&word, words.iter().copied());
            let message =
                format!("`{}` cannot be `{word}`{hint} (it is {})", key.get_ref(), words.join(", "));
            self.mistake(value.span().start, message);
        }
        found
    }

    fn count(&mut self, key: &Key<'_>, value: &Value<'_>, max: u64) -> Option<u64> {
        let number = match value.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let number = number.filter(|number| (1..=max).contains(number));
        if number.is_none() {
            let range = if max == u64::MAX { "1 or more".to_owned() } else { format!("from 1 to {max}") };
            let message = format!("`{}` must be a whole number {range}", key.get_ref());
            self.mistake(value.span().start, message);
        }
        number
    }

    fn jobs(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<usize> {
        self.count(key, value, JOBS_MAX as u64).and_then(|jobs| usize::try_from(jobs).ok())
    }

    fn size(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<u64> {
        let DeValue::String(text) = value.get_ref() else { return self.count(key, value, u64::MAX) };
        let read = size(text);
        if let Err(why) = &read {
            self.mistake(value.span().start, format!("`{}`: {why}", key.get_ref()));
        }
        read.ok()
    }

    /// `"5m"`; 0 needs neither unit nor quotes.
    fn duration(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<Duration> {
        let text = match value.get_ref() {
            DeValue::Integer(number) => number.as_str().to_owned(),
            _ => self.string(key, value)?,
        };
        let read = duration(&text);
        if let Err(why) = &read {
            self.mistake(value.span().start, format!("`{}`: {why}", key.get_ref()));
        }
        read.ok()
    }

    fn wrong<T>(&mut self, key: &Key<'_>, value: &Value<'_>, wanted: &str, is: &DeValue<'_>) -> Option<T> {
        let message = format!("`{}` must be {wanted}, not {}", key.get_ref(), kind(is));
        self.mistake(value.span().start, message);
        None
    }

    fn mistake(&mut self, at: usize, message: String) {
        let Place { line, column } = self.place(at);
        self.mistakes.push(format!("{}:{line}:{column}: {message}", self.file));
    }

    fn place(&self, at: usize) -> Place {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
        Place { line, column }
    }
}

/// Two spellings of a flag, `true` first: `t/f`, `yes/no`. Neither is empty, and they differ.
pub fn flag_spellings(encoding: &str) -> Option<(&str, &str)> {
    let (yes, no) = encoding.split_once('/')?;
    (!yes.is_empty() && !no.is_empty() && !no.contains('/') && yes != no).then_some((yes, no))
}

fn in_order<'v, 'd>(table: &'v DeTable<'d>) -> Vec<(&'v Key<'d>, &'v Value<'d>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
