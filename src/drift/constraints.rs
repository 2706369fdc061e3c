//! CHECKs and foreign keys: their names do not matter.

use super::compare::{Comparison, EXTRA, MISSING, Pair, same_text};
use super::{Mend, Rank};
use crate::plan::structure::{Check, ForeignKey};

pub(super) fn checks(comparison: &mut Comparison<'_>, pair: &Pair<'_>) {
    let mut left: Vec<&Check> = pair.to.checks.iter().collect();
    let mut lost = Vec::new();
    for check in &pair.from.checks {
        let is_same = |other: &&Check| same_text(&check.definition, &other.definition, pair.loosely);
        match left.iter().position(is_same) {
            Some(place) => {
                let there = left.remove(place);
                validity(comparison, pair, "check", (&there.name, check.validated, there.validated));
            }
            None => lost.push(check),
        }
    }
    for check in lost {
        let object = format!("{}: {}", pair.to.name, check.name);
        match left.iter().position(|other| other.name == check.name) {
            Some(place) => {
                let there = left.remove(place);
                let message =
                    format!("is {} in the target, and {} in the source", there.definition, check.definition);
                let mend = "its name is taken by another CHECK, which is not dropped";
                comparison.tell(Rank::Differs, "check", object, message, Mend::Nothing(mend.to_owned()));
            }
            None => {
                let mend = Mend::Check(pair.to.name.clone(), check.clone());
                let message = format!("{MISSING}: {}", check.definition);
                comparison.tell(Rank::WouldLose, "check", object, message, mend);
            }
        }
    }
    for check in left {
        let object = format!("{}: {}", pair.to.name, check.name);
        let message = format!("{EXTRA}, and refuses rows that the source takes: {}", check.definition);
        let place = (Some(pair.to.name.as_str()), check.name.as_str());
        comparison.tell_extra(Rank::WouldFail, "check", place, object, &message);
    }
}

pub(super) fn foreign_keys(comparison: &mut Comparison<'_>, pair: &Pair<'_>) {
    let mut left: Vec<&ForeignKey> = pair.to.foreign_keys.iter().collect();
    for key in &pair.from.foreign_keys {
        let joins_same = |other: &&ForeignKey| {
            let parent = |key: &ForeignKey| (key.parent_schema.clone(), key.parent.clone());
            columns(key) == columns(other) && parent(key) == parent(other)
        };
        let exact = left.iter().position(|other| joins_same(other) && key.rules == other.rules);
        let found = exact.or_else(|| left.iter().position(joins_same));
        let object = format!("{}: {}", pair.to.name, key.name);
        let Some(place) = found else {
            let mend = Mend::ForeignKey(pair.to.name.clone(), key.clone());
            let message = format!("{MISSING}: {}", definition(key));
            comparison.tell(Rank::WouldLose, "foreign key", object, message, mend);
            continue;
        };
        let there = left.remove(place);
        if key.rules != there.rules {
            let shown = |rules: &str| if rules.is_empty() { "no rule".to_owned() } else { rules.to_owned() };
            let message =
                format!("has {} in the target, and {} in the source", shown(&there.rules), shown(&key.rules));
            let mend = "what a foreign key does is not added but changed";
            comparison.tell(Rank::Differs, "foreign key", object, message, Mend::Nothing(mend.to_owned()));
        }
        validity(comparison, pair, "foreign key", (&there.name, key.validated, there.validated));
        if key.switched_off.is_empty() && !there.switched_off.is_empty() {
            let object = format!("{}: {}", pair.to.name, there.name);
            let message = "refuses nothing in the target: its triggers are switched off";
            let mend = Mend::SwitchOn(there.switched_off.clone());
            comparison.tell(Rank::WouldLose, "foreign key", object, message, mend);
        }
    }
    for key in left {
        let object = format!("{}: {}", pair.to.name, key.name);
        let message = format!("{EXTRA}, and refuses rows without a parent: {}", definition(key));
        let place = (Some(pair.to.name.as_str()), key.name.as_str());
        comparison.tell_extra(Rank::WouldFail, "foreign key", place, object, &message);
    }
}

/// Pairs of child and parent columns, whatever order they are named in.
fn columns(key: &ForeignKey) -> Vec<(&String, &String)> {
    let mut pairs: Vec<_> = key.columns.iter().zip(&key.parent_columns).collect();
    pairs.sort();
    pairs
}

fn definition(key: &ForeignKey) -> String {
    format!("({}) refers to {} ({})", key.columns.join(", "), key.parent, key.parent_columns.join(", "))
}

fn validity(
    comparison: &mut Comparison<'_>,
    pair: &Pair<'_>,
    kind: &'static str,
    (name, is_valid, is_there): (&str, bool, bool),
) {
    if is_valid && !is_there {
        let object = format!("{}: {name}", pair.to.name);
        let message = "is NOT VALID in the target: rows that were there before it may be against it";
        let mend = Mend::Validate(pair.to.name.clone(), name.to_owned());
        comparison.tell(Rank::Differs, kind, object, message, mend);
    }
}
