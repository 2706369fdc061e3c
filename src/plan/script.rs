//! A plan as an SQL script that `psql` alone can load: the very statements of the copy, in the order of its work.
//!
//! What stands in a comment cannot leave it: every line of it begins with `--`, and psql reads neither commands nor
//! variables there. Statements are the plan's own texts, in which every name is quoted and every text is a literal.

use super::{Plan, TableMode, TablePlan};
use crate::counts::plural;
use crate::finding::{Finding, NotCarried, Severity};
use crate::ident::quote;

/// A part of a script; rows belong between the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// the schema and its tables
    PreData,
    /// keys, indexes, constraints, views
    PostData,
}

/// One thing that a script does, or says that it does not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item<'a> {
    /// a statement, without its semicolon
    Run(std::borrow::Cow<'a, str>),
    /// a remark
    Say(String),
}

impl<'a> Item<'a> {
    fn run(sql: &'a str) -> Item<'a> {
        Item::Run(sql.into())
    }
}

/// The settings under which the statements mean what they mean in a copy: its sessions have the same ones
/// (`postgres::session`). Types and functions are named without a schema, everything else with one.
pub const SETTINGS: [&str; 5] = [
    "SET client_encoding = 'UTF8'",
    "SET search_path = pg_catalog",
    "SET TimeZone = 'UTC'",
    "SET DateStyle = 'ISO'",
    "SET standard_conforming_strings = on",
];

/// What a section of `plans` does, in the order of work. All plans go into one schema, which the first makes.
pub fn items(plans: &[Plan], section: Section) -> Vec<Item<'_>> {
    match section {
        Section::PreData => pre_data(plans),
        Section::PostData => post_data(plans),
    }
}

fn pre_data(plans: &[Plan]) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    if let Some(plan) = plans.iter().find(|plan| plan.create_schema) {
        items.push(Item::Run(format!("CREATE SCHEMA {}", quote(&plan.schema)).into()));
    }
    for table in tables(plans) {
        if table.mode == TableMode::Existing {
            let name = quote(&table.target);
            items.push(Item::Say(format!("table {name} exists already: nothing about it is changed")));
        }
        items.extend(table.pre_data.iter().map(|step| Item::run(&step.sql)));
    }
    items
}

/// Keys and indexes, then what rows are checked against, then its validation, then views and what comes last, as
/// `pipeline::steps` has them.
fn post_data(plans: &[Plan]) -> Vec<Item<'_>> {
    let mut items = Vec::new();
    items.extend(tables(plans).flat_map(|table| &table.post_data).map(|step| Item::run(&step.sql)));
    // The keys of a table that exists are there: the copy only lays them aside and brings them back.
    let created = || tables(plans).filter(|table| table.mode == TableMode::Create);
    let checks = || created().flat_map(|table| &table.checks);
    let keys = || created().flat_map(|table| &table.foreign_keys);
    items.extend(checks().map(|check| Item::run(&check.add)));
    items.extend(keys().map(|key| Item::run(&key.add)));
    items.extend(
        checks().map(|check| validation(&check.name, &check.validate, check.violations, "against it")),
    );
    let with_validation = keys().filter_map(|key| key.validate.as_ref().map(|sql| (key, sql)));
    items.extend(
        with_validation.map(|(key, sql)| validation(&key.name, sql, key.orphans, "without a parent")),
    );
    items.extend(plans.iter().flat_map(|plan| &plan.views).map(|step| Item::run(&step.sql)));
    items.extend(tables(plans).flat_map(|table| &table.last).map(|step| Item::run(&step.sql)));
    items
}

/// A constraint that rows of the source are against is not validated (semantics.md §3.5, §3.6).
fn validation<'a>(name: &str, sql: &'a str, against: u64, why: &str) -> Item<'a> {
    match against {
        0 => Item::run(sql),
        count => Item::Say(format!("{} stays NOT VALID: {} {why}", quote(name), plural(count, "row"))),
    }
}

fn tables(plans: &[Plan]) -> impl Iterator<Item = &TablePlan> {
    plans.iter().flat_map(|plan| &plan.tables)
}

/// The script: `heading` as a comment, the settings, the asked-for sections, and what is not carried.
pub fn script(plans: &[Plan], heading: &str, sections: &[Section]) -> String {
    let mut text = comment(heading);
    text.push('\n');
    for setting in SETTINGS {
        text += &format!("{setting};\n");
    }
    for &section in sections {
        text += match section {
            Section::PreData => "\n-- pre-data: schema and tables\n",
            Section::PostData => "\n-- post-data: keys, indexes, constraints, views\n",
        };
        for item in items(plans, section) {
            text.push('\n');
            text += &match item {
                Item::Run(sql) => format!("{sql};\n"),
                Item::Say(remark) => comment(&remark),
            };
        }
    }
    text += &remarks(plans);
    text
}

/// What the target will not have, and what differs in it.
fn remarks(plans: &[Plan]) -> String {
    let mut text = String::new();
    for plan in plans {
        text.extend(plan.not_carried.iter().map(|item| format!("\n{}", comment(&not_carried(item)))));
        let warnings = plan.findings.iter().filter(|finding| finding.severity == Severity::Warning);
        text.extend(warnings.map(|finding| format!("\n{}", comment(&warning(finding)))));
    }
    text
}

fn not_carried(item: &NotCarried) -> String {
    let of = item.table.as_ref().map_or(String::new(), |table| format!(" of {}", quote(table)));
    format!("not carried: {} {}{of}: {}\n{}", item.kind, quote(&item.name), item.why, item.sql)
}

fn warning(finding: &Finding) -> String {
    format!("{}: {}: {}", finding.code, finding.object, finding.message)
}

/// `text` as lines of a comment. A line ends for the server at CR or LF; other control characters are spelled out, since
/// the script is looked at in terminals, and psql takes no NUL.
pub fn comment(text: &str) -> String {
    let mut lines = String::new();
    for line in text.replace("\r\n", "\n").trim_end().split(['\n', '\r']) {
        lines += "--";
        if !line.is_empty() {
            lines.push(' ');
        }
        for c in line.chars() {
            if c.is_control() && c != '\t' { lines.extend(c.escape_default()) } else { lines.push(c) }
        }
        lines.push('\n');
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_cannot_be_left() {
        let text = comment("a\nDROP TABLE t; */\r\\! rm\r\n\n:var\u{1b}[2J\0 \u{85}x\n");
        assert_eq!(text, "-- a\n-- DROP TABLE t; */\n-- \\! rm\n--\n-- :var\\u{1b}[2J\\u{0} \\u{85}x\n");
        assert!(text.lines().all(|line| line.starts_with("--")));
    }
}
