//! The account of a run: collects what each phase found into the report.

use super::cpu;
use super::finish::Finished;
use super::retry::Retry;
use super::steps::{SEQUENCE, VACUUM, VALIDATE_CHECK, is_validation};
use super::verify::Verdict;
use crate::assess::Assessed;
use crate::config::Config;
use crate::digest::{MultisetDigest, text_hash};
use crate::error::{Error, Result};
use crate::finding::Finding;
use crate::outcome::{
    AroundReport, ColumnReport, Digests, EvidenceReport, ObjectReport, Objects, Outcome, PartitionReport,
    REPORT_FORMAT, RunInfo, RunReport, TableReport, TargetInfo, Verify,
};
use crate::plan::ddl::NOT_VALID;
use crate::plan::partition::PartitionPlan;
use crate::plan::{Evidence, Plan, StepKind, TablePlan, text};
use crate::postgres::connect::Connector;
use crate::postgres::ledger::{ChunkState, SourceState, StepProgress, StepState};
use crate::postgres::session::Session;
use crate::timing::Clock;
use std::collections::BTreeMap;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The report while it is written.
#[derive(Debug)]
pub struct Account {
    /// what is known so far
    pub report: RunReport,
    began: Instant,
    /// hash of the decisions for each source, by its path
    hashes: BTreeMap<String, String>,
    /// since when the write locks of the sources are held
    pub(super) frozen_since: Option<Instant>,
}

impl Account {
    /// Begins the account of `command`.
    pub fn new(command: &str) -> Account {
        let started_unix = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let run = RunInfo {
            id: uuid::Uuid::new_v4().to_string(),
            started_unix,
            command: command.to_owned(),
            ..RunInfo::default()
        };
        let report = RunReport {
            format: REPORT_FORMAT,
            tool: format!("cutover {}", env!("CARGO_PKG_VERSION")),
            outcome: Outcome::Failed,
            exit_code: 1,
            run,
            source: Vec::new(),
            target: None,
            environment: None,
            assessment: None,
            plan_hash: Vec::new(),
            tables: Vec::new(),
            objects: Objects::default(),
            not_carried: Vec::new(),
            findings: Vec::new(),
            error: None,
            timing: None,
            prediction: None,
            repaired: None,
            rate: Vec::new(),
            around: AroundReport::default(),
            queries: None,
        };
        Account { report, began: Instant::now(), hashes: BTreeMap::new(), frozen_since: None }
    }

    /// Forgets all but that the run was begun: it begins again.
    pub fn begin_again(&mut self) {
        let RunReport { run, around, .. } = &self.report;
        let around = around.clone();
        let run = RunInfo {
            id: run.id.clone(),
            started_unix: run.started_unix,
            ..Account::new(&run.command).report.run
        };
        self.report = RunReport { run, around, ..Account::new("").report };
        self.hashes.clear();
    }

    /// This run's id.
    pub fn run_id(&self) -> String {
        self.report.run.id.clone()
    }

    /// Notes the server.
    pub fn target(&mut self, session: &Session, connector: &Connector, config: &Config) {
        self.report.target = Some(TargetInfo {
            server_version: session.server_info().version.clone(),
            host: connector.info().display(),
            database: session.server_info().database.clone(),
            schema: config.schema.clone(),
        });
    }

    /// Notes the decisions for the source of that path.
    pub fn decisions(&mut self, path: &str, plan: &Plan) {
        let hash = text_hash(&text::decisions(plan, &self.report.run.options));
        self.hashes.insert(path.to_owned(), hash);
    }

    /// Notes the plan of the source of that path: its tables, its findings, what it leaves out.
    pub fn plan(&mut self, path: &str, plan: &Plan, findings: &[Finding]) {
        self.decisions(path, plan);
        self.report.tables.extend(plan.tables.iter().map(table_report));
        self.report.not_carried.extend(plan.not_carried.iter().cloned());
        self.report.findings.extend(findings.iter().cloned());
    }

    /// Notes the plans of an assessment.
    pub fn plans(&mut self, assessed: &[Assessed]) {
        for one in assessed {
            self.plan(one.job.path(), &one.plan, &one.plan.findings);
        }
    }

    fn table(&mut self, source: &str) -> Option<&mut TableReport> {
        self.report.tables.iter_mut().find(|table| table.source == source)
    }

    /// Keeps only the tables for which `wanted` holds.
    pub fn keep_tables(&mut self, wanted: impl Fn(&str) -> bool) {
        self.report.tables.retain(|table| wanted(&table.source));
    }

    /// Adds the time of one copied chunk.
    pub fn copied(&mut self, table: &str, seconds: f64) {
        if let Some(report) = self.table(table) {
            report.seconds.copy += seconds;
        }
    }

    /// Takes rows and digests from the ledger.
    pub fn ledger(&mut self, state: &SourceState) {
        for table in self.report.tables.iter_mut() {
            let chunks: Vec<&ChunkState> =
                state.chunks.iter().filter(|chunk| chunk.table == table.source).collect();
            if chunks.is_empty() {
                continue;
            }
            let mut total = MultisetDigest::default();
            let digests =
                chunks.iter().filter_map(|chunk| MultisetDigest::from_bytes(chunk.digest.as_ref()?));
            digests.for_each(|digest| total.merge(&digest));
            table.chunks = chunks.len() as u64;
            table.rows.copied = total.rows();
            table.rows.set_aside = chunks.iter().map(|chunk| chunk.set_aside).sum();
            table.digest.source = Some(total.to_string());
            if chunks.iter().all(|chunk| chunk.verified) {
                table.verify = Verify::Match;
                table.rows.target = Some(total.rows());
                table.digest.target = Some(total.to_string());
            }
        }
    }

    /// Notes for which rules rows were set aside, of the tables that have any.
    pub async fn set_aside(&mut self, session: &Session, source_id: i64) -> Result<()> {
        for (table, count) in crate::postgres::set_aside::counts(session, source_id).await? {
            if let Some(report) = self.table(&table).filter(|report| report.rows.set_aside > 0) {
                report.set_aside.push(count);
            }
        }
        Ok(())
    }

    /// Notes how a table's two sides compare.
    pub fn verdict(&mut self, table: &str, verdict: &Verdict) {
        let Some(report) = self.table(table) else { return };
        report.verify = verdict.verify;
        report.verify_note.clone_from(&verdict.note);
        report.rows.target = verdict.target_rows;
        report.differing_chunks.clone_from(&verdict.differing);
        report.difference_counts.clone_from(&verdict.counts);
        report.differences.clone_from(&verdict.rows);
        report.seconds.verify += verdict.seconds;
        if verdict.digests != Digests::default() {
            report.digest.clone_from(&verdict.digests);
        }
    }

    /// Notes that a table was copied earlier and holds another number of rows now.
    pub fn lost_rows(&mut self, table: &str, held: u64) {
        if let Some(report) = self.table(table) {
            report.verify = Verify::Differs;
            report.rows.target = Some(held);
            report.verify_note = format!("it was copied earlier and holds {held} of its rows now");
        }
    }

    /// Notes the steps as the ledger has them, and the times of those done now.
    pub fn steps(&mut self, plan: &Plan, steps: &[StepState], done: &[Finished]) {
        for finished in done.iter().filter(|finished| finished.step.kind != VACUUM) {
            if let Some(report) = self.table(&finished.step.table) {
                report.seconds.index += finished.seconds;
            }
        }
        for step in steps {
            self.step(plan, step, steps);
        }
    }

    fn step(&mut self, plan: &Plan, step: &StepState, all: &[StepState]) {
        let target =
            plan.tables.iter().find(|table| table.source == step.table).map(|table| table.target.clone());
        let object = |state: String| ObjectReport {
            name: step.object.clone(),
            table: target.clone().unwrap_or_else(|| step.table.clone()),
            kind: step.kind.clone(),
            state,
        };
        let words = match step.progress {
            StepProgress::Pending => "pending",
            StepProgress::Done if step.restores => "restored",
            StepProgress::Done => "done",
            StepProgress::Left => "not valid",
        };
        let objects = &mut self.report.objects;
        match step.kind.as_str() {
            SEQUENCE => {
                let named = object(step.detail.clone().unwrap_or_else(|| words.to_owned()));
                objects
                    .sequences
                    .push(ObjectReport { name: format!("{}.{}", named.table, named.name), ..named });
            }
            kind if kind == StepKind::Index.name() => objects.indexes.push(object(words.to_owned())),
            kind if kind == StepKind::ForeignKey.name() || kind == StepKind::Check.name() => {
                objects.constraints.push(object(constraint_state(step, all, words)));
            }
            kind if kind == StepKind::View.name() => objects.views.push(object(words.to_owned())),
            kind if kind == StepKind::Trigger.name() => objects.triggers.push(object(words.to_owned())),
            kind if kind == StepKind::Validate.name() || kind == StepKind::Comment.name() => {}
            VALIDATE_CHECK | VACUUM => {}
            _ => objects.constraints.push(object(words.to_owned())),
        }
    }

    /// Adds a finding.
    pub fn finding(&mut self, finding: Finding) {
        self.report.findings.push(finding);
    }

    /// Whether any table's two sides differ.
    pub fn differs(&self) -> bool {
        self.report.tables.iter().any(|table| table.verify == Verify::Differs)
    }

    /// Notes how often something was tried again.
    pub(super) fn retries(&mut self, retry: &Retry) {
        let (all, of_tables) = retry.counts();
        self.report.run.retries = all;
        for table in &mut self.report.tables {
            table.retries = of_tables.get(&table.source).copied().unwrap_or(0);
        }
    }

    /// The write locks are let go, or were as the run was dropped.
    pub(super) fn thaw(&mut self) {
        if let Some(since) = self.frozen_since.take() {
            let seconds = since.elapsed().as_secs_f64();
            self.report.around.freeze.iter_mut().for_each(|freeze| freeze.seconds = seconds);
        }
    }

    /// Closes the account, with what `clock` has measured.
    pub fn close(mut self, error: Option<&Error>, clock: &Clock) -> RunReport {
        self.thaw();
        let in_order = self.report.source.iter().filter_map(|source| self.hashes.get(&source.path));
        self.report.plan_hash = in_order.cloned().collect();
        clock.tell(&mut self.report, self.began, cpu::seconds);
        self.report.error = error.map(ToString::to_string);
        if let Some(error) = error {
            let known = |finding: &Finding| self.report.findings.contains(finding);
            let new: Vec<Finding> = error.reasons().iter().filter(|reason| !known(reason)).cloned().collect();
            self.report.findings.extend(new);
        }
        self.report
    }
}

/// A foreign key or a CHECK is what became of it and of its validation.
fn constraint_state(step: &StepState, all: &[StepState], words: &str) -> String {
    let of_this = |other: &&StepState| other.object == step.object && other.table == step.table;
    let validation = all.iter().filter(of_this).find(|other| is_validation(other));
    match validation.map(|validation| validation.progress) {
        _ if step.progress != StepProgress::Done => words.to_owned(),
        Some(StepProgress::Done) => words.to_owned(),
        Some(StepProgress::Pending) => "pending".to_owned(),
        None if !step.sql.ends_with(NOT_VALID) => words.to_owned(),
        Some(StepProgress::Left) | None => "not valid".to_owned(),
    }
}

fn table_report(plan: &TablePlan) -> TableReport {
    TableReport {
        target: plan.target.clone(),
        bytes: plan.bytes,
        plan_hash: text_hash(&text::decisions_of_table(plan)),
        partition: plan.partition.as_ref().map(|partition| partition_report(plan, partition)),
        columns: plan
            .columns
            .iter()
            .map(|column| ColumnReport {
                source: column.source.clone(),
                target: column.target.clone(),
                declared: column.declared.clone(),
                pg_type: column.mapping.pg.to_string(),
                level: column.level.to_string(),
                why: column.why.clone(),
                evidence: evidence_report(&column.evidence),
            })
            .collect(),
        ..TableReport::bare(&plan.source, plan.rows)
    }
}

fn partition_report(plan: &TablePlan, partition: &PartitionPlan) -> PartitionReport {
    PartitionReport {
        column: plan.columns[partition.column].target.clone(),
        every: partition.every.to_string(),
        ranges: partition.ranges.iter().map(|range| range.name.clone()).collect(),
        default: partition.default.clone(),
    }
}

fn evidence_report(evidence: &Evidence) -> EvidenceReport {
    EvidenceReport {
        nulls: evidence.nulls,
        integers: evidence.integers,
        reals: evidence.reals,
        texts: evidence.texts,
        blobs: evidence.blobs,
        against: evidence.against.clone(),
        change: evidence.change.clone(),
    }
}
