//! The words of the policies, as options and `cutover.toml` spell them.

use super::{
    BadValuePolicy, CommentPolicy, CreatePolicy, ExistingPolicy, GeneratedPolicy, Infer, InvalidPolicy,
    MixedPolicy, NamePolicy, NulPolicy, OrphanPolicy, Period, TriggerPolicy, VerifyLevel,
};

/// A choice among a few words.
pub trait Word: Sized + Copy + PartialEq + 'static {
    /// every word with what it stands for
    const WORDS: &'static [(&'static str, Self)];

    /// What `word` stands for.
    fn of_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, value)| *value)
    }

    /// The word for this choice.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }
}

impl Word for CreatePolicy {
    const WORDS: &'static [(&'static str, Self)] = &[("auto", Self::Auto), ("never", Self::Never)];
}

impl Word for ExistingPolicy {
    const WORDS: &'static [(&'static str, Self)] =
        &[("refuse", Self::Refuse), ("append", Self::Append), ("truncate", Self::Truncate)];
}

impl Word for OrphanPolicy {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("refuse", Self::Refuse),
        ("not-valid", Self::NotValid),
        ("quarantine", Self::Quarantine),
    ];
}

impl Word for VerifyLevel {
    const WORDS: &'static [(&'static str, Self)] =
        &[("checksum", Self::Checksum), ("count", Self::Count), ("off", Self::Off)];
}

impl Word for NamePolicy {
    const WORDS: &'static [(&'static str, Self)] =
        &[("keep", Self::Keep), ("lower", Self::Lower), ("snake", Self::Snake)];
}

impl Word for Period {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("day", Self::Day),
        ("week", Self::Week),
        ("month", Self::Month),
        ("quarter", Self::Quarter),
        ("year", Self::Year),
    ];
}

impl Word for Infer {
    const WORDS: &'static [(&'static str, Self)] =
        &[("declared", Self::Declared), ("content", Self::Content)];
}

impl Word for GeneratedPolicy {
    const WORDS: &'static [(&'static str, Self)] =
        &[("values", Self::Values), ("translate", Self::Translate)];
}

impl Word for TriggerPolicy {
    const WORDS: &'static [(&'static str, Self)] = &[("list", Self::List), ("timestamps", Self::Timestamps)];
}

impl Word for CommentPolicy {
    const WORDS: &'static [(&'static str, Self)] = &[("on", Self::On), ("off", Self::Off)];
}

impl Word for MixedPolicy {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("widen", Self::Widen),
        ("refuse", Self::Refuse),
        ("tagged", Self::Tagged),
        ("split", Self::Split),
        ("quarantine", Self::Quarantine),
    ];
}

impl Word for BadValuePolicy {
    const WORDS: &'static [(&'static str, Self)] =
        &[("refuse", Self::Refuse), ("quarantine", Self::Quarantine)];
}

impl Word for Option<NulPolicy> {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("strip", Some(NulPolicy::Strip)),
        ("replace", Some(NulPolicy::Replace)),
        ("escape", Some(NulPolicy::Escape)),
        ("keep", None),
    ];
}

impl Word for Option<InvalidPolicy> {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("replace", Some(InvalidPolicy::Replace)),
        ("latin1", Some(InvalidPolicy::Latin1)),
        ("bytea", Some(InvalidPolicy::Bytea)),
        ("keep", None),
    ];
}

/// What becomes of an empty text: whether it becomes NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmptyNull(pub bool);

impl Word for EmptyNull {
    const WORDS: &'static [(&'static str, Self)] = &[("null", EmptyNull(true)), ("keep", EmptyNull(false))];
}
