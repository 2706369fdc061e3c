//! Columns that became another type without a loss: SQLite's value of them in PostgreSQL's words, and which literals of the
//! new type stand for a constant of SQLite.

use super::literal;
use super::term::{Kind, Looks, Made, Term};
use crate::ident;
use crate::plan::types::{
    Codec, Fraction, Mapping, PgType, Template, TimeTemplate, Unit, UuidOrder, UuidStyle, Zone,
};

/// Whether SQLite's value can be told exactly from such a column's.
pub(super) fn is_held(mapping: &Mapping) -> bool {
    match &mapping.codec {
        Codec::Date | Codec::DayNumber => mapping.pg == PgType::Date,
        Codec::Stamp(_) | Codec::Epoch(_) => {
            matches!(mapping.pg, PgType::Timestamp(_) | PgType::Timestamptz(_))
        }
        Codec::TimeOfDay(_) => matches!(mapping.pg, PgType::Time(_)),
        Codec::Uuid | Codec::UuidStyle(_) | Codec::UuidBlob(UuidOrder::Rfc4122) => true,
        Codec::FlagText { .. } | Codec::Label(_) => true,
        Codec::Json => mapping.pg == PgType::Json,
        _ => false,
    }
}

/// The term as one of the plain kinds; only NULL can be asked of what has no such form.
pub(super) fn plain(term: Term) -> Made {
    let mapping = match &term.kind {
        Kind::Held(mapping) => mapping.clone(),
        Kind::Mixed(_) => return Err(mixed_reason(&term)),
        _ => return Ok(term),
    };
    // A text shows no more of the present moment than its spelling has, so nothing need be cut off before.
    let sql = term.moment.clone().unwrap_or_else(|| term.atom());
    let text = |sql: String| Ok(term.reworded_call(sql, Kind::Text));
    let integer = |sql: String| Ok(term.reworded_call(sql, Kind::Integer(PgType::Int8)));
    match &mapping.codec {
        Codec::Date => {
            text(format!("pg_catalog.to_char({sql}, 'YYYY-MM-DD')")).map(Term::stable).map(no_number)
        }
        Codec::DayNumber => integer(day_number(&sql)),
        Codec::Stamp(template) => {
            text(stamp_text(&sql, template, term.moment.is_some())).map(Term::stable).map(no_number)
        }
        Codec::TimeOfDay(template) => {
            // Only a date with a time has a format for fractions.
            let stamp = if term.moment.is_some() { sql } else { format!("(DATE '2000-01-01' + {sql})") };
            text(time_text(&stamp, *template)).map(Term::stable).map(no_number)
        }
        Codec::Epoch(unit) => integer(epoch(&utc(&sql, mapping.pg), *unit)),
        Codec::Uuid => text(format!("{sql}::pg_catalog.text")).map(no_number),
        Codec::UuidStyle(style) => text(uuid_text(&sql, *style)),
        Codec::UuidBlob(_) => Ok(term.reworded_call(format!("pg_catalog.uuid_send({sql})"), Kind::Blob)),
        Codec::FlagText { yes, no } => text(format!(
            "CASE {sql} WHEN true THEN {} WHEN false THEN {} END",
            ident::literal(yes),
            ident::literal(no)
        )),
        Codec::Label(_) | Codec::Json => text(format!("{sql}::pg_catalog.text")).map(Term::stable),
        _ => Err(mixed_reason(&term)),
    }
}

/// Texts that were found to be dates, times or hyphenated UUIDs are no numbers.
fn no_number(term: Term) -> Term {
    Term { looks: Looks::NoNumber, ..term }
}

/// Why a column's value cannot be told.
fn mixed_reason(term: &Term) -> String {
    let mapping = term.kind.mapping();
    let held = match mapping.codec {
        Codec::TextForm | Codec::BytesForm | Codec::Tagged => "holds values of several classes",
        _ => "does not keep how its values were spelled",
    };
    format!("{} ({}), which {held}", term.sql, mapping.pg)
}

/// `timestamp` in UTC of either type of instants; a column without zone is in UTC.
pub(super) fn utc(sql: &str, pg: PgType) -> String {
    match pg {
        PgType::Timestamptz(_) => format!("({sql} AT TIME ZONE 'UTC')"),
        _ => sql.to_owned(),
    }
}

/// `yyyymmdd` of a date.
fn day_number(sql: &str) -> String {
    format!(
        "(extract(year FROM {sql}) * 10000 + extract(month FROM {sql}) * 100 + extract(day FROM {sql}))::pg_catalog.int8"
    )
}

/// Units since 1970 of a `timestamp`. The codec has checked that nothing is left beyond the unit; before PostgreSQL 14 the
/// seconds are a double, which is rounded to the count that was sent.
fn epoch(sql: &str, unit: Unit) -> String {
    let seconds = format!("extract(epoch FROM {sql})");
    match unit {
        Unit::Seconds => format!("{seconds}::pg_catalog.int8"),
        Unit::Millis => format!("({seconds} * 1000)::pg_catalog.int8"),
        Unit::Micros => format!("({seconds} * 1000000)::pg_catalog.int8"),
    }
}

/// The text of a timestamp in its column's own spelling; `is_utc` says that it is a `timestamp` in UTC, whatever the column.
fn stamp_text(sql: &str, template: &Template, is_utc: bool) -> String {
    let local = match &template.zone {
        Zone::None => sql.to_owned(),
        Zone::Z if is_utc => sql.to_owned(),
        Zone::Z => utc(sql, PgType::Timestamptz(6)),
        Zone::Offset { seconds, .. } => {
            format!("({} + INTERVAL '{seconds} seconds')", utc(sql, PgType::Timestamptz(6)))
        }
    };
    let seconds = if template.seconds { ":SS" } else { "" };
    let clock = match template.separator {
        'T' => format!("YYYY-MM-DD\"T\"HH24:MI{seconds}"),
        separator => format!("YYYY-MM-DD{separator}HH24:MI{seconds}"),
    };
    let zone = match &template.zone {
        Zone::None => String::new(),
        Zone::Z => "Z".to_owned(),
        Zone::Offset { text, .. } => text.clone(),
    };
    let text = clock_text(&local, &clock, template.fraction);
    if zone.is_empty() { text } else { format!("({text} || {})", ident::literal(&zone)) }
}

/// The text of a time of day in its column's own spelling.
fn time_text(sql: &str, template: TimeTemplate) -> String {
    let clock = if template.seconds { "HH24:MI:SS" } else { "HH24:MI" };
    clock_text(sql, clock, template.fraction)
}

/// `to_char` with the fraction as it was spelled.
fn clock_text(sql: &str, clock: &str, fraction: Fraction) -> String {
    let with = |digits: u8| format!("pg_catalog.to_char({sql}, '{clock}.FF{digits}')");
    let without = format!("pg_catalog.to_char({sql}, '{clock}')");
    match fraction {
        Fraction::Fixed(0) => without,
        Fraction::Fixed(digits) => with(digits),
        Fraction::Shortened => format!("pg_catalog.rtrim(pg_catalog.rtrim({}, '0'), '.')", with(6)),
        Fraction::NoneOrSix => format!(
            "CASE WHEN pg_catalog.date_trunc('second', {sql}) = {sql} THEN {without} ELSE {} END",
            with(6)
        ),
    }
}

/// The text of a UUID in its column's own spelling.
fn uuid_text(sql: &str, style: UuidStyle) -> String {
    let mut text = format!("{sql}::pg_catalog.text");
    if !style.hyphens {
        text = format!("pg_catalog.replace({text}, '-', '')");
    }
    if style.upper {
        text = format!("pg_catalog.upper({text} COLLATE \"C\")");
    }
    if style.braces { format!("('{{' || {text} || '}}')") } else { text }
}

/// The literal of the column's type that stands for a text of SQLite; none where the text is not spelled as the column's are.
pub(super) fn text_literal(mapping: &Mapping, text: &str) -> Option<String> {
    let typed = |value: &str, pg: &str| Some(format!("{}::pg_catalog.{pg}", ident::literal(value)));
    match &mapping.codec {
        Codec::Date if is_date(text) => typed(text, "date"),
        Codec::Stamp(template) => stamp_literal(template, text),
        Codec::TimeOfDay(template) if is_clock(text, template.seconds, template.fraction) => {
            typed(text, "time")
        }
        Codec::Uuid if is_uuid(text, UuidStyle { upper: false, hyphens: true, braces: false }) => {
            typed(text, "uuid")
        }
        Codec::UuidStyle(style) if is_uuid(text, *style) => typed(text, "uuid"),
        Codec::FlagText { yes, .. } if yes == text => Some("true".to_owned()),
        Codec::FlagText { no, .. } if no == text => Some("false".to_owned()),
        Codec::Label(labels) if labels.iter().any(|label| label == text) => Some(ident::literal(text)),
        _ => None,
    }
}

/// Whether the column's type sorts its values as SQLite sorts their texts.
pub(super) fn keeps_order(mapping: &Mapping) -> bool {
    match &mapping.codec {
        Codec::Date | Codec::Uuid | Codec::UuidStyle(_) => true,
        // A fraction that may be missing comes before `Z` and after it.
        Codec::Stamp(template) => {
            matches!(template.fraction, Fraction::Fixed(_)) || template.zone == Zone::None
        }
        Codec::TimeOfDay(_) => true,
        _ => false,
    }
}

/// Whether the type sorts its values as SQLite sorts what they were, texts or not.
pub(super) fn keeps_key_order(mapping: &Mapping) -> bool {
    keeps_order(mapping) || matches!(mapping.codec, Codec::Epoch(_) | Codec::DayNumber | Codec::UuidBlob(_))
}

fn stamp_literal(template: &Template, text: &str) -> Option<String> {
    let (bare, offset) = match &template.zone {
        Zone::None => (text, None),
        Zone::Z => (text.strip_suffix('Z')?, Some(0)),
        Zone::Offset { text: zone, seconds } => (text.strip_suffix(zone.as_str())?, Some(*seconds)),
    };
    let (date, clock) = bare.split_once(template.separator)?;
    if !is_date(date) || !is_clock(clock, template.seconds, template.fraction) {
        return None;
    }
    match offset {
        None => Some(format!("'{date} {clock}'::pg_catalog.timestamp")),
        Some(seconds) => {
            let (sign, seconds) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs());
            let zone = format!("{sign}{:02}:{:02}", seconds / 3600, seconds / 60 % 60);
            (seconds % 60 == 0).then(|| format!("'{date} {clock}{zone}'::pg_catalog.timestamptz"))
        }
    }
}

/// `YYYY-MM-DD`, a real date of the years 1 to 9999.
pub(super) fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(i, byte)| match i {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let part = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse::<u32>().ok());
    let (Some(year), Some(month), Some(day)) = (part(0..4), part(5..7), part(8..10)) else { return false };
    is_shaped && year >= 1 && (1..=12).contains(&month) && day >= 1 && day <= month_days(year, month)
}

fn month_days(year: u32, month: u32) -> u32 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `HH:MM[:SS[.f]]` before 24:00 with the column's own fraction.
fn is_clock(text: &str, seconds: bool, fraction: Fraction) -> bool {
    let (clock, digits) = match text.split_once('.') {
        Some((clock, digits)) => (clock, Some(digits)),
        None => (text, None),
    };
    let mut parts = clock.split(':');
    let mut below = |limit: u32| {
        let two =
            parts.next().filter(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()));
        two.and_then(|part| part.parse::<u32>().ok()).is_some_and(|number| number < limit)
    };
    let is_clock = below(24) && below(60) && (!seconds || below(60)) && parts.next().is_none();
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_clock
        && match (fraction, digits) {
            (Fraction::Fixed(n), digits) => {
                digits.map_or(0, str::len) == usize::from(n) && digits.is_none_or(is_number)
            }
            (_, None) => true,
            (Fraction::Shortened, Some(digits)) => {
                seconds && is_number(digits) && digits.len() <= 6 && !digits.ends_with('0')
            }
            (Fraction::NoneOrSix, Some(digits)) => {
                seconds && is_number(digits) && digits.len() == 6 && digits != "000000"
            }
        }
}

fn is_uuid(text: &str, style: UuidStyle) -> bool {
    let inner = match style.braces {
        true => text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')),
        false => Some(text),
    };
    let is_digit = |byte: u8| match style.upper {
        true => matches!(byte, b'0'..=b'9' | b'A'..=b'F'),
        false => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    };
    let is_hyphen = |i: usize| style.hyphens && matches!(i, 8 | 13 | 18 | 23);
    let length = if style.hyphens { 36 } else { 32 };
    inner.is_some_and(|inner| {
        inner.len() == length
            && inner
                .bytes()
                .enumerate()
                .all(|(i, byte)| if is_hyphen(i) { byte == b'-' } else { is_digit(byte) })
    })
}

impl Term {
    /// The same value by a call or a cast.
    fn reworded_call(&self, sql: String, kind: Kind) -> Term {
        let binding = if sql.starts_with("CASE ") {
            super::term::Binding::Operator
        } else {
            super::term::Binding::Atom
        };
        Term { looks: self.looks.clone(), ..self.reworded(sql, binding, kind) }
    }

    /// SQLite's text of the value, as `||` and LIKE take it.
    ///
    /// # Errors
    /// The text of a REAL, and bytes as a text.
    pub(super) fn as_text(&self) -> Made {
        let term = plain(self.clone())?;
        let cast = |pg: &str| Ok(Term::call(&[&term], term.cast(pg), Kind::Text));
        match &term.kind {
            Kind::Text | Kind::Null => Ok(term),
            Kind::Integer(_) => match term.integer_constant() {
                Some(value) => Term::computed(&[&term], literal::Constant::Text(value.to_string())),
                None => cast("text"),
            },
            Kind::Flag => {
                Ok(Term::call(&[&term], format!("{}::pg_catalog.text", term.cast("int4")), Kind::Text))
            }
            Kind::Real => match &term.constant {
                Some(literal::Constant::Real(real)) => {
                    Term::computed(&[&term], literal::Constant::Text(literal::real_text(*real)?))
                }
                _ => Err(literal::REAL_AS_TEXT.to_owned()),
            },
            Kind::Double | Kind::Number => Err(literal::REAL_AS_TEXT.to_owned()),
            _ => Err(format!("{} as a text", term.kind.word())),
        }
    }
}
