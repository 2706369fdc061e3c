//! A task that panics: the whole run fails loudly, soon, with nothing committed that is not whole, and without a word of
//! what the panic quotes.

use super::events::{Planted, each_to};
use super::small;
use crate::faults::invariants::Faults;
use crate::resume::world::Target;
use crate::support::cli::Done;
use crate::support::postgres::Database;

/// What a planted panic says, as one of the standard library may say a cell's text.
const QUOTED: &str = "secret-of-a-cell";

const MISTAKE: i32 = 1;

fn assert_loud(faults: &Faults, database: &Database, done: &Done, case: &str) {
    assert!(done.stderr.contains("panicked at src/"), "{case}: {done:?}");
    faults.assert_hold_after_panic(database, done, case);
    let ledger = "SELECT coalesce(string_agg(last_error, ' '), '') FROM cutover.source";
    assert!(!database.query_one_text(ledger).contains(QUOTED), "{case}");
    assert!(!done.said().contains(QUOTED), "{case}: {done:?}");
}

fn panicking(faults: &Faults, points: &[(&'static str, u64)]) {
    for (point, stride) in points {
        let planted = Planted { point, action: "panic", codes: &[MISTAKE], stride: *stride };
        let sum = each_to(faults, &planted, Database::url, assert_loud);
        assert_eq!(sum.survived, 0, "{point}");
    }
}

#[test]
fn f50_the_reader_panics() {
    let Some(faults) = small::by_chunk(Target::Existing) else { return };
    panicking(&faults, &[("source_step", 307), ("frame_built", 13), ("frame_in", 11)]);
}

#[test]
fn f50_the_reader_of_many_tables_panics() {
    let Some(faults) = small::together(Target::Empty) else { return };
    panicking(&faults, &[("source_prepare", 5), ("before_commit", 2)]);
}

#[test]
fn f50_the_profile_panics() {
    let Some(faults) = small::by_chunk(Target::Empty) else { return };
    panicking(&faults, &[("profile", 4), ("source_schema", 37), ("source_open", 3)]);
}

#[test]
fn f50_a_loading_connection_panics() {
    let Some(faults) = small::by_chunk(Target::Empty) else { return };
    panicking(&faults, &[("worker", 11), ("frame_out", 13), ("before_commit", 12)]);
}

#[test]
fn f50_the_driver_panics() {
    let Some(faults) = small::by_chunk(Target::Existing) else { return };
    panicking(&faults, &[("message_in", 307), ("message_out", 151), ("commit_sent", 13)]);
}

#[test]
fn f50_a_comparison_and_a_step_panic() {
    let Some(faults) = small::by_chunk(Target::Existing) else { return };
    panicking(
        &faults,
        &[("finish", 4), ("before_compare", 5), ("read_back", 7), ("before_step", 5), ("before_mark", 6)],
    );
}

#[test]
fn f50_the_run_itself_panics() {
    let Some(faults) = small::together(Target::Existing) else { return };
    panicking(
        &faults,
        &[
            ("connect", 2),
            ("before_prepare", 1),
            ("after_prepare", 1),
            ("before_record", 1),
            ("after_record", 1),
        ],
    );
}

/// The copy stands, and the exit code says that something was wrong.
#[test]
fn f50_the_report_panics() {
    let Some(faults) = small::together(Target::Empty) else { return };
    panicking(&faults, &[("report_write", 1), ("report_rename", 1)]);
}

/// What is drawn changes nothing of what is done: only the drawing ends, and says so.
#[test]
fn f50_the_progress_panics() {
    let Some(faults) = small::together(Target::Empty) else { return };
    let planted = Planted { point: "draw", action: "panic", codes: &[], stride: 7 };
    let sum = each_to(&faults, &planted, Database::url, assert_loud);
    assert_eq!(sum.survived, sum.met);
}
