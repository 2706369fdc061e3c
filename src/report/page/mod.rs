//! The report as one HTML page: nothing is loaded, nothing is sent, everything of others is escaped. It is read without
//! JavaScript; ten lines of it open what is folded before the page is printed.
//!
//! The page forbids by its own policy whatever is not its style and its script, which it names by their hashes.

mod axis;
mod rate;
mod timeline;

use super::view::{Bounds, ColumnLine, LEVELS, TableLine, Tone, View, verify_word};
use crate::error::{Error, Result};
use crate::outcome::RunReport;
use crate::report::human;
use askama::Template;
use rate::Chart;
use timeline::Timeline;

const STYLE: &str = include_str!("../../../templates/report/page.css");
const SCRIPT: &str = include_str!("../../../templates/report/page.js");

/// SHA-256 of the style and of the script, as the page's policy names them; a test computes them.
const STYLE_HASH: &str = "sha256-Xyj+chbR6dHPRf2WgTfnJiFig/pUBNH/0x5f3ihp8VU=";
const SCRIPT_HASH: &str = "sha256-aIH5m4LSQ4nxevVH3VbHSjnnQbBvQH8GbpDQpEKx+0c=";

#[derive(Template)]
#[template(path = "report/page.html")]
struct Page<'a> {
    view: View,
    report: &'a RunReport,
    timeline: Timeline,
    charts: Vec<Chart>,
}

/// The whole page.
///
/// # Errors
/// Internal, where it cannot be drawn.
pub(super) fn html(report: &RunReport) -> Result<String> {
    Bounds::page().fit(|bounds| draw(report, bounds))
}

fn draw(report: &RunReport, bounds: &Bounds) -> Result<String> {
    let page = Page {
        view: View::of(report, bounds)?,
        report,
        timeline: timeline::of(report, bounds),
        charts: rate::of(report),
    };
    page.render().map_err(|cause| Error::internal("the report cannot be drawn as a page").cause(cause))
}

impl Page<'_> {
    /// What stands in the title of the window.
    fn title(&self) -> String {
        let tables = human::plural(self.report.tables.len() as u64, "table");
        format!("{}: {}, {tables}", self.view.verdict.word, self.command())
    }

    fn command(&self) -> &str {
        match self.report.run.command.as_str() {
            "copy" => "Migration",
            "validate" => "Validation",
            "verify" => "Verification",
            "rehearse" => "Rehearsal",
            _ => "Run",
        }
    }

    /// Where something keeps the copy from being good, the reasons come before the figures.
    fn is_trouble_first(&self) -> bool {
        self.view.verdict.tone != Tone::Good
    }

    fn count(&self, n: &u64) -> String {
        human::count(*n)
    }

    fn bytes(&self, n: &u64) -> String {
        human::bytes(*n)
    }

    fn seconds(&self, n: &f64) -> String {
        human::seconds(*n)
    }

    fn held(&self, table: &TableLine) -> String {
        table.held.map_or("—".to_owned(), human::count)
    }

    fn took(&self, seconds: &Option<f64>) -> String {
        seconds.map_or("—".to_owned(), human::seconds)
    }

    fn verdict(&self, table: &TableLine) -> (&'static str, Tone) {
        verify_word(table.verify)
    }

    /// Rows on the side that counts, for programs.
    fn held_data(&self, table: &TableLine) -> String {
        table.held.map_or(String::new(), |held| held.to_string())
    }

    fn verify_data(&self, table: &TableLine) -> String {
        serde_json::to_value(table.verify)
            .ok()
            .and_then(|word| word.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    fn level_class(&self, column: &ColumnLine) -> &'static str {
        match column.level.as_str() {
            "E0" => "plain",
            "E1" | "E2" => "info",
            _ => "care",
        }
    }
}
