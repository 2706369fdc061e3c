//! Runs the built program as a user would, without what this shell happens to have in its environment.

use std::ffi::OsStr;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};

/// Variables that choose sources and targets.
const CLEARED: [&str; 6] = ["PG", "CUTOVER", "POSTGRES_", "DATABASE_URL", "SQLITE_DB_PATH", "XDG_"];

/// One call of the program.
#[derive(Debug)]
pub(crate) struct Cli(Command);

/// How it ended.
#[derive(Debug)]
pub(crate) struct Done {
    /// exit code, or the negative number of the signal
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Cli {
    /// The program without arguments.
    pub(crate) fn new() -> Cli {
        Cli::of(Command::new(env!("CARGO_BIN_EXE_cutover")))
    }

    /// The program as another one starts it: `wrapper`, its arguments, then ours.
    pub(crate) fn under(wrapper: &[&str]) -> Cli {
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).arg(env!("CARGO_BIN_EXE_cutover"));
        Cli::of(command)
    }

    fn of(mut command: Command) -> Cli {
        for (name, _) in std::env::vars_os() {
            if CLEARED.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command.stdin(Stdio::null());
        Cli(command)
    }

    /// Adds arguments.
    pub(crate) fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Cli {
        self.0.args(arguments);
        self
    }

    /// Sets a variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Cli {
        self.0.env(name, value);
        self
    }

    /// Runs it in that directory.
    pub(crate) fn in_dir(mut self, dir: &std::path::Path) -> Cli {
        self.0.current_dir(dir);
        self
    }

    /// Starts it; its output waits in pipes.
    pub(crate) fn spawn(mut self) -> std::process::Child {
        self.0.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the built program")
    }

    /// Runs it to its end.
    pub(crate) fn run(mut self) -> Done {
        Done::from(self.0.output().expect("the built program"))
    }
}

impl Done {
    /// All that it said, on either stream.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

impl From<Output> for Done {
    fn from(output: Output) -> Done {
        Done {
            code: output.status.code().unwrap_or_else(|| -output.status.signal().unwrap_or(0)),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
