//! Calls: which functions of SQLite have a counterpart, and where it is.

use super::term::{Binding, Kind, Made, Term};
use super::{Reason, Room, case, dates, made, numbers, texts};
use crate::catalog::expr::Call;

/// A function over one row's values.
pub(super) fn call(room: &Room<'_>, call: &Call) -> Made {
    let name = call.name.as_str();
    if let Some(why) = refused(name) {
        return Err(format!("{name}(), {why}"));
    }
    if dates::is_date_function(name) {
        return dates::call(room, name, &call.arguments);
    }
    let arguments: Vec<Term> = call.arguments.iter().map(|one| made(room, one)).collect::<Result<_, _>>()?;
    let term = match name {
        "coalesce" | "ifnull" => case::coalesce(arguments)?,
        "nullif" => case::nullif(arguments)?,
        "iif" | "if" => case::iif(arguments)?,
        "likely" | "unlikely" | "likelihood" => return first(arguments, name),
        "typeof" => type_of(only(arguments, name)?)?,
        "json_valid" => json_valid(only(arguments, name)?)?,
        _ => match texts::call(name, &arguments).or_else(|| numbers::call(name, &arguments)) {
            Some(made) => made?,
            None => return Err(format!("{name}(), which is not translated")),
        },
    };
    Ok(Term { affinity: None, ..term })
}

/// What gives another value each time, or is not known to SQLite itself.
fn refused(name: &str) -> Option<&'static str> {
    match name {
        "random" | "randomblob" => Some("which gives another value each time"),
        "changes" | "total_changes" | "last_insert_rowid" => Some("which speaks of the connection"),
        "printf" | "format" | "quote" => Some("whose text depends on SQLite's version"),
        _ => None,
    }
}

/// The only argument.
pub(super) fn only(arguments: Vec<Term>, name: &str) -> Made {
    match <[Term; 1]>::try_from(arguments) {
        Ok([one]) => Ok(one),
        Err(_) => Err(wrong_arguments(name)),
    }
}

/// The first argument.
fn first(arguments: Vec<Term>, name: &str) -> Made {
    arguments.into_iter().next().ok_or_else(|| wrong_arguments(name))
}

/// A call that SQLite would refuse, too.
pub(super) fn wrong_arguments(name: &str) -> Reason {
    format!("{name}() with these arguments")
}

/// typeof(), where the column's type decides.
fn type_of(term: Term) -> Made {
    let word = match class_word(&term.kind) {
        Some(word) => word,
        None => class_word(&super::held::plain(term.clone())?.kind)
            .ok_or("typeof() of a column that holds more than one class")?,
    };
    if !term.nullable || term.kind == Kind::Null {
        return Term::constant(super::Constant::Text(word.to_owned()));
    }
    let sql = format!("CASE WHEN {} IS NULL THEN 'null' ELSE '{word}' END", term.at(Binding::Operator));
    Ok(Term { nullable: false, ..Term::of(&[&term], sql, Binding::Operator, Kind::Text) })
}

fn class_word(kind: &Kind) -> Option<&'static str> {
    match kind {
        Kind::Null => Some("null"),
        Kind::Flag | Kind::Integer(_) => Some("integer"),
        Kind::Real => Some("real"),
        Kind::Text => Some("text"),
        Kind::Blob => Some("blob"),
        Kind::Double | Kind::Number | Kind::Held(_) | Kind::Mixed(_) => None,
    }
}

/// json_valid() of a column that became `json` or `jsonb`: nothing else is in it.
fn json_valid(term: Term) -> Made {
    use crate::plan::types::Codec;
    let codec = term.kind.mapping().codec;
    if !matches!(codec, Codec::Json | Codec::Jsonb) {
        return Err("json_valid() of what is not a JSON column in the target".to_owned());
    }
    let sql = match term.presence() {
        Some(present) => format!("CASE WHEN {present} THEN true END"),
        None => "true".to_owned(),
    };
    Ok(Term::of(&[&term], sql, Binding::Operator, Kind::Flag))
}
