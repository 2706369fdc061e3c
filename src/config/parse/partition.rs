//! `partition = {by = "created_at", every = "month"}`, or `false` to take it back.

use super::{Key, Reader, Value, kind};
use crate::config::nearest::suggestion;
use crate::config::{Every, PartitionChoice, Period, Word};
use toml::de::{DeInteger, DeValue};

const KEYS: [&str; 2] = ["by", "every"];

impl Reader<'_> {
    pub(super) fn partition(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<Option<PartitionChoice>> {
        match value.get_ref() {
            DeValue::Boolean(false) => Some(None),
            DeValue::Table(_) => self.partition_table(key, value).map(Some),
            other => {
                let wanted = "{by = \"COLUMN\", every = \"month\"}, or false";
                self.wrong(key, value, wanted, other)
            }
        }
    }

    fn partition_table(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<PartitionChoice> {
        let (mut by, mut every) = (None, None);
        let told = self.mistakes.len();
        for (key, value) in self.entries(value, "partition") {
            match key.get_ref().as_ref() {
                "by" => by = self.string(key, value),
                "every" => every = self.every(key, value),
                other => {
                    let message = format!("unknown key `{other}` of partition{}", suggestion(other, KEYS));
                    self.mistake(key.span().start, message);
                }
            }
        }
        if self.mistakes.len() == told && (by.is_none() || every.is_none()) {
            let missing = if by.is_none() { "by" } else { "every" };
            self.mistake(
                key.span().start,
                format!("`partition` needs `by` and `every`; `{missing}` is missing"),
            );
        }
        Some(PartitionChoice { by: by?, every: every? })
    }

    fn every(&mut self, key: &Key<'_>, value: &Value<'_>) -> Option<Every> {
        match value.get_ref() {
            DeValue::String(_) => self.word::<Period>(key, value).map(Every::Period),
            DeValue::Integer(number) => {
                let step = step(number);
                if step.is_none() {
                    let message = format!("`every` must be a whole number from 1 to {}", i64::MAX);
                    self.mistake(value.span().start, message);
                }
                step.map(Every::Step)
            }
            other => {
                let words: Vec<&str> = Period::WORDS.iter().map(|(word, _)| *word).collect();
                let message = format!(
                    "`every` must be a word ({}) or a whole number, not {}",
                    words.join(", "),
                    kind(other)
                );
                self.mistake(value.span().start, message);
                None
            }
        }
    }
}

fn step(number: &DeInteger<'_>) -> Option<i64> {
    i64::from_str_radix(number.as_str(), number.radix()).ok().filter(|step| *step >= 1)
}
