//! What the configuration says, against what the sources have: patterns that mean nothing, rules that contradict each
//! other, names for more than one, and conditions that SQLite does not take. All mistakes at once, before anything is read.

use super::job::Job;
use crate::catalog::Table;
use crate::config::nearest::suggestion;
use crate::config::{Config, Place, Placed, Setting, Settings};
use crate::error::{Error, Result};
use crate::sqlite::filter;
use std::collections::BTreeSet;

/// A mistake with its place, so that they are told in the file's order.
type Mistakes = BTreeSet<(Place, String)>;

/// Checks the settings against all sources.
///
/// # Errors
/// Usage, with every mistake and its place; a source fault.
pub(super) fn check(jobs: &[Job], config: &Config) -> Result<()> {
    let settings = &config.settings;
    let mut mistakes = Mistakes::new();
    idle_patterns(jobs, settings, &mut mistakes);
    for job in jobs {
        names_for_many(&job.catalog.tables, settings, &mut mistakes);
        for table in &job.catalog.tables {
            contradictions(table, settings, &mut mistakes);
        }
        for table in job.tables() {
            nothing_left(table, settings, &mut mistakes);
            bad_filter(job, table, settings, &mut mistakes)?;
            bad_partition(table, settings, &mut mistakes);
        }
    }
    if mistakes.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> =
        mistakes.into_iter().map(|(place, message)| format!("{}: {message}", settings.at(place))).collect();
    Err(Error::usage(lines.join("\n")).remedy("docs/configuration.md tells how patterns and rules are read"))
}

/// A pattern that means nothing in any source is a mistake of typing.
fn idle_patterns(jobs: &[Job], settings: &Settings, mistakes: &mut Mistakes) {
    let tables: Vec<&Table> = jobs.iter().flat_map(|job| &job.catalog.tables).collect();
    for pattern in settings.table_patterns() {
        if !tables.iter().any(|table| Settings::is_meant(&pattern.value, &table.name)) {
            let hint = suggestion(&pattern.value, tables.iter().map(|table| table.name.as_str()));
            let message = format!("no table of the source matches `{}`{hint}", pattern.value);
            mistakes.insert((pattern.place, message));
        }
    }
    for (of_table, pattern) in settings.column_patterns() {
        let meant = tables.iter().filter(|table| Settings::is_meant(of_table, &table.name));
        let columns: Vec<&str> = meant.flat_map(|t| t.columns.iter().map(|c| c.name.as_str())).collect();
        // A table that does not exist is told once, above.
        if !columns.is_empty() && !columns.iter().any(|name| Settings::is_meant(&pattern.value, name)) {
            let hint = suggestion(&pattern.value, columns);
            let message = format!("no column of `{of_table}` matches `{}`{hint}", pattern.value);
            mistakes.insert((pattern.place, message));
        }
    }
}

/// One name cannot be given to two tables of a source, nor to two columns of a table.
fn names_for_many(tables: &[Table], settings: &Settings, mistakes: &mut Mistakes) {
    let renames = tables.iter().filter_map(|table| Some((rename(settings, &table.name, None)?, table)));
    tell_repeated(renames.map(|(place, table)| (place, table.name.as_str())), "tables", mistakes);
    for table in tables {
        let renames = table.columns.iter().filter_map(|column| {
            Some((rename(settings, &table.name, Some(&column.name))?, column.name.as_str()))
        });
        tell_repeated(renames, "columns", mistakes);
    }
}

/// Where the name comes from that the table or column is given.
fn rename(settings: &Settings, table: &str, column: Option<&str>) -> Option<Place> {
    let effective = settings.effective(table, column);
    let rename = effective.into_iter().find(|setting| matches!(setting.value, Setting::Rename(_)));
    rename.map(|setting| setting.place)
}

fn tell_repeated<'a>(renames: impl Iterator<Item = (Place, &'a str)>, what: &str, mistakes: &mut Mistakes) {
    let renames: Vec<(Place, &str)> = renames.collect();
    for (place, name) in &renames {
        let other = renames.iter().find(|(other, other_name)| other == place && other_name != name);
        if let Some((_, other)) = other {
            let (first, second) = if name < other { (name, other) } else { (other, name) };
            let message = format!(
                "`rename` gives one name to several {what}, among them `{first}` and `{second}`: name one exactly"
            );
            // One mistake for each place, however many it means.
            if !mistakes.iter().any(|(told, _)| told == place) {
                mistakes.insert((*place, message));
            }
        }
    }
}

fn contradictions(table: &Table, settings: &Settings, mistakes: &mut Mistakes) {
    let columns = table.columns.iter().map(|column| Some(column.name.as_str()));
    for column in std::iter::once(None).chain(columns) {
        let Some((one, other)) = settings.conflict(&table.name, column) else { continue };
        let (first, second) = if one.place < other.place { (one, other) } else { (other, one) };
        let object = column.map_or_else(|| table.name.clone(), |column| format!("{}.{column}", table.name));
        let Placed { value, place } = second;
        let message = format!(
            "`{}` of {object} is said differently in line {}, by a pattern that means it just as closely",
            value.key(),
            first.place.line
        );
        mistakes.insert((*place, message));
    }
}

/// A table without any column has no rows that could be copied or compared.
fn nothing_left(table: &Table, settings: &Settings, mistakes: &mut Mistakes) {
    let skips = table.columns.iter().map(|column| {
        let effective = settings.effective(&table.name, Some(&column.name));
        let skip = effective.into_iter().find(|setting| matches!(setting.value, Setting::Skip(true)));
        skip.map(|setting| setting.place)
    });
    if let Some(place) = skips.collect::<Option<Vec<Place>>>().and_then(|places| places.last().copied()) {
        let message = format!("every column of {} is skipped: skip the table itself", table.name);
        mistakes.insert((place, message));
    }
}

/// A table is partitioned by one of its own columns, which travels.
fn bad_partition(table: &Table, settings: &Settings, mistakes: &mut Mistakes) {
    for setting in settings.effective(&table.name, None) {
        let Setting::Partition(Some(choice)) = &setting.value else { continue };
        let names = || table.columns.iter().map(|column| column.name.as_str());
        let (by, of) = (&choice.by, &table.name);
        let message = match names().find(|name| name.eq_ignore_ascii_case(by)) {
            Some(name) if settings.column(of, name).skip => {
                format!("`partition` of {of}: the column `{name}` is skipped")
            }
            Some(_) => continue,
            None => format!("`partition` of {of}: there is no column `{by}`{}", suggestion(by, names())),
        };
        mistakes.insert((setting.place, message));
    }
}

fn bad_filter(job: &Job, table: &Table, settings: &Settings, mistakes: &mut Mistakes) -> Result<()> {
    let effective = settings.effective(&table.name, None);
    for setting in effective {
        let Setting::Where(expression) = &setting.value else { continue };
        if let Err(why) = filter::check(&*job.source.reader()?, &table.name, expression) {
            mistakes.insert((setting.place, format!("`where` of {}: {why}", table.name)));
        }
    }
    Ok(())
}
