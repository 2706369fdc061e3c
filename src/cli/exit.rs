//! How the process ends: the only mapping from kinds of errors and outcomes to exit codes (design.md §2).

use crate::error::ErrorKind;
use crate::outcome::Outcome;

/// Everything that was asked for is there, and was proved as far as was asked.
pub const DONE: u8 = 0;
/// A mistake of the program itself.
pub const INTERNAL: u8 = 1;
/// A command line or configuration that cannot be meant. Also clap's own code.
pub const USAGE: u8 = 2;
/// Refused before anything was written.
pub const REFUSED: u8 = 3;
/// Verification found a difference.
pub const DIFFERS: u8 = 4;
/// The SQLite file cannot be read, or not be trusted.
pub const SOURCE: u8 = 5;
/// The server failed or went away, or the deadline passed; the same command resumes. A deadline is no signal: 128 + n would
/// tell a script that somebody pressed Ctrl-C.
pub const TARGET: u8 = 6;
/// Another run holds this target.
pub const BUSY: u8 = 7;
/// Done, but rows were set aside by a policy that was asked for.
pub const SET_ASIDE: u8 = 8;
/// SIGINT (128 + 2); the same command resumes.
pub const INTERRUPTED: u8 = 130;
/// SIGTERM (128 + 15); the same command resumes.
pub const TERMINATED: u8 = 143;

/// The exit code of an error.
pub fn of_error(kind: ErrorKind) -> u8 {
    match kind {
        ErrorKind::Internal => INTERNAL,
        ErrorKind::Usage => USAGE,
        ErrorKind::Refused => REFUSED,
        ErrorKind::Differs => DIFFERS,
        ErrorKind::Source => SOURCE,
        ErrorKind::Target | ErrorKind::Deadline => TARGET,
        ErrorKind::Busy => BUSY,
        ErrorKind::Interrupted => INTERRUPTED,
        ErrorKind::Terminated => TERMINATED,
    }
}

/// How a run that ended with an error is to be called.
pub fn outcome_of(kind: ErrorKind) -> Outcome {
    match kind {
        ErrorKind::Refused => Outcome::Refused,
        ErrorKind::Differs => Outcome::Differs,
        ErrorKind::Interrupted | ErrorKind::Terminated | ErrorKind::Deadline => Outcome::Interrupted,
        ErrorKind::Internal | ErrorKind::Usage => Outcome::Failed,
        ErrorKind::Source | ErrorKind::Target | ErrorKind::Busy => Outcome::Failed,
    }
}

/// How a run that ended without an error is to be called, by the rows that were set aside.
pub fn outcome_without_error(set_aside: u64) -> Outcome {
    if set_aside > 0 { Outcome::SetAside } else { Outcome::Done }
}

/// The exit code of a run: its error's, if it had one, whatever the outcome says, so that no error ends as success.
pub fn of_run(outcome: Outcome, error: Option<ErrorKind>) -> u8 {
    match (error, outcome) {
        (Some(kind), _) => of_error(kind),
        (None, Outcome::Done) => DONE,
        (None, Outcome::SetAside) => SET_ASIDE,
        (None, Outcome::Refused) => REFUSED,
        (None, Outcome::Differs) => DIFFERS,
        (None, Outcome::Interrupted) => INTERRUPTED,
        // A failure without an error is a broken promise of ours.
        (None, Outcome::Failed) => INTERNAL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [(ErrorKind, u8, Outcome); 10] = [
        (ErrorKind::Internal, 1, Outcome::Failed),
        (ErrorKind::Usage, 2, Outcome::Failed),
        (ErrorKind::Refused, 3, Outcome::Refused),
        (ErrorKind::Differs, 4, Outcome::Differs),
        (ErrorKind::Source, 5, Outcome::Failed),
        (ErrorKind::Target, 6, Outcome::Failed),
        (ErrorKind::Busy, 7, Outcome::Failed),
        (ErrorKind::Interrupted, 130, Outcome::Interrupted),
        (ErrorKind::Terminated, 143, Outcome::Interrupted),
        (ErrorKind::Deadline, 6, Outcome::Interrupted),
    ];

    #[test]
    fn the_codes_are_those_of_the_contract() {
        for (kind, code, outcome) in KINDS {
            assert_eq!((of_error(kind), outcome_of(kind)), (code, outcome), "{kind:?}");
        }
    }

    #[test]
    fn only_a_done_run_without_error_exits_with_zero() {
        for (outcome, code) in [
            (outcome_without_error(0), 0),
            (outcome_without_error(1), 8),
            (Outcome::Refused, 3),
            (Outcome::Differs, 4),
            (Outcome::Failed, 1),
            (Outcome::Interrupted, 130),
        ] {
            assert_eq!(of_run(outcome, None), code);
            for (kind, code, _) in KINDS {
                assert_eq!(of_run(outcome, Some(kind)), code);
            }
        }
    }
}
