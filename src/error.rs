//! The one error type: what kind it is, where it happened, what to do, and its cause.
//!
//! A message names table, column, key and remedy; it never carries a cell's value or a secret.
//! The kind alone decides the exit code (`cli::exit` holds the only mapping).

use crate::finding::Finding;

/// What a failed run means for whoever started it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// A broken promise of our own code.
    Internal,
    /// A command line or configuration that cannot be meant.
    Usage,
    /// Refused by policy before anything was written; carries every reason.
    Refused,
    /// Verification found a difference.
    Differs,
    /// The SQLite file cannot be read, or not be trusted.
    Source,
    /// The server failed or went away; running the same command again resumes.
    Target,
    /// Another run holds this target.
    Busy,
    /// Stopped by the user (SIGINT); running the same command again resumes.
    Interrupted,
    /// Stopped from outside (SIGTERM); running the same command again resumes.
    Terminated,
    /// Stopped by its own deadline; running the same command again resumes.
    Deadline,
}

/// An error with its kind, a message for a person, a remedy and the cause below it.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    remedy: Option<String>,
    reasons: Vec<Finding>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The result of everything that can fail here.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of `kind`; the message is a lower-case fragment that names the place.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            remedy: None,
            reasons: Vec::new(),
            cause: None,
        }))
    }

    /// Our own mistake.
    pub fn internal(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Internal, message)
    }

    /// The command line or configuration cannot be meant.
    pub fn usage(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Usage, message)
    }

    /// The source is at fault.
    pub fn source_fault(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Source, message)
    }

    /// The target is at fault.
    pub fn target_fault(message: impl Into<String>) -> Error {
        Error::new(ErrorKind::Target, message)
    }

    /// Refused before anything was written, for all of `reasons`.
    pub fn refused(message: impl Into<String>, reasons: Vec<Finding>) -> Error {
        let mut error = Error::new(ErrorKind::Refused, message);
        error.0.reasons = reasons;
        error
    }

    /// Adds what the user can do about it.
    pub fn remedy(mut self, remedy: impl Into<String>) -> Error {
        self.0.remedy = Some(remedy.into());
        self
    }

    /// Keeps what went wrong below.
    pub fn cause(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        self.0.cause = Some(cause.into());
        self
    }

    /// Puts the place in front of the message: `table "t": …`.
    pub fn at(mut self, place: impl std::fmt::Display) -> Error {
        self.0.message = format!("{place}: {}", self.0.message);
        self
    }

    /// Adds to the message: `…; more`.
    pub fn and(mut self, more: impl std::fmt::Display) -> Error {
        self.0.message = format!("{}; {more}", self.0.message);
        self
    }

    /// A refusal that comes when something was written: it is the target's fault then, and the same command resumes.
    pub fn under_way(mut self) -> Error {
        const RESUME: &str = "run the same command again";
        if self.0.kind != ErrorKind::Refused {
            return self;
        }
        self.0.kind = ErrorKind::Target;
        self.0.remedy = Some(match self.0.remedy.take() {
            Some(remedy) if remedy.contains(RESUME) => remedy,
            Some(remedy) => format!("{remedy}; then {RESUME} to resume"),
            None => format!("{RESUME} to resume"),
        });
        self
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message alone, without cause and remedy.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What the user can do about it.
    pub fn remedy_text(&self) -> Option<&str> {
        self.0.remedy.as_deref()
    }

    /// Every reason of a refusal.
    pub fn reasons(&self) -> &[Finding] {
        &self.0.reasons
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.message)?;
        let mut cause = std::error::Error::source(self);
        while let Some(below) = cause {
            write!(f, ": {below}")?;
            cause = below.source();
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_under_way_can_be_resumed() {
        let refused = || Error::refused("may not write", Vec::new());
        for (error, remedy) in [
            (refused(), "run the same command again to resume"),
            (refused().remedy("GRANT it"), "GRANT it; then run the same command again to resume"),
            (
                refused().remedy("GRANT it, run the same command again"),
                "GRANT it, run the same command again",
            ),
        ] {
            let error = error.under_way();
            assert_eq!((error.kind(), error.remedy_text()), (ErrorKind::Target, Some(remedy)));
        }
        let differs = Error::new(ErrorKind::Differs, "differs").under_way();
        assert_eq!((differs.kind(), differs.remedy_text()), (ErrorKind::Differs, None));
    }
}
