//! Defaults that mean the same: constants by their value, and all ways to say the present moment.

use super::words;
use crate::plan::structure::Column;
use crate::plan::types::PgType;

/// What a column gets where nothing is given.
#[derive(Debug, PartialEq)]
enum Meaning {
    Nothing,
    Present,
    Flag(bool),
    Number(f64, String),
    Json(serde_json::Value),
    Text(String),
    Other(Vec<String>),
}

/// Whether both columns get the same where nothing is given.
pub(super) fn is_same(one: &Column, other: &Column) -> bool {
    let (a, b) = (meaning(one), meaning(other));
    match (&a, &b) {
        // Of different types, a flag may be a number and a number a text.
        (Meaning::Flag(flag), Meaning::Number(number, _))
        | (Meaning::Number(number, _), Meaning::Flag(flag)) => *number == f64::from(u8::from(*flag)),
        (Meaning::Text(text), Meaning::Number(_, digits))
        | (Meaning::Number(_, digits), Meaning::Text(text)) => text == digits,
        (Meaning::Json(json), Meaning::Text(text)) | (Meaning::Text(text), Meaning::Json(json)) => {
            serde_json::from_str::<serde_json::Value>(text).is_ok_and(|read| read == *json)
        }
        // Not every digit of a numeric is in a double.
        (Meaning::Number(x, left), Meaning::Number(y, right)) => x == y && (x.abs() < 9e15 || left == right),
        _ => a == b,
    }
}

/// Whether the column gets NULL.
pub(super) fn is_nothing(column: &Column) -> bool {
    meaning(column) == Meaning::Nothing
}

fn meaning(column: &Column) -> Meaning {
    let Some(expression) = &column.default else { return Meaning::Nothing };
    let Some(value) = words::constant(expression) else {
        return match is_present(expression) {
            true => Meaning::Present,
            false => Meaning::Other(words::loose(expression)),
        };
    };
    of_constant(value, expression, column.pg)
}

fn of_constant(value: String, expression: &str, pg: Option<PgType>) -> Meaning {
    let is_text = expression.contains('\'');
    if value == "null" && !is_text {
        return Meaning::Nothing;
    }
    let number = || value.parse::<f64>().ok().filter(|number| number.is_finite());
    match pg {
        Some(PgType::Bool) => match value.to_ascii_lowercase().as_str() {
            "true" | "t" | "1" | "yes" | "on" | "y" => Meaning::Flag(true),
            "false" | "f" | "0" | "no" | "off" | "n" => Meaning::Flag(false),
            _ => Meaning::Text(value),
        },
        Some(PgType::Json | PgType::Jsonb) => {
            serde_json::from_str(&value).map(Meaning::Json).unwrap_or(Meaning::Text(value))
        }
        Some(
            PgType::Int2 | PgType::Int4 | PgType::Int8 | PgType::Float4 | PgType::Float8 | PgType::Numeric(_),
        ) => match number() {
            Some(number) => Meaning::Number(number, value),
            None => Meaning::Text(value),
        },
        Some(PgType::Timestamp(_) | PgType::Timestamptz(_) | PgType::Date | PgType::Time(_))
            if value == "now" =>
        {
            Meaning::Other(words::exact(expression))
        }
        _ => Meaning::Text(value),
    }
}

/// Words that ask the clock.
const CLOCKS: [&str; 9] = [
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtimestamp",
    "localtime",
    "statement_timestamp",
    "transaction_timestamp",
    "clock_timestamp",
];

/// Words that say in which zone, how finely and as what it is told.
const AROUND: [&str; 12] = [
    "date_trunc",
    "timezone",
    "to_char",
    "at",
    "time",
    "zone",
    ",",
    "pg_catalog",
    ".",
    "cast",
    "as",
    "timestamp",
];

/// The present moment, however it is asked for, in UTC or the session's zone, and told as any type.
fn is_present(expression: &str) -> bool {
    let words = words::loose(expression);
    let is_clock = |word: &String| CLOCKS.contains(&word.as_str());
    let is_around = |word: &String| {
        AROUND.contains(&word.as_str()) || word.bytes().all(|b| b.is_ascii_digit()) || is_harmless(word)
    };
    words.iter().any(is_clock) && words.iter().all(|word| is_clock(word) || is_around(word))
}

/// A constant that is a precision, UTC, or the form of a date.
fn is_harmless(word: &str) -> bool {
    let Some(text) = word.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) else { return false };
    let lower = text.to_ascii_lowercase();
    matches!(
        lower.as_str(),
        "second" | "seconds" | "milliseconds" | "microseconds" | "utc" | "gmt" | "etc/utc"
    ) || ["yyyy", "hh24"].iter().any(|form| lower.starts_with(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(pg: PgType, default: &str) -> Column {
        Column { pg: Some(pg), default: Some(default.to_owned()), ..Column::default() }
    }

    #[test]
    fn defaults_that_mean_the_same() {
        use PgType::{Bool, Int4, Int8, Jsonb, Numeric, Text, Timestamp, Timestamptz, Varchar};
        let same = [
            (Bool, "false", Int8, "0"),
            (Bool, "'f'::boolean", Bool, "false"),
            (Int8, "'0'::bigint", Int4, "0"),
            (Numeric(None), "0.50", Numeric(None), "0.5"),
            (Text, "'a'::text", Varchar(Some(9)), "'a'::character varying"),
            (Jsonb, "'{}'::jsonb", Text, "'{ }'"),
            (Int8, "'-1'::integer", Int8, "(-1)"),
            (Text, "'5'", Int8, "5"),
            (
                Timestamp(6),
                "date_trunc('second'::text, (statement_timestamp() AT TIME ZONE 'UTC'::text))",
                Timestamptz(6),
                "now()",
            ),
            (Timestamp(6), "CURRENT_TIMESTAMP", Timestamp(6), "timezone('utc'::text, now())"),
            (
                Text,
                "to_char((now() AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD HH24:MI:SS'::text)",
                Timestamp(6),
                "(now())::timestamp without time zone",
            ),
            (Int8, "NULL::bigint", Int8, "NULL"),
        ];
        for (pg, default, other, expected) in same {
            assert!(is_same(&column(pg, default), &column(other, expected)), "{default} and {expected}");
        }
        for (pg, default, expected) in [
            (Timestamp(6), "now()", "(now() + '1 day'::interval)"),
            (Timestamp(6), "now()", "(now() AT TIME ZONE 'Europe/Berlin'::text)"),
            (Timestamp(6), "now()", "'now'::timestamp"),
            (Bool, "true", "false"),
            (Int8, "1", "2"),
            (Int8, "9007199254740993", "9007199254740992"),
            (Text, "'null'::text", "NULL"),
            (Text, "'a'", "'A'"),
            (Text, "gen_random_uuid()", "'x'"),
        ] {
            assert!(!is_same(&column(pg, default), &column(pg, expected)), "{default} and {expected}");
        }
        assert!(is_nothing(&Column::default()) && is_nothing(&column(PgType::Text, "NULL::text")));
    }
}
