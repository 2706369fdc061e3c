//! What an error of the driver means for a run: by SQLSTATE, never by the server's words, which are translated.
//!
//! Invariant: DETAIL, HINT, CONTEXT and internal queries never leave this module, since they may hold cell values; nor
//! does the message itself where it may quote data: in the classes that do (22, 23, P0), and from within a function of
//! somebody, whatever code that gave it. That is why the driver's error is never kept as a cause: its `Display` shows DETAIL.

use super::fault_meaning::{PASSWORD, meaning};
use super::fault_names::condition;
pub use super::fault_passing::{
    LinkFault, Passing, can_pass, is_cancelled, is_starting, is_without_place, passing,
};
use super::tls;
use super::wire::WireFault;
use crate::error::{Error, ErrorKind};
use crate::panicked;
use std::error::Error as _;
use std::fmt;
use tokio_postgres::error::DbError;

/// What the server said, without anything that may hold a cell's value. It is the cause of every classified server
/// error, see [`server_error`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerError {
    /// SQLSTATE, five characters
    pub sqlstate: String,
    /// the server's message; absent where it may quote data
    pub message: Option<String>,
    /// schema it is about
    pub schema: Option<String>,
    /// table it is about
    pub table: Option<String>,
    /// column it is about
    pub column: Option<String>,
    /// constraint or index it is about
    pub constraint: Option<String>,
}

impl ServerError {
    fn from_db(error: &DbError) -> ServerError {
        let owned = |text: Option<&str>| text.map(str::to_string);
        ServerError {
            sqlstate: error.code().code().to_string(),
            message: Some(error.message().to_string()),
            schema: owned(error.schema()),
            table: owned(error.table()),
            column: owned(error.column()),
            constraint: owned(error.constraint()),
        }
        .without_data(error.where_())
    }

    /// From the body of an ErrorResponse (PostgreSQL manual, "Error and Notice Message Fields"), of which the end may be
    /// missing.
    pub(super) fn from_fields(body: &[u8]) -> ServerError {
        let whole =
            body.iter().rposition(|byte| *byte == 0).and_then(|end| body.get(..end)).unwrap_or_default();
        let fields: Vec<(u8, &[u8])> = whole
            .split(|byte| *byte == 0)
            .map_while(|field| field.split_first().map(|(tag, text)| (*tag, text)))
            .collect();
        let field = |wanted: u8| {
            let found = fields.iter().find(|(tag, _)| *tag == wanted);
            found.map(|(_, text)| String::from_utf8_lossy(text).into_owned())
        };
        ServerError {
            sqlstate: field(b'C').unwrap_or_default(),
            message: field(b'M'),
            schema: field(b's'),
            table: field(b't'),
            column: field(b'c'),
            constraint: field(b'n'),
        }
        .without_data(field(b'W').as_deref())
    }

    /// Without the message where it may quote data: that of a class which does, that of a code which the server does not have
    /// (some function's own), and whatever was said from within a function, under any code. `context` says where that was.
    fn without_data(mut self, context: Option<&str>) -> ServerError {
        let quotes = ["22", "23", "P0"].iter().any(|class| self.sqlstate.starts_with(class));
        let is_ours = |line: &str| line.starts_with("COPY ") || line == "parallel worker";
        let is_of_function = context.is_some_and(|context| !context.lines().all(is_ours));
        if quotes || is_of_function || condition(&self.sqlstate).is_empty() {
            self.message = None;
        }
        self
    }
}

impl fmt::Display for ServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(message) = &self.message {
            write!(f, "{message} ")?;
        }
        let name = condition(&self.sqlstate);
        write!(f, "[SQLSTATE {}{}{name}]", self.sqlstate, if name.is_empty() { "" } else { " " })?;
        let places = [("table", &self.table), ("column", &self.column), ("constraint", &self.constraint)];
        for (what, name) in places {
            if let Some(name) = name {
                write!(f, " {what} \"{name}\"")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for ServerError {}

/// What the server said, where `error` comes from it; the pipeline decides by its SQLSTATE what to try again.
pub fn server_error(error: &Error) -> Option<&ServerError> {
    error.source().and_then(|cause| cause.downcast_ref())
}

/// The error of a run for an error of the driver. `doing` names the work and its object: `copying table "t"`.
pub fn classify(error: &tokio_postgres::Error, doing: &str) -> Error {
    if let Some(db) = error.as_db_error() {
        return from_server(ServerError::from_db(db), doing);
    }
    if let Some(fault) = tls::find_fault(error) {
        return tls::explain(fault, doing);
    }
    match own_kind(error) {
        Own::Tls => tls_missing(error, doing),
        Own::Authentication => authentication(error, doing),
        Own::Other => match io_error(error) {
            Some(io) => from_io(io, doing),
            None if error.is_closed() => closed(doing),
            // Parameter, row and column mistakes are ours; their texts name types and counts, never values.
            None => Error::internal(format!("{doing}: {error}")),
        },
    }
}

/// The error of a run for one of an exchange; the same words as for one of the driver.
pub(super) fn classify_wire(fault: WireFault, doing: &str) -> Error {
    match fault {
        WireFault::Refused { error, .. } => from_server(*error, doing),
        WireFault::Io(error) => match tls::find_fault(&error) {
            Some(fault) => tls::explain(fault, doing),
            None => from_io(&error, doing),
        },
        WireFault::Ended => closed(doing),
        WireFault::Protocol(what) => Error::internal(format!("{doing}: {what}")),
    }
}

fn closed(doing: &str) -> Error {
    if panicked::has_happened() {
        return panicked::error().at(doing);
    }
    Error::target_fault(doing)
        .cause(LinkFault::new("the server closed the connection without saying why"))
        .remedy("look at the server's log for the reason; run the same command again to resume")
}

/// The error of a connection that was given up because nothing came on it any more.
pub(super) fn stalled(why: &str, doing: &str) -> Error {
    Error::target_fault(doing)
        .cause(LinkFault::new(format!("{why}; the connection was given up")))
        .remedy("look at the network and the server; run the same command again to resume")
}
/// `EMFILE`, the same number on every system that we build for.
const OPEN_FILES_MAX_REACHED: i32 = 24;

/// An I/O error on the way to the server.
pub(super) fn from_io(error: &std::io::Error, doing: &str) -> Error {
    use std::io::ErrorKind as Io;
    let (what, remedy) = match error.kind() {
        Io::ConnectionRefused => (
            "connection refused",
            "is PostgreSQL running there, and does it listen on that address and port?",
        ),
        Io::NotFound => {
            ("there is no such socket", "is PostgreSQL running, and is this its socket directory and port?")
        }
        Io::PermissionDenied => ("permission denied", "may this user open the socket?"),
        Io::TimedOut => {
            ("no answer in time", "check host, port and firewall; connect_timeout=SECONDS allows more time")
        }
        Io::NetworkUnreachable | Io::HostUnreachable => {
            ("the host cannot be reached", "check host and network")
        }
        _ if error.raw_os_error() == Some(OPEN_FILES_MAX_REACHED) => (
            "this process may open no more files",
            "raise the limit (ulimit -n) or use fewer --jobs, and run the same command again to resume",
        ),
        _ => ("the connection broke", "run the same command again to resume"),
    };
    // The kind's words, not the error's: those may come from anywhere.
    let seen = error.raw_os_error().map_or_else(String::new, |code| format!(" (system error {code})"));
    if error.kind() == Io::PermissionDenied {
        return Error::target_fault(format!("{doing}: {what}{seen}")).remedy(remedy);
    }
    Error::target_fault(doing).cause(LinkFault::new(format!("{what}{seen}"))).remedy(remedy)
}

/// The driver's errors that only their fixed text tells apart (`tokio_postgres::error::Kind` is private); the TLS
/// tests hold these texts.
#[derive(PartialEq, Eq)]
enum Own {
    Tls,
    Authentication,
    Other,
}

fn own_kind(error: &tokio_postgres::Error) -> Own {
    match error.to_string().as_str() {
        "error performing TLS handshake" => Own::Tls,
        "authentication error" | "invalid configuration" => Own::Authentication,
        _ => Own::Other,
    }
}

/// Whether TLS itself failed, so that `prefer` may go on without.
pub(super) fn is_tls(error: &tokio_postgres::Error) -> bool {
    own_kind(error) == Own::Tls
}

/// Whether the server's rules refuse this kind of connection (`pg_hba.conf`), so that the other kind may do.
pub(super) fn is_hba(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| code.code() == "28000")
}

/// Whether another address of the same list may do: nobody is there, or the server says "not now".
pub(super) fn is_elsewhere(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(code) => code.code() == "57P03",
        None => own_kind(error) == Own::Other,
    }
}

fn io_error(error: &tokio_postgres::Error) -> Option<&std::io::Error> {
    error.source().and_then(|cause| cause.downcast_ref())
}

fn tls_missing(error: &tokio_postgres::Error, doing: &str) -> Error {
    if let Some(io) = io_error(error) {
        return from_io(io, doing).at("TLS handshake");
    }
    Error::new(ErrorKind::Refused, format!("{doing}: the server does not offer TLS, but sslmode asks for it"))
        .remedy("switch TLS on in the server (ssl = on), or use sslmode=prefer or disable where the network is trusted")
}

/// The server asks for a password, and we have none.
#[derive(Debug)]
struct PasswordMissing;

impl fmt::Display for PasswordMissing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("password missing")
    }
}

impl std::error::Error for PasswordMissing {}

/// Whether a password would help.
pub(super) fn is_password_missing(error: &Error) -> bool {
    error.source().is_some_and(|cause| cause.is::<PasswordMissing>())
}

fn authentication(error: &tokio_postgres::Error, doing: &str) -> Error {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    let refused = Error::new(ErrorKind::Refused, format!("{doing}: authentication failed"));
    if cause == "password missing" {
        return refused.remedy(PASSWORD).cause(PasswordMissing);
    }
    let error = Error::new(ErrorKind::Refused, format!("{}: {cause}", refused.message()));
    match cause.as_str() {
        "server did not use channel binding" => {
            error.remedy("channel_binding=require needs TLS and scram-sha-256")
        }
        _ => error
            .remedy("the server asks for a method that we do not have, or could not prove that it knows us"),
    }
}

fn from_server(server: ServerError, doing: &str) -> Error {
    let (kind, what, remedy) = meaning(&server.sqlstate);
    let message = if what.is_empty() { doing.to_string() } else { format!("{doing}: {what}") };
    Error::new(kind, message).remedy(remedy).cause(server)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(sqlstate: &str, message: Option<&str>) -> ServerError {
        let none = || None;
        ServerError {
            sqlstate: sqlstate.to_string(),
            message: message.map(str::to_string),
            schema: none(),
            table: Some("t".to_string()),
            column: none(),
            constraint: none(),
        }
    }

    #[test]
    fn fields_of_the_protocol_are_read_and_values_left_out() {
        let body = b"SFEHLER\0VERROR\0C22P03\0Mvalue 7\0Dthe row\0WCOPY t, line 3\0sapp\0tt\0cc\0nk\0\0";
        let error = ServerError::from_fields(body);
        assert_eq!((error.sqlstate.as_str(), &error.message), ("22P03", &None));
        assert_eq!((error.schema.as_deref(), error.table.as_deref()), (Some("app"), Some("t")));
        assert_eq!((error.column.as_deref(), error.constraint.as_deref()), (Some("c"), Some("k")));
        let raised = ServerError::from_fields(
            b"C42P01\0Mvalue 7\0WPL/pgSQL function f() line 1 at RAISE\nCOPY t, line 1\0\0",
        );
        assert_eq!((raised.sqlstate.as_str(), &raised.message), ("42P01", &None));
        assert_eq!(ServerError::from_fields(b"CZZ001\0Mvalue 7\0\0").message, None);
        let full = ServerError::from_fields(b"C53100\0Mno space\0WCOPY t, line 1\0\0");
        assert_eq!(full.message.as_deref(), Some("no space"));
        let ended = ServerError::from_fields(b"SFATAL\0C57P01\0Mterminating connection\0\0");
        assert_eq!(ended.message.as_deref(), Some("terminating connection"));
        for cut in 0..body.len() {
            assert!(ServerError::from_fields(&body[..cut]).message.is_none());
        }
        assert_eq!(ServerError::from_fields(b""), ServerError::from_fields(b"\0"));
    }

    #[test]
    fn kinds() {
        let refused = ["28P01", "28000", "3D000", "3F000", "42501", "25006"];
        let target = [
            "53300", "53100", "57P01", "57P03", "08006", "55P03", "40P01", "57014", "23505", "22003",
            "XX001", "99999",
        ];
        for (codes, kind) in [(&refused[..], ErrorKind::Refused), (&target[..], ErrorKind::Target)] {
            for code in codes {
                let error = from_server(said(code, None), "copying");
                assert_eq!(error.kind(), kind, "{code}");
                assert!(error.remedy_text().is_some_and(|text| text.len() > 10), "{code}");
                assert_eq!(server_error(&error).map(|server| server.sqlstate.as_str()), Some(*code));
            }
        }
    }

    #[test]
    fn texts() {
        let error = from_server(said("53100", Some("could not extend file")), "copying table \"t\"");
        assert_eq!(
            error.to_string(),
            "copying table \"t\": the server's disk is full: could not extend file [SQLSTATE 53100 disk_full] table \"t\""
        );
        assert_eq!(
            said("23999", None).to_string(),
            "[SQLSTATE 23999 integrity constraint violation] table \"t\""
        );
        assert_eq!(said("ZZ999", None).to_string(), "[SQLSTATE ZZ999] table \"t\"");
    }
}
