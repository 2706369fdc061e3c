//! `cutover verify`: compares sources with what is in the target, whoever copied it. Writes nothing.

use super::account::Account;
use super::again;
use super::begin::connect;
use super::budget;
use super::compare;
use super::control;
use super::damage;
use super::draw::Source;
use super::finish;
use super::objects::{self, Wanted};
use super::run::{Ended, caught, end, open};
use super::steps::is_view;
use super::tools::Tools;
use super::verify::{Expected, Sample};
use super::wind_up::missing_objects;
use super::{kept, losses, resume, reverify};
use crate::assess::job::Job;
use crate::assess::paired::{self, Alone, Paired};
use crate::assess::sampled::{self, Chosen};
use crate::assess::{self, aside::sets_rows_aside, follow, pool};
use crate::checkpoint::ChunkSpec;
use crate::counts::plural;
use crate::digest::MultisetDigest;
use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
use crate::limits::GROUP_STEPS_MAX;
use crate::outcome::Verify;
use crate::plan::select::is_selected;
use crate::plan::{Plan, SequencePlan, TablePlan};
use crate::postgres::ledger::{SourceState, StepOwner, StepState};
use crate::postgres::readback;
use crate::postgres::sequence::{self, Place, SequenceState};
use crate::postgres::session::Session;
use crate::postgres::watch;
use crate::timing::RunStage;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Compares sources with what is in the target, whoever copied it. Writes nothing.
pub async fn verify_only(tools: &Tools) -> Ended {
    let mut account = Account::new("verify");
    // Tables are told once all is known that is compared; what fails before that has left nothing.
    let knows_little = |account: &Account| account.report.tables.is_empty();
    let work = async |account: &mut Account| try_verify(tools, account).await;
    let started = again::from_the_start(tools, &mut account, knows_little, work);
    let result = tools.until_stopped(caught(started)).await;
    end(tools, account, result)
}

async fn try_verify(tools: &Tools, account: &mut Account) -> Result<()> {
    let _watch = watch::start(&tools.connector, &tools.events);
    let jobs = open(tools, account).await?;
    let mut session = connect(tools, account).await?;
    let mut pairs = pair_all(tools, &mut session, jobs, account).await?;
    let (mut tasks, mut left_out) = (Vec::new(), BTreeMap::new());
    let reread = tools.events.clock().stage(RunStage::Reread);
    for (i, pair) in pairs.iter().enumerate() {
        account.plan(pair.job.path(), &pair.plan, &pair.findings);
        account.keep_tables(|table| is_selected(table, &tools.config));
        account.alone(&pair.alone);
        for table in pair.tables(tools) {
            let (expected, set_aside) = source_side(pair, table, tools).await?;
            // Of a copy that another tool made nobody has kept what is left out: the policy alone says it.
            let kept = pair.state.as_ref().map_or(set_aside, |state| recorded(state, &table.source));
            left_out.insert(table.source.clone(), (set_aside, kept));
            tasks.push((i, expected));
        }
    }
    drop(reread);
    check_kept(&pairs)?;
    let expected_rows: BTreeMap<String, u64> =
        tasks.iter().map(|(_, e)| (e.plan.source.clone(), rows_of(e))).collect();
    let limited = budget::within(tools, &session).await?;
    // Its own session keeps the snapshot that all workers look through; a broken one only ends it early.
    let snapshot = tools.cancel.at_once(readback::export_snapshot(&session)).await.ok().flatten();
    let sharing = Tools { snapshot: snapshot.map(Arc::from), ..limited };
    let outcome = finish::run(&sharing, sources_of(&pairs, tasks), false).await;
    let _ = readback::end_snapshot(&session).await;
    let mut failures = compare::account_for(outcome.compared, account);
    tools.cancel.check()?;
    failures.extend(outcome.failures);
    // Where rows differ the source was read once more, to tell which.
    check_kept(&pairs)?;
    tell_rows(account, &expected_rows, &left_out);
    account.columns_alone(pairs.iter().flat_map(|pair| &pair.findings));
    let _record = tools.events.clock().stage(RunStage::Record);
    control::ensure(tools, &mut session, &Vec::new()).await?;
    for state in pairs.iter().filter_map(|pair| pair.state.as_ref()) {
        account.set_aside(&session, state.source_id).await?;
    }
    let gone = match tools.config.objects {
        true => compare_objects(tools, &mut session, &mut pairs, account).await?,
        false => Vec::new(),
    };
    losses::conclude(failures, gone, account)
}

/// What surrounds the rows; gives what the ledger has as made and the target does not have any more.
async fn compare_objects(
    tools: &Tools,
    session: &mut Session,
    pairs: &mut [Pair],
    account: &mut Account,
) -> Result<Vec<String>> {
    check_sequences(tools, session, pairs, account).await?;
    let wanted: Vec<Wanted> = pairs.iter_mut().filter_map(|pair| pair.wanted(tools)).collect();
    if !wanted.is_empty() {
        let found = objects::compare(tools, session, &wanted).await?;
        found.into_iter().for_each(|finding| account.finding(finding));
    }
    gone_objects(tools, session, pairs).await
}

/// A source and what of the target it is compared with.
pub(super) struct Pair {
    pub(super) job: Arc<Job>,
    pub(super) plan: Plan,
    /// of a copy that the ledger knows
    pub(super) state: Option<SourceState>,
    /// tables that are not compared
    alone: Vec<Alone>,
    findings: Vec<Finding>,
    /// tables that are no longer as they were copied: the ledger's digests say nothing of them
    changed: BTreeSet<String>,
    /// what was made; of a source that another tool copied, what would be
    made: Option<Plan>,
}

impl Pair {
    /// A source whose copy the ledger knows, as it was copied.
    pub(super) fn known(job: Arc<Job>, plan: Plan, state: SourceState) -> Pair {
        let (alone, findings, changed) = (Vec::new(), Vec::new(), BTreeSet::new());
        Pair { job, plan, state: Some(state), alone, findings, changed, made: None }
    }

    /// What of the source's objects is to be looked for.
    fn wanted(&mut self, tools: &Tools) -> Option<Wanted> {
        let by_others = self.state.is_none();
        let mut plan = self.made.take()?;
        let is_whole = plan.tables.iter().all(|table| is_selected(&table.source, &tools.config));
        plan.tables.retain(|table| is_selected(&table.source, &tools.config));
        if !is_whole {
            plan.views.clear();
        }
        let objects = self.findings.iter().map(|finding| finding.object.clone());
        Some(Wanted { plan, by_others, told: objects.collect() })
    }

    fn tables(&self, tools: &Tools) -> impl Iterator<Item = &TablePlan> {
        self.plan.tables.iter().filter(|table| is_selected(&table.source, &tools.config))
    }
}

/// Copies that the ledger knows are compared by its plans, all others by what the target is.
async fn pair_all(
    tools: &Tools,
    session: &mut Session,
    jobs: Vec<Job>,
    account: &mut Account,
) -> Result<Vec<Pair>> {
    let known = damage::known_and_whole(session, tools, account).await?;
    let (ours, others): (Vec<Job>, Vec<Job>) =
        jobs.into_iter().partition(|job| known.contains_key(job.path()));
    let looking = tools.events.clock().stage(RunStage::Plan);
    let target = assess::inspect(session, &tools.config).await?;
    drop(looking);
    let mut pairs: Vec<Pair> = Vec::new();
    for job in ours {
        let Some(state) = known.get(job.path()) else { continue };
        let (job, stored) = (Arc::new(job), resume::stored_plan(state)?);
        let mut made = stored.clone();
        let is_wanted = |table: &str| is_selected(table, &tools.config);
        let kept::Kept { plan, alone, findings, changed } = kept::with_target(stored, &target, is_wanted);
        made.tables.retain(|table| !alone.iter().any(|alone| alone.source == table.source));
        tools.cancel.at_once(follow::prepare(&job, &plan, tools.config.jobs)).await?;
        pairs.push(Pair {
            job,
            plan,
            state: Some(state.clone()),
            alone,
            findings,
            changed,
            made: Some(made),
        });
    }
    if !others.is_empty() {
        let paired = paired::with_target(others, &tools.config, &tools.events, &target);
        for one in tools.cancel.at_once(paired).await? {
            let made = if tools.config.objects { Some(one.made(&tools.config, &target)?) } else { None };
            let Paired { job, plan, findings, alone } = one;
            pairs.push(Pair { job, plan, state: None, alone, findings, changed: BTreeSet::new(), made });
        }
    }
    let looked_at = pairs.iter().flat_map(|pair| pair.plan.tables.iter().map(|table| table.target.clone()));
    let looked_at: BTreeSet<String> = looked_at.collect();
    let unlogged = paired::note_unlogged(&looked_at, &target, &tools.config.schema);
    unlogged.into_iter().for_each(|warning| account.finding(warning));
    let is_whole = tools.config.tables.is_empty() && tools.config.exclude.is_empty();
    let extra = paired::note_extra_tables(&looked_at, &target, &tools.config.schema);
    extra.into_iter().filter(|_| is_whole).for_each(|note| account.finding(note));
    Ok(pairs)
}

/// Rows of each table, by the source as it is now: `left_out` has those that are to be set aside, and those that the ledger
/// has as set aside.
pub(super) fn tell_rows(
    account: &mut Account,
    expected_rows: &BTreeMap<String, u64>,
    left_out: &BTreeMap<String, (MultisetDigest, MultisetDigest)>,
) {
    for table in &mut account.report.tables {
        table.rows.copied = expected_rows.get(&table.source).copied().unwrap_or(0);
        let (now, recorded) = left_out.get(&table.source).copied().unwrap_or_default();
        table.rows.set_aside = now.rows();
        table.rows.source = table.rows.copied + now.rows();
        if now != recorded {
            table.verify = Verify::Differs;
            table.verify_note = format!(
                "{} of the source to be set aside, and the ledger has {}, or others: the source has changed",
                plural(now.rows(), "row"),
                recorded.rows()
            );
        }
    }
}

/// What was read of a file that was cut or replaced meanwhile says nothing of the target.
pub(super) fn check_kept(pairs: &[Pair]) -> Result<()> {
    pairs.iter().try_for_each(|pair| pair.job.source.check_kept())
}

/// What is to be compared, by source; nothing is built, and nothing is written into a ledger.
pub(super) fn sources_of(pairs: &[Pair], tasks: Vec<(usize, Expected)>) -> Vec<Source> {
    let nobody = |plan: &Plan| StepOwner { source_id: 0, epoch: 0, schema: plan.schema.clone() };
    let source = |plan: &Plan| Source {
        owner: nobody(plan),
        plan: Arc::new(plan.clone()),
        expected: Vec::new(),
        steps: Vec::new(),
    };
    let mut sources: Vec<Source> = pairs.iter().map(|pair| source(&pair.plan)).collect();
    tasks.into_iter().for_each(|(i, expected)| sources[i].expected.push(expected));
    sources
}

/// Objects that a copy of ours made, of the tables that take part.
pub(super) async fn gone_objects(tools: &Tools, session: &Session, pairs: &[Pair]) -> Result<Vec<String>> {
    let is_wanted = |plan: &Plan, step: &StepState| {
        let all = || plan.tables.iter().all(|table| is_selected(&table.source, &tools.config));
        if is_view(step) { all() } else { is_selected(&step.table, &tools.config) }
    };
    let mut gone = Vec::new();
    for Pair { plan, state, .. } in pairs {
        let steps = state.iter().flat_map(|state| &state.steps).filter(|step| is_wanted(plan, step));
        let steps: Vec<StepState> = steps.cloned().collect();
        gone.extend(missing_objects(session, &plan.schema, &steps).await?);
    }
    Ok(gone)
}

pub(super) fn rows_of(expected: &Expected) -> u64 {
    let sampled = expected.sample.as_ref().map(|sample| sample.rows);
    sampled.unwrap_or_else(|| expected.chunks.iter().map(|(_, digest)| digest.rows()).sum())
}

/// Rows of a table that the ledger has as set aside.
pub(super) fn recorded(state: &SourceState, table: &str) -> MultisetDigest {
    let chunks = resume::chunks_of(state, table);
    sum(chunks.filter_map(|chunk| MultisetDigest::from_bytes(chunk.set_aside_digest.as_ref()?)))
}

fn sum(digests: impl Iterator<Item = MultisetDigest>) -> MultisetDigest {
    let mut total = MultisetDigest::default();
    digests.for_each(|digest| total.merge(&digest));
    total
}

/// Digests the source again, in the ledger's chunks where there are any; and the rows that are left out.
pub(super) async fn source_side(
    Pair { job, state, changed, .. }: &Pair,
    table: &TablePlan,
    tools: &Tools,
) -> Result<(Expected, MultisetDigest)> {
    let state = state.as_ref();
    let is_sifted = state.is_none() && sets_rows_aside(table);
    if let Some(rows_max) = tools.config.sample.filter(|_| !is_sifted) {
        return sample_side(job, (table, state), rows_max, tools).await;
    }
    let specs: Vec<ChunkSpec> = match state {
        Some(state) => resume::chunks_of(state, &table.source).map(|chunk| chunk.spec.clone()).collect(),
        None => job
            .tables()
            .zip(&job.profiles)
            .find(|(t, _)| t.name == table.source)
            .map_or_else(Vec::new, |(_, p)| p.chunks.clone()),
    };
    let (shared, plan) = (Arc::clone(job), Arc::new(table.clone()));
    let scanned = Arc::clone(&plan);
    let clock = tools.events.clock().table(&table.source);
    let digests = pool::blocking(tools.config.jobs, specs.clone(), move |spec| {
        reverify::digest_range(&shared, &scanned, &spec.range, &clock)
    });
    let digests = tools.cancel.at_once(digests).await?;
    let of_old = state.filter(|_| !changed.contains(&table.source));
    let recorded: Vec<Option<MultisetDigest>> = of_old.map_or_else(Vec::new, |state| {
        resume::chunks_of(state, &table.source)
            .map(|chunk| MultisetDigest::from_bytes(chunk.digest.as_ref()?))
            .collect()
    });
    let set_aside = sum(digests.iter().map(|(_, set_aside)| *set_aside));
    let before = of_old.and_then(|state| state.before.iter().find(|(name, _)| *name == table.source));
    let digests = digests.into_iter().map(|(digest, _)| digest);
    let expected = Expected {
        plan,
        chunks: specs.into_iter().zip(digests).collect(),
        before: before.and_then(|(_, digest)| MultisetDigest::from_bytes(digest)),
        job: Arc::clone(job),
        recorded,
        sample: None,
    };
    Ok((expected, set_aside))
}

/// Chooses the rows of a quick look; nobody looks at those that are set aside.
async fn sample_side(
    job: &Arc<Job>,
    (plan, state): (&TablePlan, Option<&SourceState>),
    rows_max: u64,
    tools: &Tools,
) -> Result<(Expected, MultisetDigest)> {
    let Some(table) = job.catalog.table(&plan.source).cloned() else {
        return Err(Error::internal("a planned table is not in its source"));
    };
    let shared = Arc::clone(job);
    let choosing = pool::blocking(1, vec![table], move |table| sampled::choose(&shared, table, rows_max));
    let chosen = tools.cancel.at_once(choosing).await?.pop();
    let Chosen { ranges, stride, rows } = chosen.ok_or_else(|| Error::internal("no rows were chosen"))?;
    let set_aside = state.map_or_else(MultisetDigest::default, |state| recorded(state, &plan.source));
    let before = state.and_then(|state| state.before.iter().find(|(name, _)| *name == plan.source));
    let expected = Expected {
        plan: Arc::new(plan.clone()),
        chunks: Vec::new(),
        before: before.and_then(|(_, digest)| MultisetDigest::from_bytes(digest)),
        job: Arc::clone(job),
        recorded: Vec::new(),
        sample: Some(Sample { ranges, stride, rows: rows.saturating_sub(set_aside.rows()) }),
    };
    Ok((expected, set_aside))
}

/// A sequence that is behind would hand out a key that exists: a difference, too.
pub(super) async fn check_sequences(
    tools: &Tools,
    session: &Session,
    pairs: &[Pair],
    account: &mut Account,
) -> Result<()> {
    let selected = pairs.iter().flat_map(|pair| pair.tables(tools));
    let sequences = selected.flat_map(|table| table.sequences.iter().map(move |sequence| (table, sequence)));
    let (sources, places): (Vec<(&str, &SequencePlan)>, Vec<Place>) = sequences
        .map(|(table, sequence)| {
            let (table_name, column) = (table.target.clone(), sequence.column.clone());
            ((table.source.as_str(), sequence), Place { table: table_name, column, floor: None })
        })
        .unzip();
    for (sources, places) in sources.chunks(GROUP_STEPS_MAX).zip(places.chunks(GROUP_STEPS_MAX)) {
        let states = sequence::read(session, &tools.config.schema, places).await?;
        for (((source, planned), place), state) in sources.iter().zip(places).zip(states) {
            // That a column takes no numbers any more is said where its objects are looked for.
            let Some(state) = state else { continue };
            // Where rows did not arrive, the sequence must still be past them: they are to come.
            let largest = state.largest.max(planned.max);
            let is_behind = match state.next {
                Some(next) => largest.is_some_and(|largest| next <= largest),
                // As in the source, where AUTOINCREMENT has no number left (W_SEQ_EXHAUSTED).
                None => largest.max(planned.seq) < Some(i64::MAX),
            };
            if is_behind {
                say_behind(
                    account,
                    &tools.config.schema,
                    source,
                    place,
                    (&state, largest.unwrap_or_default()),
                );
            }
        }
    }
    Ok(())
}

fn say_behind(
    account: &mut Account,
    schema: &str,
    source: &str,
    place: &Place,
    (state, largest): (&SequenceState, i64),
) {
    let object = format!("{}.{}", place.table, place.column);
    let message = match state.next {
        Some(next) => {
            format!("its sequence gives {next} next, and {largest} exists already, here or in the source")
        }
        None => format!("its sequence has no next value; {largest} is the largest, here or in the source"),
    };
    let fix = sequence::catch_up(schema, place, largest, state.last);
    account.finding(Finding::new("E_SEQUENCE_BEHIND", Severity::Warning, object, message).fix(fix));
    let Some(report) = account.report.tables.iter_mut().find(|report| report.source == source) else {
        return;
    };
    report.verify = Verify::Differs;
    let between = if report.verify_note.is_empty() { "" } else { "; " };
    report.verify_note.push_str(&format!("{between}the sequence of \"{}\" is behind", place.column));
}
