//! The command line: what was typed, what it means, and how the process ends.

mod again;
pub mod args;
pub mod args_around;
pub mod args_rehearse;
pub mod args_schema;
pub mod args_scripts;
pub mod args_verify;
mod args_words;
mod ask;
pub mod env_file;
mod examples;
pub mod exit;
mod manage;
mod means;
mod rehearsal;
pub mod resolve;
mod run;
mod schema;
mod scripts;
pub mod shell;
mod veil;
mod watch;

use crate::error::{Error, ErrorKind, Result};
use crate::limits::THREAD_STACK_BYTES;
use crate::pipeline::cancel::Cancel;
use crate::report::error_text;
use crate::report::summary::Width;
use crate::{failpoint, panicked};
use args::{Cli, Command};
use resolve::Surroundings;
use std::ffi::OsString;
use std::io::Write;
use std::panic::catch_unwind;
use std::process::ExitCode;

/// The program: parses its arguments, does what they say, and gives the exit code.
pub fn main() -> ExitCode {
    panicked::tell(complain);
    // The hook has said where; no destructor of what broke is run twice.
    let code = catch_unwind(real_main).unwrap_or(exit::INTERNAL);
    failpoint::write_counts();
    ExitCode::from(code)
}

fn real_main() -> u8 {
    means::leave_no_core();
    veil::line().map_or_else(|error| fail(&error), |line| obey(&line))
}

fn obey(line: &[OsString]) -> u8 {
    match args::parse(line) {
        Ok(cli) => dispatch(cli),
        Err(error) => {
            let text = args::usage_text(&error, line);
            if error.use_stderr() {
                complain(&text);
                exit::USAGE
            } else {
                print(&text);
                exit::DONE
            }
        }
    }
}

fn fail(error: &Error) -> u8 {
    complain(&error_text(error));
    exit::of_error(error.kind())
}

fn dispatch(cli: Cli) -> u8 {
    let around = Surroundings::of_process();
    let result = match cli.command {
        Command::Copy(args) => run::copy(&args, &around),
        Command::Verify(args) => run::verify(&args, &around),
        Command::Status(args) => manage::status(&args, &around),
        Command::Clean(args) => manage::clean(&args, &around),
        Command::Schema { action } => schema::run(&action, &around),
        Command::Embedded { action } => manage::embedded(action),
        Command::Completions { shell } => {
            shell::completions(shell, &mut std::io::stdout()).map(|()| exit::DONE)
        }
        Command::Man { command } => {
            shell::man(command.as_deref(), &mut std::io::stdout()).map(|()| exit::DONE)
        }
    };
    result.unwrap_or_else(|error| fail(&error))
}

/// Prints to stdout. A reader that went away (`| head`) is no failure: what was done is done.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes());
    let _ = out.flush();
}

/// Prints to stderr. A stderr that is closed takes nothing away from what was done. Where there is nothing to say, it is
/// not touched: progress that nobody reads may hold it.
fn complain(text: &str) {
    if text.is_empty() {
        return;
    }
    let text = Width::of_stderr().fit(text);
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// The runtime of the asynchronous edge, for so many connections.
///
/// # Errors
/// Usage, where the system gives this process less than that needs.
fn runtime(jobs: usize) -> Result<tokio::runtime::Runtime> {
    means::check(jobs)?;
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(RUNTIME_THREADS)
        .thread_stack_size(THREAD_STACK_BYTES)
        .enable_all()
        .build()
        .map_err(|cause| Error::new(ErrorKind::Internal, "the runtime cannot be started").cause(cause))
}

/// Runs work that asks a server, until it ends or a signal asks to stop.
///
/// # Errors
/// The work's own, or the stop.
fn until_stopped<T>(work: impl AsyncFnOnce(&Cancel) -> Result<T>) -> Result<T> {
    let runtime = runtime(1)?;
    let result = runtime.block_on(async {
        let cancel = Cancel::new();
        cancel.listen();
        cancel.at_once(work(&cancel)).await
    });
    // What a stop left behind, such as a question at a terminal, is not waited for.
    runtime.shutdown_background();
    result
}

/// Says so where a password was typed, for commands that show no progress.
fn warn_of_password(addresses: &[Option<&str>]) {
    if addresses.iter().flatten().any(|address| veil::has_password(address)) {
        complain(&format!("note: {}\n", veil::WARNING));
    }
}

/// Threads of the runtime: they hash what is read back, which is work for a core each.
const RUNTIME_THREADS: usize = 4;
