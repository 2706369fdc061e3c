//! A run under way: its signals, and waits that have a limit.

use crate::support::cli::{Cli, Done};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine: only a hang reaches it.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// The program while it runs; killed where a test ends before it.
pub(crate) struct Running(Option<Child>);

impl Running {
    pub(crate) fn start(cli: Cli) -> Running {
        Running(Some(cli.spawn()))
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.0.as_ref().expect("a running program").id()
    }

    /// Sends `STOP`, `CONT`, `INT`, `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.0.as_ref().expect("a running program").id().to_string();
        let sent = Command::new("/bin/sh").args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &pid]).status();
        assert!(sent.expect("a shell").success(), "kill -s {name} {pid}");
    }

    /// Ends it with SIGKILL; a run that ended by itself before is said to have.
    pub(crate) fn kill(mut self) -> Done {
        let mut child = self.0.take().expect("a running program");
        let _ = child.kill();
        Done::from(child.wait_with_output().expect("its output"))
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.as_mut().expect("a running program").try_wait().expect("its state").is_some()
    }

    /// Waits for its end. One that does not come is told with what the run has said.
    pub(crate) fn end(mut self) -> Done {
        let started = Instant::now();
        while !self.has_ended() {
            if started.elapsed() > LIMIT {
                panic!("the run does not end: {:?}", self.kill());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let child = self.0.take().expect("a running program");
        Done::from(child.wait_with_output().expect("its output"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Asks until there is an answer.
pub(crate) fn wait_for<T>(what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = answer() {
            return found;
        }
        assert!(started.elapsed() < LIMIT, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
