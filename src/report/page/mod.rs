//! The report as one HTML page: nothing is loaded, nothing is sent, everything of others is escaped. It is read without
//! JavaScript; ten lines of it open what is folded before the page is printed.
//!
//! The page forbids by its own policy whatever is not its style and its script, which it names by their hashes.

mod axis;
mod rate;
mod timeline;

use super::view::{Bounds, ColumnLine, LEVELS, TableLine, Tone, View, verify_word};
use crate::error::{Error, Result};
use crate::outcome::{Outcome, RunReport};
use crate::report::human;
use askama::Template;
use rate::Chart;
use timeline::Timeline;

const STYLE: &str = include_str!("../../../templates/report/page.css");
const SCRIPT: &str = include_str!("../../../templates/report/page.js");

/// SHA-256 of the style and of the script, as the page's policy names them; a test computes them.
const STYLE_HASH: &str = "sha256-AnxZ0Dkk1E4S8/KaqZXVlDNLGrgNhMkv+byweU7M+Dk=";
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

    /// What stands in the way comes before everything else.
    fn is_refused(&self) -> bool {
        self.report.outcome == Outcome::Refused
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{ColumnDifference, DifferenceKind, Outcome, SetAsideCount, Verify};
    use crate::report::summary::tests::{example, one_changed_row};
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_policy_names_style_and_script_as_they_are() {
        let hash = |text: &str| format!("sha256-{}", STANDARD.encode(Sha256::digest(text.as_bytes())));
        assert_eq!((hash(STYLE), hash(SCRIPT)), (STYLE_HASH.to_owned(), SCRIPT_HASH.to_owned()));
        let page = html(&example()).unwrap();
        assert!(page.contains(&format!("<style>{STYLE}</style>")), "as it was hashed");
        assert!(page.contains(&format!("<script>{SCRIPT}</script>")), "as it was hashed");
        assert!(!page.contains(" style=") && !page.contains(" on"), "what the policy would forbid");
    }

    #[test]
    fn nothing_is_loaded_from_anywhere() {
        let page = html(&example()).unwrap();
        for word in ["http:", "https:", "//fonts", "url(", "@import", "<link rel=\"stylesheet", "src="] {
            assert!(!page.contains(word), "{word}");
        }
    }

    /// Everything that is somebody else's text.
    fn hostile(bad: &str) -> RunReport {
        let mut report = example();
        let text = || bad.to_owned();
        report.outcome = Outcome::Differs;
        (report.tool, report.error) = (text(), Some(text()));
        (report.run.id, report.run.command, report.run.config) = (text(), text(), Some(text()));
        report.run.verify_again = vec![text(), text()];
        report.run.phases = vec![crate::outcome::PhaseSpan { name: text(), started: 0.0, seconds: 1.0 }];
        report.plan_hash = vec![text()];
        let source = &mut report.source[0];
        (source.path, source.fingerprint, source.encoding, source.journal_mode) =
            (text(), text(), text(), text());
        if let Some(target) = &mut report.target {
            (target.host, target.schema, target.server_version) = (text(), text(), text());
        }
        let (counts, mut row) = one_changed_row();
        (row.kind, row.key, row.target_row) = (DifferenceKind::Changed, text(), Some(text()));
        let ColumnDifference { column, target_column, source, .. } = &mut row.columns[0];
        (*column, *target_column, source.class, source.value) = (text(), text() + "2", text(), Some(text()));
        let table = &mut report.tables[0];
        (table.source, table.target, table.verify_note) = (text(), text() + "2", text());
        (table.verify, table.difference_counts, table.differences) =
            (Verify::Differs, Some(counts), vec![row]);
        table.rows.set_aside = 1;
        table.set_aside = vec![SetAsideCount { rule: text(), column: text(), rows: 1 }];
        table.spans.copy = Some(crate::outcome::Span { started: 0.0, ended: 1.0 });
        let column = &mut table.columns[0];
        (column.source, column.target, column.declared) = (text(), text() + "2", text());
        (column.pg_type, column.level, column.why, column.evidence.change) = (text(), text(), text(), text());
        column.evidence.against = vec![text()];
        for finding in &mut report.findings {
            (finding.code, finding.object, finding.message, finding.fix) = (text(), text(), text(), text());
            finding.examples = vec![text()];
        }
        for object in &mut report.not_carried {
            (object.kind, object.name, object.why, object.sql) = (text(), text(), text(), text());
            object.table = Some(text());
        }
        for object in &mut report.objects.indexes {
            (object.name, object.table, object.kind, object.state) = (text(), text(), text(), text());
        }
        report
    }

    #[test]
    fn whatever_a_name_is_it_is_text() {
        let bad = "</title></style></script><script>alert(1)</script>'\"><img src=x>&amp;";
        let page = html(&hostile(bad)).unwrap();
        let plain = html(&hostile("harmless")).unwrap();
        for mark in ["<script", "</script", "</style", "</title", "<img", "onerror="] {
            assert_eq!(page.matches(mark).count(), plain.matches(mark).count(), "{mark}");
        }
        let tags = |page: &str| page.matches('<').count();
        assert_eq!(tags(&page), tags(&plain), "not one tag more than of a harmless name");
        assert!(
            page.matches("&#60;script&#62;alert(1)&#60;/script&#62;").count() > 30,
            "it is shown everywhere"
        );
    }

    #[test]
    fn what_is_unknown_is_absent() {
        let mut report = crate::outcome::tests::empty();
        report.outcome = Outcome::Failed;
        report.error = Some("the server cannot be reached".into());
        let page = html(&report).unwrap();
        for section in [
            "tables",
            "timeline",
            "rate",
            "differences",
            "set-aside",
            "not-carried",
            "findings",
            "objects",
            "columns",
            "again",
        ] {
            assert!(!page.contains(&format!("id=\"{section}\"")), "{section}");
        }
        assert!(page.contains("the server cannot be reached") && page.contains("An error stopped it"));
    }
}
