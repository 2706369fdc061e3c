//! The built program in a real terminal: tmux, with its sizes, its reflow and its memory of lines. Skipped, and said so, where it
//! is not installed.

mod plain;
mod resized;
mod shown;
mod watched;

use crate::support::postgres::Database;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

/// One terminal with a shell in it; gone with the test.
pub(super) struct Terminal {
    dir: TempDir,
}

impl Terminal {
    /// A terminal of that size; `None` where there is no tmux, which is said.
    pub(super) fn open(columns: u16, rows: u16) -> Option<Terminal> {
        if Command::new("tmux").arg("-V").output().is_err() {
            eprintln!("skipped: tmux is not installed");
            return None;
        }
        let terminal = Terminal { dir: tempfile::tempdir().unwrap() };
        let size = ["-x".to_owned(), columns.to_string(), "-y".to_owned(), rows.to_string()];
        let shell = "env -i PATH=\"$PATH\" TMUX=\"$TMUX\" TERM=screen LANG=C.UTF-8 PS1='$ ' sh";
        let mut line = vec!["-f", "/dev/null", "new-session", "-d"];
        line.extend(size.iter().map(String::as_str));
        line.push(shell);
        assert!(terminal.tmux(&line).status.success(), "tmux does not start");
        Some(terminal)
    }

    fn tmux(&self, arguments: &[&str]) -> Output {
        let socket = self.dir.path().join("tmux");
        Command::new("tmux").arg("-S").arg(socket).args(arguments).env_remove("TMUX").output().unwrap()
    }

    /// Types a line.
    pub(super) fn types(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.tmux(&["send-keys", "Enter"]);
    }

    /// Presses a key by its name, such as `C-c`.
    pub(super) fn presses(&self, key: &str) {
        self.tmux(&["send-keys", key]);
    }

    /// Makes it another size.
    pub(super) fn resize(&self, columns: u16, rows: u16) {
        self.tmux(&["resize-window", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// The lines on the screen, without those at its end that are empty.
    pub(super) fn screen(&self) -> Vec<String> {
        self.captured(&["capture-pane", "-p"])
    }

    /// The screen, and above it what has left it.
    pub(super) fn all(&self) -> Vec<String> {
        self.captured(&["capture-pane", "-p", "-S", "-"])
    }

    /// The same, with lines brought together that the terminal has broken.
    pub(super) fn joined(&self) -> Vec<String> {
        self.captured(&["capture-pane", "-p", "-J", "-S", "-"])
    }

    /// Writes down everything that comes from now on.
    pub(super) fn records(&self, file: &Path) {
        self.tmux(&["pipe-pane", &format!("cat > '{}'", file.display())]);
    }

    /// What was written down, once the `last` of it is there.
    pub(super) fn recorded(&self, file: &Path, last: &str) -> String {
        let begun = Instant::now();
        loop {
            let text = String::from_utf8_lossy(&std::fs::read(file).unwrap_or_default()).into_owned();
            if text.contains(last) {
                return text;
            }
            assert!(begun.elapsed() < LIMIT, "not written down: {last}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn captured(&self, arguments: &[&str]) -> Vec<String> {
        let text = String::from_utf8_lossy(&self.tmux(arguments).stdout).into_owned();
        let mut lines: Vec<String> = text.lines().map(|line| line.trim_end().to_owned()).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    /// `1` where the cursor is visible.
    pub(super) fn cursor_flag(&self) -> String {
        let shown = self.tmux(&["display-message", "-p", "#{cursor_flag}"]);
        String::from_utf8_lossy(&shown.stdout).trim().to_owned()
    }

    /// Waits until the screen is as meant, and gives it.
    pub(super) fn wait(&self, what: &str, is_meant: impl Fn(&[String]) -> bool) -> Vec<String> {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if is_meant(&screen) {
                return screen;
            }
            assert!(begun.elapsed() < LIMIT, "waited in vain for {what}:\n{}", screen.join("\n"));
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.tmux(&["kill-server"]);
    }
}

/// A file of ten tables and a script that copies it: `sh run.sh ARGUMENTS`.
pub(super) struct Copying {
    dir: TempDir,
}

impl Copying {
    /// Tables with odd names and `rows` each. `points` are failpoints, which give a run time to be looked at.
    pub(super) fn new(database: &Database, rows: u32, points: &str) -> Copying {
        let dir = tempfile::tempdir().unwrap();
        let names = [
            "orders",
            "a_rather_long_name_of_a_table_that_ends_in_a_number_1",
            "表表表表表表表表表表表表",
            "\u{1b}[2J\u{1b}[31m\u{202e}",
        ];
        let mut sql = String::new();
        for name in names.iter().map(|name| (*name).to_owned()).chain((0..6).map(|n| format!("t{n}"))) {
            sql += &format!(
                "CREATE TABLE \"{name}\" (id INTEGER PRIMARY KEY, v TEXT);
                 WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
                 INSERT INTO \"{name}\" SELECT i, 'some text ' || i FROM n;"
            );
        }
        rusqlite::Connection::open(dir.path().join("app.db")).unwrap().execute_batch(&sql).unwrap();
        let (program, url) = (env!("CARGO_BIN_EXE_cutover"), database.url());
        let script = format!(
            "export DATABASE_URL='{url}' CUTOVER_FAILPOINTS='{points}' CUTOVER_FAILPOINT_PAUSED='{0}/paused'
             cd '{0}'\n'{program}' \"$@\"\necho \"ended: $?\"\n",
            dir.path().display()
        );
        std::fs::write(dir.path().join("run.sh"), script).unwrap();
        Copying { dir }
    }

    pub(super) fn script(&self) -> PathBuf {
        self.dir.path().join("run.sh")
    }

    /// It is there while something stands still.
    pub(super) fn paused(&self) -> PathBuf {
        self.dir.path().join("paused")
    }

    /// Lets what stands still go on.
    pub(super) fn release(&self) {
        let _ = std::fs::remove_file(self.paused());
    }

    pub(super) fn file(&self) -> PathBuf {
        self.dir.path().join("app.db")
    }
}

/// `sh SCRIPT ARGUMENTS`
pub(super) fn command(script: &Path, arguments: &str) -> String {
    format!("clear; sh {} {arguments}", script.display())
}

pub(super) fn ended(screen: &[String]) -> bool {
    screen.iter().any(|line| line.starts_with("ended: "))
}

/// Cells of a line, as wide characters take two of them here.
pub(super) fn cells(line: &str) -> usize {
    line.chars().map(|c| if ('\u{2e80}'..='\u{9fff}').contains(&c) { 2 } else { 1 }).sum()
}
