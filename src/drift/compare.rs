//! The comparison as a story: names, tables with what belongs to them, views.

use super::casts::without_text_casts;
use super::pair::Renames;
use super::{Drift, Found, Mend, Rank, Sides, columns, constraints, indexes, words};
use crate::finding::NotCarried;
use crate::plan::structure::{Structure, Table, View};

/// What is found while two sides are compared, in the target's names.
pub(super) struct Comparison<'a> {
    pub sides: &'a Sides<'a>,
    pub drifts: Vec<Drift>,
    pub remarks: Vec<String>,
    not_carried: Vec<NotCarried>,
}

/// One table on both sides.
pub(super) struct Pair<'a> {
    pub from: &'a Table,
    pub to: &'a Table,
    /// expressions are compared by their words: types differ, or writers do
    pub loosely: bool,
}

/// Compares both sides.
pub fn compare(sides: &Sides<'_>) -> Found {
    let (renames, drifts) = Renames::find(sides.from, sides.to);
    let from = renames.apply(sides.from);
    // What is known is told in the SQLite side's names; where that is the target, they are the target's already.
    let place = |key: &(String, String)| renames.place(key);
    let placed = Sides {
        from: &from,
        to: sides.to,
        dialects: sides.dialects,
        fitting: sides.fitting.iter().map(place).collect(),
        misfits: sides.misfits.iter().map(|(key, finding)| (place(key), finding.clone())).collect(),
        not_carried: Vec::new(),
        loosely: sides.loosely,
    };
    let not_carried = sides.not_carried.iter().map(|item| NotCarried {
        table: item.table.as_ref().map(|table| renames.place_of_table(table)),
        ..item.clone()
    });
    let not_carried = not_carried.collect();
    let mut comparison = Comparison { sides: &placed, drifts, remarks: Vec::new(), not_carried };
    comparison.tables(&from, sides.to);
    comparison.views(&from, sides.to);
    let Comparison { mut drifts, remarks, .. } = comparison;
    drifts.sort_by(|one, other| {
        (one.rank, &one.object, one.kind).cmp(&(other.rank, &other.object, other.kind))
    });
    Found { drifts, remarks }
}

impl Comparison<'_> {
    fn tables(&mut self, from: &Structure, to: &Structure) {
        for table in &from.tables {
            match to.table(&table.name) {
                Some(there) => self.table(table, there),
                None => {
                    let partitioned = "it is partitioned: schema show has the statements that make it";
                    let mend = match table.partition_key {
                        Some(_) => Mend::Nothing(partitioned.to_owned()),
                        None => unless_taken(to, &table.name, Mend::Table(table.clone())),
                    };
                    self.tell(Rank::WouldFail, "table", table.name.clone(), MISSING, mend);
                }
            }
        }
        for table in to.tables.iter().filter(|table| from.table(&table.name).is_none()) {
            self.tell(Rank::Differs, "table", table.name.clone(), EXTRA, keeps());
        }
    }

    fn table(&mut self, from: &Table, to: &Table) {
        let differs_in_type = from
            .columns
            .iter()
            .any(|column| to.column(&column.name).is_some_and(|other| other.type_text != column.type_text));
        let pair = Pair { from, to, loosely: self.sides.loosely || differs_in_type };
        let keys = [&from.partition_key, &to.partition_key].map(|key| key.as_deref().map(words::loose));
        if keys[0] != keys[1] {
            let shown = |key: &Option<String>| key.clone().unwrap_or_else(|| "nothing".to_owned());
            let message = format!(
                "is partitioned by {} in the target, and by {} in the source",
                shown(&to.partition_key),
                shown(&from.partition_key)
            );
            let mend = Mend::Nothing("a table is not partitioned afterwards".to_owned());
            self.tell(Rank::Differs, "table", to.name.clone(), message, mend);
        }
        columns::compare(self, &pair);
        indexes::compare(self, &pair);
        constraints::checks(self, &pair);
        constraints::foreign_keys(self, &pair);
    }

    fn views(&mut self, from: &Structure, to: &Structure) {
        let is_other = |one: &View, other: &View| {
            one.is_stored != other.is_stored || !same_query(&one.query, &other.query, self.sides.loosely)
        };
        let mut found = Vec::new();
        for view in &from.views {
            match to.views.iter().find(|other| other.name == view.name) {
                None => found.push((
                    Rank::WouldFail,
                    view,
                    MISSING,
                    unless_taken(to, &view.name, Mend::View(view.clone())),
                )),
                Some(other) if is_other(view, other) => {
                    let mend = "a view is changed by CREATE OR REPLACE VIEW, which may take columns away";
                    found.push((
                        Rank::Differs,
                        view,
                        if self.sides.loosely { OTHER_WORDS } else { "has another query" },
                        Mend::Nothing(mend.to_owned()),
                    ));
                }
                Some(_) => {}
            }
        }
        for (rank, view, message, mend) in found {
            self.tell(rank, "view", view.name.clone(), message, mend);
        }
        for view in to.views.iter().filter(|view| !from.views.iter().any(|one| one.name == view.name)) {
            self.tell_extra(Rank::Differs, "view", (None, &view.name), view.name.clone(), EXTRA);
        }
    }

    pub(super) fn tell(
        &mut self,
        rank: Rank,
        kind: &'static str,
        object: String,
        message: impl Into<String>,
        mend: Mend,
    ) {
        self.drifts.push(Drift { rank, kind, object, message: message.into(), mend });
    }

    /// Something that the target alone has. Where the plan does not carry something of that kind, it may be just that,
    /// made by hand: it is a remark then.
    pub(super) fn tell_extra(
        &mut self,
        rank: Rank,
        kind: &'static str,
        (table, name): (Option<&str>, &str),
        object: String,
        message: &str,
    ) {
        if self.is_not_carried(kind, table, name) {
            self.remarks.push(format!(
                "{kind} {object} is not compared: the source has one that is not carried (see schema show)"
            ));
            return;
        }
        self.tell(rank, kind, object, message, keeps());
    }

    /// Whether something of that kind is not carried: by its name where it has one of its own in the source, else by its
    /// table.
    fn is_not_carried(&self, kind: &str, table: Option<&str>, name: &str) -> bool {
        let by_name = ["view", "index", "default", "generated column", "column"].contains(&kind);
        self.not_carried.iter().any(|item| {
            item.kind == kind
                && item.table.as_deref().is_none_or(|of| table.is_none_or(|table| of == table))
                && (!by_name || item.name.eq_ignore_ascii_case(name))
        })
    }
}

/// Whether two expressions are the same.
pub(super) fn same_text(one: &str, other: &str, loosely: bool) -> bool {
    let read = |sql: &str| match loosely {
        true => words::loose(sql),
        false => without_text_casts(words::exact(sql)),
    };
    words::with_flags(read(one)) == words::with_flags(read(other))
}

/// [`same_text`] for queries, in which a table may be called by its own name a second time.
fn same_query(one: &str, other: &str, loosely: bool) -> bool {
    let read =
        |sql: &str| words::without_own_names(if loosely { words::loose(sql) } else { words::exact(sql) });
    words::with_flags(read(one)) == words::with_flags(read(other))
}

/// What the target does not have.
pub(super) const MISSING: &str = "is missing in the target";
/// A view by another writer: nobody compares what two queries mean by their words.
const OTHER_WORDS: &str = "reads otherwise in the target; whether it means the same is not compared";
/// What the source does not have.
pub(super) const EXTRA: &str = "is in the target only";

/// A relation that something of another kind has the name of cannot be made.
fn unless_taken(to: &Structure, name: &str, mend: Mend) -> Mend {
    match to.taken_names.iter().any(|taken| taken == name) {
        true => {
            Mend::Nothing("its name is taken by something of another kind, which is not dropped".to_owned())
        }
        false => mend,
    }
}

/// What is there is kept.
pub(super) fn keeps() -> Mend {
    Mend::Nothing("what the target alone has is not dropped".to_owned())
}
