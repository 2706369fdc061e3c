//! `--plan`: the plan made now is held against the one that was approved. What differs is told as far as a report can tell it.

use super::account::Account;
use super::resume;
use crate::assess::Assessed;
use crate::assess::job::Job;
use crate::config::Config;
use crate::digest::text_hash;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::limits::PLAN_CHANGES_MAX;
use crate::outcome::{ApprovedColumn, ApprovedPlan, ApprovedTable};
use crate::plan::{ColumnPlan, Plan, TablePlan, text};
use crate::postgres::ledger::SourceState;
use std::collections::BTreeSet;

const CODE: &str = "E_PLAN_CHANGED";

const FIX: &str = "undo the change; or look at the new plan with `cutover copy --validate … --report FILE.json`, and give --plan that file";

/// What plans are held against.
#[derive(Debug)]
pub(super) struct Guard<'a> {
    config: &'a Config,
    /// paths of all sources, in order
    paths: Vec<String>,
    /// tables of all sources that are selected
    selected: BTreeSet<String>,
}

impl<'a> Guard<'a> {
    /// For a run by `config` over all of `jobs`.
    pub(super) fn of(config: &'a Config, jobs: &[Job]) -> Guard<'a> {
        let paths = jobs.iter().map(|job| job.path().to_owned()).collect();
        let tables = jobs.iter().flat_map(Job::tables);
        Guard { config, paths, selected: tables.map(|table| table.name.clone()).collect() }
    }

    /// What can be said before anything is planned: whether the report speaks of as many sources, and how old it is.
    ///
    /// # Errors
    /// A refusal where it speaks of others.
    pub(super) fn begin(&self, account: &mut Account) -> Result<()> {
        let Some(approved) = &self.config.approved else { return Ok(()) };
        if let Some(days) = approved.old_days(account.report.run.started_unix) {
            account.finding(old(days));
        }
        let (before, now) = (approved.plan_hash.len(), self.paths.len());
        if before == now {
            return Ok(());
        }
        let message = format!("the validated plan is of {before} source files, and this run has {now}");
        let reason = Finding::new(CODE, Severity::Refusal, "plan", message.clone()).fix(FIX);
        Err(Error::refused(message, vec![reason]))
    }

    /// Adds to new plans what is not as it was approved.
    pub(super) fn compare(&self, assessed: &mut [Assessed]) {
        for one in assessed {
            let found = self.changes(one.job.path(), &one.plan);
            one.plan.findings.extend(found);
        }
    }

    /// Refuses to go on with a plan that was begun and is not the one that was approved.
    ///
    /// # Errors
    /// A refusal with every change.
    pub(super) fn check(&self, state: &SourceState) -> Result<()> {
        if self.config.approved.is_none() {
            return Ok(());
        }
        let found = self.changes(&state.path, &resume::stored_plan(state)?);
        if found.is_empty() {
            return Ok(());
        }
        let message = format!("the copy of \"{}\" was begun by another plan than that of --plan", state.path);
        Err(Error::refused(message, found).remedy(
            "resume without --plan; or begin anew with --restart, by the plan of a report that was made with --restart",
        ))
    }

    /// In what the plan of a source is not the approved one; nothing where it is.
    fn changes(&self, path: &str, plan: &Plan) -> Vec<Finding> {
        let Some(approved) = &self.config.approved else { return Vec::new() };
        let index = self.paths.iter().position(|one| one == path);
        let options = resume::options_text(self.config);
        let now = text_hash(&text::decisions(plan, &options));
        if index.and_then(|index| approved.plan_hash.get(index)) == Some(&now) {
            return Vec::new();
        }
        let mut told = Told::default();
        told.options(approved.options(), &options);
        told.schema(approved, &plan.schema);
        told.tables(approved, plan);
        if index == Some(0) {
            told.gone(approved, &self.selected);
        }
        told.losses(approved, plan);
        told.finish(path)
    }
}

fn old(days: u64) -> Finding {
    let message =
        format!("was made {days} days ago: what it says of rows, space and time may not be so any more");
    Finding::new("W_PLAN_OLD", Severity::Warning, "plan", message)
        .fix("run `cutover copy --validate … --report FILE.json` again, and give --plan that file")
}

/// The changes of one plan, one after the other.
#[derive(Debug, Default)]
struct Told(Vec<Finding>);

impl Told {
    fn tell(&mut self, object: impl Into<String>, message: String) {
        self.0.push(Finding::new(CODE, Severity::Refusal, object, message).fix(FIX));
    }

    fn options(&mut self, before: &str, now: &str) {
        let (before, now): (Vec<&str>, Vec<&str>) = (before.split(' ').collect(), now.split(' ').collect());
        let gone = before.iter().filter(|word| !word.is_empty() && !now.contains(word));
        let gone: Vec<&str> = gone.copied().collect();
        let new: Vec<&str> = now.iter().filter(|word| !before.contains(word)).copied().collect();
        if before != [""] && !(gone.is_empty() && new.is_empty()) {
            let or_default = |words: &[&str]| match words {
                [] => "the default".to_owned(),
                words => words.join(" "),
            };
            self.tell("options", format!("they were {}, and are {}", or_default(&gone), or_default(&new)));
        }
    }

    fn schema(&mut self, approved: &ApprovedPlan, now: &str) {
        if let Some(target) = approved.target.as_ref().filter(|target| target.schema != now) {
            self.tell("schema", format!("was {:?}, and is {now:?}", target.schema));
        }
    }

    fn tables(&mut self, approved: &ApprovedPlan, plan: &Plan) {
        for table in &plan.tables {
            match approved.tables.iter().find(|before| before.source == table.source) {
                Some(before) => self.table(before, table),
                None => self.tell(&table.source, "is copied, and was not in the validated plan".to_owned()),
            }
        }
    }

    /// Tables that are in none of the sources any more: whose they were, a report does not tell.
    fn gone(&mut self, approved: &ApprovedPlan, selected: &BTreeSet<String>) {
        for before in approved.tables.iter().filter(|before| !selected.contains(&before.source)) {
            self.tell(&before.source, "was in the validated plan, and is not copied".to_owned());
        }
    }

    fn table(&mut self, before: &ApprovedTable, now: &TablePlan) {
        let told = self.0.len();
        if before.target != now.target {
            let message = format!("went into the table {:?}, and goes into {:?}", before.target, now.target);
            self.tell(&now.source, message);
        }
        self.partition(before, now);
        for column in &now.columns {
            // A split column has several parts of one name.
            let found =
                before.columns.iter().find(|one| one.source == column.source && one.target == column.target);
            let found = found.or_else(|| before.columns.iter().find(|one| one.source == column.source));
            let object = format!("{}.{}", now.source, column.source);
            match found {
                Some(before) => self.column(&object, before, column),
                None => self.tell(object, "travels, and was not in the validated plan".to_owned()),
            }
        }
        let gone = before.columns.iter().filter(|one| !now.columns.iter().any(|c| c.source == one.source));
        for column in gone {
            let object = format!("{}.{}", now.source, column.source);
            self.tell(object, "was in the validated plan, and does not travel".to_owned());
        }
        if told == self.0.len() && before.plan_hash != text_hash(&text::decisions_of_table(now)) {
            let message = "its columns are those of the validated plan, but not all of how their values travel, its \
                keys, indexes, CHECKs, foreign keys, defaults, or whether the table exists";
            self.tell(&now.source, message.to_owned());
        }
    }

    fn partition(&mut self, before: &ApprovedTable, now: &TablePlan) {
        let before = before.partition.as_ref().map(|cut| format!("by {:?} every {}", cut.column, cut.every));
        let cut = now.partition.as_ref();
        let cut = cut.map(|cut| format!("by {:?} every {}", now.columns[cut.column].target, cut.every));
        if before != cut {
            let words = |cut: Option<String>| cut.unwrap_or_else(|| "none".to_owned());
            self.tell(&now.source, format!("its partitions were {}, and are {}", words(before), words(cut)));
        }
    }

    fn column(&mut self, object: &str, before: &ApprovedColumn, now: &ColumnPlan) {
        let mut say = |what: &str, before: &str, now: &str| {
            if before != now {
                self.tell(object, format!("{what} was {before}, and is {now}"));
            }
        };
        say("its name in the target", &before.target, &now.target);
        say("its type", &before.pg_type, &now.mapping.pg.to_string());
        say("what is kept of its values", &before.level, &now.level.to_string());
    }

    fn losses(&mut self, approved: &ApprovedPlan, plan: &Plan) {
        let before = approved.not_carried.iter();
        let before: BTreeSet<String> =
            before.map(|item| named(&item.kind, &item.name, item.table.as_deref())).collect();
        for item in plan.not_carried.iter().filter(|item| text::is_the_applications(item)) {
            let name = named(&item.kind, &item.name, item.table.as_deref());
            if !before.contains(&name) {
                self.tell(&item.name, format!("the {name} is not carried, and was to be"));
            }
        }
    }

    /// All of them, up to a bound; a change that no table or column shows is told as one of its source.
    fn finish(mut self, path: &str) -> Vec<Finding> {
        if self.0.is_empty() {
            let message = "the plan is not the validated one: views, what is not carried, or the version of cutover are others";
            self.tell(path, message.to_owned());
        }
        if let Some(more) = self.0.len().checked_sub(PLAN_CHANGES_MAX).filter(|more| *more > 0) {
            self.0.truncate(PLAN_CHANGES_MAX);
            self.tell(path, format!("there are {more} more changes"));
        }
        self.0
    }
}

fn named(kind: &str, name: &str, table: Option<&str>) -> String {
    match table {
        Some(table) => format!("{kind} {name:?} of table {table:?}"),
        None => format!("{kind} {name:?}"),
    }
}
