//! psql as a user runs it.

use super::postgres::Database;
use cutover::embedded::Programs;
use std::io::Write;
use std::process::{Command, Stdio};

/// Runs `script` by `psql -v ON_ERROR_STOP=1`; what it complained about where it failed.
pub(crate) fn psql(database: &Database, script: &str) -> Result<(), String> {
    let beside = Programs::find().map(|programs| programs.path("psql")).ok().filter(|path| path.is_file());
    let mut command = Command::new(beside.unwrap_or_else(|| "psql".into()));
    command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &database.url()]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("psql beside the server programs or in PATH");
    // psql that stops early leaves the rest unread: what it says then is more than that the pipe broke.
    let written = child.stdin.take().expect("a pipe").write_all(script.as_bytes());
    let output = child.wait_with_output().expect("psql's end");
    match output.status.success() {
        true => written.map_err(|error| error.to_string()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}
