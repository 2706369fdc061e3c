//! A second way to speak on a session's connection: COPY over the simple protocol, as bytes and not as messages.
//!
//! The driver logs in and runs every other statement. For a COPY its task is kept waiting (`turns.rs`) while an
//! [`Exchange`] owns the stream: frames are written as they are, rows are read in place out of one large buffer, and
//! what the server says is heard while it is said. Then the driver goes on, in the same transaction.
//!
//! Invariants: a turn changes only between messages, with no answer outstanding; an exchange that is dropped in the
//! middle takes the connection with it, so that the server rolls back and nobody reads the rest as something else.
//! Deliberately absent: parameters, prepared statements and rows as values: for those there is the driver.

pub mod answers;
mod cursor;
mod exchange;
mod frontend;
pub(super) mod pulse;
pub(super) mod socket;
mod stream;
pub(super) mod turns;

pub use exchange::Exchange;

use super::fault::ServerError;
use cursor::Malformed;

/// Why an exchange did not go well.
#[derive(Debug)]
pub enum WireFault {
    /// the server refused a statement; the session can be used again where this was an error and not the end of it
    Refused {
        /// number of the statement, from 0, within its exchange
        statement: usize,
        /// what the server said
        error: Box<ServerError>,
    },
    /// the connection broke
    Io(std::io::Error),
    /// the server closed the connection without a word, or it was given up before
    Ended,
    /// a mistake of ours, or a server that does not speak the protocol
    Protocol(&'static str),
}

impl From<Malformed> for WireFault {
    fn from(_: Malformed) -> WireFault {
        WireFault::Protocol("the server's answer is not one of the protocol")
    }
}

impl From<std::io::Error> for WireFault {
    fn from(error: std::io::Error) -> WireFault {
        WireFault::Io(error)
    }
}
