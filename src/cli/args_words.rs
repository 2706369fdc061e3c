//! The words that options take.

use clap::ValueEnum;

/// The words of `--create`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CreateWord {
    Auto,
    Never,
}

/// The words of `--existing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExistingWord {
    Refuse,
    Append,
    Truncate,
}

/// The words of `--orphans`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OrphanWord {
    Auto,
    Refuse,
    NotValid,
    Quarantine,
}

/// The words of `--infer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum InferWord {
    Declared,
    Content,
}

/// The words of `--mixed`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum MixedWord {
    Widen,
    Refuse,
    Tagged,
    Split,
    Quarantine,
}

/// The words of `--generated`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GeneratedWord {
    Values,
    Translate,
}

/// The words of `--triggers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum TriggerWord {
    List,
    Timestamps,
}

/// The words of `--comments`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CommentWord {
    On,
    Off,
}

/// The words of `--on-bad-value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BadValueWord {
    Refuse,
    Quarantine,
}

/// The words of `--verify`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum VerifyWord {
    Checksum,
    Count,
    Off,
}

/// The words of `--names`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum NameWord {
    Keep,
    Lower,
    Snake,
}

/// The words of `--progress`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ProgressWord {
    Auto,
    Bars,
    Lines,
    Json,
    Off,
}
