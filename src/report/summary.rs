//! What a run came to, as text for people on stdout, and what an error says.
//!
//! The last line is the outcome in one sentence; with a deadline, its verdict comes after it. The word "done" stands there only if the outcome is
//! [`Outcome::Done`]. No colours and no control characters, so the text is the same in a log.

mod around;
mod differences;
mod outline;
mod queries;
mod repair;
pub(super) mod tables;

pub use outline::Told;

use crate::error::Error;
use crate::outcome::{Outcome, RunReport};
use crate::report::{cells, human, terminal};
use std::fmt::Write;
use std::os::fd::AsFd;

/// How wide lines may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// so many cells of a terminal
    Terminal(usize),
    /// as wide as the content asks for: pipes and files
    Plain,
}

impl Width {
    /// What stdout is.
    pub fn of_stdout() -> Width {
        Width::of(&std::io::stdout())
    }

    /// What stderr is.
    pub fn of_stderr() -> Width {
        Width::of(&std::io::stderr())
    }

    fn of(stream: &(impl std::io::IsTerminal + AsFd)) -> Width {
        if stream.is_terminal() { Width::Terminal(terminal::size(stream).cells()) } else { Width::Plain }
    }

    /// `text` with its lines broken between words where a terminal is too narrow for them.
    pub fn fit(self, text: &str) -> String {
        let Width::Terminal(cells) = self else { return text.to_owned() };
        cells::wrapped(text, cells, FURTHER_INDENT).join("\n")
    }
}

/// Further lines of a sentence begin with so many blanks more.
const FURTHER_INDENT: usize = 2;

/// The whole summary, with a line break at its end; what ended the run is in [`failure`], for stderr.
pub fn text(report: &RunReport, width: Width) -> String {
    let sections = [
        tables::text(report, width),
        outline::objects(report),
        outline::not_carried(report),
        outline::findings(report),
        outline::set_aside(report),
        repair::text(report),
        queries::text(report, width),
        differences::text(report),
        around::text(report),
        outline::sentence(report),
        around::verdict(report),
    ];
    width.fit(&sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n"))
}

/// The error that ended the run and its remedy; empty where there was none. The reasons of a refusal are among the
/// report's findings and are not repeated.
pub fn failure(report: &RunReport, error: Option<&Error>) -> String {
    let mut text = String::new();
    if matches!(report.outcome, Outcome::Done) {
        return text;
    }
    let shown = error.map(ToString::to_string).or_else(|| report.error.clone());
    if let Some(shown) = shown {
        let _ = writeln!(text, "error: {}", human::text(&shown));
    }
    if let Some(remedy) = error.and_then(Error::remedy_text) {
        let _ = writeln!(text, "help: {}", human::text(remedy));
    }
    text
}

/// An error as it is shown on stderr: the message with its causes, every reason of a refusal with its fix, the remedy.
/// Ends with a line break.
pub fn error_text(error: &Error) -> String {
    let mut text = format!("error: {}\n", human::text(&error.to_string()));
    for (index, reason) in error.reasons().iter().enumerate() {
        let told = outline::finding(reason);
        let _ = writeln!(text, "{:>4}. {}", index + 1, told.what);
        outline::fixes(&mut text, "      ", &told);
    }
    if let Some(remedy) = error.remedy_text() {
        let _ = writeln!(text, "help: {}", human::text(remedy));
    }
    text
}

#[cfg(test)]
pub(super) mod tests;
