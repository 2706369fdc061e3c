//! `schema`: scripts and comparisons of schemas.

use super::args_schema::{DiffArgs, SchemaAction, ShowArgs};
use super::resolve::{Surroundings, Variables, schema as resolve};
use super::run::{connector, write_new};
use super::{complain, exit, print, runtime, scripts};
use crate::config::TargetAddress;
use crate::drift::{self, Mend};
use crate::error::{Error, Result};
use crate::event::Events;
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
    let diff = runtime()?.block_on(schema::diff(&wanted, &events))?;
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
    let script = runtime()?.block_on(schema::show(&wanted, &events))?;
    match out {
        Some(path) => {
            write_new("--out", &path, &script)?;
            complain(&format!("the script is written to {}\n", path.display()));
        }
        None => print(&script),
    }
    Ok(exit::DONE)
}
