//! The application's own queries: a line for each, and why those are named that were not the same.

use crate::outcome::{Percentiles, QueryReport, QueryVerdict, RunReport};
use crate::report::human;
use crate::report::summary::Width;
use crate::report::summary::tables::grid;
use std::fmt::Write;

/// Queries that are listed; the report has all.
const LISTED_MAX: usize = 50;

/// What became of the queries; nothing where none were asked.
pub(super) fn text(report: &RunReport, width: Width) -> String {
    let Some(queries) = report.queries.as_ref().filter(|queries| !queries.is_empty()) else {
        return String::new();
    };
    let head = ["query", "rows", "source p50", "p95", "target p50", "p95", "result"];
    let rows = queries.iter().take(LISTED_MAX).map(row);
    let mut text = grid(head.map(str::to_owned), rows, width);
    if queries.len() > LISTED_MAX {
        let more = human::count((queries.len() - LISTED_MAX) as u64);
        let _ = writeln!(text, "and {more} more; a report has them all (--report FILE.json)");
    }
    for query in queries.iter().filter(|query| query.verdict != QueryVerdict::Same) {
        let (name, why) = (human::name(&query.name), human::text(&query.why));
        let _ = writeln!(text, "query {name} (line {}): {why}", query.line);
    }
    text
}

fn row(query: &QueryReport) -> Vec<String> {
    let time = |times: Option<Percentiles>, of: fn(Percentiles) -> f64| {
        times.map_or_else(|| "–".to_owned(), |times| format!("{:.1} ms", of(times)))
    };
    let verdict = match query.verdict {
        QueryVerdict::Same if query.slow => "same, slow",
        QueryVerdict::Same => "same",
        QueryVerdict::Differs => "DIFFERS",
        QueryVerdict::Refused => "REFUSED",
        QueryVerdict::NotComparable => "NOT COMPARED",
    };
    vec![
        human::name(&query.name),
        human::count(query.source_rows),
        time(query.source_ms, |times| times.p50),
        time(query.source_ms, |times| times.p95),
        time(query.target_ms, |times| times.p50),
        time(query.target_ms, |times| times.p95),
        verdict.to_owned(),
    ]
}
