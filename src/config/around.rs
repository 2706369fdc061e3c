//! What surrounds a copy: a backup before it, the source's write lock over it, hooks, and the time that it has.

use std::path::PathBuf;
use std::time::Duration;

/// Everything around one `copy --migrate`; a rehearsal has the backup of it. Of all other commands it is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Around {
    /// directory for a copy of each source file, made first
    pub backup: Option<PathBuf>,
    /// the backup is made for its time alone, and goes at once
    pub is_rehearsed: bool,
    /// hold the write lock of each source until the end
    pub freeze: bool,
    /// the run stops by itself when so much time has passed since it began
    pub deadline: Option<Duration>,
    /// see [`Hooks`]
    pub hooks: Hooks,
}

/// The variable by which this program tells itself, begun once more without the password that was typed, where to read it.
/// No secret, and nobody else's business: other programs do not get it.
pub const HANDED_OVER: &str = "CUTOVER_VEILED";

/// A place in a run at which hooks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HookPoint {
    /// the target is this run's, and nothing is written yet
    Before,
    /// all rows are committed
    AfterData,
    /// all is compared and finished
    AfterVerify,
    /// the run has ended, and not well
    OnFailure,
}

impl HookPoint {
    /// All of them, in the order of a run.
    pub const ALL: [HookPoint; 4] =
        [HookPoint::Before, HookPoint::AfterData, HookPoint::AfterVerify, HookPoint::OnFailure];

    /// Its key in the file, and what `CUTOVER_HOOK` says.
    pub fn name(self) -> &'static str {
        match self {
            HookPoint::Before => "before",
            HookPoint::AfterData => "after_data",
            HookPoint::AfterVerify => "after_verify",
            HookPoint::OnFailure => "on_failure",
        }
    }
}

/// What a hook does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookAction {
    /// a program with its arguments, without a shell
    Program(Vec<String>),
    /// a text for `sh -c`
    Shell(String),
    /// statements for the target, in one transaction
    Sql(String),
    /// the same in a file, as the configuration names it
    SqlFile(String),
}

/// One hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// what it does
    pub action: HookAction,
    /// how long it may take; none: the usual time
    pub timeout: Option<Duration>,
}

impl Hook {
    /// What it is, for a person: neither arguments nor statements, which may hold a secret.
    pub fn outline(&self) -> String {
        match &self.action {
            HookAction::Program(words) => format!("command {}", words.first().map_or("", String::as_str)),
            HookAction::Shell(_) => "shell command".to_owned(),
            HookAction::Sql(_) => "SQL".to_owned(),
            HookAction::SqlFile(file) => format!("SQL of {file}"),
        }
    }
}

/// `[hooks]` of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hooks {
    /// see [`HookPoint::Before`]
    pub before: Vec<Hook>,
    /// see [`HookPoint::AfterData`]
    pub after_data: Vec<Hook>,
    /// see [`HookPoint::AfterVerify`]
    pub after_verify: Vec<Hook>,
    /// see [`HookPoint::OnFailure`]
    pub on_failure: Vec<Hook>,
}

impl Hooks {
    /// Those of one point, in order.
    pub fn at(&self, point: HookPoint) -> &[Hook] {
        match point {
            HookPoint::Before => &self.before,
            HookPoint::AfterData => &self.after_data,
            HookPoint::AfterVerify => &self.after_verify,
            HookPoint::OnFailure => &self.on_failure,
        }
    }

    /// The same, to be changed.
    pub fn at_mut(&mut self, point: HookPoint) -> &mut Vec<Hook> {
        match point {
            HookPoint::Before => &mut self.before,
            HookPoint::AfterData => &mut self.after_data,
            HookPoint::AfterVerify => &mut self.after_verify,
            HookPoint::OnFailure => &mut self.on_failure,
        }
    }
}
