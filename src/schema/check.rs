//! `schema check`: whether every migration has both its sides, and whether both make the same schema.

use super::diff::{Diff, End, WantedDiff, diff};
use super::pairs::{Fault, Migration, faults, migrations, partner_name, writable};
use super::translate::{Written, translate};
use crate::catalog::script::{Statement, read, split, up_part};
use crate::config::Config;
use crate::dialect::Script;
use crate::drift::Rank;
use crate::error::{Error, Result};
use crate::event::Events;
use crate::limits::SCRIPT_BYTES_MAX;
use crate::postgres::connect::Connector;
use crate::postgres::throwaway::Throwaway;
use crate::sqlite::scratch::Scratch;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A directory to check.
#[derive(Debug)]
pub struct WantedCheck {
    /// what bears on plans
    pub config: Config,
    /// the directory
    pub dir: PathBuf,
    /// a server to run both sides with; none: names alone are looked at
    pub server: Option<Connector>,
}

/// What a check found.
#[derive(Debug)]
pub struct Checked {
    /// how many numbers there are
    pub migrations: usize,
    /// what is wrong
    pub faults: Vec<Fault>,
    /// the comparison of both sides, where they were run
    pub diff: Option<Diff>,
}

/// Checks a directory.
///
/// # Errors
/// Usage, where there is nothing to check; a source or target fault, where a script cannot be run.
pub async fn check(wanted: &WantedCheck, events: &Events) -> Result<Checked> {
    let found = migrations(&wanted.dir)?;
    let faults = faults(&found);
    let diff = match &wanted.server {
        None => None,
        Some(server) => Some(run(&found, server, &wanted.config, events).await?),
    };
    Ok(Checked { migrations: found.len(), faults, diff })
}

/// A script that a directory lacks.
#[derive(Debug)]
pub struct Missing {
    /// where it belongs
    pub path: PathBuf,
    /// the script
    pub script: Script,
}

/// The PostgreSQL sides that are missing, made of the SQLite sides and all that come before them.
///
/// # Errors
/// As [`translate`]; usage, where there is nothing to check.
pub fn missing(dir: &Path, config: &Config) -> Result<Vec<Missing>> {
    let found = migrations(dir)?;
    let lacking = writable(&found);
    if lacking.is_empty() {
        return Ok(Vec::new());
    }
    let files: Vec<&PathBuf> =
        found.values().flat_map(|one| one.sqlite.iter().map(|(_, path)| path)).collect();
    let scripts = files.iter().map(|path| script(path)).collect::<Result<Vec<_>>>()?;
    let made = translate(&scripts, config)?;
    let wanted = files.into_iter().zip(made).filter(|(path, _)| lacking.contains(path));
    Ok(wanted
        .map(|(path, script)| Missing { path: path.with_file_name(partner_name(&script.name)), script })
        .collect())
}

/// A script as it is written, without the parts that take back what it does.
///
/// # Errors
/// Usage: it cannot be read, is too large, or is no text.
pub fn script(path: &Path) -> Result<Written> {
    let at = |error: Error| error.at(path.display()).remedy("name a readable SQL script in UTF-8");
    let known = std::fs::metadata(path);
    let known = known.map_err(|cause| at(Error::usage("the script cannot be read").cause(cause)))?;
    if known.len() > SCRIPT_BYTES_MAX {
        let message = format!("the script has more than {SCRIPT_BYTES_MAX} bytes");
        let remedy = "rows in bulk are the matter of `cutover copy`";
        return Err(Error::usage(message).at(path.display()).remedy(remedy));
    }
    let text = std::fs::read_to_string(path);
    let text = text.map_err(|cause| at(Error::usage("the script cannot be read").cause(cause)))?;
    if text.contains('\0') {
        return Err(at(Error::usage("the script has a NUL in it")));
    }
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let (text, down) = up_part(text);
    Ok(Written { name, text, down })
}

/// Runs both sides, each in its order, and compares what they made.
async fn run(
    found: &BTreeMap<u64, Migration>,
    server: &Connector,
    config: &Config,
    events: &Events,
) -> Result<Diff> {
    let dir = tempfile::tempdir().map_err(|cause| {
        Error::source_fault("no temporary directory for a SQLite file").cause(cause).remedy("set TMPDIR")
    })?;
    let file = dir.path().join("migrated.db");
    run_sqlite(found, &file)?;
    let database = Throwaway::make(server).await?;
    let compared = match run_postgres(found, &database).await {
        Ok(()) => {
            let to = End::Server(database.connector().clone(), config.schema.clone());
            let wanted = WantedDiff { config: config.clone(), from: End::Files(vec![file]), to };
            diff(&wanted, events).await.map(without_queries)
        }
        Err(error) => Err(error),
    };
    let removed = database.remove().await;
    let compared = compared?;
    removed.map(|()| compared)
}

/// Two queries that were written by hand in two dialects are never word for word the same, and what they mean is not
/// compared: that is said, and is no fault.
fn without_queries(mut diff: Diff) -> Diff {
    let mut kept = Vec::new();
    let statements = std::mem::take(&mut diff.statements);
    for (drift, statements) in std::mem::take(&mut diff.found.drifts).into_iter().zip(statements) {
        if drift.kind == "view" && drift.rank == Rank::Differs {
            let remark = format!("view {}: {}; what it means is not compared", drift.object, drift.message);
            diff.found.remarks.push(remark);
        } else {
            kept.push((drift, statements));
        }
    }
    (diff.found.drifts, diff.statements) = kept.into_iter().unzip();
    diff
}

fn run_sqlite(found: &BTreeMap<u64, Migration>, file: &Path) -> Result<()> {
    let scratch = Scratch::in_file(file)?;
    for (_, path) in found.values().flat_map(|one| &one.sqlite) {
        let script = script(path)?;
        let (pieces, _) = split(&script.text);
        for piece in pieces {
            // It would need a second file, and changes nothing that is compared.
            if read(&piece.sql) == Ok(Statement::Other("VACUUM")) {
                continue;
            }
            scratch.run(&piece.sql).map_err(|why| {
                let place = format!("{}:{}", script.name, piece.line);
                Error::source_fault(format!("{place}: SQLite refuses the statement: {why}"))
                    .remedy("the scripts must run one after the other on an empty database")
            })?;
        }
        // As when a shell ends: a transaction that the script left open is none.
        let _ = scratch.run("ROLLBACK");
    }
    Ok(())
}

async fn run_postgres(found: &BTreeMap<u64, Migration>, database: &Throwaway) -> Result<()> {
    for (_, path) in found.values().flat_map(|one| &one.postgres) {
        let script = script(path)?;
        database.run(&script.text).await?.map_err(|why| {
            Error::target_fault(format!("{}: PostgreSQL refuses the script: {why}", script.name)).remedy(
                "the scripts must run one after the other on an empty database, without psql's own commands",
            )
        })?;
    }
    Ok(())
}
