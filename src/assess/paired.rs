//! Plans for a comparison with tables that anybody may have made: who is compared with whom, and what is alone.
//!
//! Names are paired as the configuration says, else exactly, else as PostgreSQL would have cut or cutover shortened them,
//! else without regard to case, else by their letters and digits (`userId`, `user_id`); each once, and only where one is
//! meant. Nothing here refuses: what is missing or cannot be compared is told, and everything else is compared.

use super::job::Job;
use super::{Ground, examine, sampled};
use crate::catalog::Table;
use crate::config::{Config, NamePolicy, Settings};
use crate::digest::text_hash;
use crate::drift;
use crate::error::Result;
use crate::event::Events;
use crate::finding::{Finding, Severity};
use crate::ident::qualified;
use crate::limits::{EXAMPLES_MAX, NAME_BYTES_MAX};
use crate::plan::Plan;
use crate::plan::draft::{Imposed, Partners};
use crate::plan::existing;
use crate::plan::names::{NameHash, plain, plain_column, spell};
use crate::plan::partition::Spans;
use crate::plan::target::{Relation, TargetCatalog, TargetTable};
use crate::plan::types::PgType;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A source, planned for a comparison of its rows.
#[derive(Debug)]
pub struct Paired {
    /// the source, its profiles included
    pub job: Arc<Job>,
    /// the tables that have a partner, with the columns that do
    pub plan: Plan,
    /// what has none or cannot be compared: warnings; and what is worth knowing: notes
    pub findings: Vec<Finding>,
    /// tables of the source that are not in the plan
    pub alone: Vec<Alone>,
}

/// A table whose rows are not compared.
#[derive(Debug, Clone)]
pub struct Alone {
    /// name in the source
    pub source: String,
    /// rows of the source
    pub rows: u64,
    /// why
    pub why: String,
    /// it is there, but nothing can be said of all its rows
    pub is_there: bool,
}

/// Profiles `jobs` and pairs them with `target`.
///
/// # Errors
/// A source fault.
pub async fn with_target(
    jobs: Vec<Job>,
    config: &Config,
    events: &Events,
    target: &TargetCatalog,
) -> Result<Vec<Paired>> {
    let mut paired = Vec::new();
    let jobs = match config.sample {
        Some(rows_max) => sampled::examine(jobs, config, rows_max).await?,
        None => examine(jobs, config, events).await?,
    };
    for job in jobs {
        paired.push(plan_pairs(job, config, target)?);
    }
    Ok(paired)
}

fn plan_pairs(mut job: Job, config: &Config, target: &TargetCatalog) -> Result<Paired> {
    let partners = partners(&job, config, target);
    let mut findings = Vec::new();
    let alone = take_alone(&mut job, &partners, target, &mut findings);
    findings.extend(partners.tables.iter().filter(|(source, there)| source != there).map(
        |(source, there)| {
            Finding::new(
                "W_NAME_CASE",
                Severity::Note,
                source.clone(),
                format!("is compared with \"{there}\""),
            )
        },
    ));
    let mut ground = Ground::of(&job, config, Imposed::new())?;
    ground.rules.partners = Some(partners);
    let mut plan = ground.plan(&job, target, &Spans::new());
    // What stands against copying does not stand against looking.
    let is_of_pairs = |finding: &Finding| OF_PAIRS.contains(&finding.code.as_str());
    findings.extend(plan.findings.drain(..).filter(is_of_pairs));
    Ok(Paired { job: Arc::new(job), plan, findings, alone })
}

/// What is found while columns are paired.
const OF_PAIRS: [&str; 4] = ["E_COLUMN_MISSING", "E_NOT_COMPARABLE", "W_CHOICE", "W_EXTRA"];

impl Paired {
    /// What the source would become in an empty schema, in the types that the target has: what is to be looked for there.
    ///
    /// # Errors
    /// A source fault.
    pub fn made(&self, config: &Config, target: &TargetCatalog) -> Result<Plan> {
        let mut imposed = Imposed::new();
        for table in &self.plan.tables {
            let Some(there) = target.tables.iter().find(|there| there.name == table.target) else { continue };
            for column in &table.columns {
                let partner = there.columns.iter().find(|partner| partner.name == column.target);
                // An enumerated type, and one of an extension, are not known by their bare names everywhere.
                let partner = partner
                    .filter(|partner| !matches!(partner.pg, None | Some(PgType::Enum | PgType::Citext)));
                let key = || (table.source.clone(), column.source.clone());
                imposed.extend(partner.map(|partner| (key(), partner.clone())));
            }
        }
        let empty =
            TargetCatalog { server_version_num: target.server_version_num, ..TargetCatalog::default() };
        Ok(Ground::of(&self.job, config, imposed)?.plan(&self.job, &empty, &Spans::new()))
    }
}

/// Which table and column of `target` is which of the source's.
pub fn partners(job: &Job, config: &Config, target: &TargetCatalog) -> Partners {
    let settings = &config.settings;
    let tables: Vec<Wish<'_>> = job
        .tables()
        .map(|table| Wish::of(&table.name, settings.table(&table.name).rename, config.names, plain))
        .collect();
    let is_table = |there: &&TargetTable| there.relation != Relation::Other;
    let there: Vec<&str> = target.tables.iter().filter(is_table).map(|there| there.name.as_str()).collect();
    let tables = pairs(&tables, &there);
    let mut columns = BTreeMap::new();
    for table in job.tables() {
        let name = tables.get(&table.name);
        let Some(there) = target.tables.iter().find(|there| Some(&there.name) == name) else { continue };
        for (column, partner) in column_pairs(settings, config.names, table, there) {
            columns.insert((table.name.clone(), column), partner);
        }
    }
    Partners { tables, columns }
}

fn column_pairs(
    settings: &Settings,
    policy: NamePolicy,
    table: &Table,
    there: &TargetTable,
) -> BTreeMap<String, String> {
    let wishes = table.columns.iter().filter_map(|column| {
        let said = settings.column(&table.name, &column.name);
        (!said.skip).then(|| Wish::of(&column.name, said.rename, policy, plain_column))
    });
    let wishes: Vec<Wish<'_>> = wishes.collect();
    let names: Vec<&str> = there.columns.iter().map(|column| column.name.as_str()).collect();
    pairs(&wishes, &names)
}

/// A name of the source, and what it may be called in the target.
struct Wish<'a> {
    name: &'a str,
    /// it is that or nothing
    given: Option<String>,
    /// as it would be called by a copy, from the likeliest
    spelled: [String; 4],
}

/// How a name becomes one that PostgreSQL takes.
type Shorten = fn(&str, NameHash) -> String;

impl Wish<'_> {
    fn of<'a>(name: &'a str, given: Option<String>, policy: NamePolicy, short: Shorten) -> Wish<'a> {
        let wanted = spell(name, policy);
        let mut ends = (0..=name.len().min(NAME_BYTES_MAX)).rev();
        let end = ends.find(|end| name.is_char_boundary(*end)).unwrap_or(0);
        let spelled = [wanted.clone(), name.to_owned(), short(&wanted, text_hash), name[..end].to_owned()];
        Wish { name, given, spelled }
    }
}

fn pairs(wishes: &[Wish<'_>], there: &[&str]) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut left: BTreeSet<&str> = there.iter().copied().collect();
    let given = wishes.iter().filter_map(|wish| Some((wish.name, wish.given.as_ref()?)));
    for (name, given) in given {
        if left.remove(given.as_str()) {
            found.insert(name.to_owned(), given.clone());
        }
    }
    let open: Vec<&Wish<'_>> = wishes.iter().filter(|wish| wish.given.is_none()).collect();
    for spelling in 0..4 {
        for wish in &open {
            let name = wish.spelled[spelling].as_str();
            if !found.contains_key(wish.name) && left.remove(name) {
                found.insert(wish.name.to_owned(), name.to_owned());
            }
        }
    }
    let open: Vec<&str> =
        open.iter().map(|wish| wish.name).filter(|name| !found.contains_key(*name)).collect();
    let left: Vec<&str> = left.into_iter().collect();
    found.extend(drift::pairs(&open, &left));
    found
}

/// Takes the tables out of the job that have no partner whose rows can all be seen.
fn take_alone(
    job: &mut Job,
    partners: &Partners,
    target: &TargetCatalog,
    findings: &mut Vec<Finding>,
) -> Vec<Alone> {
    let mut alone = Vec::new();
    let (mut selected, mut profiles) = (Vec::new(), Vec::new());
    let old = std::mem::take(&mut job.selected).into_iter().zip(std::mem::take(&mut job.profiles));
    for (place, profile) in old {
        let table = &job.catalog.tables[place];
        let name = partners.tables.get(&table.name);
        let there = target.tables.iter().find(|there| Some(&there.name) == name);
        match why_alone(table, profile.rows, there, target) {
            None => {
                selected.push(place);
                profiles.push(profile);
            }
            Some(finding) => {
                let (source, why) = (table.name.clone(), finding.message.clone());
                alone.push(Alone { source, rows: profile.rows, why, is_there: there.is_some() });
                findings.push(finding);
            }
        }
    }
    (job.selected, job.profiles) = (selected, profiles);
    alone
}

fn why_alone(
    table: &Table,
    rows: u64,
    there: Option<&TargetTable>,
    target: &TargetCatalog,
) -> Option<Finding> {
    let warn = |code: &str, message: String, fix: &str| {
        Some(Finding::new(code, Severity::Warning, table.name.clone(), message).count(rows.max(1)).fix(fix))
    };
    if let Some(there) = there {
        let hidden = "row security applies to this role: rows could be hidden from the comparison";
        let fix = "compare as the table's owner, or as a role with BYPASSRLS";
        return if there.row_security { warn("E_ROW_SECURITY", hidden.to_owned(), fix) } else { None };
    }
    let alike: Vec<&TargetTable> = target
        .tables
        .iter()
        .filter(|other| !drift::pairs(&[table.name.as_str()], &[other.name.as_str()]).is_empty())
        .collect();
    let fix =
        "copy it; or say what it is called there (rename in cutover.toml), or leave it out with --exclude";
    match alike.as_slice() {
        [] => warn("E_TABLE_MISSING", "is not in the target".to_owned(), fix),
        [one] if one.relation == Relation::Other => {
            let message = format!("\"{}\" of the target is no table", one.name);
            warn("E_NOT_A_TABLE", message, fix)
        }
        several => {
            let names: Vec<&str> = several.iter().take(EXAMPLES_MAX).map(|one| one.name.as_str()).collect();
            let message = format!(
                "is not in the target by its name, and which one is meant is not clear: {}",
                names.join(", ")
            );
            warn("E_TABLE_MISSING", message, fix)
        }
    }
}

/// What is to be known of the tables that are compared, beside what they hold.
pub fn note_unlogged(paired: &BTreeSet<String>, target: &TargetCatalog, schema: &str) -> Vec<Finding> {
    let compared = target.tables.iter().filter(|there| paired.contains(&there.name));
    compared.filter_map(|there| existing::unlogged(there, &qualified(schema, &there.name))).collect()
}

/// Tables of the target that nothing of the sources is compared with: one note, none where there is none.
pub fn note_extra_tables(paired: &BTreeSet<String>, target: &TargetCatalog, schema: &str) -> Option<Finding> {
    let extra = target.tables.iter().filter(|there| {
        matches!(there.relation, Relation::Table | Relation::Partitioned) && !paired.contains(&there.name)
    });
    let names: Vec<String> = extra.map(|there| there.name.clone()).collect();
    let count = names.len() as u64;
    (count > 0).then(|| {
        let message = match count {
            1 => "1 table is in the target only: it is not compared".to_owned(),
            _ => format!("{count} tables are in the target only: they are not compared"),
        };
        let names = names.into_iter().take(EXAMPLES_MAX).collect();
        Finding::new("W_EXTRA", Severity::Note, schema, message).count(count).examples(names)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(wishes: &[(&str, Option<&str>)], there: &[&str]) -> String {
        let wishes: Vec<Wish<'_>> = wishes
            .iter()
            .map(|(name, given)| Wish::of(name, given.map(str::to_owned), NamePolicy::Keep, plain))
            .collect();
        let found = pairs(&wishes, there);
        found.iter().map(|(one, other)| format!("{one}={other}")).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn names_are_paired_from_the_likeliest() {
        assert_eq!(found(&[("a", None), ("A", None)], &["a", "A"]), "A=A a=a");
        assert_eq!(found(&[("userId", None), ("x", Some("user_id"))], &["user_id"]), "x=user_id");
        assert_eq!(found(&[("userId", None)], &["user_id", "USERID"]), "userId=USERID");
        assert_eq!(found(&[("a", Some("b"))], &["a"]), "", "a name that is given is meant, and no other");
        let long = "l".repeat(80);
        assert_eq!(found(&[(&long, None)], &[&long[..63]]), format!("{long}={}", &long[..63]));
        let cut = plain(&long, text_hash);
        assert_eq!(found(&[(&long, None)], &[&cut]), format!("{long}={cut}"));
    }
}
