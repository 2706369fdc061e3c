//! `schema translate`: SQLite runs the scripts in a database in memory, and what each statement made of the schema is put
//! into PostgreSQL's words.

use crate::assess::rules;
use crate::catalog::profile::{ColumnProfile, TableProfile};
use crate::catalog::script::{Piece, Statement, read, split};
use crate::catalog::spelling::{Fraction, Spelling, Template, TimeTemplate, UuidStyle, Zone};
use crate::catalog::{Catalog, Column, Table};
use crate::config::Config;
use crate::dialect::{self, Model, Script, Source, State, Step};
use crate::error::{Error, Result};
use crate::plan::build::build;
use crate::plan::choose::Family;
use crate::plan::draft::{Imposed, Inputs};
use crate::plan::partition::Spans;
use crate::plan::select::is_selected;
use crate::plan::{Plan, skip};
use crate::sqlite::scratch::Scratch;
use std::rc::Rc;

/// A script as it is written.
#[derive(Debug, Clone)]
pub struct Written {
    /// its name, for messages and comments
    pub name: String,
    /// its text, without its Down parts
    pub text: String,
    /// the line where the first Down part begins
    pub down: Option<usize>,
}

/// Translates the scripts of one history, in their order; the first begins with an empty database.
///
/// # Errors
/// A source fault where SQLite refuses a statement; a refusal where a table cannot be in PostgreSQL. Both name the line.
/// What is left untranslated is no error: it is among a script's problems.
pub fn translate(scripts: &[Written], config: &Config) -> Result<Vec<Script>> {
    let scratch = Scratch::in_memory()?;
    let mut now = Rc::new(state(Catalog::default(), config));
    let mut history = Vec::new();
    for script in scripts {
        let (pieces, mut rest) = split(&script.text);
        if let Some(line) = script.down {
            rest.extend([None, Some(format!("left out: the Down part, from line {line} on"))]);
        }
        let mut steps = Vec::new();
        for piece in pieces {
            let step = step(piece, &script.name, &scratch, &now, config)?;
            now = Rc::clone(&step.after);
            steps.push(step);
        }
        history.push(Source { name: script.name.clone(), steps, rest });
    }
    Ok(dialect::translate(&history))
}

fn step(piece: Piece, script: &str, scratch: &Scratch, now: &Rc<State>, config: &Config) -> Result<Step> {
    let statement = read(&piece.sql);
    let refused = |why: String| {
        Error::source_fault(format!("{script}:{}: SQLite refuses the statement: {why}", piece.line)).remedy(
            "the scripts must be those that SQLite runs, the first of them on an empty database, in their order",
        )
    };
    let after = match effect(&statement, &piece.sql) {
        Effect::Schema => {
            scratch.run(&piece.sql).map_err(refused)?;
            let catalog = scratch.catalog()?;
            match catalog == now.catalog {
                true => Rc::clone(now),
                false => Rc::new(state(catalog, config)),
            }
        }
        Effect::Setting => {
            scratch.run(&piece.sql).map_err(refused)?;
            Rc::clone(now)
        }
        Effect::Rows => {
            scratch.look_at(&piece.sql).map_err(refused)?;
            Rc::clone(now)
        }
        Effect::None => Rc::clone(now),
    };
    let reasons = after.plan.refusals();
    if !reasons.is_empty() {
        let message = format!("{script}:{}: what the statement makes cannot be in PostgreSQL", piece.line);
        return Err(Error::refused(message, reasons));
    }
    Ok(Step { piece, statement, before: Rc::clone(now), after })
}

/// What a statement may do to the database in memory.
enum Effect {
    /// it changes the schema
    Schema,
    /// it changes how later statements work
    Setting,
    /// it changes rows: it is looked at, and not run
    Rows,
    /// it is not given to SQLite at all
    None,
}

fn effect(statement: &std::result::Result<Statement, String>, sql: &str) -> Effect {
    const DDL: [&str; 3] = ["CREATE", "ALTER", "DROP"];
    match statement {
        // Its own tables SQLite makes and guards itself; shells write them out all the same.
        Ok(statement) if statement.is_internal() => Effect::None,
        Ok(Statement::Insert(_) | Statement::Update(_) | Statement::Delete { .. }) => Effect::Rows,
        Ok(Statement::Pragma(name)) if name == "legacy_alter_table" || name == "foreign_keys" => {
            Effect::Setting
        }
        Ok(Statement::Pragma(_) | Statement::Transaction | Statement::Other(_)) => Effect::None,
        Ok(_) => Effect::Schema,
        // SQLite may understand what our grammar does not.
        Err(_) => match sql.split_whitespace().next() {
            Some(word) if DDL.contains(&word.to_ascii_uppercase().as_str()) => Effect::Schema,
            _ => Effect::None,
        },
    }
}

fn state(catalog: Catalog, config: &Config) -> State {
    let plan = plan(&catalog, config);
    let model = Model::of(&plan);
    State { catalog, plan, model }
}

/// The plan of a file that holds these tables, without rows, against an empty target.
fn plan(catalog: &Catalog, config: &Config) -> Plan {
    let rules = rules(config, Imposed::new());
    let tables = catalog.tables.iter().enumerate();
    let selected: Vec<usize> =
        tables.filter(|(_, table)| is_selected(&table.name, config)).map(|(index, _)| index).collect();
    let profiles: Vec<TableProfile> = selected
        .iter()
        .map(|&index| &catalog.tables[index])
        .map(|table| skip::reduce_profile(table, &as_declared(table, config), &config.settings))
        .collect();
    let reduced = skip::reduce_catalog(catalog, &selected, &config.settings);
    let tables = selected.iter().map(|&index| &reduced.tables[index]).zip(&profiles).collect();
    let target = super::show::empty_target(config);
    build(&Inputs { catalog: &reduced, tables, target: &target, rules: &rules, spans: &Spans::new() })
}

/// The profile of a table whose columns hold what their declared types and the configuration promise, spelled as SQLite
/// itself spells it: a script has no values that could prove it, and this is all that is known.
fn as_declared(table: &Table, config: &Config) -> TableProfile {
    let promised = |column: &Column| {
        let said = config.settings.column(&table.name, &column.name);
        let pg = said.pg_type.filter(|_| said.encoding.is_none() && said.time_zone.is_none());
        promised(&pg.unwrap_or_else(|| column.declared.clone()))
    };
    TableProfile {
        max_key_bytes: vec![0; table.indexes.len()],
        columns: table.columns.iter().map(promised).collect(),
        ..TableProfile::default()
    }
}

/// What a column of that type holds.
fn promised(declared: &str) -> ColumnProfile {
    let stamp = |zone| Template { separator: ' ', seconds: true, fraction: Fraction::Fixed(0), zone };
    let upper = declared.to_ascii_uppercase();
    let has_zone = upper.contains("TIMESTAMPTZ") || upper.contains("WITH TIME ZONE");
    let empty = Spelling::default();
    let spelling = match Family::of(declared) {
        Family::Flag => return ColumnProfile { integers: 1, integers_one: 1, ..ColumnProfile::default() },
        Family::Date => Spelling { date: true, ..empty },
        Family::Stamp if has_zone => Spelling { stamp: Some(stamp(Zone::Z)), ..empty },
        Family::Stamp => Spelling { stamp: Some(stamp(Zone::None)), ..empty },
        Family::Time => {
            let time = TimeTemplate { seconds: true, fraction: Fraction::Fixed(0) };
            Spelling { time: Some(time), ..empty }
        }
        Family::Json => Spelling { json: true, ..empty },
        Family::Uuid => {
            Spelling { uuid: Some(UuidStyle { upper: false, hyphens: true, braces: false }), ..empty }
        }
        Family::Decimal | Family::Bytes | Family::Plain => return ColumnProfile::default(),
    };
    ColumnProfile { texts: 1, spelling: Some(spelling), ..ColumnProfile::default() }
}
