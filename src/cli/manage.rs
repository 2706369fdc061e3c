//! `status`, `clean` and `embedded`.

use super::args::{CleanArgs, EmbeddedAction, StatusArgs};
use super::resolve::{self, Surroundings, Variables};
use super::run::connector;
use super::{ask, exit, print, until_stopped, warn_of_password, watch};
use crate::embedded::Cluster;
use crate::error::{Error, Result};
use crate::outcome::{ExpectedStatus, SetAsideList, SourceStatus};
use crate::pipeline::status;
use crate::report::human;
use crate::report::summary::Width;
use std::fmt::Write;

/// `status`: what the ledger knows.
///
/// # Errors
/// A target fault.
pub(super) fn status(args: &StatusArgs, around: &Surroundings<'_>) -> Result<u8> {
    let target = resolve::status(args, around)?;
    let variables = Variables::read(around, args.to.env_file.as_deref())?;
    let connector = connector(&target, &variables)?;
    warn_of_password(&[args.to.typed()]);
    let schema = args.schema.as_deref();
    if args.watch {
        return watch::run(args, connector);
    }
    if args.set_aside {
        let list = until_stopped(async |cancel| {
            status::set_aside(&ask::complete(connector, cancel).await?, schema).await
        })?;
        print(&if args.json { json(&list)? } else { Width::of_stdout().fit(&set_aside_text(&list)) });
        return Ok(exit::DONE);
    }
    let sources =
        until_stopped(async |cancel| status::read(&ask::complete(connector, cancel).await?, schema).await)?;
    print(&if args.json { json(&sources)? } else { Width::of_stdout().fit(&status_text(&sources)) });
    Ok(exit::DONE)
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|cause| Error::internal("the status cannot be written down").cause(cause))?;
    Ok(format!("{text}\n"))
}

fn set_aside_text(list: &SetAsideList) -> String {
    if list.count == 0 {
        return "no rows are set aside in this target\n".to_owned();
    }
    let mut text = String::new();
    for row in &list.rows {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{}: table {}, {}, column {}: {} of {}: {} ({})",
            human::text(&row.source),
            human::name(&row.table),
            row.key,
            human::name(&row.column),
            row.class,
            human::plural(row.bytes, "byte"),
            human::text(&row.reason),
            row.rule
        );
    }
    let listed = list.rows.len() as u64;
    let _ = match list.count > listed {
        true => writeln!(text, "{listed} of {}; all of them: {}", human::plural(list.count, "row"), list.sql),
        false => writeln!(text, "{}", human::plural(list.count, "row")),
    };
    text
}

fn status_text(sources: &[SourceStatus]) -> String {
    if sources.is_empty() {
        return "this target knows of no copy\n".to_owned();
    }
    let mut text = String::new();
    for source in sources {
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "{} → schema {}: {}",
            human::text(&source.path),
            human::text(&source.schema),
            source.state
        );
        let _ = writeln!(
            text,
            "  {} of {}, {} of {}, {} of {} after the data",
            human::count(source.chunks_done),
            human::plural(source.chunks, "chunk"),
            human::count(source.rows_done),
            human::plural(source.rows, "row"),
            human::count(source.steps_done),
            human::plural(source.steps, "step")
        );
        if let Some(expected) = &source.expected {
            text.push_str(&expected_text(expected));
        }
        for table in source.tables.iter().filter(|table| table.chunks_done < table.chunks) {
            let _ = writeln!(
                text,
                "  left: table \"{}\", {} of {} done",
                human::text(&table.table),
                human::count(table.chunks_done),
                human::plural(table.chunks, "chunk")
            );
        }
        for damage in &source.damage {
            let _ = writeln!(text, "  damaged: {}", human::text(damage));
        }
        for step in &source.steps_left {
            let _ = writeln!(text, "  left: {}", human::text(step));
        }
        if let Some(error) = &source.last_error {
            let _ = writeln!(text, "  last error: {}", human::text(error));
        }
    }
    text
}

/// A copy against what its rehearsal expected.
fn expected_text(expected: &ExpectedStatus) -> String {
    let (elapsed, p50) = (human::seconds(expected.elapsed_seconds), human::seconds(expected.p50_seconds));
    let p90 = human::seconds(expected.p90_seconds);
    if expected.phase == "done" {
        return format!(
            "  took {elapsed}; expected were {p50}, and no more than {p90} in nine of ten cases\n"
        );
    }
    let window = format!("{elapsed} of {p50} expected (no more than {p90} in nine of ten cases)");
    let Some(left) = expected.left_seconds else {
        return format!("  not running now; phase {}, {window}\n", expected.phase);
    };
    let pace = match expected.pace.as_str() {
        "as expected" => expected.pace.clone(),
        word => format!("{word} by {}", human::seconds(expected.behind_seconds.abs())),
    };
    let left = human::seconds(left);
    let rows = human::plural(expected.rows_under_way, "row");
    format!(
        "  phase {}, {window}: {pace}; {left} left at the expected pace, {rows} on their way\n",
        expected.phase
    )
}

/// `clean`: removes the ledger, and what killed rehearsals have left.
///
/// # Errors
/// A refusal while something that was laid aside is not restored; a target fault.
pub(super) fn clean(args: &CleanArgs, around: &Surroundings<'_>) -> Result<u8> {
    let target = resolve::clean(args, around)?;
    let variables = Variables::read(around, args.to.env_file.as_deref())?;
    let connector = connector(&target, &variables)?;
    warn_of_password(&[args.to.typed()]);
    let mut dropped = Vec::new();
    let cleaned = until_stopped(async |cancel| {
        status::clean(&ask::complete(connector, cancel).await?, &mut dropped).await
    });
    dropped.iter().for_each(|text| print(&format!("{text}\n")));
    let cleaned = cleaned?;
    for words in cleaned.iter().flatten() {
        print(&format!("brought back: {}\n", human::text(words)));
    }
    print(match cleaned {
        Some(_) => "the ledger is removed; tables and rows stay\n",
        None => "there is no ledger in this target\n",
    });
    Ok(exit::DONE)
}

/// `embedded`: the local server.
///
/// # Errors
/// A target fault with the way to install what is missing.
pub(super) fn embedded(action: EmbeddedAction) -> Result<u8> {
    let cluster = Cluster::open_default()?;
    match action {
        EmbeddedAction::Start => {
            let running = cluster.start()?;
            print(&format!("running on port {}; to look around:\n  {}\n", running.port, running.psql_hint()));
        }
        EmbeddedAction::Stop => {
            let stopped = cluster.stop()?;
            print(if stopped { "stopped\n" } else { "it was not running\n" });
        }
        EmbeddedAction::Status => match cluster.status()? {
            Some(running) => print(&format!(
                "running on port {}, data in {}; to look around:\n  {}\n",
                running.port,
                cluster.dir().display(),
                running.psql_hint()
            )),
            None => print(&format!("not running; data in {}\n", cluster.dir().display())),
        },
    }
    Ok(exit::DONE)
}
