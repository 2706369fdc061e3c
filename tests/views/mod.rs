//! Views: each that is carried shows the same rows on both sides; each that is not is listed with its reason.

mod compare;
mod constructs;
mod real;
mod refused;

use crate::support::flow::{Run, migrate};
use crate::support::postgres::{Database, Server};
use compare::same_rows;
use rusqlite::Connection;
use serde_json::Value;
use std::path::Path;

/// A moved file: its views in the plan and those that are not carried, with the reasons.
pub(crate) struct Moved {
    pub(crate) database: Database,
    /// name in the target, and the statement
    pub(crate) made: Vec<(String, String)>,
    pub(crate) left: Vec<(String, String)>,
    pub(crate) run: Run,
}

/// Moves a file; makes its views where the run has not done so.
pub(crate) fn moved(server: &Server, source: &Path, more: &[&str]) -> Moved {
    let database = server.fresh_database();
    let run = migrate(source, &database, more).ends_with(0);
    let plan: Value =
        serde_json::from_str(&database.query_one_text("SELECT plan FROM cutover.source")).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let made: Vec<(String, String)> = plan["views"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| (text(&step["object"]), text(&step["sql"])))
        .collect();
    let left = plan["not_carried"].as_array().unwrap().iter().filter(|object| object["kind"] == "view");
    let left = left.map(|object| (text(&object["name"]), text(&object["why"]))).collect();
    for (name, sql) in &made {
        let there = format!("SELECT count(*) FROM pg_views WHERE viewname = '{}'", name.replace('\'', "''"));
        if database.query_one_text(&there) == "0" {
            database.try_execute(sql).unwrap_or_else(|error| panic!("{name}: {error}\n{sql}"));
        }
    }
    Moved { database, made, left, run }
}

impl Moved {
    /// Compares each view that was made under its own name; the rows of all, or every difference.
    pub(crate) fn compare(&self, source: &Connection) -> Result<Vec<(String, usize)>, String> {
        let mut rows = Vec::new();
        let mut differences = Vec::new();
        for (name, sql) in &self.made {
            match same_rows(source, name, &self.database, name) {
                Ok(count) => rows.push((name.clone(), count)),
                Err(difference) => differences.push(format!("{difference}\n  {sql}")),
            }
        }
        if differences.is_empty() { Ok(rows) } else { Err(differences.join("\n\n")) }
    }

    /// Why a view is not carried.
    #[track_caller]
    pub(crate) fn why(&self, name: &str) -> &str {
        let left = self.left.iter().find(|(left, _)| left == name);
        let Some((_, why)) = left else {
            let made = self.made.iter().find(|(made, _)| made == name);
            panic!("{name} is carried: {made:?}")
        };
        why
    }
}
