//! The process dies at the nth event: what was committed stays, once, and the same command goes on from there.

use super::events::{Loop, Planted, each, each_to};
use super::small;
use crate::faults::invariants::Faults;
use crate::resume::world::{Target, assert_rows_are_the_ledgers};
use crate::support::postgres::Database;

/// SIGABRT, by which a planted `kill` ends the process.
const ABORTED: i32 = -6;

fn killed(faults: &Faults, point: &'static str, stride: u64) -> Loop {
    let sum = each(faults, &Planted { point, action: "kill", codes: &[ABORTED], stride });
    assert_eq!(sum.survived, 0, "{point}: nobody survives it");
    sum
}

/// Between the end of COPY and COMMIT, between COMMIT and its answer, and behind both: in either kind of target.
#[test]
fn f02_killed_around_each_commit() {
    for (target, strides) in [(Target::Empty, [8, 9, 11, 7]), (Target::Existing, [9, 11, 8, 10])] {
        let Some(faults) = small::by_chunk(target) else { return };
        killed(&faults, "after_copy_end", strides[0]);
        killed(&faults, "before_commit", strides[1]);
        killed(&faults, "before_ledger", strides[0]);
        assert!(killed(&faults, "commit_sent", strides[2]).met > 2);
        killed(&faults, "after_commit", strides[3]);
    }
}

#[test]
fn f02_killed_around_the_commit_of_many_tables() {
    let Some(faults) = small::together(Target::Empty) else { return };
    killed(&faults, "before_commit", 2);
    assert!(killed(&faults, "commit_sent", 5).met > 1);
    killed(&faults, "after_commit", 2);
}

/// F1 where it matters most: whatever was said last, on whatever connection.
#[test]
fn f01_killed_at_each_message_to_the_server() {
    let Some(faults) = small::by_chunk(Target::Empty) else { return };
    assert!(killed(&faults, "message_out", 67).met > 2);
}

#[test]
fn f01_killed_at_each_message_of_the_server() {
    let Some(faults) = small::by_chunk(Target::Existing) else { return };
    let planted = Planted { point: "message_in", action: "kill", codes: &[ABORTED], stride: 151 };
    assert!(each_to(&faults, &planted, Database::tcp_url, Faults::assert_hold).met > 2);
}

#[test]
fn f01_killed_while_rows_are_on_their_way() {
    let Some(faults) = small::by_chunk(Target::Existing) else { return };
    for (point, stride) in [("source_step", 301), ("frame_built", 11), ("frame_in", 13), ("frame_out", 12)] {
        killed(&faults, point, stride);
    }
}

#[test]
fn f01_killed_before_anything_and_after_everything() {
    let Some(faults) = small::together(Target::Empty) else { return };
    for (point, stride) in [
        ("source_open", 3),
        ("source_begin", 3),
        ("source_schema", 23),
        ("connect", 3),
        ("connected", 2),
        ("profile", 5),
        ("before_prepare", 1),
        ("after_prepare", 1),
        ("before_record", 1),
        ("after_record", 1),
        ("report_write", 1),
        ("report_rename", 1),
    ] {
        killed(&faults, point, stride);
    }
}

/// Each step, its mark, and what comes after it.
#[test]
fn f56_f57_f58_killed_around_each_step() {
    for (target, stride) in [(Target::Empty, 5), (Target::Existing, 3)] {
        let Some(faults) = small::by_chunk(target) else { return };
        for point in ["before_step", "before_mark", "after_step"] {
            killed(&faults, point, stride);
        }
    }
}

#[test]
fn f59_killed_while_it_compares() {
    let Some(faults) = small::by_chunk(Target::Existing) else { return };
    for point in ["before_compare", "read_back", "after_compare"] {
        killed(&faults, point, 3);
    }
}

/// Indexes and foreign keys that were laid aside are made again, whichever step was the last one.
#[test]
fn f56_killed_before_each_step_that_makes_again_what_was_laid_aside() {
    let Some(faults) = Faults::of(Target::Existing) else { return };
    assert!(killed(&faults, "before_step", 5).met > 2);
}

/// One failure after the other in the same target: the run that comes next always gets one event further.
#[test]
fn f01_killed_again_and_again_in_one_target() {
    let Some(faults) = small::by_chunk(Target::Existing) else { return };
    let (database, planted) = (faults.database(), "after_commit=kill:2,before_step=kill:2");
    let mut runs = 0;
    loop {
        let done = faults.copy_to(&database.url()).env("CUTOVER_FAILPOINTS", planted).run();
        if done.code == 0 {
            break;
        }
        assert_eq!(done.code, ABORTED, "run {runs}: {done:?}");
        assert_rows_are_the_ledgers(&database, planted);
        runs += 1;
        assert!(runs < 100, "no run gets further");
    }
    assert!(runs > 5, "only {runs} runs were killed");
    faults.undisturbed.assert_resumes(&faults.world, &database, "after all kills");
}
