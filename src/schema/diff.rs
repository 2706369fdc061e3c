//! `schema diff`: both sides read or planned, brought into the same words, and compared.
//!
//! PostgreSQL itself brings a plan's expressions into its normal form: the plan is made in a schema of a random name,
//! read with the same queries as the other side, and rolled back. Nothing of it is ever seen by another session.

use crate::assess::compared::{self, Compared};
use crate::assess::{self, job::Job};
use crate::config::Config;
use crate::digest::text_hash;
use crate::drift::{self, Dialect, Drift, Found, Mend, Rank, Sides};
use crate::error::Result;
use crate::event::Events;
use crate::finding::{Finding, NotCarried, Severity};
use crate::plan::Plan;
use crate::plan::script::{Item, Section, items};
use crate::plan::select::is_selected;
use crate::plan::structure::Structure;
use crate::postgres::connect::Connector;
use crate::postgres::session::Session;
use crate::postgres::structure::{self, Scratch};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// One side of a comparison.
#[derive(Debug)]
pub enum End {
    /// SQLite files that go into one schema
    Files(Vec<PathBuf>),
    /// a schema of a server
    Server(Connector, String),
}

/// What is compared.
#[derive(Debug)]
pub struct WantedDiff {
    /// what bears on plans, and which tables
    pub config: Config,
    /// what the application worked with
    pub from: End,
    /// what it is to work with
    pub to: End,
}

/// What came of it.
#[derive(Debug)]
pub struct Diff {
    /// the differences
    pub found: Found,
    /// names of both sides, for people
    pub names: (String, String),
    /// the statements that mend each difference, in its order
    pub statements: Vec<Vec<String>>,
    /// a script that mends what can be mended by adding
    pub fix: String,
}

/// Compares both ends.
///
/// # Errors
/// A source or target fault.
pub async fn diff(wanted: &WantedDiff, events: &Events) -> Result<Diff> {
    let config = &wanted.config;
    let (mut known, to) = match (&wanted.from, &wanted.to) {
        (End::Files(from), End::Files(to)) => {
            let (from, to) = (declared(config, from).await?, declared(config, to).await?);
            (Known::of_plans(from), to.0)
        }
        (End::Server(from, schema), End::Server(to, other)) => {
            let from = read(from, schema, config).await?;
            (Known { from, ..Known::default() }, read(to, other, config).await?)
        }
        (End::Files(files), End::Server(connector, schema)) => {
            let (known, there) = planned(config, events, files, connector, schema).await?;
            (known, there)
        }
        (End::Server(connector, schema), End::Files(files)) => {
            let (mut known, there) = planned(config, events, files, connector, schema).await?;
            let made = std::mem::replace(&mut known.from, there);
            (known, made)
        }
    };
    let dialects = (dialect(&wanted.from), dialect(&wanted.to));
    let mut found = drift::compare(&Sides {
        from: &known.from,
        to: &to,
        dialects,
        fitting: std::mem::take(&mut known.fitting),
        misfits: std::mem::take(&mut known.misfits),
        not_carried: std::mem::take(&mut known.not_carried),
        loosely: known.loosely,
    });
    found.drifts.extend(known.drifts);
    found.drifts.sort_by_key(|drift| drift.rank);
    found.remarks.extend(known.remarks);
    Ok(told(wanted, found, &to))
}

fn told(wanted: &WantedDiff, found: Found, to: &Structure) -> Diff {
    let schema = match &wanted.to {
        End::Server(_, schema) => schema.as_str(),
        End::Files(_) => "",
    };
    let names = (name(&wanted.from), name(&wanted.to));
    let heading = format!(
        "What cutover {} adds to {} to have what {} has.\n\
         Load it with: psql -v ON_ERROR_STOP=1 -f FILE (and -1, for all of it or nothing)",
        env!("CARGO_PKG_VERSION"),
        names.1,
        names.0
    );
    Diff {
        statements: drift::statements(&found.drifts, schema, to, text_hash),
        fix: drift::fix_script(&found, &heading, schema, to, text_hash),
        names,
        found,
    }
}

/// A side and what is known of it.
#[derive(Debug, Default)]
struct Known {
    from: Structure,
    fitting: BTreeSet<(String, String)>,
    misfits: BTreeMap<(String, String), Finding>,
    not_carried: Vec<NotCarried>,
    loosely: bool,
    drifts: Vec<Drift>,
    remarks: Vec<String>,
}

impl Known {
    fn of_plans((from, plans): (Structure, Vec<Plan>)) -> Known {
        let mut known = Known { from, ..Known::default() };
        plans.iter().for_each(|plan| known.remember(plan));
        known
    }

    /// What a plan does not carry, and what stands against it.
    fn remember(&mut self, plan: &Plan) {
        let target = |source: &String| target_of(plan, source, None).0;
        for item in &plan.not_carried {
            let of = item.table.as_ref().map_or(String::new(), |table| format!(" of {table}"));
            // An unnamed CHECK is called `check 1`.
            let kind = if item.name.starts_with(&item.kind) { "" } else { &format!("{} ", item.kind) };
            self.remarks.push(format!("not carried, so not missing: {kind}{}{of}: {}", item.name, item.why));
            self.not_carried.push(NotCarried { table: item.table.as_ref().map(target), ..item.clone() });
        }
        let refusals = plan.findings.iter().filter(|finding| finding.severity == Severity::Refusal);
        self.remarks.extend(refusals.map(|finding| {
            format!("copy would refuse the source: {}: {}: {}", finding.code, finding.object, finding.message)
        }));
    }
}

/// What a plan calls a table and a column of the source.
fn target_of(plan: &Plan, table: &str, column: Option<&str>) -> (String, String) {
    let planned = plan.tables.iter().find(|planned| planned.source == table);
    let target = planned.map_or_else(|| table.to_owned(), |planned| planned.target.clone());
    let column = column.unwrap_or_default();
    let named = planned.and_then(|planned| planned.columns.iter().find(|named| named.source == column));
    (target, named.map_or_else(|| column.to_owned(), |named| named.target.clone()))
}

fn dialect(end: &End) -> Dialect {
    match end {
        End::Files(_) => Dialect::Sqlite,
        End::Server(..) => Dialect::Postgres,
    }
}

/// An end for people; never a password.
fn name(end: &End) -> String {
    match end {
        End::Files(files) => {
            let names: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
            names.join(", ")
        }
        End::Server(connector, schema) => format!("{} (schema {schema})", connector.info().display()),
    }
}

async fn open(config: &Config, files: &[PathBuf]) -> Result<Vec<Job>> {
    assess::open_any(&Config { sources: files.to_vec(), ..config.clone() }).await
}

/// Files as their declarations mean them, in the plan's own words.
async fn declared(config: &Config, files: &[PathBuf]) -> Result<(Structure, Vec<Plan>)> {
    let jobs = open(config, files).await?;
    let plans = compared::as_declared(jobs, config, &super::show::empty_target(config))?;
    Ok((drift::structure_of(&plans), plans))
}

/// A schema of a server; tables that are not selected are left out.
async fn read(connector: &Connector, schema: &str, config: &Config) -> Result<Structure> {
    let mut session = connector.for_reading().connect("schema").await?;
    let structure = selected(structure::read(&mut session, schema).await?, config);
    session.close().await;
    Ok(structure)
}

fn selected(mut structure: Structure, config: &Config) -> Structure {
    structure.tables.retain(|table| is_selected(&table.name, config));
    structure
}

/// Files as they would be made beside `schema`, and that schema as it is.
async fn planned(
    config: &Config,
    events: &Events,
    files: &[PathBuf],
    connector: &Connector,
    schema: &str,
) -> Result<(Known, Structure)> {
    let config = &Config { schema: schema.to_owned(), ..config.clone() };
    let jobs = open(config, files).await?;
    let mut session = connector.for_reading().connect("schema").await?;
    let target = assess::inspect(&mut session, config).await?;
    let scratch = format!("cutover_diff_{}", uuid::Uuid::new_v4().simple());
    let compared = compared::with_target(jobs, config, events, &target, &scratch).await?;
    let mut known = Known::default();
    for one in &compared {
        known.remember(&one.plan);
        let place = |(table, column): &(String, String)| target_of(&one.plan, table, Some(column));
        known.fitting.extend(one.fitting.iter().map(place));
        known.misfits.extend(one.misfits.iter().map(|(key, finding)| (place(key), finding.clone())));
    }
    make(&mut session, &mut known, compared, &scratch).await?;
    let there = selected(structure::read(&mut session, schema).await?, config);
    session.close().await;
    Ok((known, there))
}

/// Has the server write what the plans make.
async fn make(
    session: &mut Session,
    known: &mut Known,
    compared: Vec<Compared>,
    scratch: &str,
) -> Result<()> {
    let plans: Vec<Plan> =
        compared.into_iter().map(|one| Plan { create_schema: false, ..one.plan }).collect();
    let sections = [Section::PreData, Section::PostData];
    let all = sections.iter().flat_map(|&section| items(&plans, section));
    let statements: Vec<String> = all
        .filter_map(|item| match item {
            Item::Run(sql) => Some(sql.into_owned()),
            Item::Say(_) => None,
        })
        .collect();
    match structure::scratch(session, scratch, &statements).await? {
        Scratch::Made(made, failed) => {
            known.from = made;
            known.drifts.extend(failed.into_iter().map(|(sql, why)| not_made(&sql, &why, scratch)));
        }
        Scratch::NotAllowed(why) => {
            known.from = drift::structure_of(&plans);
            known.loosely = true;
            known.remarks.push(format!(
                "this role may not make a schema for a moment ({why}): expressions of CHECKs, defaults, indexes and views \
                 are compared by their words, not as the server means them; GRANT CREATE ON DATABASE makes the comparison exact"
            ));
        }
    }
    Ok(())
}

/// A statement that the target's types stand against.
fn not_made(sql: &str, why: &str, scratch: &str) -> Drift {
    let sql = sql.replace(&format!("{}.", crate::ident::quote(scratch)), "");
    let first = sql.lines().next().unwrap_or_default().to_owned();
    Drift {
        rank: Rank::WouldLose,
        kind: "statement",
        object: first,
        message: format!("cannot be made with the target's types: {why}"),
        mend: Mend::Nothing("the types must go together first".to_owned()),
    }
}
