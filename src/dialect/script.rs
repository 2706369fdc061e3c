//! Whole scripts: each statement's translation at its place, with the comments that stood before it.

use super::fill::{Fill, fill};
use super::guard::Run;
use super::later::{Event, conditions, events};
use super::rebuild::{Group, Rebuild, groups};
use super::turn::{Action, Renames, turn};
use super::{Reason, Source, State, Step, rows};
use crate::catalog::script::Statement;
use crate::finding::NotCarried;
use crate::ident::quote;
use crate::plan::script::{SETTINGS, comment};
use crate::plan::skip::WHY_SKIPPED;
use std::fmt::Write;

/// Something of a script that its translation does not do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// its line in the script
    pub line: usize,
    /// what, and why
    pub why: String,
}

/// A translated script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Script {
    /// the name of what it was made of
    pub name: String,
    /// its text
    pub text: String,
    /// what it does not do; each stands as a comment in it, too
    pub problems: Vec<Problem>,
}

/// The scripts of one history, which begins with an empty database.
pub fn translate(history: &[Source]) -> Vec<Script> {
    let end = history.iter().flat_map(|source| &source.steps).last().map(|step| &step.after);
    let lost = end.map(|state| state.plan.not_carried.as_slice()).unwrap_or_default();
    history.iter().map(|source| Writer::new(source, lost).write()).collect()
}

/// What one place of a script does.
#[derive(Default)]
struct Done {
    actions: Vec<Action>,
    /// why something is not done, and the place of the statement that asks for it where that is another one
    reasons: Vec<(Option<usize>, Reason)>,
    events: Vec<Event>,
    /// what is not carried from here on
    lost: Vec<NotCarried>,
    /// a remark without consequence
    remark: Option<String>,
    /// an identity that got numbers: table and column
    numbered: Option<(String, String)>,
    /// a change of the schema
    is_ddl: bool,
}

struct Writer<'a> {
    source: &'a Source,
    /// what is not carried at the end of the history
    lost: &'a [NotCarried],
    text: String,
    problems: Vec<Problem>,
}

impl<'a> Writer<'a> {
    fn new(source: &'a Source, lost: &'a [NotCarried]) -> Writer<'a> {
        Writer { source, lost, text: String::new(), problems: Vec::new() }
    }

    fn write(mut self) -> Script {
        self.head();
        let done = done(&self.source.steps);
        let mut numbered: Vec<(String, String)> = Vec::new();
        for (place, (step, one)) in self.source.steps.iter().zip(&done).enumerate() {
            let later: Vec<Event> =
                done[place + 1..].iter().flat_map(|done| done.events.iter().cloned()).collect();
            if one.is_ddl {
                self.advance(&mut numbered, &step.before, &done[place..]);
            }
            self.comments(&step.piece.comments);
            self.statement(step, one, &later);
            if let Some(identity) = &one.numbered
                && !numbered.contains(identity)
            {
                numbered.push(identity.clone());
            }
        }
        if let Some(last) = self.source.steps.last() {
            self.advance(&mut numbered, &last.after, &[]);
        }
        self.comments(&self.source.rest);
        self.text += "\nCOMMIT;\n";
        Script { name: self.source.name.clone(), text: self.text, problems: self.problems }
    }

    fn head(&mut self) {
        let name = &self.source.name;
        self.text +=
            &comment(&format!("{name}, translated for PostgreSQL. One transaction; it may run twice."));
        self.text += "\nBEGIN;\n";
        for setting in SETTINGS {
            self.text += &format!("{};\n", setting.replacen("SET ", "SET LOCAL ", 1));
        }
        self.text += "SET LOCAL client_min_messages = 'warning';\n";
        if let Some(model) =
            self.source.steps.first().map(|step| &step.after.model).filter(|model| model.create_schema)
        {
            let _ = write!(self.text, "\nCREATE SCHEMA IF NOT EXISTS {};\n", quote(&model.schema));
        }
    }

    /// Identities that got numbers go on past them; `from_here` is what the script still does.
    fn advance(&mut self, numbered: &mut Vec<(String, String)>, state: &State, from_here: &[Done]) {
        let later: Vec<Event> = from_here.iter().flat_map(|done| done.events.iter().cloned()).collect();
        for (table, column) in numbered.drain(..) {
            if state.model.table(&table).is_some() {
                let action = Action::on(&table, rows::past_given(&state.model.schema, &table, &column));
                let conditions = conditions(&action, &state.model, &later);
                self.text += &format!("\n{}", action.run.under(&conditions).text());
            }
        }
    }

    fn comments(&mut self, lines: &[Option<String>]) {
        if lines.iter().any(Option::is_some) {
            self.text.push('\n');
        }
        for (place, line) in lines.iter().enumerate() {
            match line {
                Some(line) => self.text += &comment(line),
                None if place + 1 < lines.len() => self.text.push('\n'),
                None => {}
            }
        }
        // An empty line before the statement is kept.
        if lines.last().is_some_and(Option::is_none) && lines.len() > 1 {
            self.text.push('\n');
        }
    }

    fn statement(&mut self, step: &Step, done: &Done, later: &[Event]) {
        let mut is_first = step.piece.comments.last().is_none_or(Option::is_none);
        let mut space = |text: &mut String| {
            if std::mem::replace(&mut is_first, true) && !text.ends_with("\n\n") {
                text.push('\n');
            }
        };
        if let Some(remark) = &done.remark {
            space(&mut self.text);
            self.text += &comment(remark);
        }
        let mut told = None;
        for (place, reason) in &done.reasons {
            space(&mut self.text);
            let asking = place.and_then(|place| self.source.steps.get(place)).unwrap_or(step);
            // Several reasons against one statement have its text once.
            let sql = if told.replace(*place) == Some(*place) { "" } else { asking.piece.sql.as_str() };
            self.text += &comment(&format!("not translated: {reason}\n{sql}"));
            self.problems.push(Problem { line: asking.piece.line, why: reason.clone() });
        }
        for action in &done.actions {
            space(&mut self.text);
            let conditions = conditions(action, &step.after.model, later);
            self.text += &action.run.clone().under(&conditions).text();
        }
        let last =
            self.source.steps.last().map(|step| step.after.plan.not_carried.as_slice()).unwrap_or_default();
        for item in done.lost.iter().filter(|item| last.contains(item)) {
            space(&mut self.text);
            let why = not_carried(item);
            // What the configuration leaves out is no loss that anyone has to look at.
            let is_wanted = item.why.contains(WHY_SKIPPED);
            let words = if is_wanted { "left out" } else { "not translated" };
            self.text += &comment(&format!("{words}: {why}\n{}", item.sql));
            if self.lost.contains(item) && !is_wanted {
                self.problems.push(Problem { line: step.piece.line, why });
            }
        }
    }
}

fn not_carried(item: &NotCarried) -> String {
    let of = item.table.as_ref().map_or(String::new(), |table| format!(" of {}", quote(table)));
    format!("{} {}{of}: {}", item.kind, quote(&item.name), item.why)
}

/// What each statement does, each group at its last one.
fn done(steps: &[Step]) -> Vec<Done> {
    let groups = groups(steps);
    let mut all = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        let group = groups.iter().find(|group| group.places.contains(&place));
        all.push(match group {
            Some(group) if *group.places.end() == place => rebuilt(steps, group),
            Some(group) if is_member(step, place, group) => within(step, place, group),
            _ => single(step),
        });
    }
    all
}

/// The statement belongs to the tables that are built anew.
fn is_member(step: &Step, place: usize, group: &Group) -> bool {
    let is_beside = |table: &str| {
        group
            .rebuilds
            .iter()
            .any(|one| one.beside.eq_ignore_ascii_case(table) || is_new_form(one, table, step))
    };
    match &step.statement {
        Ok(Statement::Insert(insert)) => {
            group.rebuilds.iter().any(|one| one.insert == place) || is_beside(&insert.table)
        }
        Ok(Statement::Update(update)) => is_beside(&update.table),
        Ok(Statement::Delete { table, .. }) => is_beside(table),
        Ok(Statement::Pragma(_) | Statement::Transaction | Statement::Other(_) | Statement::Temporary) => {
            false
        }
        _ => true,
    }
}

/// The table's own name stands for its new form, while the old one waits aside.
fn is_new_form(rebuild: &Rebuild, table: &str, step: &Step) -> bool {
    let is_aside = rebuild.is_aside && step.before.catalog.table(&rebuild.beside).is_some();
    is_aside && rebuild.table.eq_ignore_ascii_case(table)
}

fn within(step: &Step, place: usize, group: &Group) -> Done {
    let is_row =
        matches!(&step.statement, Ok(Statement::Insert(_) | Statement::Update(_) | Statement::Delete { .. }));
    let is_fill = group.rebuilds.iter().any(|one| one.insert == place);
    let mut done = Done { is_ddl: true, ..Done::default() };
    if is_row && !is_fill {
        done.reasons.push((None, "rows of a table while it is built anew".to_owned()));
    }
    done
}

/// A group's net effect.
fn rebuilt(steps: &[Step], group: &Group) -> Done {
    let (before, after) = (&steps[*group.places.start()].before, &steps[*group.places.end()].after);
    let mut renames = Renames::default();
    let mut fills: Vec<Fill> = Vec::new();
    let mut reasons = Vec::new();
    for rebuild in &group.rebuilds {
        if let Ok(Statement::Insert(insert)) = &steps[rebuild.insert].statement {
            let (one, why) = fill(rebuild, insert, (before, after), &mut renames);
            fills.push(one);
            reasons.extend(why.into_iter().map(|why| (Some(rebuild.insert), why)));
        }
    }
    let mut done = changed((before, after), &renames, &fills);
    done.reasons.splice(0..0, reasons);
    done
}

fn changed((before, after): (&State, &State), renames: &Renames, fills: &[Fill]) -> Done {
    let (actions, reasons) = turn(&before.model, &after.model, renames, fills);
    let was = &before.plan.not_carried;
    // The storage of a virtual table goes with it.
    let is_own = |item: &&NotCarried| item.kind != "shadow table" && item.kind != "internal table";
    let lost = after.plan.not_carried.iter().filter(|item| !was.contains(item)).filter(is_own);
    Done {
        actions,
        reasons: reasons.into_iter().map(|why| (None, why)).collect(),
        events: events(&before.model, &after.model, renames),
        lost: lost.cloned().collect(),
        is_ddl: true,
        ..Done::default()
    }
}

/// A statement by itself.
fn single(step: &Step) -> Done {
    let states = (&*step.before, &*step.after);
    let why = |reason: Reason| Done { reasons: vec![(None, reason)], ..Done::default() };
    let on = |table: &str, runs: Vec<Run>| {
        let target = step.before.model.of_source(table).map(|table| table.name.clone());
        runs.into_iter()
            .map(|run| Action { run, table: target.clone(), makes: None })
            .collect::<Vec<Action>>()
    };
    let statement = match &step.statement {
        Ok(statement) => statement,
        Err(_) if step.before.catalog != step.after.catalog => {
            return changed(states, &Renames::default(), &[]);
        }
        Err(sentence) => return why(format!("it cannot be read ({sentence})")),
    };
    match statement {
        Statement::Transaction => Done::default(),
        Statement::Pragma(_) => Done { remark: Some(left_out(step)), ..Done::default() },
        Statement::Other("ANALYZE" | "REINDEX" | "VACUUM") => {
            Done { remark: Some(left_out(step)), ..Done::default() }
        }
        Statement::Other(words) => why(format!("{words} has no place in the script of a schema")),
        Statement::Temporary => why("what is temporary is not carried".to_owned()),
        Statement::Insert(insert) => match rows::insert(insert, &step.before) {
            Ok(runs) => Done {
                actions: on(&insert.table, runs),
                numbered: rows::given_identity(insert, &step.before),
                ..Done::default()
            },
            Err(reason) => why(reason),
        },
        Statement::Update(update) => match rows::update(update, &step.before) {
            Ok(run) => Done { actions: on(&update.table, vec![run]), ..Done::default() },
            Err(reason) => why(reason),
        },
        Statement::Delete { odd: Some(odd), .. } => why(format!("{odd} is not translated")),
        Statement::Delete { table, alias, filter, .. } => {
            match rows::delete((table, alias.as_deref(), filter.as_ref()), &step.before) {
                Ok(run) => Done { actions: on(table, vec![run]), ..Done::default() },
                Err(reason) => why(reason),
            }
        }
        Statement::CreateTable { from_select: true, name } if step.before.catalog.table(name).is_none() => {
            let mut done = changed(states, &Renames::default(), &[]);
            let why = "the rows of CREATE TABLE … AS SELECT: the table is made without them";
            done.reasons.push((None, why.to_owned()));
            done
        }
        _ => changed(states, &renames(statement, step), &[]),
    }
}

fn left_out(step: &Step) -> String {
    format!("left out: {}", step.piece.sql)
}

fn renames(statement: &Statement, step: &Step) -> Renames {
    let target = |state: &State, table: &str| state.model.of_source(table).map(|table| table.name.clone());
    let column = |state: &State, table: &str, column: &str| {
        let plan = state.plan.tables.iter().find(|plan| plan.source.eq_ignore_ascii_case(table))?;
        let column = plan.columns.iter().find(|plan| plan.source.eq_ignore_ascii_case(column))?;
        Some(column.target.clone())
    };
    let mut renames = Renames::default();
    match statement {
        Statement::RenameTable { table, to } => {
            if let (Some(from), Some(to)) = (target(&step.before, table), target(&step.after, to))
                && from != to
            {
                renames.tables.push((from, to));
            }
        }
        Statement::RenameColumn { table, from, to } => {
            let ends = (column(&step.before, table, from), column(&step.after, table, to));
            if let ((Some(from), Some(to)), Some(table)) = (ends, target(&step.after, table))
                && from != to
            {
                renames.columns.push((table, from, to));
            }
        }
        _ => {}
    }
    renames
}
