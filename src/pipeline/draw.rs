//! What waits for what, once rows are committed: the graph of comparisons and steps.
//!
//! A table is compared before anything is built on it, since ALTER TABLE would wait for the reader. Its keys come before its
//! indexes, which may be built beside each other. Foreign keys lock two tables, so they are added one after the other, once
//! the tables of both ends are built; VACUUM comes when nothing will lock its table any more. Small tables go in
//! groups, whose steps are one transaction.

use super::graph::Drawing;
use super::steps::{VACUUM, is_view};
use super::verify::Expected;
use crate::limits::{GROUP_STEPS_MAX, SMALL_TABLE_BYTES_MAX, SMALL_TABLES_AT_ONCE};
use crate::plan::{Plan, StepKind, TableMode, TablePlan};
use crate::postgres::ledger::{StepOwner, StepState};
use std::collections::BTreeMap;
use std::sync::Arc;

/// One source after its rows.
#[derive(Debug)]
pub(super) struct Source {
    /// ledger row, epoch, schema
    pub(super) owner: StepOwner,
    /// the plan
    pub(super) plan: Arc<Plan>,
    /// tables to compare
    pub(super) expected: Vec<Expected>,
    /// steps that are pending, of tables that may be finished
    pub(super) steps: Vec<StepState>,
}

/// What one node does, for the source of that index.
#[derive(Debug)]
pub(super) enum Work {
    /// reads tables back, one after the other
    Compare(usize, Vec<Expected>),
    /// does steps, one after the other
    Steps(usize, Vec<StepState>),
}

/// Foreign keys and views first: others wait for them.
const FIRST: u64 = u64::MAX;

/// The graph of all sources, for `jobs` connections.
pub(super) fn draw(sources: &mut [Source], jobs: usize) -> Drawing<Work> {
    let mut drawing = Drawing::new();
    let mut pens: Vec<Pen> =
        sources.iter_mut().enumerate().map(|(i, source)| Pen::new(i, source, jobs)).collect();
    pens.iter_mut().for_each(|pen| pen.heads(&mut drawing));
    // A foreign key whose parent is not known here may refer to a table of any source.
    let all_built: Vec<usize> = (0..drawing.len()).collect();
    let mut loose = Vec::new();
    for pen in &mut pens {
        loose.extend(pen.foreign_keys(&all_built, &mut drawing));
        pen.views(&mut drawing);
    }
    pens.iter_mut().for_each(|pen| pen.tails(&loose, &mut drawing));
    drawing
}

/// Tables that go together: a large one alone, or several small ones.
#[derive(Debug, Default)]
struct Group {
    bytes: u64,
    /// a large table that we made
    is_ours: bool,
    expected: Vec<Expected>,
    /// keys, indexes, CHECKs, sequences
    head: Vec<StepState>,
    /// triggers, comments, VACUUM
    tail: Vec<StepState>,
    /// nodes after which it is built
    built: Vec<usize>,
    /// nodes of foreign keys at either end of which it is
    keyed: Vec<usize>,
}

/// Draws the nodes of one source.
struct Pen {
    source: usize,
    plan: Arc<Plan>,
    groups: Vec<Group>,
    /// table to group
    places: BTreeMap<String, usize>,
    /// adding and validating foreign keys
    keys: Vec<StepState>,
    views: Vec<StepState>,
}

impl Pen {
    fn new(index: usize, source: &mut Source, jobs: usize) -> Pen {
        let (groups, places) = grouped(source, jobs);
        let plan = Arc::clone(&source.plan);
        let mut pen = Pen { source: index, plan, groups, places, keys: Vec::new(), views: Vec::new() };
        for expected in source.expected.drain(..) {
            let place = pen.place(&expected.plan.source);
            pen.groups[place].expected.push(expected);
        }
        source.steps.drain(..).for_each(|step| pen.sort(step));
        pen
    }

    fn place(&self, table: &str) -> usize {
        self.places.get(table).copied().unwrap_or(0)
    }

    fn sort(&mut self, step: StepState) {
        let place = self.place(&step.table);
        if is_view(&step) {
            self.views.push(step);
        } else if is_key(&step) {
            self.keys.push(step);
        } else if is_last(&step) {
            self.groups[place].tail.push(step);
        } else {
            self.groups[place].head.push(step);
        }
    }

    fn node(&self, steps: Vec<StepState>) -> Work {
        Work::Steps(self.source, steps)
    }

    /// Of each group the comparison, then what is built on its tables.
    fn heads(&mut self, drawing: &mut Drawing<Work>) {
        for place in 0..self.groups.len() {
            let group = &mut self.groups[place];
            let (bytes, expected) = (group.bytes, std::mem::take(&mut group.expected));
            let steps = std::mem::take(&mut group.head);
            let mut built = Vec::new();
            if !expected.is_empty() {
                built = vec![drawing.add(Work::Compare(self.source, expected), bytes, &[])];
            }
            for part in stages(steps, bytes <= SMALL_TABLE_BYTES_MAX, self.groups[place].is_ours) {
                let nodes = part.into_iter().map(|steps| drawing.add(self.node(steps), bytes, &built));
                built = nodes.collect();
            }
            self.groups[place].built = built;
        }
    }

    /// Adds all foreign keys, then validates them: no two that lock the same table at once. Gives the nodes of those
    /// whose parent is not known.
    fn foreign_keys(&mut self, all_built: &[usize], drawing: &mut Drawing<Work>) -> Vec<usize> {
        let (adds, validations): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.keys).into_iter().partition(|step| is_of(step, StepKind::ForeignKey));
        let mut loose = Vec::new();
        let mut after = Vec::new();
        for part in self.small_together(adds) {
            let ends = self.ends(&part);
            let is_loose = self.is_loose(&part);
            after.extend(ends.iter().flat_map(|place| self.groups[*place].built.iter().copied()));
            after.extend(if is_loose { all_built } else { &[] });
            let node = drawing.add(self.node(part), FIRST, &after);
            ends.iter().for_each(|place| self.groups[*place].keyed.push(node));
            loose.extend(is_loose.then_some(node));
            after = vec![node];
        }
        let mut last: BTreeMap<usize, usize> = BTreeMap::new();
        for part in self.small_together(validations) {
            let ends = self.ends(&part);
            let is_loose = self.is_loose(&part);
            let waits = after.iter().chain(ends.iter().filter_map(|place| last.get(place))).copied();
            let waits = waits.chain(ends.iter().flat_map(|place| self.groups[*place].built.iter().copied()));
            let waits: Vec<usize> =
                waits.chain(if is_loose { all_built } else { &[] }.iter().copied()).collect();
            let node = drawing.add(self.node(part), FIRST, &waits);
            loose.extend(is_loose.then_some(node));
            for place in ends {
                last.insert(place, node);
                self.groups[place].keyed.push(node);
            }
        }
        loose
    }

    fn is_loose(&self, steps: &[StepState]) -> bool {
        steps.iter().any(|step| parent(&self.plan, step).is_none())
    }

    /// Steps of small tables between small tables in one node, every other alone.
    fn small_together(&self, steps: Vec<StepState>) -> Vec<Vec<StepState>> {
        let small = |step: &StepState| {
            let ends = self.ends(std::slice::from_ref(step));
            ends.iter().all(|place| self.groups[*place].bytes <= SMALL_TABLE_BYTES_MAX)
        };
        let mut parts: Vec<(bool, Vec<StepState>)> = Vec::new();
        for step in steps {
            let is_small = small(&step);
            match parts.last_mut() {
                Some((true, part)) if is_small && part.len() < GROUP_STEPS_MAX => part.push(step),
                _ => parts.push((is_small, vec![step])),
            }
        }
        parts.into_iter().map(|(_, part)| part).collect()
    }

    /// The groups at either end of foreign keys.
    fn ends(&self, steps: &[StepState]) -> Vec<usize> {
        let mut ends: Vec<usize> = Vec::new();
        for step in steps {
            ends.push(self.place(&step.table));
            ends.extend(parent(&self.plan, step).map(|parent| self.place(parent)));
        }
        ends.sort_unstable();
        ends.dedup();
        ends
    }

    /// Views one after the other, in their order: one may be made of another.
    fn views(&mut self, drawing: &mut Drawing<Work>) {
        let mut after: Vec<usize> =
            self.groups.iter().flat_map(|group| group.built.iter().chain(&group.keyed).copied()).collect();
        for view in std::mem::take(&mut self.views) {
            after = vec![drawing.add(self.node(vec![view]), FIRST, &after)];
        }
    }

    /// What comes last, when no foreign key locks the tables any more.
    fn tails(&mut self, loose: &[usize], drawing: &mut Drawing<Work>) {
        for place in 0..self.groups.len() {
            let group = &mut self.groups[place];
            let (bytes, steps) = (group.bytes, std::mem::take(&mut group.tail));
            let after: Vec<usize> = group.built.iter().chain(&group.keyed).chain(loose).copied().collect();
            if !steps.is_empty() {
                drawing.add(self.node(steps), bytes, &after);
            }
        }
    }
}

fn is_of(step: &StepState, kind: StepKind) -> bool {
    step.kind == kind.name()
}

fn is_key(step: &StepState) -> bool {
    is_of(step, StepKind::ForeignKey) || is_of(step, StepKind::Validate)
}

fn is_last(step: &StepState) -> bool {
    is_of(step, StepKind::Trigger) || is_of(step, StepKind::Comment) || step.kind == VACUUM
}

/// The table that a foreign key refers to, where the source has it.
fn parent<'a>(plan: &'a Plan, step: &StepState) -> Option<&'a str> {
    let table = plan.tables.iter().find(|table| table.source == step.table)?;
    let key = table.foreign_keys.iter().find(|key| key.name == step.object)?;
    Some(key.probe.as_ref()?.parent.as_str())
}

/// Steps of one large table in stages: each stage waits for the one before, and the indexes of one stage do not wait for
/// each other. Of small tables all are one node. A table that was there before (not `is_ours`) may have writers: one that
/// waits for an index would hold up the next index, so they go one by one.
fn stages(steps: Vec<StepState>, together: bool, is_ours: bool) -> Vec<Vec<Vec<StepState>>> {
    if steps.is_empty() {
        return Vec::new();
    }
    if together {
        return vec![vec![steps]];
    }
    let mut stages: Vec<(bool, Vec<Vec<StepState>>)> = Vec::new();
    for step in steps {
        let is_index = is_of(&step, StepKind::Index);
        match stages.last_mut() {
            Some((true, stage)) if is_index && is_ours => stage.push(vec![step]),
            _ => stages.push((is_index, vec![vec![step]])),
        }
    }
    stages.into_iter().map(|(_, stage)| stage).collect()
}

/// Whether the steps of a table may be one transaction with those of others. Not those of one that was there before: others
/// wait for its locks.
fn is_small(table: &TablePlan, steps: usize) -> bool {
    table.mode == TableMode::Create
        && table.bytes <= SMALL_TABLE_BYTES_MAX
        && table.partition.is_none()
        && steps <= GROUP_STEPS_MAX
}

/// The groups of a source, and the group of each of its tables: of small ones at least one for each connection.
fn grouped(source: &Source, jobs: usize) -> (Vec<Group>, BTreeMap<String, usize>) {
    let mut steps: BTreeMap<&str, usize> = BTreeMap::new();
    source.steps.iter().for_each(|step| *steps.entry(&step.table).or_default() += 1);
    let takes_part = |table: &&TablePlan| {
        let name = table.source.as_str();
        steps.contains_key(name) || source.expected.iter().any(|expected| expected.plan.source == name)
    };
    let count = |table: &TablePlan| steps.get(table.source.as_str()).copied().unwrap_or(0);
    let tables: Vec<&TablePlan> = source.plan.tables.iter().filter(takes_part).collect();
    let small = tables.iter().filter(|table| is_small(table, count(table))).count();
    let tables_max = small.div_ceil(jobs.max(1)).clamp(1, SMALL_TABLES_AT_ONCE);
    let (mut groups, mut places) = (vec![Group::default()], BTreeMap::new());
    // The group that small tables go to: its place, how many tables and how many steps it has.
    let mut open = (0, tables_max, 0);
    for table in tables {
        let steps = count(table);
        if !is_small(table, steps) {
            places.insert(table.source.clone(), groups.len());
            let (bytes, is_ours) =
                (table.bytes.max(SMALL_TABLE_BYTES_MAX + 1), table.mode == TableMode::Create);
            groups.push(Group { bytes, is_ours, ..Group::default() });
            continue;
        }
        if open.1 >= tables_max || open.2 + steps > GROUP_STEPS_MAX {
            open = (groups.len(), 0, 0);
            groups.push(Group::default());
        }
        open = (open.0, open.1 + 1, open.2 + steps);
        places.insert(table.source.clone(), open.0);
    }
    (groups, places)
}

#[cfg(test)]
mod tests;
