//! The nth event fails, and the process lives: it says what it was, or goes on without it.

use super::events::{Loop, Planted, each, each_to};
use super::small;
use crate::faults::invariants::Faults;
use crate::resume::world::Target;
use crate::support::postgres::Database;

const SOURCE: i32 = 5;
const SERVER: i32 = 6;

fn failing(faults: &Faults, point: &'static str, code: i32, stride: u64) -> Loop {
    each(faults, &Planted { point, action: "fail", codes: &[code], stride })
}

/// What SQLite cannot read is the source's fault, wherever it is met.
#[test]
fn f26_each_look_at_the_source_fails() {
    let Some(faults) = small::by_chunk(Target::Empty) else { return };
    for (point, stride) in [
        ("source_open", 2),
        ("source_begin", 2),
        ("source_fingerprint", 1),
        ("source_schema", 13),
        ("source_prepare", 11),
        ("profile", 3),
    ] {
        let sum = failing(&faults, point, SOURCE, stride);
        assert!(sum.survived < sum.met, "{point}: {sum:?}");
    }
}

#[test]
fn f26_each_step_of_sqlite_fails() {
    for (target, stride) in [(Target::Empty, 97), (Target::Existing, 131)] {
        let Some(faults) = small::by_chunk(target) else { return };
        assert!(failing(&faults, "source_step", SOURCE, stride).met > 3);
    }
}

#[test]
fn f26_each_step_of_sqlite_fails_where_tables_are_read_together() {
    let Some(faults) = small::together(Target::Empty) else { return };
    assert!(failing(&faults, "source_step", SOURCE, 151).met > 3);
}

#[test]
fn f50_frames_that_are_lost_on_their_way() {
    let Some(faults) = small::by_chunk(Target::Empty) else { return };
    assert_eq!(failing(&faults, "frame_built", SOURCE, 9).survived, 0);
    assert_eq!(failing(&faults, "frame_in", SOURCE, 10).survived, 0);
    assert_eq!(failing(&faults, "frame_out", SERVER, 11).survived, 0);
}

/// The connection breaks at the nth message: either way, in either kind of target, on a socket and by TCP.
#[test]
fn f08_each_message_to_the_server_is_the_last() {
    let Some(faults) = small::by_chunk(Target::Existing) else { return };
    assert!(failing(&faults, "message_out", SERVER, 71).met > 2);
}

#[test]
fn f08_each_message_of_the_server_is_the_last() {
    let Some(faults) = small::by_chunk(Target::Empty) else { return };
    let planted = Planted { point: "message_in", action: "fail", codes: &[SERVER], stride: 149 };
    assert!(each_to(&faults, &planted, Database::tcp_url, Faults::assert_hold).met > 2);
}

/// With patience each of them passes, but for the first ones: who never reached the server is told so at once.
#[test]
fn f08_each_broken_message_is_survived_with_patience() {
    let Some(faults) = small::with_patience(Target::Existing) else { return };
    for (point, stride) in [("message_out", 83), ("message_in", 241), ("commit_sent", 5)] {
        let sum = failing(&faults, point, SERVER, stride);
        assert!(sum.survived + 1 >= sum.met, "{point}: {sum:?}");
    }
}

/// An answer to COMMIT that never comes: the ledger is asked, and nothing is sent twice.
#[test]
fn f02_each_answer_to_a_commit_is_lost() {
    for target in [Target::Empty, Target::Existing] {
        let Some(faults) = small::by_chunk(target) else { return };
        failing(&faults, "commit_sent", SERVER, 5);
        let sum = failing(&faults, "commit_answered", SERVER, 5);
        assert_eq!(sum.survived, sum.met, "the ledger says that it was committed");
    }
    let Some(faults) = small::together(Target::Empty) else { return };
    let sum = failing(&faults, "commit_answered", SERVER, 1);
    assert_eq!(sum.survived, sum.met, "the ledger says that it was committed");
}

#[test]
fn f08_the_server_fails_at_each_stage() {
    let Some(faults) = small::by_chunk(Target::Existing) else { return };
    for (point, stride) in [
        ("connect", 2),
        ("connected", 2),
        ("before_prepare", 1),
        ("after_prepare", 1),
        ("before_copy_end", 13),
        ("after_copy_end", 11),
        ("before_commit", 12),
        ("before_ledger", 5),
    ] {
        failing(&faults, point, SERVER, stride);
    }
}

#[test]
fn f56_f57_f58_each_step_and_its_mark_fail() {
    for (target, stride) in [(Target::Empty, 5), (Target::Existing, 4)] {
        let Some(faults) = small::by_chunk(target) else { return };
        for point in ["before_step", "before_mark", "after_step"] {
            failing(&faults, point, SERVER, stride);
        }
    }
}

#[test]
fn f59_each_comparison_and_the_last_word_fail() {
    let Some(faults) = small::together(Target::Empty) else { return };
    for (point, stride) in [
        ("before_compare", 2),
        ("read_back", 5),
        ("after_compare", 2),
        ("before_record", 1),
        ("after_record", 1),
    ] {
        let sum = failing(&faults, point, SERVER, stride);
        assert_eq!(sum.survived, 0, "{point}");
    }
}
