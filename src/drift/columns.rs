//! Columns: type, NOT NULL, default, where numbers come from.

use super::compare::{Comparison, EXTRA, MISSING, Pair, same_text};
use super::default;
use super::types::{Holds, holds};
use super::{Dialect, Mend, Rank};
use crate::plan::structure::Column;

pub(super) fn compare(comparison: &mut Comparison<'_>, pair: &Pair<'_>) {
    let table = &pair.to.name;
    for column in &pair.from.columns {
        let object = format!("{table}.{}", column.name);
        match pair.to.column(&column.name) {
            None => {
                let mend = Mend::Column(table.clone(), column.clone());
                comparison.tell(Rank::WouldFail, "column", object, MISSING, mend);
            }
            Some(there) => of_both(comparison, pair, (column, there), &object),
        }
    }
    for column in pair.to.columns.iter().filter(|column| pair.from.column(&column.name).is_none()) {
        let object = format!("{table}.{}", column.name);
        let gets_nothing = default::is_nothing(column) && !column.takes_numbers && column.generated.is_none();
        let (rank, message) = match column.not_null && gets_nothing {
            true => (
                Rank::WouldFail,
                "is in the target only, NOT NULL and without a default: rows that do not name it are refused",
            ),
            false => (Rank::Differs, EXTRA),
        };
        comparison.tell_extra(rank, "column", (Some(table), &column.name), object, message);
    }
}

fn of_both(
    comparison: &mut Comparison<'_>,
    pair: &Pair<'_>,
    (column, there): (&Column, &Column),
    object: &str,
) {
    of_type(comparison, pair, (column, there), object);
    of_null(comparison, pair, (column, there), object);
    of_default(comparison, pair, (column, there), object);
    of_generation(comparison, pair, (column, there), object);
    if column.collation != there.collation {
        let name = |column: &Column| column.collation.clone().unwrap_or_else(|| "its type's own".to_owned());
        let message =
            format!("is sorted by {} in the source and by {} in the target", name(column), name(there));
        comparison.tell(Rank::Differs, "collation", object.to_owned(), message, change("its collation"));
    }
}

fn change(what: &str) -> Mend {
    Mend::Nothing(format!("{what} is not added but changed: ALTER TABLE … ALTER COLUMN …"))
}

fn of_type(
    comparison: &mut Comparison<'_>,
    pair: &Pair<'_>,
    (column, there): (&Column, &Column),
    object: &str,
) {
    let key = (pair.to.name.clone(), column.name.clone());
    let held = holds(column, there);
    if held == Holds::Same || comparison.sides.fitting.contains(&key) {
        return;
    }
    let misfit = comparison.sides.misfits.get(&key).map(|finding| finding.message.clone());
    let (is, was) = (&there.type_text, &column.type_text);
    let mut message = format!("is {is} in the target, and {was} in the source");
    let rank = match (comparison.sides.dialects, misfit) {
        ((Dialect::Sqlite, Dialect::Postgres), Some(why)) => {
            let is_rounded = held == Holds::Rounded || why.contains("round");
            message = format!("is {is} in the target: {why}");
            if is_rounded { Rank::WouldLose } else { Rank::WouldFail }
        }
        // A column without a value: what it is meant for decides, and a narrower type may be meant just so.
        ((Dialect::Sqlite, Dialect::Postgres), None) => match held {
            Holds::None => Rank::WouldFail,
            _ => return,
        },
        // SQLite takes any value in any column, but may make a number of a text.
        ((Dialect::Postgres, Dialect::Sqlite), _) => match held {
            Holds::None => Rank::Differs,
            _ => return,
        },
        ((Dialect::Sqlite, Dialect::Sqlite), _) => match held {
            Holds::All => Rank::Differs,
            _ => Rank::WouldLose,
        },
        ((Dialect::Postgres, Dialect::Postgres), _) => match held {
            Holds::Same | Holds::All => Rank::Differs,
            Holds::Rounded => Rank::WouldLose,
            Holds::Some | Holds::None => Rank::WouldFail,
        },
    };
    comparison.tell(rank, "type", object.to_owned(), message, change("a type"));
}

fn of_null(
    comparison: &mut Comparison<'_>,
    pair: &Pair<'_>,
    (column, there): (&Column, &Column),
    object: &str,
) {
    let (rank, message, mend) = match (column.not_null, there.not_null) {
        (true, false) => (
            Rank::WouldLose,
            "is NOT NULL in the source, and takes NULL in the target",
            Mend::NotNull(pair.to.name.clone(), column.name.clone()),
        ),
        (false, true) => (
            Rank::WouldFail,
            "is NOT NULL in the target alone: rows that leave it NULL are refused",
            Mend::Nothing("NOT NULL is not dropped".to_owned()),
        ),
        _ => return,
    };
    comparison.tell(rank, "not null", object.to_owned(), message, mend);
}

fn of_default(
    comparison: &mut Comparison<'_>,
    pair: &Pair<'_>,
    (column, there): (&Column, &Column),
    object: &str,
) {
    let table = pair.to.name.clone();
    match (column.takes_numbers, there.takes_numbers) {
        (true, true) => return,
        (true, false) => {
            let message = "takes numbers by itself in the source, and none in the target: rows that leave it out are refused";
            let mend = Mend::Numbers(table, column.clone());
            comparison.tell(Rank::WouldFail, "default", object.to_owned(), message, mend);
            return;
        }
        (false, true) => {
            let message = "takes numbers by itself in the target alone";
            comparison.tell(Rank::Differs, "default", object.to_owned(), message, change("a default"));
            return;
        }
        (false, false) => {}
    }
    if there.generated.is_some() || column.generated.is_some() || default::is_same(column, there) {
        return;
    }
    let shown = |column: &Column| column.default.clone().unwrap_or_else(|| "NULL".to_owned());
    let mend = || Mend::Default(table.clone(), column.clone());
    if default::is_nothing(there) {
        let rank = if there.not_null { Rank::WouldFail } else { Rank::WouldLose };
        let message = format!("has no default in the target, and {} in the source", shown(column));
        comparison.tell(rank, "default", object.to_owned(), message, mend());
    } else if default::is_nothing(column) {
        let message = "has a default in the target alone";
        comparison.tell_extra(
            Rank::Differs,
            "default",
            (Some(&table), &column.name),
            object.to_owned(),
            message,
        );
    } else {
        let message =
            format!("has the default {} in the target, and {} in the source", shown(there), shown(column));
        comparison.tell(Rank::Differs, "default", object.to_owned(), message, mend());
    }
}

fn of_generation(
    comparison: &mut Comparison<'_>,
    pair: &Pair<'_>,
    (column, there): (&Column, &Column),
    object: &str,
) {
    let place = (Some(pair.to.name.as_str()), column.name.as_str());
    match (&column.generated, &there.generated) {
        (Some(one), Some(other)) if !same_text(one, other, pair.loosely) => {
            let message = "is computed otherwise";
            comparison.tell(Rank::WouldLose, "generated column", object.to_owned(), message, change("it"));
        }
        (Some(_), None) => {
            let message = "is computed in the source, and not in the target";
            comparison.tell(Rank::WouldLose, "generated column", object.to_owned(), message, change("it"));
        }
        (None, Some(_)) => {
            let message = "is computed in the target: statements that give it a value are refused";
            comparison.tell_extra(Rank::WouldFail, "generated column", place, object.to_owned(), message);
        }
        _ => {}
    }
}
