//! `copy` and `verify`: settings in, run, summary and report files out.

use super::args::{CopyArgs, EndArgs, SelectionArgs, VerifyArgs};
use super::rehearsal::{self, Local, Rehearsal};
use super::resolve::{self, CopyMode, Surroundings, Variables};
use super::{again, ask, complain, exit, print, runtime, veil};
use crate::config::TargetAddress;
use crate::embedded::Cluster;
use crate::error::{Error, Result};
use crate::event::{Events, Observer};
use crate::pipeline::cancel::Cancel;
use crate::pipeline::deadline::Deadline;
use crate::pipeline::queries::{self, Questions};
use crate::pipeline::target::{self, Connector};
use crate::pipeline::{self, Ended, Tools, hooks};
use crate::plan::configured::config_text;
use crate::report::summary::Width;
use crate::report::{self, Screen, error_text, file, summary};
use crate::timing::Clock;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// What a run is asked to do.
enum Wanted {
    Migrate,
    Validate,
    Rehearse(Rehearsal),
    Verify(Option<Questions>),
    Repair(Option<Questions>),
}

/// `copy`: gives the exit code.
///
/// # Errors
/// Usage, and what keeps the run from beginning; how a run ended is in its exit code.
pub(super) fn copy(args: &CopyArgs, around: &Surroundings<'_>) -> Result<u8> {
    let (mode, run) = resolve::copy(args, around)?;
    let wanted = match mode {
        CopyMode::Migrate => Wanted::Migrate,
        CopyMode::Validate => Wanted::Validate,
        CopyMode::Rehearse { method, is_target_named } => {
            Wanted::Rehearse(Rehearsal { method, is_target_named, cores: around.cores })
        }
    };
    go(run, &wanted, around, (&args.ends, &args.selection))
}

/// `verify`: gives the exit code.
///
/// # Errors
/// As [`copy`].
pub(super) fn verify(args: &VerifyArgs, around: &Surroundings<'_>) -> Result<u8> {
    let run = resolve::verify(args, around)?;
    let questions = resolve::questions(args)?;
    let wanted = if args.repair { Wanted::Repair(questions) } else { Wanted::Verify(questions) };
    go(run, &wanted, around, (&args.ends, &args.selection))
}

fn go(
    run: resolve::Run,
    wanted: &Wanted,
    around: &Surroundings<'_>,
    (ends, selection): (&EndArgs, &SelectionArgs),
) -> Result<u8> {
    let deadline = run.config.around.deadline.map(Deadline::begun);
    let variables = Variables::read(around, ends.to.env_file.as_deref())?;
    let local = match wanted {
        Wanted::Rehearse(asked) => Local::start(asked, &run.config.target, &variables)?,
        Wanted::Migrate | Wanted::Validate | Wanted::Verify(_) | Wanted::Repair(_) => None,
    };
    let connector = connector(&run.config.target, &variables)?;
    let runtime = runtime(run.config.jobs)?;
    let cancel = Cancel::new();
    let connector = match attended(&runtime, connector, &cancel) {
        Ok(connector) => connector,
        Err(error) => {
            // The thread that waits for an answer is left.
            runtime.shutdown_background();
            return Err(error);
        }
    };
    let screen = report::observer(run.progress);
    let config = run.config.clone();
    let clock = if run.timing { Clock::started(config.jobs) } else { Clock::default() };
    let observer: Arc<dyn Observer> = Arc::<Screen>::clone(&screen);
    let observer = deadline.as_ref().map_or(Arc::clone(&observer), |deadline| deadline.listening(observer));
    let events = Events::new(observer).measured(clock);
    if ends.typed().is_some_and(veil::has_password) {
        events.note(veil::WARNING);
    }
    let again = again::words(&config, &connector, ends, selection);
    let tools = Tools::new(run.config, connector, events, cancel);
    let ended = runtime.block_on(surrounded(&tools, wanted, local.as_ref(), deadline));
    let left = local.map_or(Ok(()), |local| local.leave(&runtime));
    // A reader that a stop left in the middle of a long scan is not waited for: it has nothing to write.
    runtime.shutdown_background();
    tools.cancel.settle();
    screen.finish();
    let decisions =
        run.write_config.map(|path| (config_text(&ended.plans, &config), path, ended.plans.is_empty()));
    let code = conclude(ended, &run.reports, again)?;
    left?;
    match decisions {
        Some((text, path, false)) => {
            write_new("--write-config", &path, &text)?;
            complain(&format!("the decisions are written to {}\n", path.display()));
            Ok(code)
        }
        Some((_, path, true)) if code == exit::DONE => {
            let message = format!("--write-config {}: nothing was planned", path.display());
            Err(Error::usage(message).remedy("the sources are copied already; `cutover status` tells more"))
        }
        _ => Ok(code),
    }
}

/// The run with what watches over it, and what comes after it. Its outcome and its exit code are known then.
async fn surrounded(
    tools: &Tools,
    wanted: &Wanted,
    local: Option<&Local>,
    deadline: Option<Deadline>,
) -> Ended {
    let beyond = hooks::on_failure_time(&tools.config.around.hooks.on_failure);
    let watching = deadline.clone().map(|deadline| {
        let (cancel, events) = (tools.cancel.clone(), tools.events.clone());
        tokio::spawn(async move { deadline.watch(&cancel, &events, beyond).await })
    });
    let mut ended = execute(tools, wanted, local).await;
    watching.inspect(JoinHandle::abort);
    let kind = ended.error.as_ref().map(Error::kind);
    let set_aside = ended.report.tables.iter().map(|table| table.rows.set_aside).sum();
    let outcome = kind.map_or(exit::outcome_without_error(set_aside), exit::outcome_of);
    ended.report.outcome = outcome;
    ended.report.exit_code = exit::of_run(outcome, kind);
    ended.report.around.deadline =
        deadline.map(|deadline| deadline.verdict(outcome, kind, &ended.report.around.hooks));
    if matches!(wanted, Wanted::Migrate) {
        let code = ended.report.exit_code;
        hooks::on_failure(tools, &mut ended, outcome, code).await;
    }
    ended
}

/// From here on signals are heard; somebody at a terminal may be asked for the password.
fn attended(runtime: &Runtime, connector: Connector, cancel: &Cancel) -> Result<Connector> {
    runtime.block_on(async {
        cancel.listen();
        ask::complete(connector, cancel).await
    })
}

/// Writes a file that must not be there.
pub(super) fn write_new(option: &str, path: &Path, text: &str) -> Result<()> {
    let place = || format!("{option} {}", path.display());
    let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|cause| {
        Error::usage("the file cannot be written").at(place()).cause(cause).remedy("name a new file")
    })?;
    Ok(())
}

async fn execute(tools: &Tools, wanted: &Wanted, local: Option<&Local>) -> Ended {
    if let Some(file) = &tools.config.settings.file {
        tools.events.note(format!("settings from {file}"));
    }
    match wanted {
        Wanted::Migrate => pipeline::copy(tools).await,
        Wanted::Validate => {
            hooks::list(tools);
            pipeline::validate(tools).await
        }
        Wanted::Rehearse(asked) => rehearsal::run(tools, asked, local).await,
        Wanted::Verify(questions) => also_ask(tools, questions, pipeline::verify_only(tools).await).await,
        Wanted::Repair(questions) => also_ask(tools, questions, pipeline::repair(tools).await).await,
    }
}

async fn also_ask(tools: &Tools, questions: &Option<Questions>, ended: Ended) -> Ended {
    match questions {
        Some(questions) => queries::ask(tools, questions, ended).await,
        None => ended,
    }
}

/// The way to the target; the embedded server is started where it is meant.
pub(super) fn connector(target: &TargetAddress, variables: &Variables<'_>) -> Result<Connector> {
    let text = match target {
        TargetAddress::Server(text) => text.clone(),
        TargetAddress::Embedded => Cluster::open_default()?.start()?.url(),
        TargetAddress::Nowhere => return Err(Error::internal("a server is needed, and none was named")),
    };
    let lookup = |name: &str| variables.text(name).ok().flatten();
    // Two machines may have processes of one number; a session is ended only where all of the label is the same.
    let (process, mark) = (std::process::id(), uuid::Uuid::new_v4().simple().to_string());
    target::connector(&text.0, &lookup, &format!("{process}-{}", mark.get(..8).unwrap_or_default()))
}

/// Writes the report files, prints the summary. The files come first: a reader of stdout
/// that does not read would hold them up.
fn conclude(mut ended: Ended, reports: &[std::path::PathBuf], again: Vec<String>) -> Result<u8> {
    again::note(&mut ended.report, again);
    // All are tried: of several, one may be where there is room.
    let written: Vec<Result<()>> = reports.iter().map(|path| file::write(&ended.report, path)).collect();
    let written: Result<()> = written.into_iter().collect();
    if ended.report.run.command == "validate" {
        print(&report::plan::text(&ended.report, Width::of_stdout()));
        print(&Width::of_stdout().fit(&report::environment::text(&ended.report)));
    }
    print(&summary::text(&ended.report, Width::of_stdout()));
    print(&Width::of_stdout().fit(&report::prediction::text(&ended.report, Width::of_stdout())));
    print(&report::timing::text(&ended.report, Width::of_stdout()));
    print(&Width::of_stdout().fit(&report::environment::verdict(&ended.report)));
    complain(&summary::failure(&ended.report, ended.error.as_ref()));
    // The copy stands whatever becomes of the report; but a report that was asked for and is not there is no success.
    match written {
        Err(error) if matches!(ended.report.exit_code, exit::DONE | exit::SET_ASIDE) => Err(error),
        Err(error) => {
            complain(&error_text(&error));
            Ok(ended.report.exit_code)
        }
        Ok(()) => Ok(ended.report.exit_code),
    }
}
