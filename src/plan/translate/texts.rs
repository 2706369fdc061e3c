//! Functions of texts and bytes.

use super::functions::wrong_arguments;
use super::held;
use super::literal::Constant;
use super::term::{Binding, Kind, Made, Term};
use crate::plan::types::PgType;

const LENGTH: Kind = Kind::Integer(PgType::Int4);

/// A function of texts; none where the name is not one of them.
pub(super) fn call(name: &str, arguments: &[Term]) -> Option<Made> {
    Some(match (name, arguments) {
        ("length", [x]) => length(x),
        ("octet_length", [x]) => octet_length(x),
        ("lower", [x]) => folded("lower", x),
        ("upper", [x]) => folded("upper", x),
        ("trim", [x]) => of_texts("btrim", &[x]),
        ("ltrim" | "rtrim", [x]) => of_texts(name, &[x]),
        ("trim", [x, characters]) => of_texts("btrim", &[x, characters]),
        ("ltrim" | "rtrim", [x, characters]) => of_texts(name, &[x, characters]),
        ("replace", [x, from, to]) => replace(x, from, to),
        ("substr" | "substring", [x, start]) => substr(x, start, None),
        ("substr" | "substring", [x, start, count]) => substr(x, start, Some(count)),
        ("instr", [x, y]) => instr(x, y),
        ("hex", [x]) => hex(x),
        ("unicode", [x]) => unicode(x),
        ("char", _) => characters(arguments),
        ("concat", [_, ..]) => concat(arguments),
        (
            "length" | "octet_length" | "lower" | "upper" | "trim" | "ltrim" | "rtrim" | "replace" | "substr"
            | "substring" | "instr" | "hex" | "unicode" | "concat",
            _,
        ) => Err(wrong_arguments(name)),
        _ => return None,
    })
}

fn texts(arguments: &[&Term]) -> Result<Vec<Term>, super::Reason> {
    arguments.iter().map(|term| term.as_text()).collect()
}

/// A function that is the same on both sides, of texts.
fn of_texts(function: &str, arguments: &[&Term]) -> Made {
    let terms = texts(arguments)?;
    if terms.iter().any(|term| term.kind == Kind::Null) {
        return Term::constant(Constant::Null);
    }
    let sql: Vec<&str> = terms.iter().map(|term| term.sql.as_str()).collect();
    let parts: Vec<&Term> = terms.iter().collect();
    Ok(Term::call(&parts, format!("pg_catalog.{function}({})", sql.join(", ")), Kind::Text))
}

/// replace(): where nothing is looked for, the value itself is given, before the replacement is looked at.
fn replace(x: &Term, from: &Term, to: &Term) -> Made {
    match from.text_constant() {
        Some("") => {
            let text = x.as_text()?;
            return Ok(text.as_result(&[&text, from, to]));
        }
        Some(_) => return of_texts("replace", &[x, from, to]),
        None if held::plain(x.clone())?.kind != Kind::Text => {
            return Err("replace() in what is no TEXT, of what is not a constant".to_owned());
        }
        None => {}
    }
    let replaced = of_texts("replace", &[x, from, to])?;
    if !to.nullable {
        return Ok(replaced);
    }
    let (x, from) = (x.as_text()?, from.as_text()?);
    let sql =
        format!("CASE WHEN {} = '' THEN {} ELSE {} END", from.at(Binding::Operator), x.sql, replaced.sql);
    Ok(Term::of(&[&x, &from, to], sql, Binding::Operator, Kind::Text))
}

/// lower() and upper(): letters of ASCII alone.
fn folded(function: &str, x: &Term) -> Made {
    let text = x.as_text()?;
    if let Some(constant) = text.text_constant() {
        let folded =
            if function == "lower" { constant.to_ascii_lowercase() } else { constant.to_ascii_uppercase() };
        return Term::computed(&[&text], Constant::Text(folded));
    }
    if text.kind == Kind::Null {
        return Term::constant(Constant::Null);
    }
    let sql = format!("pg_catalog.{function}({} COLLATE \"C\")", text.at(Binding::Collate));
    Ok(Term::call(&[&text], sql, Kind::Text))
}

/// length(): characters of a text, bytes of a BLOB, characters of a number's text.
fn length(x: &Term) -> Made {
    let x = held::plain(x.clone())?;
    match x.kind {
        Kind::Null => Term::constant(Constant::Null),
        Kind::Blob => Ok(Term::call(&[&x], format!("pg_catalog.octet_length({})", x.sql), LENGTH)),
        _ => {
            let text = x.as_text()?;
            Ok(Term::call(&[&text], format!("pg_catalog.length({})", text.sql), LENGTH))
        }
    }
}

fn octet_length(x: &Term) -> Made {
    let x = held::plain(x.clone())?;
    let is_blob = x.kind == Kind::Blob;
    let bytes = if is_blob { x } else { x.as_text()?.of_encoding() };
    match bytes.kind {
        Kind::Null => Term::constant(Constant::Null),
        _ => Ok(Term::call(&[&bytes], format!("pg_catalog.octet_length({})", bytes.sql), LENGTH)),
    }
}

/// instr(): the same counting from 1, with 0 for "nowhere".
fn instr(x: &Term, y: &Term) -> Made {
    let (x, y) = (x.as_text()?, y.as_text()?);
    if x.kind == Kind::Null || y.kind == Kind::Null {
        return Term::constant(Constant::Null);
    }
    Ok(Term::call(&[&x, &y], format!("pg_catalog.strpos({}, {})", x.sql, y.sql), LENGTH))
}

/// hex(): of NULL it is an empty text.
fn hex(x: &Term) -> Made {
    let x = held::plain(x.clone())?;
    let is_blob = x.kind == Kind::Blob;
    let x = if is_blob { x } else { x.as_text()? };
    if x.kind == Kind::Null {
        return Term::constant(Constant::Text(String::new()));
    }
    let bytes = if is_blob { x.sql.clone() } else { format!("pg_catalog.convert_to({}, 'UTF8')", x.sql) };
    let digits = format!("pg_catalog.upper(pg_catalog.encode({bytes}, 'hex'))");
    let sql = if x.nullable { format!("COALESCE({digits}, '')") } else { digits };
    let term = Term { nullable: false, ..Term::call(&[&x], sql, Kind::Text) };
    // PostgreSQL calls the change of an encoding stable, since encodings can be redefined.
    Ok(if is_blob { term } else { term.stable().of_encoding() })
}

/// unicode(): the first character's number, NULL where there is none.
fn unicode(x: &Term) -> Made {
    let text = x.as_text()?;
    if text.kind == Kind::Null {
        return Term::constant(Constant::Null);
    }
    let sql = format!("NULLIF(pg_catalog.ascii({}), 0)", text.sql);
    Ok(Term { nullable: true, ..Term::call(&[&text], sql, LENGTH) })
}

/// char() of constants.
fn characters(arguments: &[Term]) -> Made {
    let mut text = String::new();
    for argument in arguments {
        let code = argument.integer_constant().ok_or("char() of what is not a constant")?;
        let character = u32::try_from(code).ok().and_then(char::from_u32);
        text.push(character.ok_or("char() of a number that is no character")?);
    }
    Term::constant(Constant::Text(text))
}

/// concat(): NULL is an empty text.
fn concat(arguments: &[Term]) -> Made {
    let terms = texts(&arguments.iter().collect::<Vec<_>>())?;
    let one = |term: &Term| match (&term.kind, term.nullable) {
        (Kind::Null, _) => "''".to_owned(),
        (_, true) => format!("COALESCE({}, '')", term.sql),
        _ => term.atom(),
    };
    let sql: Vec<String> = terms.iter().map(one).collect();
    let parts: Vec<&Term> = terms.iter().collect();
    let binding = if sql.len() == 1 { Binding::Atom } else { Binding::Operator };
    let term = Term::of(&parts, sql.join(" || "), binding, Kind::Text);
    Ok(Term { nullable: false, ..term })
}

/// substr(): a negative start counts from the end, 0 is the place before the first, a negative count goes to the left.
fn substr(x: &Term, start: &Term, count: Option<&Term>) -> Made {
    let x = held::plain(x.clone())?;
    let x = if x.kind == Kind::Blob { without_empty(&x) } else { x.as_text()? };
    let null = |term: &Term| term.kind == Kind::Null;
    if null(&x) || null(start) || count.is_some_and(null) {
        return Term::constant(Constant::Null);
    }
    match (start.integer_constant(), count.map(Term::integer_constant)) {
        (Some(start), None) => constant_substr(&x, start, None),
        (Some(start), Some(Some(count))) => constant_substr(&x, start, Some(count)),
        (None, None) if matches!(start.kind, Kind::Integer(_)) && x.kind == Kind::Text => tail(&x, start),
        _ => Err("substr() with a place that is not a constant".to_owned()),
    }
}

/// A BLOB of no bytes is NULL to SQLite's substr().
fn without_empty(x: &Term) -> Term {
    let sql = format!("NULLIF({}, '\\x'::pg_catalog.bytea)", x.sql);
    Term { nullable: true, ..Term::call(&[x], sql, Kind::Blob) }
}

fn constant_substr(x: &Term, start: i64, count: Option<i64>) -> Made {
    // Beyond what a value can have, which is a gigabyte on both sides; beyond 32 bits SQLite's versions differ.
    const FAR: i64 = 2_000_000_000;
    if i32::try_from(start).is_err() || count.is_some_and(|count| i32::try_from(count).is_err()) {
        return Err("substr() with a place beyond 32 bits".to_owned());
    }
    let made = |sql: String| Ok(Term::call(&[x], sql, x.kind.clone()));
    let (start, count) = (start.clamp(-FAR, FAR), count.map(|count| count.clamp(-FAR, FAR)));
    match (start, count) {
        (0 | 1, None) => Ok(x.as_result(&[x])),
        (1.., None) => made(format!("pg_catalog.substr({}, {start})", x.sql)),
        (..0, None) if x.kind == Kind::Text => made(format!("pg_catalog.right({}, {})", x.sql, -start)),
        (0, Some(count)) => made(words(x, 1, if count > 0 { count - 1 } else { 0 })),
        (1.., Some(count @ 0..)) => made(words(x, start, count)),
        // As many as there are before the place.
        (1.., Some(count)) => {
            let first = (start + count).max(1);
            made(words(x, first, start - first))
        }
        (..0, Some(count @ 0..)) => {
            let length = if x.kind == Kind::Blob { "octet_length" } else { "length" };
            let place = format!("pg_catalog.{length}({}) - {}", x.sql, -start - 1);
            made(format!("pg_catalog.substr({}, {place}, {count})", x.sql))
        }
        _ => Err("substr() from the end, to the left".to_owned()),
    }
}

fn words(x: &Term, start: i64, count: i64) -> String {
    format!("pg_catalog.substr({}, {start}, {count})", x.sql)
}

/// What happens to a place that no text has.
const FAR_PLACE: &str =
    "substr() from a place beyond 32 bits is an error in PostgreSQL, where SQLite's versions differ";

/// All from a place that is known only with the row.
fn tail(x: &Term, start: &Term) -> Made {
    let is_wide = start.kind == Kind::Integer(PgType::Int8);
    let place = if is_wide { start.cast("int4") } else { start.atom() };
    // No text is so long, and the least `integer` has no positive one.
    let before = format!("- GREATEST({place}, -2000000000)");
    let sql = format!(
        "CASE WHEN {place} > 0 THEN pg_catalog.substr({x}, {place}) WHEN {place} = 0 THEN {x} \
         WHEN {place} < 0 THEN pg_catalog.right({x}, {before}) END",
        x = x.sql
    );
    let term = Term::of(&[x, start], sql, Binding::Operator, Kind::Text);
    Ok(if is_wide { term.note(FAR_PLACE) } else { term })
}
