//! Asks for the password, as libpq's programs do: only where the server wants one, none was given, and somebody sits at
//! the terminal. Never in a pipe, a job of the background, or where nobody would see the question.

use crate::config::Secret;
use crate::error::{Error, ErrorKind, Result};
use crate::limits::PASSWORD_BYTES_MAX;
use crate::pipeline::cancel::Cancel;
use crate::pipeline::target::Connector;
use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use std::io::{BufRead, IsTerminal, Read, Write};

/// The connector, with the password that somebody was asked for where that is needed.
///
/// # Errors
/// Usage, where no password was typed; the stop, where one was asked for meanwhile.
pub(super) async fn complete(connector: Connector, cancel: &Cancel) -> Result<Connector> {
    if !is_attended() || !cancel.at_once(async { Ok(connector.lacks_password().await) }).await? {
        return Ok(connector);
    }
    let info = connector.info();
    let question = format!("Password for user \"{}\" at {}: ", info.user(), info.display());
    let password = ask(&question, cancel).await?;
    Ok(connector.with_password(&password))
}

/// Question and answer have a terminal, and it is ours: a job of the background would be stopped by the question.
fn is_attended() -> bool {
    let stdin = std::io::stdin();
    let is_ours = || tcgetpgrp(&stdin).is_ok_and(|group| group == getpgrp());
    stdin.is_terminal() && std::io::stderr().is_terminal() && is_ours()
}

async fn ask(question: &str, cancel: &Cancel) -> Result<Secret> {
    let cannot = |cause: std::io::Error| {
        Error::new(ErrorKind::Internal, "the password cannot be asked for").cause(cause)
    };
    // Here and not in the thread, which a stop leaves behind while it reads: the terminal gets its echo back in any case.
    let _hushed = Hushed::begin().map_err(cannot)?;
    let mut stderr = std::io::stderr();
    stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush()).map_err(cannot)?;
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().take(PASSWORD_BYTES_MAX).read_line(&mut line).map(|_| line)
    });
    let read =
        async { answer.await.map_err(|_| Error::internal("the password cannot be read"))?.map_err(cannot) };
    let line = match cancel.at_once(read).await {
        Ok(line) => line,
        Err(error) => {
            // What is said next begins a line of its own.
            let _ = stderr.write_all(b"\n");
            return Err(error);
        }
    };
    match line.strip_suffix('\n').unwrap_or(&line) {
        "" => {
            Err(Error::usage("no password was given")
                .remedy("type it, or put it into ~/.pgpass or PGPASSWORD"))
        }
        password => Ok(Secret(password.to_owned())),
    }
}

/// The terminal does not show what is typed, but for the end of the line; until this goes.
struct Hushed(Termios);

impl Hushed {
    fn begin() -> std::io::Result<Hushed> {
        let stdin = std::io::stdin();
        let before = tcgetattr(&stdin)?;
        let mut hushed = before.clone();
        hushed.local_modes.remove(LocalModes::ECHO);
        hushed.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(&stdin, OptionalActions::Flush, &hushed)?;
        Ok(Hushed(before))
    }
}

impl Drop for Hushed {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}
