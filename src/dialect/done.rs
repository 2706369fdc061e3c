//! What each statement of a script does: by itself, or together with those that it belongs to.

use super::fill::{Fill, fill};
use super::guard::Run;
use super::later::{Event, events};
use super::rebuild::{Group, Rebuild, groups};
use super::turn::{Action, Renames, turn};
use super::{Reason, State, Step, insert, rows, sequence};
use crate::catalog::script::Statement;
use crate::finding::NotCarried;

/// What one place of a script does.
#[derive(Default)]
pub(super) struct Done {
    pub actions: Vec<Action>,
    /// why something is not done, and the place of the statement that asks for it where that is another one
    pub reasons: Vec<(Option<usize>, Reason)>,
    pub events: Vec<Event>,
    /// what is not carried from here on
    pub lost: Vec<NotCarried>,
    /// a remark without consequence
    pub remark: Option<String>,
    /// an identity that got numbers: table and column
    pub numbered: Option<(String, String)>,
    /// a change of the schema
    pub is_ddl: bool,
}

/// What each statement does, each group at its last one.
pub(super) fn done(steps: &[Step]) -> Vec<Done> {
    let groups = groups(steps);
    let mut all = Vec::new();
    for (place, step) in steps.iter().enumerate() {
        let group = groups.iter().find(|group| group.places.contains(&place));
        all.push(match group {
            Some(group) if *group.places.end() == place => rebuilt(steps, group),
            Some(group) if is_member(step, place, group) => within(step, place, group),
            _ if let Some(reason) = moved_key(&steps[..place], step) => {
                Done { reasons: vec![(None, reason)], ..Done::default() }
            }
            _ => single(step),
        });
    }
    all
}

/// An UPDATE gives a key another value, and the same script has inserted rows by that key: the second time, they would
/// be inserted once more beside those that have the other value.
fn moved_key(earlier: &[Step], step: &Step) -> Option<Reason> {
    let Ok(Statement::Update(update)) = &step.statement else { return None };
    let ends = rows::ends(&step.before, &update.table).ok()?;
    let target = |name: &String| Some(ends.column(name).ok()??.1.target.clone());
    let moved: Vec<String> = update.sets.iter().filter_map(|(name, _)| target(name)).collect();
    let is_by_it = |step: &Step| {
        let Ok(Statement::Insert(insert)) = &step.statement else { return false };
        let given: Option<Vec<String>> =
            insert.columns.as_ref().map(|names| names.iter().filter_map(target).collect());
        let is_given = |key: &Vec<String>| {
            given.as_ref().is_none_or(|given| key.iter().all(|column| given.contains(column)))
        };
        // The first key that is given is that of ON CONFLICT.
        let key = ends.model.keys().map(|(_, key)| key).find(is_given);
        insert.table.eq_ignore_ascii_case(&update.table)
            && key.is_some_and(|key| key.iter().any(|column| moved.contains(column)))
    };
    let why =
        "it changes a key by which this script has inserted rows, which would be twice there the second time";
    earlier.iter().any(is_by_it).then(|| why.to_owned())
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
            .map(|run| Action { run, table: target.clone(), reads: None, makes: None })
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
        Statement::CreateTable { .. } if statement.is_internal() => {
            Done { remark: Some(left_out(step)), ..Done::default() }
        }
        Statement::Delete { table, filter: None, .. } if sequence::is_table(table) => {
            Done { remark: Some(left_out(step)), ..Done::default() }
        }
        Statement::Insert(one) if sequence::is_table(&one.table) => {
            match sequence::advance(one, &step.before) {
                Ok(actions) => Done { actions, ..Done::default() },
                Err(reason) => why(reason),
            }
        }
        Statement::Insert(one) => match insert::insert(one, &step.before) {
            Ok(runs) => Done {
                actions: on(&one.table, runs),
                numbered: insert::given_identity(one, &step.before),
                ..Done::default()
            },
            Err(reason) => why(reason),
        },
        Statement::Update(update) => match rows::update(update, &step.before) {
            Ok(run) => {
                let mut actions = on(&update.table, vec![run]);
                let other = update.from.as_ref().and_then(|(name, _)| step.before.model.of_source(name));
                actions.iter_mut().for_each(|action| action.reads = other.map(|other| other.name.clone()));
                Done { actions, ..Done::default() }
            }
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
