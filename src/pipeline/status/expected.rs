//! A copy against what a rehearsal expected of it: how far it is on the way that was foreseen, and when it should end.

use crate::outcome::{ExpectedStatus, Prediction};
use crate::postgres::ledger::{SourceState, StepProgress};
use crate::postgres::pace::Pace;
use std::time::{SystemTime, UNIX_EPOCH};

/// For each source, its run against its expectation; of all sources of one run together.
pub(super) fn of_all(states: &[SourceState], paces: &[Pace], under_way: u64) -> Vec<Option<ExpectedStatus>> {
    let pace_of = |state: &SourceState| paces.iter().find(|pace| pace.source_id == state.source_id);
    let one = |state: &SourceState| {
        let pace = pace_of(state)?;
        let prediction: Prediction = serde_json::from_str(pace.prediction.as_ref()?).ok()?;
        let same = |other: &&SourceState| pace_of(other).is_some_and(|other| other.run_id == pace.run_id);
        let run: Vec<&SourceState> = states.iter().filter(same).collect();
        Some(compare(&prediction, &run, pace, if pace.is_running { under_way } else { 0 }))
    };
    states.iter().map(one).collect()
}

/// How much of a run's work is done, each part from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Done {
    copy: f64,
    finish: f64,
}

fn part(done: u64, all: u64) -> f64 {
    if all == 0 { 1.0 } else { (done as f64 / all as f64).min(1.0) }
}

/// What is copied counts by its rows, also those that are on their way; what comes after by bytes compared and by steps.
fn done(run: &[&SourceState], under_way: u64) -> Done {
    let chunks = || run.iter().flat_map(|state| &state.chunks);
    let rows: u64 = chunks().map(|chunk| chunk.spec.rows).sum();
    let copied: u64 = chunks().filter(|chunk| chunk.digest.is_some()).map(|chunk| chunk.spec.rows).sum();
    let bytes: u64 = chunks().map(|chunk| chunk.spec.bytes).sum();
    let compared: u64 = chunks().filter(|chunk| chunk.verified).map(|chunk| chunk.spec.bytes).sum();
    let steps = || run.iter().flat_map(|state| &state.steps);
    let over = steps().filter(|step| step.progress != StepProgress::Pending).count() as u64;
    let finish = (part(compared, bytes) + part(over, steps().count() as u64)) / 2.0;
    Done { copy: part(copied + under_way, rows), finish }
}

fn compare(prediction: &Prediction, run: &[&SourceState], pace: &Pace, under_way: u64) -> ExpectedStatus {
    let is_finished = run.iter().all(|state| state.finished);
    let done = done(run, under_way);
    let before = ["plan", "backup", "prepare"].map(|phase| prediction.phase(phase)).iter().sum::<f64>();
    let elapsed = before + pace.took.filter(|_| is_finished).unwrap_or(pace.elapsed);
    let (p50, p90) = (prediction.seconds.p50, prediction.seconds.p90);
    let reached = match is_finished {
        true => p50,
        false => before + done.copy * prediction.phase("copy") + done.finish * prediction.phase("finish"),
    };
    let left = (p50 - reached).max(0.0);
    let behind = if pace.is_first { elapsed - reached } else { 0.0 };
    let runs = pace.is_running && !is_finished;
    ExpectedStatus {
        running: runs,
        phase: phase(is_finished, done).to_owned(),
        elapsed_seconds: elapsed,
        reached_seconds: reached,
        p50_seconds: p50,
        p90_seconds: p90,
        left_seconds: runs.then_some(left),
        ends_unix: runs.then(|| now() + left.round() as u64),
        behind_seconds: behind,
        pace: word(behind, p90 - p50).to_owned(),
        rows_under_way: under_way,
    }
}

fn phase(is_finished: bool, done: Done) -> &'static str {
    match is_finished {
        true => "done",
        false if done.copy < 1.0 => "copy",
        false => "finish",
    }
}

/// Within what was expected in nine of ten cases, nothing is to be said.
fn word(behind: f64, tolerance: f64) -> &'static str {
    match behind {
        late if late > tolerance => "behind",
        early if early < -tolerance => "ahead",
        _ => "as expected",
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_within_the_window_is_as_expected() {
        assert_eq!([word(5.0, 5.0), word(-5.0, 5.0)], ["as expected"; 2]);
        assert_eq!((word(5.1, 5.0), word(-5.1, 5.0)), ("behind", "ahead"));
    }

    #[test]
    fn nothing_to_do_is_all_done() {
        assert_eq!((part(0, 0), part(5, 10), part(11, 10)), (1.0, 0.5, 1.0));
        assert_eq!(done(&[], 0), Done { copy: 1.0, finish: 1.0 });
        assert_eq!(phase(false, Done { copy: 0.5, finish: 0.0 }), "copy");
        assert_eq!(phase(false, Done { copy: 1.0, finish: 0.5 }), "finish");
    }
}
