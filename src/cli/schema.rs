//! `schema`: scripts and comparisons of schemas.

use super::args_schema::{DiffArgs, SchemaAction, ShowArgs};
use super::resolve::{Surroundings, Variables, schema as resolve};
use super::run::{connector, write_new};
use super::{ask, complain, exit, print, scripts, until_stopped, warn_of_password};
use crate::config::TargetAddress;
use crate::drift::{self, Mend};
use crate::error::{Error, Result};
use crate::event::Events;
use crate::pipeline::cancel::Cancel;
use crate::report::{self, ProgressStyle};
use crate::schema;
use serde_json::{Value, json};

/// `schema …`: gives the exit code.
///
/// # Errors
/// Usage, a source or target fault, a refusal.
pub(super) fn run(action: &SchemaAction, around: &Surroundings<'_>) -> Result<u8> {
    match action {
        SchemaAction::Show(args) => show(args, around),
        SchemaAction::Diff(args) => diff(args, around),
        SchemaAction::Translate(args) => scripts::translate(args),
        SchemaAction::Check(args) => scripts::check(args),
    }
}

fn diff(args: &DiffArgs, around: &Surroundings<'_>) -> Result<u8> {
    let resolve::Diff { config, from, to } = resolve::diff(args, around)?;
    let variables = Variables::read(around, args.env_file.as_deref())?;
    let end = |end| match end {
        resolve::Place::Files(files) => Ok(schema::End::Files(files)),
        resolve::Place::Server(target, schema) => {
            connector(&target, &variables).map(|connector| schema::End::Server(connector, schema))
        }
    };
    let wanted = schema::WantedDiff { config, from: end(from)?, to: end(to)? };
    let events = Events::new(report::observer(ProgressStyle::Off));
    let typed = args.from.iter().chain(&args.to).map(|address| Some(address.0.as_str()));
    warn_of_password(&typed.collect::<Vec<_>>());
    let diff = until_stopped(async |cancel| {
        let (from, to) = (attended(wanted.from, cancel).await?, attended(wanted.to, cancel).await?);
        schema::diff(&schema::WantedDiff { from, to, ..wanted }, &events).await
    })?;
    let text = drift::text(&diff.found, &diff.names.0, &diff.names.1);
    match (args.fix, args.json) {
        (true, _) => {
            print(&diff.fix);
            complain(&text);
        }
        (false, true) => print(&json(&diff)?),
        (false, false) => print(&text),
    }
    Ok(if diff.found.drifts.is_empty() { exit::DONE } else { exit::DIFFERS })
}

/// An end whose server may want a password.
async fn attended(end: schema::End, cancel: &Cancel) -> Result<schema::End> {
    match end {
        schema::End::Server(connector, schema) => {
            ask::complete(connector, cancel).await.map(|connector| schema::End::Server(connector, schema))
        }
        files @ schema::End::Files(_) => Ok(files),
    }
}

/// The comparison as JSON; `fix` is empty where nothing that only adds mends a drift, and `why_not` says why.
fn json(diff: &schema::Diff) -> Result<String> {
    let text = serde_json::to_string_pretty(&value(diff))
        .map_err(|cause| Error::internal("the comparison cannot be written down").cause(cause))?;
    Ok(format!("{text}\n"))
}

/// The comparison as a JSON value.
pub(super) fn value(diff: &schema::Diff) -> Value {
    let drifts = diff.found.drifts.iter().zip(&diff.statements);
    let drifts: Vec<Value> = drifts
        .map(|(drift, fix)| {
            let why_not = match &drift.mend {
                Mend::Nothing(why) => Some(why),
                _ => None,
            };
            json!({
                "rank": drift.rank, "kind": drift.kind, "object": drift.object, "message": drift.message,
                "fix": fix, "why_not": why_not,
            })
        })
        .collect();
    json!({
        "format": 1, "from": diff.names.0, "to": diff.names.1, "equal": drifts.is_empty(), "drift": drifts,
        "remarks": diff.found.remarks,
    })
}

fn show(args: &ShowArgs, around: &Surroundings<'_>) -> Result<u8> {
    let resolve::Show { config, sections, out } = resolve::show(args, around)?;
    let variables = Variables::read(around, args.env_file.as_deref())?;
    let connector = match &config.target {
        TargetAddress::Nowhere => None,
        target => Some(connector(target, &variables)?),
    };
    let wanted = schema::Wanted { config, connector, sections };
    let events = Events::new(report::observer(ProgressStyle::Off));
    warn_of_password(&[args.to.as_ref().map(|address| address.0.as_str())]);
    let script = until_stopped(async |cancel| {
        let connector = match wanted.connector {
            Some(connector) => Some(ask::complete(connector, cancel).await?),
            None => None,
        };
        schema::show(&schema::Wanted { connector, ..wanted }, &events).await
    })?;
    match out {
        Some(path) => {
            write_new("--out", &path, &script)?;
            complain(&format!("the script is written to {}\n", path.display()));
        }
        None => print(&script),
    }
    Ok(exit::DONE)
}
