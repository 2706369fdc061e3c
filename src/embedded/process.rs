//! Runs one of PostgreSQL's programs: with a clean environment, the right account, and a limit in time.

use super::account::Account;
use crate::error::{Error, Result};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Between two looks at a running program.
const POLL: Duration = Duration::from_millis(20);

/// A command that sees nothing of our environment: no PGDATA, no PGPORT, no language.
///
/// It runs in `dir`, because our own working directory may be closed to the account, and so that the paths we
/// pass can be relative: pg_ctl hands them to a shell.
pub(super) fn command(program: &Path, dir: &Path, account: &Account) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").current_dir(dir);
    for kept in ["PATH", "TZ"] {
        if let Some(value) = std::env::var_os(kept) {
            command.env(kept, value);
        }
    }
    account.apply(&mut command);
    command
}

/// Runs `command` to its end with `input` on its standard input. What it prints must be short: it is read at the end.
pub(super) fn run(mut command: Command, input: &str, limit: Duration) -> Result<Output> {
    let name =
        Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let failed = |what: &str| Error::target_fault(format!("{name} {what}"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|cause| failed("cannot be started").cause(cause))?;
    if let Some(mut stdin) = child.stdin.take() {
        // A program that ended early shows why in its output, not in a broken pipe.
        let _ = stdin.write_all(input.as_bytes());
    }
    let started = Instant::now();
    while child.try_wait().map_err(|cause| failed("cannot be waited for").cause(cause))?.is_none() {
        if started.elapsed() > limit {
            let _ = child.kill();
            let _ = child.wait();
            return Err(failed(&format!("did not end within {} s", limit.as_secs())));
        }
        std::thread::sleep(POLL);
    }
    child.wait_with_output().map_err(|cause| failed("left no output").cause(cause))
}

/// The end of what a program printed, for a message.
pub(super) fn last_lines(text: &[u8], count: usize) -> String {
    let text = String::from_utf8_lossy(text);
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_hangs_is_ended() {
        let mut sleep = Command::new("sleep");
        sleep.arg("30");
        let started = Instant::now();
        let error = run(sleep, "", Duration::from_millis(100)).unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(10));
        assert_eq!(error.message(), "sleep did not end within 0 s");
    }

    #[test]
    fn input_reaches_the_program() {
        let output = run(Command::new("cat"), "hello", Duration::from_secs(10)).unwrap();
        assert_eq!(output.stdout, b"hello");
    }

    #[test]
    fn only_the_last_lines_are_shown() {
        assert_eq!(last_lines(b"a\n\nb\nc\n", 2), "b\nc");
        assert_eq!(last_lines(b"a", 2), "a");
    }
}
