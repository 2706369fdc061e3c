//! Named points where a test may plant a failure. Without the feature `failpoints` they are nothing at all.
//!
//! `CUTOVER_FAILPOINTS="name=action[:which],…"`, several entries of one point included. The actions:
//!
//! * `kill`: the process ends at once (by abort, which runs no destructor); `panic`: the task that passes panics;
//! * `fail`, also called `error`: the point's own error; `on`: the point's own meaning;
//! * `delay:MS`: the thread sleeps so many milliseconds;
//! * `pause`: the thread waits; it makes the file that `CUTOVER_FAILPOINT_PAUSED` names, and goes on when that is gone.
//!
//! `which` is the number of the passage, counted from 1, at which it triggers; `3+` is the third and every later one;
//! without it, every one. `CUTOVER_FAILPOINT_COUNTS` names a file into which a process that ends by itself writes
//! how often each point was passed.

#[cfg(feature = "failpoints")]
mod script;

use crate::error::Result;

/// A connection to the source is about to be opened.
pub const SOURCE_OPEN: &str = "source_open";
/// A read transaction of the source is about to begin.
pub const SOURCE_BEGIN: &str = "source_begin";
/// The state of the source's file is about to be looked at.
pub const SOURCE_FINGERPRINT: &str = "source_fingerprint";
/// A list of the source's schema is about to be read: tables, columns, indexes, triggers, views.
pub const SOURCE_SCHEMA: &str = "source_schema";
/// A scan of a table is about to be prepared.
pub const SOURCE_PREPARE: &str = "source_prepare";
/// A scan is about to step to its next row, or to its end.
pub const SOURCE_STEP: &str = "source_step";
/// The next slice of a large BLOB is about to be read.
pub const SOURCE_SLICE: &str = "source_slice";
/// A table, or a piece of one, is about to be profiled.
pub const PROFILE: &str = "profile";

/// The encoder writes a wrong integer: verification must see it.
pub const ENCODER_BROKEN: &str = "encoder_broken";
/// A frame is full or the last one, and has not been handed over.
pub const FRAME_BUILT: &str = "frame_built";
/// A frame was handed into the channel between reader and connection.
pub const FRAME_IN: &str = "frame_in";
/// A frame was taken out of that channel.
pub const FRAME_OUT: &str = "frame_out";

/// A socket to the server is about to be opened.
pub const CONNECT: &str = "connect";
/// A session is set up.
pub const CONNECTED: &str = "connected";
/// One of our messages is on its way: written by the driver, or queued by an exchange.
pub const MESSAGE_OUT: &str = "message_out";
/// One of the server's messages has been read, and nobody has acted on it.
pub const MESSAGE_IN: &str = "message_in";
/// Rows that are read back have come.
pub const READ_BACK: &str = "read_back";

/// A connection that loads has taken work.
pub const WORKER: &str = "worker";
/// All rows of a COPY are sent, and its end is not.
pub const BEFORE_COPY_END: &str = "before_copy_end";
/// COPY has ended, and the server's count is that of the rows sent.
pub const AFTER_COPY_END: &str = "after_copy_end";
/// Before the ledger's rows of a transaction and its COMMIT are sent.
pub const BEFORE_COMMIT: &str = "before_commit";
/// The same for rows alone: the COMMIT is to be sent on the heels of the ledger's rows.
pub const BEFORE_LEDGER: &str = "before_ledger";
/// A COMMIT (of rows, of steps, of the preparation, of a snapshot) is written, and its answer is not read.
pub const COMMIT_SENT: &str = "commit_sent";
/// The COMMIT of rows was answered; a failure here is an answer that was lost.
pub const COMMIT_ANSWERED: &str = "commit_answered";
/// After the COMMIT of rows was acknowledged.
pub const AFTER_COMMIT: &str = "after_commit";

/// Before the one transaction that makes the target ready.
pub const BEFORE_PREPARE: &str = "before_prepare";
/// That transaction is committed.
pub const AFTER_PREPARE: &str = "after_prepare";
/// A connection that finishes has taken work.
pub const FINISH: &str = "finish";
/// Before a table is compared.
pub const BEFORE_COMPARE: &str = "before_compare";
/// A table is compared, and the ledger does not know it.
pub const AFTER_COMPARE: &str = "after_compare";
/// Before one transaction of steps after the data.
pub const BEFORE_STEP: &str = "before_step";
/// Steps are done in an open transaction, or where there can be none, and are not marked in the ledger.
pub const BEFORE_MARK: &str = "before_mark";
/// Steps are done and marked.
pub const AFTER_STEP: &str = "after_step";
/// Before the ledger's last word on a run.
pub const BEFORE_RECORD: &str = "before_record";
/// The ledger has that word.
pub const AFTER_RECORD: &str = "after_record";

/// Before a report is written into its draft.
pub const REPORT_WRITE: &str = "report_write";
/// The draft is whole, and does not have the report's name.
pub const REPORT_RENAME: &str = "report_rename";
/// The screen's thread is about to draw.
pub const DRAW: &str = "draw";

/// Every point there is.
pub const ALL: [&str; 38] = [
    SOURCE_OPEN,
    SOURCE_BEGIN,
    SOURCE_FINGERPRINT,
    SOURCE_SCHEMA,
    SOURCE_PREPARE,
    SOURCE_STEP,
    SOURCE_SLICE,
    PROFILE,
    ENCODER_BROKEN,
    FRAME_BUILT,
    FRAME_IN,
    FRAME_OUT,
    CONNECT,
    CONNECTED,
    MESSAGE_OUT,
    MESSAGE_IN,
    READ_BACK,
    WORKER,
    BEFORE_COPY_END,
    AFTER_COPY_END,
    BEFORE_COMMIT,
    BEFORE_LEDGER,
    COMMIT_SENT,
    COMMIT_ANSWERED,
    AFTER_COMMIT,
    BEFORE_PREPARE,
    AFTER_PREPARE,
    FINISH,
    BEFORE_COMPARE,
    AFTER_COMPARE,
    BEFORE_STEP,
    BEFORE_MARK,
    AFTER_STEP,
    BEFORE_RECORD,
    AFTER_RECORD,
    REPORT_WRITE,
    REPORT_RENAME,
    DRAW,
];

/// What a triggered point asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// nothing: go on
    Pass,
    /// fail with an error of the caller's own
    Fail,
    /// do the point's own mischief
    On,
}

/// Passes the point `name`.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub fn pass(_name: &str) -> Action {
    Action::Pass
}

/// Passes the point `name`: counts it, and does what `CUTOVER_FAILPOINTS` says.
#[cfg(feature = "failpoints")]
pub fn pass(name: &str) -> Action {
    script::pass(name)
}

/// Writes how often each point was passed, where that was asked for.
#[inline(always)]
pub fn write_counts() {
    #[cfg(feature = "failpoints")]
    script::write_counts();
}

#[inline(always)]
fn fails(name: &str) -> bool {
    pass(name) == Action::Fail
}

/// Passes the point `name`, at which the server fails.
///
/// # Errors
/// A target fault, where a failure is planted.
#[inline(always)]
pub fn target(name: &'static str) -> Result<()> {
    if fails(name) { Err(planted::target(name)) } else { Ok(()) }
}

/// Passes the point `name`, at which the source fails.
///
/// # Errors
/// A source fault, where a failure is planted.
#[inline(always)]
pub fn source(name: &'static str) -> Result<()> {
    if fails(name) { Err(planted::source(name)) } else { Ok(()) }
}

/// Passes the point `name`, at which the system fails.
///
/// # Errors
/// A connection that was reset, where a failure is planted.
#[inline(always)]
pub fn io(name: &'static str) -> std::io::Result<()> {
    if fails(name) { Err(std::io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
}

/// The errors of planted failures.
mod planted {
    use crate::error::Error;

    #[cold]
    pub(super) fn target(name: &str) -> Error {
        Error::target_fault(format!("stopped at a planted failure: {name}"))
            .remedy("run the same command again to resume")
    }

    #[cold]
    pub(super) fn source(name: &str) -> Error {
        Error::source_fault(format!("stopped at a planted failure: {name}"))
            .remedy("run the same command again to resume")
    }
}
