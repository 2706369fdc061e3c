//! Host, files, server, room and plan in a few lines, and the verdict (`copy --validate`).

use crate::outcome::{
    Environment, HostFacts, LinkFacts, RunReport, ServerFacts, SourceEnvironment, SpaceForecast, TableOutline,
};
use crate::report::human;
use std::fmt::Write;

/// Tables and columns that are named in a line; the report file has all.
const NAMED_MAX: usize = 8;

/// What was looked at, and how the copy would go. Empty where nothing was looked at.
pub fn text(report: &RunReport) -> String {
    let mut text = String::new();
    if let Some(environment) = &report.environment {
        let place = report
            .target
            .as_ref()
            .map_or_else(String::new, |target| format!(" at {}", human::name(&target.host)));
        describe(&mut text, environment, &place);
    }
    if let Some(assessment) = report.assessment.as_ref().filter(|assessment| !assessment.tables.is_empty()) {
        plan(&mut text, &assessment.tables);
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The last line: would it work?
pub fn verdict(report: &RunReport) -> String {
    let Some(assessment) = &report.assessment else { return String::new() };
    let counts =
        [(assessment.refusals, "refusal"), (assessment.warnings, "warning"), (assessment.notes, "note")];
    let counts: Vec<String> = counts.iter().map(|(count, noun)| human::plural(*count, noun)).collect();
    let verdict = match assessment.would_work {
        true => "go: copy --migrate would work",
        false => "no-go: copy --migrate would not work",
    };
    format!("{verdict} ({})\n", counts.join(", "))
}

fn line(text: &mut String, name: &str, what: &str) {
    // Writing to a String cannot fail.
    let _ = writeln!(text, "  {name:<8}{what}");
}

fn describe(text: &mut String, environment: &Environment, place: &str) {
    text.push_str("environment\n");
    line(text, "host", &host(&environment.host));
    for source in &environment.sources {
        line(text, "source", &file(source));
    }
    if let Some(facts) = &environment.server {
        line(text, "target", &server(facts, place));
        line(text, "", &workings(facts));
    }
    if let Some(facts) = &environment.link {
        line(text, "link", &link(facts));
    }
    if let Some(space) = &environment.space {
        line(text, "space", &room(space));
    }
}

fn host(host: &HostFacts) -> String {
    let memory = match (host.memory_bytes, host.memory_free_bytes) {
        (Some(all), Some(free)) => {
            format!(", {} of memory, {} of it free", human::bytes(all), human::bytes(free))
        }
        _ => String::new(),
    };
    let cores = human::plural(host.cores, "core");
    format!("cutover {} with SQLite {}; {cores}{memory}", host.cutover, host.sqlite)
}

fn file(source: &SourceEnvironment) -> String {
    let log = match source.wal_bytes {
        0 => String::new(),
        bytes => format!(" and {} in its log", human::bytes(bytes)),
    };
    let held = match source.holders.as_ref().map(Vec::len) {
        None => String::new(),
        Some(0) => "; nobody else is seen to have it open".to_owned(),
        Some(count) => format!("; open in {} other process{}", count, if count == 1 { "" } else { "es" }),
    };
    let check = match source.quick_check.as_str() {
        "ok" => ", quick_check ok",
        "noted" => ", quick_check: see below",
        _ => "",
    };
    let version = match source.user_version {
        0 => String::new(),
        version => format!(", user_version {version}"),
    };
    format!(
        "{}: {}{log}, pages of {}, journal mode {}, {}{version}{check}{held}",
        human::name(&source.path),
        human::bytes(source.bytes),
        human::count(u64::from(source.page_bytes)),
        human::name(&source.journal_mode),
        source.encoding
    )
}

fn server(facts: &ServerFacts, place: &str) -> String {
    let rank = if facts.is_superuser { ", a superuser" } else { "" };
    let pooled = if facts.is_pooled { "; through a pooler in session mode" } else { "" };
    let size = facts.database_bytes.map_or_else(String::new, |bytes| format!(", {}", human::bytes(bytes)));
    format!(
        "PostgreSQL {}{place}: {}, {}{size}; role {}{rank}{pooled}",
        human::name(&facts.version),
        facts.encoding,
        human::name(&facts.collation),
        human::name(&facts.role)
    )
}

/// What goes on in the server beside us.
fn workings(facts: &ServerFacts) -> String {
    let setting = |name: &str| facts.setting(name).map(|value| format!("{name} {}", human::name(value)));
    let mut parts: Vec<String> =
        ["wal_level", "archive_mode", "autovacuum", "max_wal_size"].into_iter().filter_map(setting).collect();
    parts.push(human::plural(facts.replicas, "replica"));
    parts.push(human::plural(facts.slots.len() as u64, "slot"));
    if let Some(limit) = &facts.connections {
        parts.push(format!("{} of {} connections in use", limit.used, limit.allowed));
    }
    parts.join(", ")
}

fn link(facts: &LinkFacts) -> String {
    let tls = facts.tls.as_deref().unwrap_or("no TLS");
    let clock = match facts.clock_ahead_seconds {
        apart if apart.abs() < 0.0005 => "clocks agree".to_owned(),
        apart => {
            let which = if apart > 0.0 { "ahead" } else { "behind" };
            format!("the server's clock is {:.3} s {which}", apart.abs())
        }
    };
    format!(
        "{tls}; round trip {:.2} ms, {} from there; {clock}",
        facts.round_trip_ms,
        human::bytes_per_second(facts.bytes_per_second)
    )
}

fn room(space: &SpaceForecast) -> String {
    let free = match space.free_bytes {
        Some(free) => format!("{} free", human::bytes(free)),
        None => "free is not known from here".to_owned(),
    };
    let parts = [
        (space.heap_bytes, "tables"),
        (space.toast_bytes, "long values"),
        (space.index_bytes, "indexes"),
        (space.wal_bytes, "log written"),
    ];
    let parts = parts.iter().filter(|(bytes, _)| *bytes > 0);
    let parts: Vec<String> = parts.map(|(bytes, what)| format!("{what} {}", human::bytes(*bytes))).collect();
    let parts = if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) };
    format!("about {} to have free{parts}; {free}", human::bytes(space.needed_bytes))
}

fn plan(text: &mut String, tables: &[TableOutline]) {
    text.push_str("plan\n");
    let names: Vec<&str> = tables.iter().map(|table| table.source.as_str()).collect();
    line(text, "order", &listed(&names));
    let in_parts: Vec<&str> = named(tables, |table| table.transactions > 1);
    let whole = tables.iter().filter(|table| table.transactions == 1 && !table.shares_transaction).count();
    let shared = tables.iter().filter(|table| table.shares_transaction).count();
    let commit = format!(
        "{} whole, {} small ones together; in parts, resumable in the middle: {}",
        whole,
        shared,
        if in_parts.is_empty() { "none".to_owned() } else { listed(&in_parts) }
    );
    line(text, "commit", &commit);
    let frozen = tables.iter().filter(|table| table.is_frozen).count() as u64;
    if frozen > 0 {
        line(text, "freeze", &format!("{} by COPY … FREEZE", human::plural(frozen, "table")));
    }
    let reserved: Vec<String> = tables.iter().flat_map(reserved).collect();
    if reserved.is_empty() {
        line(text, "proof", "every value, with its storage class and its bytes");
    } else {
        let reserved: Vec<&str> = reserved.iter().map(String::as_str).collect();
        line(text, "proof", &format!("every value; with a reservation: {}", listed(&reserved)));
    }
}

/// `t.c (E2)`
fn reserved(table: &TableOutline) -> Vec<String> {
    let of = |column: &str, level: &str| format!("{}.{column} ({level})", table.source);
    table.reservations.iter().map(|reservation| of(&reservation.column, &reservation.level)).collect()
}

fn named(tables: &[TableOutline], is_one: impl Fn(&TableOutline) -> bool) -> Vec<&str> {
    tables.iter().filter(|table| is_one(table)).map(|table| table.source.as_str()).collect()
}

/// The first names, and how many others.
fn listed(names: &[&str]) -> String {
    let shown: Vec<String> = names.iter().take(NAMED_MAX).map(|name| human::name(name)).collect();
    let rest = match names.len().saturating_sub(NAMED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{rest}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::summary::tests::example;

    #[test]
    fn the_environment_is_a_few_lines_and_the_verdict_the_last() {
        let report = example();
        let text = text(&report);
        for words in [
            "environment\n  host    cutover 0.1.0",
            "  source  /tmp/app.db: ",
            "  link    no TLS; round trip 0.12 ms",
            "to have free",
            "plan\n  order   orders, users\n",
            "orders.placed (E2)",
        ] {
            assert!(text.contains(words), "{words}\n{text}");
        }
        assert!(text.lines().count() <= 12, "{text}");
        assert_eq!(verdict(&report), "go: copy --migrate would work (0 refusals, 1 warning, 2 notes)\n");
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (0..20).map(|i| format!("t{i}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(listed(&names).ends_with("t7 and 12 more"));
    }
}
