//! What columns store: DEFAULTs, and generated values.

use super::{stamp, table};
use crate::catalog::affinity::Affinity;
use crate::catalog::read;
use crate::plan::translate::{Scope, stored};
use crate::plan::types::{Codec, Fraction, Mapping, PgType, TimeTemplate, Unit, Zone};

fn stored_in(scope: &Scope<'_>, text: &str, declared: &str, pg: PgType, codec: Codec) -> String {
    let expr = read::expression(text).unwrap_or_else(|why| panic!("{text}: {why}"));
    super::shown(stored(&expr, scope, Affinity::of(declared, false), &Mapping { pg, codec }))
}

/// The moments of semantics.md §3.6, and those of the corpus.
#[test]
fn defaults_of_the_present_moment() {
    let utc = "statement_timestamp() AT TIME ZONE 'UTC'";
    let plain = || stamp(' ', Fraction::Fixed(0), Zone::None);
    let seconds = format!("date_trunc('second', {utc})");
    let in_text = |pattern: &str| format!("to_char({utc}, '{pattern}')");
    let time = Codec::TimeOfDay(TimeTemplate { seconds: true, fraction: Fraction::Fixed(0) });
    let table = [
        ("CURRENT_TIMESTAMP", "TEXT", PgType::Text, Codec::Text, in_text("YYYY-MM-DD HH24:MI:SS")),
        ("datetime('now')", "DATETIME", PgType::Text, Codec::Text, in_text("YYYY-MM-DD HH24:MI:SS")),
        ("DATETIME(\"NOW\")", "TEXT", PgType::Varchar(None), Codec::Text, in_text("YYYY-MM-DD HH24:MI:SS")),
        (
            "STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW')",
            "TEXT",
            PgType::Text,
            Codec::Text,
            in_text("YYYY-MM-DD HH24:MI:SS.FF3"),
        ),
        (
            "strftime('%Y-%m-%dT%H:%M:%fZ')",
            "TEXT",
            PgType::Text,
            Codec::Text,
            format!("({} || 'Z')", in_text("YYYY-MM-DD\"T\"HH24:MI:SS.FF3")),
        ),
        ("CURRENT_DATE", "TEXT", PgType::Text, Codec::Text, in_text("YYYY-MM-DD")),
        ("CURRENT_TIME", "TEXT", PgType::Text, Codec::Text, in_text("HH24:MI:SS")),
        ("CURRENT_TIMESTAMP", "DATETIME", PgType::Timestamp(6), plain(), seconds.clone()),
        ("CURRENT_TIMESTAMP", "DATETIME", PgType::Timestamp(6), Codec::AnyTimestamp, seconds.clone()),
        (
            "CURRENT_TIMESTAMP",
            "DATETIME",
            PgType::Timestamptz(6),
            Codec::AnyTimestamptz,
            format!("({seconds} AT TIME ZONE 'UTC')"),
        ),
        (
            "CURRENT_TIMESTAMP",
            "DATETIME",
            PgType::Timestamptz(6),
            Codec::LocalTime("Europe/Rome".to_owned()),
            "!a TEXT in a column of timestamp with time zone".to_owned(),
        ),
        (
            "date('now', '+7 days')",
            "DATE",
            PgType::Date,
            Codec::Date,
            format!("((({utc}) + INTERVAL '+7 day'))::date"),
        ),
        ("CURRENT_TIME", "TIME", PgType::Time(6), time, format!("date_trunc('second', {utc})::time")),
        (
            "strftime('%s', 'now')",
            "INTEGER",
            PgType::Int8,
            Codec::Int,
            "floor(extract(epoch FROM statement_timestamp()))::int8".to_owned(),
        ),
        (
            "unixepoch()",
            "INTEGER",
            PgType::Timestamptz(6),
            Codec::Epoch(Unit::Seconds),
            "to_timestamp(floor(extract(epoch FROM statement_timestamp()))::int8)".to_owned(),
        ),
        (
            "strftime('%s', 'now')",
            "TEXT",
            PgType::Text,
            Codec::Text,
            "floor(extract(epoch FROM statement_timestamp()))::int8::text".to_owned(),
        ),
        ("CURRENT_TIMESTAMP", "INT", PgType::Int8, Codec::Int, "!a TEXT in a column of bigint".to_owned()),
    ];
    for (text, declared, pg, codec, expected) in table {
        assert_eq!(stored_in(&Scope::default(), text, declared, pg, codec), expected, "{text} on {declared}");
    }
}

#[test]
fn constants_of_types_that_a_column_became() {
    let table = [
        (
            "\"2000-01-01 00:00:00\"",
            "DATETIME",
            PgType::Timestamp(6),
            stamp(' ', Fraction::Fixed(0), Zone::None),
            "'2000-01-01 00:00:00'::timestamp",
        ),
        (
            "'0000-01-01T00:00:00.000Z'",
            "TEXT",
            PgType::Timestamptz(6),
            stamp('T', Fraction::Fixed(3), Zone::Z),
            "!a text that is not spelled as the column's values are",
        ),
        ("abc", "TEXT", PgType::Text, Codec::Text, "'abc'"),
        ("[b]", "TEXT", PgType::Text, Codec::Text, "'b'"),
        ("- 5", "INTEGER", PgType::Int8, Codec::Int, "-5"),
        ("1e999", "REAL", PgType::Float8, Codec::Float, "'Infinity'::float8"),
        ("TRUE", "BOOLEAN", PgType::Bool, Codec::Bool, "true"),
        ("2 > 1", "BOOLEAN", PgType::Bool, Codec::Bool, "true"),
        ("5", "REAL", PgType::Float8, Codec::Float, "5.0"),
        ("1", "", PgType::Text, Codec::TextForm, "'1'"),
        ("1 + 1", "INTEGER", PgType::Int2, Codec::Int, "2"),
        (
            "ab_generate_guid()",
            "TEXT",
            PgType::Text,
            Codec::Text,
            "!ab_generate_guid(), which is not translated",
        ),
        (
            "1",
            "INTEGER",
            PgType::Text,
            Codec::Only(Default::default(), Box::new(Codec::Text)),
            "!the column is split into several",
        ),
    ];
    for (text, declared, pg, codec, expected) in table {
        assert_eq!(stored_in(&Scope::default(), text, declared, pg, codec), expected, "{text} on {declared}");
    }
}

const STABLE: &str = "!a function that PostgreSQL does not call immutable";
const PRECOMPUTED: &str =
    "!a call with constants alone, which PostgreSQL computes before it knows the collation";

/// Case 26: a quotient by 0 is NULL.
#[test]
fn generated_values() {
    let scope = table();
    let table = [
        ("10 / i", "INTEGER", PgType::Int8, Codec::Int, "10 / NULLIF(\"i\", 0)"),
        ("t || '-' || u", "TEXT", PgType::Text, Codec::Text, "(\"t\" || '-') || \"u\""),
        ("i > 0", "BOOLEAN", PgType::Bool, Codec::Bool, "\"i\" > 0"),
        ("i > 0", "INTEGER", PgType::Int8, Codec::Int, "(\"i\" > 0)::int4"),
        ("i", "TEXT", PgType::Text, Codec::Text, "\"i\"::text"),
        ("i", "INTEGER", PgType::Int4, Codec::Int, "!an INTEGER in a column of integer"),
        (
            "t",
            "INTEGER",
            PgType::Int8,
            Codec::Int,
            "!a text, which the column stores as a number where it looks like one",
        ),
        (
            "r",
            "INTEGER",
            PgType::Int8,
            Codec::Int,
            "!a REAL, which the column stores as an INTEGER where it is one",
        ),
        ("s * r", "REAL", PgType::Float8, Codec::Float, "NULLIF(\"s\"::float8 * \"r\", 'NaN'::float8) + 0"),
        // −0 is stored as 0.
        ("i * -0.5", "REAL", PgType::Float8, Codec::Float, "(\"i\"::float8 * '-0.5'::float8) + 0"),
        ("r", "REAL", PgType::Float8, Codec::Float, "\"r\""),
        ("s", "REAL", PgType::Float8, Codec::Float, "\"s\"::float8"),
        (
            "date('now')",
            "DATE",
            PgType::Date,
            Codec::Date,
            "!a function that PostgreSQL does not call immutable",
        ),
        ("date(ts)", "DATE", PgType::Date, Codec::Date, "(\"ts\")::date"),
        ("d", "TEXT", PgType::Text, Codec::Text, STABLE),
        ("date(d)", "", PgType::Text, Codec::TextForm, STABLE),
        ("time(tz)", "TEXT", PgType::Text, Codec::Text, STABLE),
        ("strftime('%H:%M', ts)", "TEXT", PgType::Text, Codec::Text, STABLE),
        ("date(coalesce(tz, tz))", "TEXT", PgType::Text, Codec::Text, STABLE),
        ("d || t", "TEXT", PgType::Text, Codec::Text, STABLE),
        ("'x' != date(d, 'start of month')", "BOOLEAN", PgType::Bool, Codec::Bool, STABLE),
        ("'true' NOT GLOB '*[^0-9]*'", "BOOLEAN", PgType::Bool, Codec::Bool, PRECOMPUTED),
        ("hex(x'ff')", "TEXT", PgType::Text, Codec::Text, PRECOMPUTED),
        ("nullif(i, instr('abc', 'A1'))", "INTEGER", PgType::Int8, Codec::Int, PRECOMPUTED),
        ("t || trim(' a ')", "TEXT", PgType::Text, Codec::Text, PRECOMPUTED),
        ("'a' = 'x' COLLATE NOCASE", "INTEGER", PgType::Int8, Codec::Int, PRECOMPUTED),
        ("max('c', iif(1, 'b', t))", "TEXT", PgType::Text, Codec::Text, PRECOMPUTED),
        ("t || lower('A')", "TEXT", PgType::Text, Codec::Text, "\"t\" || 'a'"),
        ("coalesce(r, 0)", "REAL", PgType::Float8, Codec::Float, "COALESCE(\"r\", 0.0::float8) + 0"),
        (
            "m",
            "TEXT",
            PgType::Text,
            Codec::TextForm,
            "!values of several classes or spellings, to which the column gives others",
        ),
        ("e", "INTEGER", PgType::Timestamptz(6), Codec::Epoch(Unit::Seconds), "\"e\""),
        (
            "json_extract(js, '$.a')",
            "TEXT",
            PgType::Text,
            Codec::Text,
            "!json_extract(), which is not translated",
        ),
    ];
    for (text, declared, pg, codec, expected) in table {
        assert_eq!(stored_in(&scope, text, declared, pg, codec), expected, "{text} on {declared}");
    }
}
