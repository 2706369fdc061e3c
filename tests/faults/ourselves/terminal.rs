//! Terminals of every kind, and none (fault catalogue F52); the question for a password, which only a terminal is asked.

use crate::resume::running::wait_for;
use crate::resume::world::World;
use crate::support::cli::{Cli, Done};
use crate::support::postgres::{Database, PASSWORD, Server};
use crate::support::sqlite::SqliteFile;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// The arguments of the copy that all tests run.
pub(super) fn copy_arguments(world: &World, url: &str) -> Vec<String> {
    let source = world.source.path().display().to_string();
    let words = [
        "copy",
        "--migrate",
        "--jobs",
        "2",
        "--chunk-rows",
        "400",
        "--chunk-bytes",
        "512KiB",
        "--from",
        &source,
        "--to",
        url,
    ];
    words.map(str::to_owned).to_vec()
}

/// Names and values.
type Variables<'a> = &'a [(&'a str, &'a str)];

/// The program on a terminal of its own, which util-linux's `script` makes.
pub(super) struct Terminal {
    script: Child,
    shown: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

impl Terminal {
    /// Runs `before` in a shell on the terminal, which Ctrl-C does not end, then the program with these arguments and variables; the exit code is shown
    /// at the end. None where there is no such `script`.
    pub(super) fn start(arguments: &[String], before: &str, variables: Variables<'_>) -> Option<Terminal> {
        let version = Command::new("script").arg("--version").output();
        if !version.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains("util-linux")) {
            eprintln!("skipped: no util-linux `script`, which makes terminals");
            return None;
        }
        let words: Vec<String> = arguments.iter().map(|word| quoted(word)).collect();
        let line = format!(
            "trap : INT; {before} {} {}; echo \"code $?.\"",
            quoted(env!("CARGO_BIN_EXE_cutover")),
            words.join(" ")
        );
        let mut command = Command::new("script");
        command.args(["-qec", &line, "/dev/null"]).env("SHELL", "/bin/sh").env("TERM", "xterm");
        let cleared = std::env::vars_os().map(|(name, _)| name);
        cleared.filter(|name| name.to_string_lossy().starts_with("PG")).for_each(|name| {
            command.env_remove(name);
        });
        command.env("HOME", "/nonexistent").envs(variables.iter().copied());
        let mut script =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
        let shown: Arc<Mutex<String>> = Arc::default();
        let (mut output, into) = (script.stdout.take()?, Arc::clone(&shown));
        let reader = std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut bytes) {
                into.lock().unwrap().push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Some(Terminal { script, shown, reader: Some(reader) })
    }

    /// Everything that was shown so far.
    pub(super) fn shown(&self) -> String {
        self.shown.lock().unwrap().clone()
    }

    /// Waits until that is shown.
    fn wait_for(&self, text: &str) {
        wait_for(text, || self.shown().contains(text).then_some(()));
    }

    /// Types.
    fn type_in(&mut self, text: &str) {
        let keys = self.script.stdin.as_mut().unwrap();
        keys.write_all(text.as_bytes()).and_then(|()| keys.flush()).unwrap();
    }

    /// Waits for the program's end; its code, and all that was shown.
    fn end(mut self) -> (i32, String) {
        wait_for("the end on the terminal", || self.shown().contains("code ").then_some(()));
        drop(self.script.stdin.take());
        self.script.wait().unwrap();
        let _ = self.reader.take().unwrap().join();
        let shown = self.shown();
        let code = shown.rsplit("code ").next().unwrap().split('.').next().unwrap();
        (code.parse().unwrap_or_else(|_| panic!("{shown}")), shown)
    }

    /// Closes the terminal under the program.
    pub(super) fn close(mut self) {
        self.script.kill().unwrap();
        self.script.wait().unwrap();
    }
}

fn small() -> SqliteFile {
    SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO t SELECT i, 'v' || i FROM n",
    )
}

fn arguments(source: &SqliteFile, url: &str) -> Vec<String> {
    ["copy", "--migrate", "--from", &source.path().display().to_string(), "--to", url]
        .map(str::to_owned)
        .to_vec()
}

fn arrived(database: &Database) {
    assert_eq!(database.query_one_text("SELECT count(*) FROM t"), "3000");
}

#[test]
fn f52_terminals_that_are_narrow_dumb_or_without_colours() {
    let Some(server) = Server::available() else { return };
    let source = small();
    let kinds: [(&str, &str, Variables<'_>); 5] = [
        ("plain", "", &[]),
        ("one column", "stty cols 1 rows 1;", &[]),
        ("no size", "stty cols 0 rows 0;", &[]),
        ("dumb", "", &[("TERM", "dumb")]),
        ("no colour", "", &[("NO_COLOR", "1")]),
    ];
    for (kind, before, variables) in kinds {
        let database = server.fresh_database();
        let Some(terminal) = Terminal::start(&arguments(&source, &database.url()), before, variables) else {
            return;
        };
        let (code, shown) = terminal.end();
        assert_eq!(code, 0, "{kind}: {shown}");
        assert!(!shown.contains("panicked"), "{kind}: {shown}");
        let (moves, colours) = (shown.contains("\x1b["), shown.contains("\x1b[3"));
        match kind {
            "dumb" => assert!(!moves && shown.contains("copy: t, 3,000 rows"), "{shown:?}"),
            "no colour" => assert!(!colours, "{shown:?}"),
            _ => {}
        }
        arrived(&database);
    }
}

/// A session without any terminal, as a job of cron has it.
#[cfg(target_os = "linux")]
#[test]
fn f52_no_terminal_at_all() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (small(), server.fresh_database());
    let done: Done = Cli::under(&["setsid", "--wait"]).args(arguments(&source, &database.url())).run();
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!done.said().contains('\x1b'), "{done:?}");
    arrived(&database);
}

/// The address of a database without the password.
fn without_password(url: &str) -> String {
    url.split(' ').filter(|word| !word.starts_with("password=")).collect::<Vec<_>>().join(" ")
}

#[test]
fn f48_the_question_for_a_password_is_answered_or_interrupted() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (small(), server.fresh_database());
    let url = without_password(&database.url());
    for command in ["copy", "status"] {
        let arguments = match command {
            "copy" => arguments(&source, &url),
            _ => ["status", "--to", &url].map(str::to_owned).to_vec(),
        };
        let Some(mut terminal) = Terminal::start(&arguments, "", &[]) else { return };
        terminal.wait_for("Password for user \"postgres\"");
        terminal.type_in("\x03");
        let (code, shown) = terminal.end();
        assert_eq!(code, 130, "{shown}");
        let Some(mut terminal) = Terminal::start(&arguments, "", &[]) else { return };
        terminal.wait_for("Password for user");
        terminal.type_in(&format!("{PASSWORD}\r"));
        let (code, shown) = terminal.end();
        assert_eq!(code, 0, "{shown}");
        assert!(!shown.contains(PASSWORD), "what is typed is not shown: {shown}");
    }
    arrived(&database);
}

/// The terminal shows what is typed again, whatever became of the question.
#[test]
fn f48_a_terminal_gets_its_echo_back() {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    let arguments = ["status", "--to", &without_password(&database.url())].map(str::to_owned);
    for (keys, code) in [("\x03", 130), ("\r", 2), ("wrong\r", 3)] {
        // The shell outlives the program, and says how it left the terminal.
        let say = "trap 'stty -a | tr \" ;\" \"\\n\\n\" | grep -x -e echo -e -echo' EXIT;";
        let Some(mut terminal) = Terminal::start(&arguments, say, &[]) else { return };
        terminal.wait_for("Password for user");
        terminal.type_in(keys);
        let (ended, shown) = terminal.end();
        assert_eq!(ended, code, "{shown}");
        let after = shown.rsplit("code ").next().unwrap();
        assert!(after.lines().any(|line| line.trim() == "echo"), "{keys:?}: {shown}");
    }
}

/// In a pipe nobody is asked: the error says how to give a password.
#[test]
fn a_pipe_is_not_asked_for_a_password() {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    let cli =
        Cli::new().env("HOME", "/nonexistent").args(["status", "--to", &without_password(&database.url())]);
    let done = cli.run();
    assert_eq!(done.code, 3, "{done:?}");
    assert!(!done.said().contains("Password for") && done.stderr.contains("PGPASSWORD"), "{done:?}");
}
