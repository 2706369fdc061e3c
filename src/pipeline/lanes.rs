//! Steps in lanes: what goes one after the other on one connection, beside other lanes.

use super::finish::Finishing;
use crate::plan::Plan;
use crate::postgres::ledger::{StepOwner, StepState};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Steps that go one after the other on one connection.
pub(super) type Lane = Vec<Task>;

/// One step and whose it is.
#[derive(Debug, Clone)]
pub(super) struct Task {
    /// index of its source
    pub(super) source: usize,
    /// ledger row, epoch, schema
    pub(super) owner: StepOwner,
    /// the plan
    pub(super) plan: Arc<Plan>,
    /// the step
    pub(super) step: StepState,
}

fn tasks<'a>(sources: &'a [Finishing], kinds: &'a [&str]) -> impl Iterator<Item = Task> + 'a {
    sources.iter().enumerate().flat_map(move |(source, finishing)| {
        let steps = finishing.steps.iter().filter(|step| kinds.contains(&step.kind.as_str()));
        steps.map(move |step| Task {
            source,
            owner: finishing.owner.clone(),
            plan: Arc::clone(&finishing.plan),
            step: step.clone(),
        })
    })
}

/// One lane for each table, heaviest first.
pub(super) fn by_table(sources: &[Finishing], kinds: &[&str]) -> Vec<Lane> {
    let mut lanes: BTreeMap<(usize, String), Lane> = BTreeMap::new();
    for task in tasks(sources, kinds) {
        lanes.entry((task.source, task.step.table.clone())).or_default().push(task);
    }
    let bytes = |lane: &Lane| {
        let first = lane.first()?;
        first.plan.tables.iter().find(|table| table.source == first.step.table).map(|table| table.bytes)
    };
    let mut lanes: Vec<Lane> = lanes.into_values().collect();
    lanes.sort_by_key(|lane| std::cmp::Reverse(bytes(lane).unwrap_or(0)));
    lanes
}

/// One lane of all.
pub(super) fn in_a_row(sources: &[Finishing], kinds: &[&str]) -> Vec<Lane> {
    let lane: Lane = tasks(sources, kinds).collect();
    if lane.is_empty() { Vec::new() } else { vec![lane] }
}
