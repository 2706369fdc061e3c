//! SQLite's dates and times: the present moment, and what they read of a column that became a date or a timestamp.
//!
//! What they give is a text of one spelling, so it is held as the type of that spelling; a text is made of it where one is
//! wanted (`held`). SQLite's clock is UTC to the millisecond, and the same within a statement.

use super::held::utc;
use super::term::{Binding, Kind, Looks, Made, Term};
use super::{Reason, Room, made};
use crate::catalog::expr::{Expr, Moment};
use crate::ident;
use crate::plan::types::{Codec, Fraction, Mapping, PgType, Template, TimeTemplate, Zone};

/// The present moment in UTC; a literal `'now'` would be frozen by PostgreSQL at CREATE TABLE.
const NOW: &str = "pg_catalog.statement_timestamp() AT TIME ZONE 'UTC'";

/// Whether this is one of SQLite's functions of dates.
pub(super) fn is_date_function(name: &str) -> bool {
    matches!(name, "date" | "time" | "datetime" | "strftime" | "unixepoch" | "julianday" | "timediff")
}

/// A point of time that SQLite reads.
struct When {
    /// `timestamp` in UTC
    sql: String,
    /// it is the present moment
    now: bool,
    /// what it was read of
    term: Term,
}

/// CURRENT_TIMESTAMP and its relatives.
pub(super) fn current(moment: Moment) -> Term {
    let when = now();
    match moment {
        Moment::Stamp => stamp(&when, STAMP),
        Moment::Date => date(&when),
        Moment::Time => time(&when, TimeTemplate { seconds: true, fraction: Fraction::Fixed(0) }),
    }
}

const STAMP: Template =
    Template { separator: ' ', seconds: true, fraction: Fraction::Fixed(0), zone: Zone::None };

/// One of SQLite's functions of dates.
pub(super) fn call(room: &Room<'_>, name: &str, arguments: &[Expr]) -> Made {
    let (format, rest) = match (name, arguments) {
        ("strftime", [format, rest @ ..]) => (Some(made(room, format)?), rest),
        ("strftime", []) => return Err(super::functions::wrong_arguments(name)),
        ("timediff", _) => return Err("timediff(), which is not translated".to_owned()),
        _ => (None, arguments),
    };
    let when = when(room, rest)?;
    match (name, format) {
        ("date", _) => Ok(date(&when)),
        ("time", _) => Ok(time(&when, TimeTemplate { seconds: true, fraction: Fraction::Fixed(0) })),
        ("datetime", _) => Ok(stamp(&when, STAMP)),
        ("unixepoch", _) => Ok(epoch(&when)),
        ("julianday", _) => Ok(julian_day(&when)),
        (_, Some(format)) => {
            let format = format.text_constant().ok_or("strftime() with a format that is not a constant")?;
            formatted(&when, format)
        }
        _ => Err(super::functions::wrong_arguments(name)),
    }
}

fn now() -> When {
    When { sql: NOW.to_owned(), now: true, term: Term::bare(NOW.to_owned(), Kind::Null).stable() }
}

/// The point of time of a function's arguments, the format apart: none is the present moment.
fn when(room: &Room<'_>, arguments: &[Expr]) -> Result<When, Reason> {
    let Some((value, modifiers)) = arguments.split_first() else { return Ok(now()) };
    let term = made(room, value)?;
    let is_now = term.text_constant().is_some_and(|text| text.eq_ignore_ascii_case("now"));
    let (mut when, modifiers) = match modifiers {
        _ if is_now => (now(), modifiers),
        [Expr::Text(first), rest @ ..] if first.eq_ignore_ascii_case("unixepoch") => (of_epoch(term)?, rest),
        _ => (read(term)?, modifiers),
    };
    for modifier in modifiers {
        let modifier = made(room, modifier)?;
        let text =
            modifier.text_constant().ok_or("a date function with a modifier that is not a constant")?;
        when = modified(when, text)?;
    }
    Ok(when)
}

/// Seconds since 1970: what is beyond the year 9999 is NULL to SQLite.
fn of_epoch(term: Term) -> Result<When, Reason> {
    let term = super::held::plain(term)?;
    if !matches!(term.kind, Kind::Integer(_)) {
        return Err(format!("the modifier 'unixepoch' of {}", term.kind.word()));
    }
    let x = term.at(Binding::Operator);
    let within = format!("CASE WHEN {x} BETWEEN -62135596800 AND 253402300799 THEN {} END", term.sql);
    let sql = format!("(pg_catalog.to_timestamp({within}) AT TIME ZONE 'UTC')");
    let note = "a number of seconds before the year 1 is NULL in PostgreSQL, a date before Christ in SQLite";
    Ok(When { sql, now: false, term: Term { nullable: true, ..term }.note(note) })
}

/// What SQLite reads of a value as a date.
fn read(term: Term) -> Result<When, Reason> {
    let when = |sql: String| Ok(When { sql, now: false, term: term.clone() });
    if let Some(text) = term.text_constant() {
        return constant(text).map_or(Err("a date function of a text that is no date".to_owned()), when);
    }
    let Kind::Held(Mapping { codec, pg }) = &term.kind else {
        return Err(format!("a date function of {}", term.kind.word()));
    };
    match codec {
        Codec::Date => when(format!("{}::pg_catalog.timestamp", term.atom())),
        // SQLite rounds finer fractions to milliseconds.
        Codec::Stamp(template) if is_read(template) => when(utc(&term.atom(), *pg)),
        Codec::Stamp(_) => Err("a date function of a column with finer fractions or another zone".to_owned()),
        _ => Err("a date function of a column that is no date and no timestamp".to_owned()),
    }
}

/// A date, or a date and a time, in one of the spellings that every version of SQLite reads, as a `timestamp`.
fn constant(text: &str) -> Option<String> {
    let literal = |template: Template, text: &str| {
        let mapping = Mapping { pg: PgType::Timestamp(0), codec: Codec::Stamp(template) };
        super::held::text_literal(&mapping, text)
    };
    let clocks = [(' ', true), (' ', false), ('T', true), ('T', false)];
    clocks
        .into_iter()
        .find_map(|(separator, seconds)| literal(Template { separator, seconds, ..STAMP }, text))
        .or_else(|| literal(STAMP, &format!("{text} 00:00:00")))
}

/// Whether SQLite reads the spelling, and all of its fraction.
fn is_read(template: &Template) -> bool {
    let is_zone = match &template.zone {
        Zone::None | Zone::Z => true,
        Zone::Offset { text, .. } => {
            let digits = text.trim_start_matches(' ');
            digits.len() == 6 && digits.starts_with(['+', '-']) && digits.as_bytes()[3] == b':'
        }
    };
    is_zone && matches!(template.fraction, Fraction::Fixed(0..=3))
}

/// A modifier.
///
/// # Errors
/// What PostgreSQL computes otherwise: months of different length, the machine's own zone, dates beyond the year 9999.
fn modified(when: When, modifier: &str) -> Result<When, Reason> {
    let lower = modifier.trim().to_ascii_lowercase();
    let cut = |unit: &str| format!("pg_catalog.date_trunc('{unit}', {})", when.sql);
    let sql = match lower.as_str() {
        "utc" if when.now => return Err("the modifier 'utc' of a time that is in UTC".to_owned()),
        "start of day" => cut("day"),
        "start of month" => cut("month"),
        "start of year" => cut("year"),
        _ if when.now => {
            let interval = interval(&lower).ok_or_else(|| format!("the modifier '{modifier}'"))?;
            format!("(({}) + INTERVAL '{interval}')", when.sql)
        }
        _ => return Err(format!("the modifier '{modifier}'")),
    };
    Ok(When { sql, ..when })
}

/// `+3 days` and its like, in units that are always as long.
fn interval(modifier: &str) -> Option<String> {
    let (count, unit) = modifier.split_once(' ')?;
    let digits = count.strip_prefix(['+', '-']).unwrap_or(count);
    // Short enough to stay within the years that both sides have.
    let is_count = (1..=5).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let unit = unit.trim().trim_end_matches('s');
    (is_count && matches!(unit, "day" | "hour" | "minute" | "second")).then(|| format!("{count} {unit}"))
}

/// A term of the point of time. `moment` says that its text can be had of the uncut time.
fn made_of(when: &When, sql: String, kind: Kind, shows_all: bool) -> Term {
    let moment = (when.now && shows_all).then(|| when.sql.clone());
    Term { moment, collation: None, looks: Looks::Unknown, ..Term::call(&[&when.term], sql, kind) }
}

fn date(when: &When) -> Term {
    let kind = Kind::Held(Mapping { pg: PgType::Date, codec: Codec::Date });
    let term = made_of(when, format!("({})::pg_catalog.date", when.sql), kind, true);
    Term { looks: Looks::NoNumber, ..term }
}

/// The unit that a spelling is cut to.
fn unit(seconds: bool, fraction: Fraction) -> &'static str {
    match (seconds, fraction) {
        (false, _) => "minute",
        (true, Fraction::Fixed(0)) => "second",
        _ => "milliseconds",
    }
}

fn time(when: &When, template: TimeTemplate) -> Term {
    let kind = Kind::Held(Mapping { pg: PgType::Time(6), codec: Codec::TimeOfDay(template) });
    let unit = unit(template.seconds, template.fraction);
    let sql = format!("pg_catalog.date_trunc('{unit}', {})::pg_catalog.time", when.sql);
    Term { looks: Looks::NoNumber, ..made_of(when, sql, kind, true) }
}

fn stamp(when: &When, template: Template) -> Term {
    let unit = unit(template.seconds, template.fraction);
    let has_zone = template.zone != Zone::None;
    let pg = if has_zone { PgType::Timestamptz(6) } else { PgType::Timestamp(6) };
    let cut = format!("pg_catalog.date_trunc('{unit}', {})", when.sql);
    let sql = if has_zone { format!("({cut} AT TIME ZONE 'UTC')") } else { cut };
    let kind = Kind::Held(Mapping { pg, codec: Codec::Stamp(template) });
    Term { looks: Looks::NoNumber, ..made_of(when, sql, kind, true) }
}

/// Seconds since 1970.
fn epoch(when: &When) -> Term {
    made_of(when, epoch_sql(when), Kind::Integer(PgType::Int8), false)
}

fn epoch_sql(when: &When) -> String {
    // The instant itself where it is at hand, for the reader.
    let of = if when.sql == NOW { "pg_catalog.statement_timestamp()" } else { &when.sql };
    format!("pg_catalog.floor(extract(epoch FROM {of}))::pg_catalog.int8")
}

/// SQLite's count of milliseconds in days, by the same division of doubles.
fn julian_day(when: &When) -> Term {
    let millis = format!("pg_catalog.floor(extract(epoch FROM {})::pg_catalog.numeric * 1000)", when.sql);
    let sql = format!("({millis} + 210866760000000)::pg_catalog.float8 / 86400000.0::pg_catalog.float8");
    Term { binding: Binding::Operator, ..made_of(when, sql, Kind::Real, false) }
}

/// strftime(): the spellings that are a type's own, else a text.
fn formatted(when: &When, format: &str) -> Made {
    if let Some((bare, zone)) = match format.strip_suffix('Z') {
        Some(bare) => Some((bare, Zone::Z)),
        None => Some((format, Zone::None)),
    } && let Some(template) = template(bare, zone)
    {
        return Ok(stamp(when, template));
    }
    let milli = TimeTemplate { seconds: true, fraction: Fraction::Fixed(3) };
    match format {
        "%Y-%m-%d" => Ok(date(when)),
        "%H:%M" => Ok(time(when, TimeTemplate { seconds: false, fraction: Fraction::Fixed(0) })),
        "%H:%M:%S" => Ok(time(when, TimeTemplate { fraction: Fraction::Fixed(0), ..milli })),
        "%H:%M:%f" => Ok(time(when, milli)),
        "%s" => {
            let sql = epoch_sql(when);
            let text = format!("{sql}::pg_catalog.text");
            Ok(Term { looks: Looks::Integer(sql), ..made_of(when, text, Kind::Text, false) })
        }
        _ => spelled(when, format),
    }
}

/// The template of a format of date and time.
fn template(format: &str, zone: Zone) -> Option<Template> {
    let separator = if format.starts_with("%Y-%m-%dT") { 'T' } else { ' ' };
    let clock = format.strip_prefix("%Y-%m-%d")?.strip_prefix(separator)?;
    let (seconds, fraction) = match clock {
        "%H:%M" => (false, Fraction::Fixed(0)),
        "%H:%M:%S" => (true, Fraction::Fixed(0)),
        "%H:%M:%f" => (true, Fraction::Fixed(3)),
        _ => return None,
    };
    Some(Template { separator, seconds, fraction, zone })
}

/// Any other format, by `to_char`.
fn spelled(when: &When, format: &str) -> Made {
    let mut pieces: Vec<String> = Vec::new();
    let mut pattern = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' => match field(chars.next()) {
                Some(field) => {
                    // `DD` and `DD` are not `DDDD`.
                    if pattern.chars().next_back() == field.chars().next() && !field.starts_with('"') {
                        flush(when, &mut pieces, &mut pattern);
                    }
                    pattern.push_str(field);
                }
                None => pieces_of(when, &mut pieces, &mut pattern, format, &chars)?,
            },
            c => quote_into(&mut pattern, c),
        }
    }
    flush(when, &mut pieces, &mut pattern);
    let binding = if pieces.len() == 1 { Binding::Atom } else { Binding::Operator };
    let sql = if pieces.is_empty() { "''".to_owned() } else { pieces.join(" || ") };
    let looks = looks_of(format, &sql);
    let term = Term { binding, looks, ..made_of(when, sql, Kind::Text, false) };
    Ok(term.stable())
}

/// `to_char`'s word for one of strftime's.
fn field(letter: Option<char>) -> Option<&'static str> {
    Some(match letter? {
        'Y' => "YYYY",
        'm' => "MM",
        'd' => "DD",
        'H' => "HH24",
        'M' => "MI",
        'S' => "SS",
        'f' => "SS.MS",
        'j' => "DDD",
        '%' => "\"%\"",
        _ => return None,
    })
}

/// What `to_char` has no word for.
fn pieces_of(
    when: &When,
    pieces: &mut Vec<String>,
    pattern: &mut String,
    format: &str,
    rest: &std::str::Chars<'_>,
) -> Result<(), Reason> {
    let read = format.len() - rest.as_str().len();
    let piece = match format[..read].chars().next_back() {
        Some('w') => format!("extract(dow FROM {})::pg_catalog.text", when.sql),
        Some('s') => format!("{}::pg_catalog.text", epoch_sql(when)),
        letter => return Err(format!("strftime() with %{}", letter.unwrap_or_default())),
    };
    flush(when, pieces, pattern);
    pieces.push(piece);
    Ok(())
}

fn flush(when: &When, pieces: &mut Vec<String>, pattern: &mut String) {
    if !pattern.is_empty() {
        pieces.push(format!("pg_catalog.to_char({}, {})", when.sql, ident::literal(pattern)));
        pattern.clear();
    }
}

/// A character that means itself in a pattern of `to_char`.
fn quote_into(pattern: &mut String, c: char) {
    match c {
        '"' => pattern.push_str("\\\""),
        '\\' => pattern.push_str("\"\\\\\""),
        '-' | ':' | ' ' | '.' | '/' | ',' => pattern.push(c),
        // Two quoted characters are one quoted text.
        c => match pattern.strip_suffix('"').map(str::to_owned) {
            Some(open) if open.contains('"') && !open.ends_with('\\') => *pattern = format!("{open}{c}\""),
            _ => pattern.push_str(&format!("\"{c}\"")),
        },
    }
}

/// One field of digits is an integer.
fn looks_of(format: &str, sql: &str) -> Looks {
    match format {
        "%Y" | "%m" | "%d" | "%H" | "%M" | "%S" | "%j" | "%w" => {
            Looks::Integer(format!("{sql}::pg_catalog.int8"))
        }
        _ => Looks::Unknown,
    }
}
