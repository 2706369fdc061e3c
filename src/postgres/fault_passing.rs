//! Which failures can pass by themselves, so that the same work may be tried again on a new connection: decided by
//! SQLSTATE and by typed causes, never by words.

use super::fault::{ServerError, server_error};
use crate::error::{Error, ErrorKind};
use std::error::Error as _;
use std::fmt;

/// What kind of failure can pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passing {
    /// the way to the server, or the server as a whole: every connection meets it
    Link,
    /// another session was in the way: only this piece of work meets it
    Conflict,
}

/// The link broke without a word of the server: reset, refused, timed out, closed. It is the cause of such an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkFault(String);

impl LinkFault {
    /// `what` broke it, in our words.
    pub fn new(what: impl Into<String>) -> LinkFault {
        LinkFault(what.into())
    }
}

impl fmt::Display for LinkFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LinkFault {}

/// Every address of a list failed, each in its own way. It is the cause of the one error that says so.
#[derive(Debug)]
pub(super) struct Each(pub(super) Vec<Error>);

impl fmt::Display for Each {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&each.join("; "))
    }
}

impl std::error::Error for Each {}

/// Whether `error` can pass by itself, and of which kind it is then. A statement that an operator cancelled (57014) does
/// not, nor does a full disk, nor anything about rights, passwords, TLS, values and constraints.
pub fn passing(error: &Error) -> Option<Passing> {
    if error.kind() != ErrorKind::Target {
        return None;
    }
    let mut cause = error.source();
    while let Some(below) = cause {
        if below.is::<LinkFault>() {
            return Some(Passing::Link);
        }
        if let Some(server) = below.downcast_ref::<ServerError>() {
            return by_sqlstate(&server.sqlstate);
        }
        if let Some(Each(errors)) = below.downcast_ref::<Each>() {
            return errors.iter().find_map(passing);
        }
        cause = below.source();
    }
    None
}

/// Whether `error` can pass by itself, so that the same work may be tried again on a new connection.
pub fn can_pass(error: &Error) -> bool {
    passing(error).is_some()
}

fn by_sqlstate(code: &str) -> Option<Passing> {
    match code {
        // Shutdown or pg_terminate_backend, crash of a neighbour, starting up, too many connections.
        "57P01" | "57P02" | "57P03" | "53300" => Some(Passing::Link),
        _ if code.starts_with("08") => Some(Passing::Link),
        // Serialization, deadlock, lock_timeout.
        "40001" | "40P01" | "55P03" => Some(Passing::Conflict),
        _ => None,
    }
}

fn is(error: &Error, sqlstate: &str) -> bool {
    server_error(error).is_some_and(|server| server.sqlstate == sqlstate)
}

/// An operator cancelled the statement (57014): that is a wish, and is not tried again in any form.
pub fn is_cancelled(error: &Error) -> bool {
    is(error, "57014")
}

/// The server has no connection left for us (53300).
pub fn is_without_place(error: &Error) -> bool {
    is(error, "53300")
}

/// The server says "not yet" or "not any more" (57P03): it is starting up or shutting down.
pub fn is_starting(error: &Error) -> bool {
    is(error, "57P03")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: ErrorKind, sqlstate: &str) -> Error {
        let fields = format!("C{sqlstate}\0Mwhy\0\0");
        Error::new(kind, "copying").cause(ServerError::from_fields(fields.as_bytes())).at("table \"t\"")
    }

    #[test]
    fn what_can_pass_is_decided_by_the_code() {
        for code in ["08000", "08003", "08006", "57P01", "57P02", "57P03", "53300"] {
            assert_eq!(passing(&said(ErrorKind::Target, code)), Some(Passing::Link), "{code}");
        }
        for code in ["40001", "40P01", "55P03"] {
            assert_eq!(passing(&said(ErrorKind::Target, code)), Some(Passing::Conflict), "{code}");
        }
        for code in [
            "57014", "57P04", "57P05", "53100", "53200", "42501", "42P01", "28P01", "28000", "22003",
            "23505", "25006", "XX001", "P0001", "",
        ] {
            assert!(!can_pass(&said(ErrorKind::Target, code)), "{code}");
        }
        assert!(!can_pass(&said(ErrorKind::Refused, "57P03")));
        assert!(!can_pass(&Error::target_fault("the server closed the connection, says a text")));
    }

    #[test]
    fn a_broken_link_can_pass_also_below_other_causes() {
        let broken = || Error::target_fault("connecting").cause(LinkFault::new("connection refused"));
        assert_eq!(broken().to_string(), "connecting: connection refused");
        assert!(can_pass(&broken()));
        assert!(can_pass(&Error::target_fault("outer").cause(broken())));
        let refused = || said(ErrorKind::Refused, "28P01");
        assert!(can_pass(&Error::target_fault("none").cause(Each(vec![refused(), broken()]))));
        assert!(!can_pass(&Error::target_fault("none").cause(Each(vec![refused(), refused()]))));
    }
}
