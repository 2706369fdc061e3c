//! `schema show`: the statements that `copy --migrate` would run, as a script, with or without a server.

use crate::assess::{self, Assessed};
use crate::config::Config;
use crate::error::Result;
use crate::event::Events;
use crate::plan::Plan;
use crate::plan::script::{Section, script};
use crate::plan::target::TargetCatalog;
use crate::postgres::connect::Connector;

/// The oldest server that a script without a server is meant for: it holds no `numeric` infinity, which came with 14.
const SERVER_VERSION_NUM_MIN: u32 = 130_000;

/// The schema that every new database has.
const PUBLIC: &str = "public";

/// What is asked for.
#[derive(Debug)]
pub struct Wanted {
    /// sources and everything that bears on their plans
    pub config: Config,
    /// the target that the plan is made against; none: an empty one
    pub connector: Option<Connector>,
    /// which parts, in order
    pub sections: Vec<Section>,
}

/// The script.
///
/// # Errors
/// A source or target fault; a refusal with every reason where `copy --migrate` would refuse the sources, too.
pub async fn show(wanted: &Wanted, events: &Events) -> Result<String> {
    let config = &wanted.config;
    let jobs = assess::open(config).await?;
    let assessed = match &wanted.connector {
        Some(connector) => {
            let mut session = connector.connect("schema").await?;
            let target = assess::inspect(&mut session, config).await?;
            let assessed = assess::plan_against(jobs, config, events, target).await?;
            session.close().await;
            assessed
        }
        None => assess::plan_against(jobs, config, events, empty_target(config)).await?,
    };
    assess::refuse_if_needed(&assessed, Vec::new())?;
    let heading = heading(&assessed, wanted);
    let plans: Vec<Plan> = assessed.into_iter().map(|one| one.plan).collect();
    Ok(script(&plans, &heading, &wanted.sections))
}

/// A database as it is when it is new.
pub(super) fn empty_target(config: &Config) -> TargetCatalog {
    TargetCatalog {
        server_version_num: SERVER_VERSION_NUM_MIN,
        schema_exists: config.schema == PUBLIC,
        ..TargetCatalog::default()
    }
}

fn heading(assessed: &[Assessed], wanted: &Wanted) -> String {
    // The same script wherever the file lies: it may be kept beside the application's own.
    let name = |one: &Assessed| {
        let path = std::path::Path::new(one.job.path());
        path.file_name().map_or_else(String::new, |name| name.to_string_lossy().replace(['\n', '\r'], " "))
    };
    let sources: Vec<String> = assessed.iter().map(name).collect();
    let target = match &wanted.connector {
        Some(_) => "the target as it was",
        None => "an empty database of PostgreSQL 13 or later",
    };
    format!(
        "What cutover {} makes of {}, in {target}.\n\
         Load it with: psql -v ON_ERROR_STOP=1 -f FILE (and -1, for all of it or nothing)",
        env!("CARGO_PKG_VERSION"),
        sources.join(", ")
    )
}
