//! Keys and indexes: what matters is what they are over, not what a constraint is called.

use super::compare::{Comparison, EXTRA, MISSING, Pair, same_text};
use super::{Mend, Rank, key};
use crate::plan::structure::{Index, Purpose};

pub(super) fn compare(comparison: &mut Comparison<'_>, pair: &Pair<'_>) {
    // What keeps rows apart as EXCLUDE does is compared as a constraint.
    let counts = |index: &&Index| index.purpose != Purpose::Exclusion;
    let mut left: Vec<&Index> = pair.to.indexes.iter().filter(counts).collect();
    let mut lost = Vec::new();
    for index in pair.from.indexes.iter().filter(counts) {
        let found = best(&left, |other| is_same(index, other, pair.loosely), &index.name);
        match found {
            Some(place) => same_keys(comparison, pair, index, left.remove(place)),
            None => lost.push(index),
        }
    }
    for index in lost {
        let serves = |other: &&Index| same_text(&index.definition, &other.definition, pair.loosely);
        // A unique index finds rows as fast as one that is not.
        if !index.unique && pair.to.indexes.iter().any(|other| serves(&other)) {
            continue;
        }
        let has_its_name = |other: &&Index| other.name == index.name && index.purpose == Purpose::Index;
        let namesake = left.iter().position(has_its_name).map(|place| left.remove(place));
        match namesake {
            Some(there) if may_serve(index, there) => other_definition(comparison, pair, index, there),
            _ => missing(comparison, pair, index, namesake),
        }
    }
    for index in left {
        extra(comparison, pair, index);
    }
}

/// The place of one that is meant: of several, the one of that name.
fn best(indexes: &[&Index], is_meant: impl Fn(&Index) -> bool, name: &str) -> Option<usize> {
    let named = indexes.iter().position(|index| is_meant(index) && index.name == name);
    named.or_else(|| indexes.iter().position(|index| is_meant(index)))
}

fn is_same(one: &Index, other: &Index, loosely: bool) -> bool {
    one.unique == other.unique && same_text(&one.definition, &other.definition, loosely)
}

/// Whether `there` may be `index` in the words of another writer. It is another one over other columns, over fewer rows, or
/// where it no longer keeps rows apart; what stands in an expression or a predicate nobody knows so easily.
fn may_serve(index: &Index, there: &Index) -> bool {
    let (columns, is_partial) = key::of(&index.definition);
    let (columns_there, is_partial_there) = key::of(&there.definition);
    columns == columns_there && (is_partial || !is_partial_there) && (there.unique || !index.unique)
}

fn kind(index: &Index) -> &'static str {
    match index.purpose {
        Purpose::PrimaryKey => "primary key",
        Purpose::Unique => "unique",
        Purpose::Index | Purpose::Exclusion => "index",
    }
}

fn object(pair: &Pair<'_>, index: &Index) -> String {
    match index.purpose {
        Purpose::PrimaryKey => pair.to.name.clone(),
        _ => format!("{}: {}", pair.to.name, index.name),
    }
}

/// One that both sides have.
fn same_keys(comparison: &mut Comparison<'_>, pair: &Pair<'_>, index: &Index, there: &Index) {
    let is_key = index.purpose == Purpose::PrimaryKey;
    if is_key && there.purpose != Purpose::PrimaryKey {
        let message = "is a unique index only in the target";
        let mend = Mend::Nothing(format!(
            "ALTER TABLE … ADD PRIMARY KEY USING INDEX {} makes it one",
            crate::ident::quote(&there.name)
        ));
        comparison.tell(Rank::Differs, "primary key", pair.to.name.clone(), message, mend);
    }
    if index.deferrable != there.deferrable {
        let when = |index: &Index| if index.deferrable { "may be deferred" } else { "is checked at once" };
        let message = format!("{} in the target, and {} in the source", when(there), when(index));
        let mend = Mend::Nothing("when a key is checked is not added but changed".to_owned());
        comparison.tell(Rank::Differs, kind(index), object(pair, index), message, mend);
    }
    let are_plain = index.purpose == Purpose::Index && there.purpose == Purpose::Index;
    if are_plain && index.name != there.name {
        let message = format!("is called \"{}\" in the target", there.name);
        let mend = Mend::Nothing("a name is not added but changed: ALTER INDEX … RENAME".to_owned());
        comparison.tell(Rank::Differs, "index", object(pair, index), message, mend);
    }
}

fn described(index: &Index) -> String {
    let is_said = index.unique && index.purpose == Purpose::Index;
    format!("{}{}", if is_said { "UNIQUE " } else { "" }, index.definition)
}

fn other_definition(comparison: &mut Comparison<'_>, pair: &Pair<'_>, index: &Index, there: &Index) {
    let message = format!("is {} in the target, and {} in the source", described(there), described(index));
    let mend = Mend::Nothing("its name is taken by another index, which is not dropped".to_owned());
    comparison.tell(Rank::Differs, "index", object(pair, index), message, mend);
}

fn missing(comparison: &mut Comparison<'_>, pair: &Pair<'_>, index: &Index, namesake: Option<&Index>) {
    let rank = if index.unique { Rank::WouldLose } else { Rank::WouldSlow };
    let mut message = format!("{MISSING}: {}", described(index));
    if let Some(there) = namesake {
        message += &format!("; the one of its name there is {}", described(there));
    }
    let has_key = pair.to.indexes.iter().any(|other| other.purpose == Purpose::PrimaryKey);
    let mend = match index.purpose == Purpose::PrimaryKey && has_key {
        true => Mend::Nothing("the target has another primary key, which is not dropped".to_owned()),
        false => Mend::Index(pair.to.name.clone(), index.clone()),
    };
    comparison.tell(rank, kind(index), object(pair, index), message, mend);
}

fn extra(comparison: &mut Comparison<'_>, pair: &Pair<'_>, index: &Index) {
    let (rank, message) = match index.unique {
        true => {
            (Rank::WouldFail, format!("{EXTRA}, and refuses rows that are equal in it: {}", index.definition))
        }
        false => (Rank::Differs, format!("{EXTRA}: {}", index.definition)),
    };
    let place = (Some(pair.to.name.as_str()), index.name.as_str());
    comparison.tell_extra(rank, kind(index), place, object(pair, index), &message);
}
