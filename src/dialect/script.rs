//! Whole scripts: each statement's translation at its place, with the comments that stood before it.

use super::done::{Done, done};
use super::later::{Event, conditions};
use super::turn::Action;
use super::{Source, State, Step, insert};
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
                let action = Action::on(&table, insert::past_given(&state.model.schema, &table, &column));
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
