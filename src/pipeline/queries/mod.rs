//! `verify --queries`: the application's own queries on both sides, their results compared and their times measured.
//!
//! Neither side can be written: SQLite's connections are read-only and its word on every statement is asked, PostgreSQL's
//! transaction is READ ONLY and rolled back. What differs ends the run as a difference; times are told and decide nothing.

mod meaning;
mod one;
mod rows;

use super::begin::known_sources;
use super::resume::stored_plan;
use super::run::{Ended, caught};
use super::tools::Tools;
use crate::catalog::queries::{Query, parse};
use crate::counts::plural;
use crate::error::{Error, ErrorKind, Result};
use crate::finding::{Finding, Severity};
use crate::outcome::{QueryReport, QueryVerdict, RunReport};
use crate::plan::Plan;
use crate::postgres::connect::Connector;
use crate::postgres::session::Session;
use crate::postgres::watch;
use crate::sqlite::Source;
use std::sync::Arc;
use std::time::Instant;

/// Queries to be run, and how often.
#[derive(Debug, Clone)]
pub struct Questions {
    /// in the order of their file
    pub queries: Vec<Query>,
    /// how often each is timed with each row of parameters, on each side
    pub rounds: u32,
}

impl Questions {
    /// Reads a file of queries.
    ///
    /// # Errors
    /// Usage, with the line of the first mistake.
    pub fn read(text: &str, rounds: u32) -> Result<Questions> {
        let queries = parse(text).map_err(|mistake| {
            Error::usage(format!("line {}: {}", mistake.line, mistake.what))
                .remedy("docs/verify.md tells the form of such a file")
        })?;
        Ok(Questions { queries, rounds })
    }
}

/// A source that queries are run on, with the plan by which it was copied, where the ledger knows it.
struct Side {
    path: String,
    source: Arc<Source>,
    plan: Option<Plan>,
}

/// Runs the queries after a verification, and adds what came of them to its report. A verification that could not be made is
/// given back as it is.
pub async fn ask(tools: &Tools, questions: &Questions, mut ended: Ended) -> Ended {
    let is_compared = ended.error.as_ref().is_none_or(|error| error.kind() == ErrorKind::Differs);
    if !is_compared {
        return ended;
    }
    let began = Instant::now();
    let work = try_ask(tools, questions, &mut ended.report);
    let result = tools.until_stopped(caught(work)).await;
    ended.report.run.seconds += began.elapsed().as_secs_f64();
    let error = match (result, ended.error.take()) {
        (Ok(()), earlier) => earlier,
        (Err(error), Some(earlier)) if error.kind() == ErrorKind::Differs => Some(earlier.and(error)),
        (Err(error), _) => Some(error),
    };
    ended.report.error = error.as_ref().map(ToString::to_string);
    Ended { error, ..ended }
}

async fn try_ask(tools: &Tools, questions: &Questions, report: &mut RunReport) -> Result<()> {
    let _watch = watch::start(&tools.connector, &tools.events);
    let session = connect(&tools.connector).await?;
    let sides = sides(tools, &session).await?;
    let queries = plural(questions.queries.len() as u64, "query");
    let rounds = plural(u64::from(questions.rounds), "round");
    tools.events.note(format!("running {queries} on both sides, {rounds} each"));
    let mut asked = Vec::new();
    for query in &questions.queries {
        tools.cancel.check()?;
        let told = tools.cancel.at_once(one::ask(tools, &session, &sides, query, questions.rounds)).await?;
        if told.verdict != QueryVerdict::Same {
            tools.events.note(format!("query \"{}\": {}", told.name, told.why));
        }
        report.findings.extend(slow(&told));
        asked.push(told);
        report.queries = Some(asked.clone());
    }
    session.close().await;
    sides.iter().try_for_each(|side| side.source.check_kept())?;
    summarise(&asked)
}

async fn connect(connector: &Connector) -> Result<Session> {
    connector.connect("queries").await
}

/// The sources, opened again: one connection each, since what is timed is one query at a time.
async fn sides(tools: &Tools, session: &Session) -> Result<Vec<Side>> {
    // A ledger that is damaged, or of another version, says nothing: the target's types do.
    let known = known_sources(session, tools).await.unwrap_or_default();
    let mut sides = Vec::new();
    for path in tools.config.sources.clone() {
        let opening = crate::assess::pool::blocking(1, vec![path], |path| Source::open(path, 1));
        for source in tools.cancel.at_once(opening).await? {
            let path = source.facts().path.to_string_lossy().into_owned();
            let state = known.get(&path).filter(|state| state.damage.is_empty());
            let plan = state.and_then(|state| stored_plan(state).ok());
            sides.push(Side { path, source: Arc::new(source), plan });
        }
    }
    Ok(sides)
}

/// A warning, whatever the result: times never decide how a run ends.
fn slow(told: &QueryReport) -> Option<Finding> {
    let (source, target) = (told.source_ms?, told.target_ms?);
    told.slow.then(|| {
        let message = format!(
            "is slower in the target: p95 is {:.1} ms, in the source {:.1} ms",
            target.p95, source.p95
        );
        Finding::new("W_QUERY_SLOW", Severity::Warning, told.name.clone(), message)
            .fix("its plan is in the report; look for an index that is not there, and for ANALYZE")
    })
}

fn summarise(asked: &[QueryReport]) -> Result<()> {
    let different: Vec<&str> = asked
        .iter()
        .filter(|query| query.verdict != QueryVerdict::Same)
        .map(|query| query.name.as_str())
        .collect();
    if different.is_empty() {
        return Ok(());
    }
    let message = format!("queries without the same result on both sides: {}", different.join(", "));
    Err(Error::new(ErrorKind::Differs, message)
        .remedy("the summary says why of each; give a query PostgreSQL's own spelling with `-- postgres:`"))
}
