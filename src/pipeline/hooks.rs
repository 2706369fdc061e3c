//! `[hooks]`: commands and SQL of the user's, at four places of a run.
//!
//! They run at least once: a run that resumes comes past its places again. What they print is told, bounded. Of what we know
//! they get names and numbers by the environment, and no secret; what the caller's environment has, they have, too.

use super::account::Account;
use super::last::Deed;
use super::run::Ended;
use super::tools::Tools;
use crate::config::{HANDED_OVER, Hook, HookAction, HookPoint, duration_text};
use crate::error::{Error, ErrorKind, Result};
use crate::finding::{Finding, Severity};
use crate::ident::quote;
use crate::limits::{HOOK_KILL_WAIT, HOOK_LINES_MAX, HOOK_OUTPUT_BYTES, HOOK_TIMEOUT};
use crate::outcome::{HookReport, Outcome, RunReport};
use crate::timing::RunStage;
use rustix::process::{Pid, Signal, kill_process_group};
use std::collections::VecDeque;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

/// How one hook ended: well or not, in words.
type End = std::result::Result<String, String>;

/// Runs the hooks of one point, in order, up to the first that fails.
///
/// # Errors
/// Before anything is written a refusal, else a target fault, with which the same command resumes; a stop.
pub(super) async fn run(tools: &Tools, account: &mut Account, point: HookPoint) -> Result<()> {
    let facts = Facts::of(&account.report, "running", None);
    for (i, hook) in tools.config.around.hooks.at(point).iter().enumerate() {
        let _hook = tools.events.clock().stage(RunStage::Hook);
        let timeout = hook.timeout.unwrap_or(HOOK_TIMEOUT);
        let (report, stopped) = tell_and_run(tools, &facts, (point, i, hook), timeout, true).await;
        let ended = (!report.succeeded).then(|| report.ended.clone());
        account.report.around.hooks.push(report);
        stopped?;
        if let Some(why) = ended {
            return Err(failed(point, i, &why));
        }
    }
    Ok(())
}

/// Runs the hooks for a run that has ended, with `code` as the process's exit code. All of them; that one fails is told and
/// changes nothing. After a stop, only for as long as the process still has. Not where another run has the target: what is to
/// be done is that run's business.
pub async fn on_failure(tools: &Tools, ended: &mut Ended, outcome: Outcome, code: u8) {
    let is_good = matches!(outcome, Outcome::Done | Outcome::SetAside);
    if is_good || ended.error.as_ref().is_some_and(|error| error.kind() == ErrorKind::Busy) {
        return;
    }
    let facts = Facts::of(&ended.report, outcome_word(outcome), Some(code));
    let point = HookPoint::OnFailure;
    for (i, hook) in tools.config.around.hooks.at(point).iter().enumerate() {
        let timeout = hook.timeout.unwrap_or(HOOK_TIMEOUT);
        // The last moment is for killing it, and for the summary.
        let left = tools.cancel.time_left().map(|left| left.saturating_sub(HOOK_KILL_WAIT / 2));
        let timeout = left.map_or(timeout, |left| left.min(timeout));
        let (report, _) = tell_and_run(tools, &facts, (point, i, hook), timeout, false).await;
        ended.report.around.hooks.push(report);
    }
}

/// How long `on_failure` may take in all.
pub fn on_failure_time(hooks: &[Hook]) -> Duration {
    hooks.iter().map(|hook| hook.timeout.unwrap_or(HOOK_TIMEOUT)).sum()
}

/// Says what would run.
pub fn list(tools: &Tools) {
    for point in HookPoint::ALL {
        for (i, hook) in tools.config.around.hooks.at(point).iter().enumerate() {
            let (name, what) = (point.name(), hook.outline());
            tools.events.note(format!("hook {name} {}: {what}: not run, nothing is copied", i + 1));
        }
    }
}

fn outcome_word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::SetAside => "set_aside",
        Outcome::Refused => "refused",
        Outcome::Differs => "differs",
        Outcome::Failed => "failed",
        Outcome::Interrupted => "interrupted",
    }
}

fn failed(point: HookPoint, i: usize, why: &str) -> Error {
    let place = format!("hook {} {}", point.name(), i + 1);
    if point == HookPoint::Before {
        let reason = Finding::new("E_HOOK", Severity::Refusal, place, format!("it failed: {why}"))
            .fix("mend what it does, or take it out of [hooks]");
        return Error::refused("a hook stopped the run; nothing was copied", vec![reason]);
    }
    Error::target_fault(format!("{place} failed: {why}; what was copied stays"))
        .remedy("mend what it does; then run the same command again to resume: the hooks run again, too")
}

/// What a hook is told of the run.
struct Facts {
    run_id: String,
    schema: String,
    sources: String,
    outcome: &'static str,
    exit_code: Option<u8>,
}

impl Facts {
    fn of(report: &RunReport, outcome: &'static str, exit_code: Option<u8>) -> Facts {
        let sources: Vec<&str> = report.source.iter().map(|source| source.path.as_str()).collect();
        Facts {
            run_id: report.run.id.clone(),
            schema: report.target.as_ref().map(|target| target.schema.clone()).unwrap_or_default(),
            sources: sources.join("\n"),
            outcome,
            exit_code,
        }
    }

    fn variables(&self, point: HookPoint) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("CUTOVER_HOOK", point.name().to_owned()),
            ("CUTOVER_RUN_ID", self.run_id.clone()),
            ("CUTOVER_OUTCOME", self.outcome.to_owned()),
            ("CUTOVER_SCHEMA", self.schema.clone()),
            ("CUTOVER_SOURCES", self.sources.clone()),
        ];
        variables.extend(self.exit_code.map(|code| ("CUTOVER_EXIT_CODE", code.to_string())));
        variables
    }
}

/// Runs one hook and tells of it. `heeds`: a stop ends it.
async fn tell_and_run(
    tools: &Tools,
    facts: &Facts,
    (point, i, hook): (HookPoint, usize, &Hook),
    timeout: Duration,
    heeds: bool,
) -> (HookReport, Result<()>) {
    let began = Instant::now();
    let (name, number) = (point.name(), i + 1);
    tools.events.note(format!("hook {name} {number}: {}", hook.outline()));
    let output = Tail::default();
    let running = async {
        match &hook.action {
            HookAction::Program(words) => {
                let mut command = Command::new(words.first().map_or("", String::as_str));
                command.args(words.iter().skip(1));
                process(tools, command.envs(facts.variables(point)), timeout, &output).await
            }
            HookAction::Shell(text) => {
                let mut command = Command::new("sh");
                command.arg("-c").arg(text);
                process(tools, command.envs(facts.variables(point)), timeout, &output).await
            }
            HookAction::Sql(sql) => statements(tools, sql, timeout).await,
            HookAction::SqlFile(file) => Err(format!("the text of {file} was not read")),
        }
    };
    let (end, stopped) = match heeds {
        true => tokio::select! {
            end = running => (end, Ok(())),
            () = tools.cancel.asked() => (Err("the run was stopped".to_owned()), tools.cancel.check()),
        },
        false => (running.await, Ok(())),
    };
    output.lines().into_iter().for_each(|line| tools.events.note(format!("hook {name} {number}: {line}")));
    let seconds = began.elapsed().as_secs_f64();
    if let Err(why) = &end {
        tools.events.note(format!("hook {name} {number} failed: {why}"));
    }
    let report = HookReport {
        hook: name.to_owned(),
        number: number as u64,
        kind: kind(&hook.action).to_owned(),
        succeeded: end.is_ok(),
        ended: end.unwrap_or_else(|why| why),
        seconds,
    };
    (report, stopped)
}

fn kind(action: &HookAction) -> &'static str {
    match action {
        HookAction::Program(_) => "command",
        HookAction::Shell(_) => "shell",
        HookAction::Sql(_) | HookAction::SqlFile(_) => "sql",
    }
}

/// Statements on the target, in a session and a transaction of their own; names are looked up in the target schema first.
async fn statements(tools: &Tools, sql: &str, timeout: Duration) -> End {
    let work = async {
        let session = tools.connector.connect("hook").await.map_err(|error| error.to_string())?;
        let schema = quote(&tools.config.schema);
        let begin =
            format!("BEGIN; SET LOCAL search_path = {schema}, public; SET LOCAL synchronous_commit = on");
        // Each by itself: an error inside of the user's text leaves COMMIT unsent.
        for sql in [begin.as_str(), sql, "COMMIT"] {
            if let Err(error) = session.client().batch_execute(sql).await {
                let error = session.explain(error, "running a hook's SQL").await;
                return Err(error.to_string());
            }
        }
        session.close().await;
        Ok("done".to_owned())
    };
    match tokio::time::timeout(timeout, work).await {
        Ok(end) => end,
        Err(_) => {
            // Nobody waits for it any more; its transaction ends with its connection.
            tools.connector.cancel_open().await;
            Err(timed_out(timeout))
        }
    }
}

fn timed_out(timeout: Duration) -> String {
    format!("it was ended after its time of {}", duration_text(timeout))
}

/// A command in a process group of its own, all of which is ended where it takes too long.
async fn process(tools: &Tools, command: &mut Command, timeout: Duration, output: &Tail) -> End {
    command
        .env_remove(HANDED_OVER)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = command.spawn().map_err(|error| format!("it cannot be started: {error}"))?;
    let group = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    let mut guard = Guard { group, _deed: group.map(|group| tools.cancel.at_the_latest(Deed::Kill(group))) };
    let readers = [read(child.stdout.take(), output), read(child.stderr.take(), output)];
    let status = tokio::time::timeout(timeout, child.wait()).await;
    let Ok(status) = status else {
        end_group(&mut child, group).await;
        return Err(timed_out(timeout));
    };
    // What it has left in the background may go on, and may keep the pipes open.
    guard.group = None;
    let _ = tokio::time::timeout(OUTPUT_WAIT, futures::future::join_all(readers)).await;
    let status = status.map_err(|error| format!("its end cannot be seen: {error}"))?;
    let words = status.to_string();
    if status.success() { Ok(words) } else { Err(words) }
}

/// How long output may still come in after the end of a command.
const OUTPUT_WAIT: Duration = Duration::from_millis(200);

/// Kills the group where the wait for it is dropped.
struct Guard {
    group: Option<Pid>,
    _deed: Option<super::last::Undone>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn end_group(child: &mut Child, group: Option<Pid>) {
    let Some(group) = group else { return };
    let _ = kill_process_group(group, Signal::TERM);
    let _ = tokio::time::timeout(HOOK_KILL_WAIT, child.wait()).await;
    // The command may be gone and what it started may not.
    let _ = kill_process_group(group, Signal::KILL);
    let _ = child.wait().await;
}

/// Reads a pipe to its end, in a task of its own: a command that prints must not wait for us.
fn read(pipe: Option<impl AsyncRead + Unpin + Send + 'static>, output: &Tail) -> tokio::task::JoinHandle<()> {
    let output = output.clone();
    tokio::spawn(async move {
        let Some(mut pipe) = pipe else { return };
        let mut buffer = [0; 1024];
        while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
            output.add(buffer.get(..read).unwrap_or_default());
        }
    })
}

/// The last bytes of an output.
#[derive(Debug, Default, Clone)]
struct Tail(Arc<Mutex<VecDeque<u8>>>);

impl Tail {
    fn add(&self, bytes: &[u8]) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(bytes);
        let excess = kept.len().saturating_sub(HOOK_OUTPUT_BYTES);
        kept.drain(..excess);
    }

    /// The last lines that are not empty.
    fn lines(&self) -> Vec<String> {
        let kept: Vec<u8> = self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
        let text = String::from_utf8_lossy(&kept);
        let lines: Vec<String> =
            text.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        lines.into_iter().rev().take(HOOK_LINES_MAX).rev().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_output_the_end_is_kept() {
        let tail = Tail::default();
        (0..5000).for_each(|n| tail.add(format!("line {n}\n").as_bytes()));
        let lines = tail.lines();
        assert_eq!((lines.len(), lines.last().map(String::as_str)), (HOOK_LINES_MAX, Some("line 4999")));
        assert!(tail.0.lock().unwrap().len() <= HOOK_OUTPUT_BYTES);
    }

    #[test]
    fn a_failing_hook_says_what_was_written() {
        let before = failed(HookPoint::Before, 0, "exit status: 3");
        assert_eq!((before.kind(), before.reasons().len()), (ErrorKind::Refused, 1));
        for point in [HookPoint::AfterData, HookPoint::AfterVerify] {
            let after = failed(point, 1, "exit status: 3");
            assert_eq!(after.kind(), ErrorKind::Target);
            assert!(after.to_string().contains(&format!("{} 2", point.name())), "{after}");
        }
    }
}
