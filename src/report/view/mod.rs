//! The report in words and figures as a person reads it: the one view that the page and the Markdown are drawn from.
//!
//! Every text in it is fit to be shown ([`text`]), every list is bounded, and what a bound leaves out is counted. What is not
//! known of a run is absent, not empty. The JSON report has all of it.

mod bounds;
mod columns;
mod differences;
mod extra;
mod facts;
mod findings;
mod lists;
mod tables;
pub(super) mod text;
mod verdict;

pub(super) use bounds::Bounds;
pub(super) use columns::{ColumnLine, ColumnsOfTable, LEVELS};
pub(super) use differences::DifferencesOfTable;
pub(super) use extra::Extra;
pub(super) use facts::{Fact, Figure};
pub(super) use findings::FindingsOfSeverity;
pub(super) use lists::{NotCarriedLine, ObjectsOfKind, SetAsideLine};
pub(super) use tables::{TableLine, Tables, verify_word};
pub(super) use verdict::Verdict;

use crate::error::Result;
use crate::finding::Severity;
use crate::outcome::{Outcome, RunReport};

/// How good or bad something is. It has a word beside it wherever it is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Care,
    Bad,
    Plain,
}

impl Tone {
    /// The class of its colours.
    pub(super) fn class(self) -> &'static str {
        match self {
            Tone::Good => "good",
            Tone::Care => "care",
            Tone::Bad => "bad",
            Tone::Plain => "plain",
        }
    }

    /// A sign that does not need a colour.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Tone::Good => "✓",
            Tone::Care => "!",
            Tone::Bad => "✕",
            Tone::Plain => "·",
        }
    }
}

/// Some of a list, and how many are not among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part<T> {
    pub(super) shown: Vec<T>,
    pub(super) more: u64,
}

/// The whole report as it is shown.
#[derive(Debug)]
pub(super) struct View {
    pub(super) verdict: Verdict,
    pub(super) attention: Vec<facts::Attention>,
    pub(super) error: Option<String>,
    pub(super) figures: Vec<Figure>,
    pub(super) facts: Vec<Fact>,
    pub(super) identity: Vec<Fact>,
    pub(super) tables: Tables,
    pub(super) differences: Vec<DifferencesOfTable>,
    pub(super) set_aside: Vec<SetAsideLine>,
    pub(super) not_carried: Part<NotCarriedLine>,
    pub(super) findings: Vec<FindingsOfSeverity>,
    pub(super) objects: Vec<ObjectsOfKind>,
    pub(super) columns: Part<ColumnsOfTable>,
    pub(super) extra: Vec<Extra>,
    /// the command that compares both sides again; empty where there is nothing to compare
    pub(super) again: String,
}

impl View {
    /// What `report` says, within `bounds`.
    ///
    /// # Errors
    /// Internal, where the report has no JSON form.
    pub(super) fn of(report: &RunReport, bounds: &Bounds) -> Result<View> {
        Ok(View {
            verdict: verdict::of(report),
            attention: facts::attention(report),
            error: error(report, bounds),
            figures: facts::figures(report),
            facts: facts::facts(report, bounds),
            identity: facts::identity(report, bounds),
            tables: tables::of(report, bounds),
            differences: differences::of(report, bounds),
            set_aside: lists::set_aside(report, bounds),
            not_carried: lists::not_carried(report, bounds),
            findings: findings::of(report, bounds),
            objects: lists::objects(report, bounds),
            columns: columns::of(report, bounds),
            extra: extra::of(report, bounds)?,
            again: facts::again(report),
        })
    }
}

/// What ended the run. A refusal only counts the findings that are its reasons.
fn error(report: &RunReport, bounds: &Bounds) -> Option<String> {
    let is_told = report.outcome == Outcome::Refused
        && report.findings.iter().any(|finding| finding.severity == Severity::Refusal);
    let error = report.error.as_deref().filter(|_| !is_told)?;
    Some(text::sentence(error, bounds.text_chars))
}
