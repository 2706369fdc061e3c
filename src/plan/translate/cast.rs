//! CAST: by the affinity of the type that is named.

use super::compare::flag_as_integer;
use super::held;
use super::literal::{self, Constant};
use super::term::{Binding, Kind, Made, Term};
use crate::catalog::affinity::Affinity;
use crate::plan::types::PgType;

/// `CAST(term AS declared)`. What it is compared by stays: a CAST keeps a column's collation.
pub(super) fn cast(term: Term, declared: &str) -> Made {
    let affinity = Affinity::of(declared, false);
    let collation = term.collation.clone();
    let is_text = |term: &Term| term.text_constant().is_some_and(|text| !text.is_empty());
    let term = match &term.constant {
        _ if term.kind == Kind::Null => Term::constant(Constant::Null)?,
        Some(constant) => {
            let made = Term::computed(&[&term], of_constant(constant.clone(), affinity)?)?;
            if is_text(&term) && affinity == Affinity::Blob { made.of_encoding() } else { made }
        }
        None => of_value(held::plain(term)?, affinity)?,
    };
    // The number that a text would be is not asked for again: it is the class that was named.
    Ok(Term { affinity: Some(affinity), collation, ..term })
}

fn of_constant(constant: Constant, affinity: Affinity) -> Result<Constant, super::Reason> {
    let number = |constant: Constant| match constant {
        Constant::Text(text) => Ok(literal::prefix(&text)),
        Constant::Blob(_) => Err("a BLOB as a number".to_owned()),
        number => Ok(number),
    };
    match affinity {
        Affinity::Text => match constant {
            Constant::Blob(_) => Err("a BLOB as a text".to_owned()),
            other => literal::stored(other, Affinity::Text),
        },
        Affinity::Blob => match constant {
            Constant::Text(text) => Ok(Constant::Blob(text.into_bytes())),
            Constant::Blob(bytes) => Ok(Constant::Blob(bytes)),
            _ => Err("a number as a BLOB".to_owned()),
        },
        Affinity::Integer => match constant {
            Constant::Text(text) => Ok(Constant::Integer(literal::integer_prefix(&text))),
            other => number(other).map(truncated),
        },
        Affinity::Real => number(constant).map(|number| match number {
            Constant::Integer(value) => Constant::Real(value as f64),
            other => other,
        }),
        Affinity::Numeric => match constant {
            Constant::Text(text) => literal::stored(literal::prefix(&text), Affinity::Numeric),
            Constant::Blob(_) => Err("a BLOB as a number".to_owned()),
            number => Ok(number),
        },
    }
}

/// Towards zero, and the last integer there is beyond it.
fn truncated(number: Constant) -> Constant {
    match number {
        Constant::Real(real) => Constant::Integer(real as i64),
        other => other,
    }
}

fn of_value(term: Term, affinity: Affinity) -> Made {
    match affinity {
        Affinity::Text => term.as_text(),
        Affinity::Integer => to_integer(term),
        Affinity::Real => to_real(term),
        Affinity::Numeric => to_numeric(term),
        Affinity::Blob => match term.kind {
            Kind::Blob => Ok(term),
            _ => Err(format!("{} as a BLOB", term.kind.word())),
        },
    }
}

fn to_integer(term: Term) -> Made {
    match term.kind {
        Kind::Flag => Ok(flag_as_integer(&term)),
        Kind::Integer(_) => Ok(term),
        _ if !term.of_row => Err("a constant that is computed, as an INTEGER".to_owned()),
        Kind::Real | Kind::Double | Kind::Number => {
            let (max, min) = (i64::MAX, "(-9223372036854775808)");
            let x = term.at(Binding::Operator);
            let sql = format!(
                "CASE WHEN {x} >= 9223372036854775807 THEN {max} WHEN {x} <= {min} THEN {min}::pg_catalog.int8 \
                 ELSE pg_catalog.trunc({})::pg_catalog.int8 END",
                term.sql
            );
            Ok(Term::of(&[&term], sql, Binding::Operator, Kind::Integer(PgType::Int8)))
        }
        _ => Err(format!("{} as an INTEGER, which SQLite reads from its beginning", term.kind.word())),
    }
}

fn to_real(term: Term) -> Made {
    let sql = match term.kind {
        Kind::Real => return Ok(term),
        Kind::Double => term.sql.clone(),
        Kind::Integer(_) | Kind::Number => term.cast("float8"),
        Kind::Flag => format!("{}::pg_catalog.float8", term.cast("int4")),
        _ => return Err(format!("{} as a REAL, which SQLite reads from its beginning", term.kind.word())),
    };
    Ok(Term::of(&[&term], sql, term.binding, Kind::Real))
}

/// What is a number stays what it is.
fn to_numeric(term: Term) -> Made {
    match term.kind {
        // Of a column the value tells the class; of anything else it does not, and the affinity would say that it does.
        Kind::Double | Kind::Number if term.affinity.is_none() => {
            Err(format!("{} as a number", term.kind.word()))
        }
        Kind::Flag | Kind::Integer(_) | Kind::Real | Kind::Double | Kind::Number => Ok(term),
        _ => Err(format!("{} as a number, which SQLite reads from its beginning", term.kind.word())),
    }
}
