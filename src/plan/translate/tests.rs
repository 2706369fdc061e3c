use super::*;
use crate::catalog::read;
use crate::catalog::spelling::{Fraction, Template, Zone};
use crate::plan::types::{Codec, PgType, Unit};

fn column(name: &str, affinity: Affinity, pg: PgType, codec: Codec) -> ScopeColumn {
    ScopeColumn {
        source: name.to_owned(),
        target: name.to_owned(),
        mapping: Mapping { pg, codec },
        affinity,
        collation: "BINARY".to_owned(),
        nullable: true,
    }
}

/// `YYYY-MM-DD HH:MM:SS`
fn stamp(separator: char, fraction: Fraction, zone: Zone) -> Codec {
    Codec::Stamp(Template { separator, seconds: true, fraction, zone })
}

/// A table with a column of every kind.
fn table() -> Scope<'static> {
    use Affinity::{Blob, Integer, Numeric, Real, Text};
    let flag_text = Codec::FlagText { yes: "Y".to_owned(), no: "N".to_owned() };
    let mut columns = vec![
        column("i", Integer, PgType::Int8, Codec::Int),
        column("s", Integer, PgType::Int4, Codec::Int),
        column("b", Numeric, PgType::Bool, Codec::Bool),
        column("r", Real, PgType::Float8, Codec::Float),
        column("n", Numeric, PgType::Numeric(None), Codec::Number),
        column("t", Text, PgType::Text, Codec::Text),
        column("u", Text, PgType::Text, Codec::Text),
        column("x", Blob, PgType::Bytea, Codec::Blob),
        column("m", Integer, PgType::Text, Codec::TextForm),
        column("d", Numeric, PgType::Date, Codec::Date),
        column("ts", Numeric, PgType::Timestamp(6), stamp(' ', Fraction::Fixed(0), Zone::None)),
        column("tz", Text, PgType::Timestamptz(6), stamp('T', Fraction::Fixed(3), Zone::Z)),
        column("any", Numeric, PgType::Timestamp(6), Codec::AnyTimestamp),
        column("e", Integer, PgType::Timestamptz(6), Codec::Epoch(Unit::Seconds)),
        column("id", Text, PgType::Uuid, Codec::Uuid),
        column("js", Text, PgType::Json, Codec::Json),
        column("jb", Text, PgType::Jsonb, Codec::Jsonb),
        column("yn", Text, PgType::Bool, flag_text),
        column("key", Integer, PgType::Int8, Codec::Int),
        column("nc", Text, PgType::Text, Codec::Text),
        column("rt", Text, PgType::Text, Codec::Text),
    ];
    for column in &mut columns {
        column.nullable = column.source != "key";
        match column.source.as_str() {
            "nc" => column.collation = "NOCASE".to_owned(),
            "rt" => column.collation = "RTRIM".to_owned(),
            _ => {}
        }
    }
    Scope { relations: vec![Relation { name: "t".to_owned(), qualifier: None, columns }], ..Scope::default() }
}

/// PostgreSQL's text without the schema of its own functions and types, or the reason after a `!`.
fn shown(translated: Result<Translated, Reason>) -> String {
    match translated {
        Ok(translated) => translated.sql.replace("pg_catalog.", ""),
        Err(why) => format!("!{why}"),
    }
}

fn assert_checks(table_of: &[(&str, &str)]) {
    assert_all(table_of, check);
}

fn assert_values(table_of: &[(&str, &str)]) {
    assert_all(table_of, value);
}

type Translator = fn(&Expr, &Scope<'_>) -> Result<Translated, Reason>;

/// All that differ are shown, not the first alone.
fn assert_all(table_of: &[(&str, &str)], translator: Translator) {
    let scope = table();
    let differing: Vec<String> = table_of
        .iter()
        .filter_map(|(sqlite, expected)| {
            let expr = read::expression(sqlite).unwrap_or_else(|why| panic!("{sqlite}: {why}"));
            let found = shown(translator(&expr, &scope));
            (found != *expected).then(|| format!("{sqlite}\n  expected {expected}\n  found    {found}"))
        })
        .collect();
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

#[test]
fn comparisons_of_numbers() {
    assert_checks(&[
        ("i >= 0", "\"i\" >= 0"),
        ("[i]>=(0) AND `i`<=(1)", "\"i\" >= 0 AND \"i\" <= 1"),
        ("i > -1", "\"i\" > -1"),
        ("i = '5'", "\"i\" = 5"),
        ("i = 'x'", "CASE WHEN \"i\" IS NOT NULL THEN false END"),
        ("key < 'x'", "true"),
        ("i < 1.5", "\"i\" < 1.5"),
        ("r >= 0", "\"r\" >= 0"),
        ("r < 0.1", "\"r\" < 0.1::float8"),
        ("n >= 0.1", "\"n\" >= 0.1"),
        ("n = i", "\"n\" = \"i\""),
        ("i < 1e999", "\"i\"::float8 < 'Infinity'::float8"),
        ("b = 1", "\"b\" = true"),
        ("b > 1", "\"b\" > true"),
        ("b IN (0, 1)", "\"b\" IN (false, true)"),
        ("i IN (0,1,2)", "\"i\" IN (0, 1, 2)"),
        ("i IN ()", "false"),
        ("i NOT IN (1, 'a')", "NOT (\"i\" = 1)"),
        ("i BETWEEN 1 AND 5", "\"i\" >= 1 AND \"i\" <= 5"),
        ("i NOT BETWEEN 1 AND 5", "NOT (\"i\" >= 1 AND \"i\" <= 5)"),
        ("e > 1700000000", "extract(epoch FROM (\"e\" AT TIME ZONE 'UTC'))::int8 > 1700000000"),
        (
            "i < r",
            "CASE WHEN abs(\"r\") >= 9007199254740992 AND \"i\"::float8 = \"r\" THEN \"i\"::numeric < (LEAST(GREATEST(\"r\", -9.3e18), 9.3e18) / 2)::int8::numeric * 2 ELSE \"i\"::float8 < \"r\" END",
        ),
        ("n < r", "!a comparison of a REAL with a column that holds integers and reals"),
        ("i = t", "!\"t\", a text that is compared with a number and that SQLite reads as one"),
        ("m = 1", "!\"m\" (text), which holds values of several classes"),
        ("m IS NOT NULL", "\"m\" IS NOT NULL"),
    ]);
}

#[test]
fn comparisons_of_texts() {
    assert_checks(&[
        ("t = 'a'", "\"t\" = 'a'"),
        ("t IN (\"yes\", \"no\")", "\"t\" IN ('yes', 'no')"),
        ("t < 'a'", "\"t\" COLLATE \"C\" < 'a'"),
        ("t = 5", "\"t\" = '5'"),
        ("t = 1.5", "\"t\" = '1.5'"),
        ("t = 1e300", "!the text of a REAL, which depends on SQLite's version"),
        ("t = u", "\"t\" = \"u\""),
        ("t = 'A' COLLATE NOCASE", "lower(\"t\" COLLATE \"C\") = 'a'"),
        ("nc = 'Abc'", "lower(\"nc\" COLLATE \"C\") = 'abc'"),
        ("nc = t", "lower(\"nc\" COLLATE \"C\") = lower(\"t\" COLLATE \"C\")"),
        ("t = nc", "\"t\" = \"nc\""),
        ("rt = 'a '", "rtrim(\"rt\") COLLATE \"C\" = 'a'"),
        ("t = u COLLATE mine", "!the collation MINE, which is the application's own"),
        ("x = x'00ff'", "\"x\" = '\\x00ff'::bytea"),
        ("x = 'a'", "CASE WHEN \"x\" IS NOT NULL THEN false END"),
        ("x > 'a'", "CASE WHEN \"x\" IS NOT NULL THEN true END"),
        ("ts = '2024-01-31 10:00:00'", "\"ts\" = '2024-01-31 10:00:00'::timestamp"),
        ("ts >= '2024-01-31'", "to_char(\"ts\", 'YYYY-MM-DD HH24:MI:SS') COLLATE \"C\" >= '2024-01-31'"),
        ("tz < '2024-01-31T10:00:00.000Z'", "\"tz\" < '2024-01-31 10:00:00.000+00:00'::timestamptz"),
        (
            "d BETWEEN '2000-01-01' AND '2024-02-29'",
            "\"d\" >= '2000-01-01'::date AND \"d\" <= '2024-02-29'::date",
        ),
        ("d = 2024", "CASE WHEN \"d\" IS NOT NULL THEN false END"),
        ("d > '2024'", "CASE WHEN \"d\" IS NOT NULL THEN true END"),
        ("any = '2024-01-01'", "!\"any\" (timestamp), which does not keep how its values were spelled"),
        ("any IS NULL", "\"any\" IS NULL"),
        (
            "id = '550e8400-e29b-41d4-a716-446655440000'",
            "\"id\" = '550e8400-e29b-41d4-a716-446655440000'::uuid",
        ),
        ("yn = 'Y'", "\"yn\" = true"),
        ("js <> ''", "\"js\"::text <> ''"),
        ("jb <> ''", "!\"jb\" (jsonb), which does not keep how its values were spelled"),
    ]);
}

#[test]
fn truth_and_null() {
    assert_checks(&[
        ("i", "\"i\" <> 0"),
        ("b", "\"b\""),
        ("NOT b", "NOT \"b\""),
        ("b AND i OR r", "(\"b\" AND \"i\" <> 0) OR \"r\" <> 0"),
        ("1", "true"),
        ("'abc'", "false"),
        ("NULL", "NULL::bool"),
        ("t", "!a TEXT as a condition, of which SQLite reads a number"),
        ("i IS NULL", "\"i\" IS NULL"),
        ("i NOTNULL", "\"i\" IS NOT NULL"),
        ("i = NULL", "NULL::bool"),
        ("i IS 5", "\"i\" IS NOT DISTINCT FROM 5"),
        ("key IS NOT 5", "\"key\" <> 5"),
        ("i IS t", "!\"t\", a text that is compared with a number and that SQLite reads as one"),
        ("i IS 'x'", "false"),
        ("i IS TRUE", "(\"i\" <> 0) IS TRUE"),
        ("b = TRUE", "\"b\" = true"),
        ("rowid > 0", "!the row's hidden rowid"),
        ("absent > 0", "!the name \"absent\", which no column has"),
        ("t.i = 1", "\"i\" = 1"),
        ("(i, s) = (1, 2)", "!a row value"),
        ("i IN (SELECT 1)", "!IN with a query"),
        ("sum(i) > 0", "!sum() over rows"),
    ]);
}

/// semantics.md §3.6: letters of ASCII only, and no escape character but the one that is said.
#[test]
fn patterns() {
    assert_checks(&[
        ("t LIKE 'A%é_'", "lower(\"t\" COLLATE \"C\") LIKE 'a%é_' ESCAPE ''"),
        ("t LIKE '%@%'", "\"t\" LIKE '%@%' ESCAPE ''"),
        ("t LIKE 'a\\b'", "lower(\"t\" COLLATE \"C\") LIKE E'a\\\\b' ESCAPE ''"),
        ("t NOT LIKE '5!%%' ESCAPE '!'", "NOT (\"t\" LIKE '5!%%' ESCAPE '!')"),
        ("t LIKE 'x!' ESCAPE '!'", "CASE WHEN \"t\" IS NOT NULL THEN false END"),
        ("t LIKE u", "lower(\"t\" COLLATE \"C\") LIKE lower(\"u\" COLLATE \"C\") ESCAPE ''"),
        ("i LIKE '1%'", "\"i\"::text LIKE '1%' ESCAPE ''"),
        ("r LIKE '1%'", "!the text of a REAL, which depends on SQLite's version"),
        ("t GLOB 'A*_?'", "\"t\" LIKE 'A%!__' ESCAPE '!'"),
        ("t GLOB '[0-9]*'", "\"t\" COLLATE \"C\" ~ '^[0-9].*$'"),
        ("t GLOB '[^]a-]x.'", "\"t\" COLLATE \"C\" ~ E'^[^\\\\u005da\\\\u002d]x\\\\u002e$'"),
        ("t GLOB '[abc'", "CASE WHEN \"t\" IS NOT NULL THEN false END"),
        ("t GLOB u", "!GLOB with a pattern that is not a constant"),
        ("t REGEXP 'a'", "!REGEXP, which is a function of the application"),
    ]);
}

#[test]
fn arithmetic_of_both_kinds() {
    assert_values(&[
        ("i + 1", "\"i\" + 1"),
        ("s + 1", "\"s\"::int8 + 1"),
        ("s * i", "\"s\" * \"i\""),
        ("b + 1", "\"b\"::int4::int8 + 1"),
        ("i / s", "\"i\" / NULLIF(\"s\", 0)"),
        ("i / 2", "\"i\" / 2"),
        ("i % 0", "NULL"),
        ("i - -1", "\"i\" - (-1)"),
        ("- i", "- \"i\""),
        ("-9223372036854775808", "(-9223372036854775808)::int8"),
        ("9223372036854775807 + 1", "9.223372036854776e18::float8"),
        ("1e308 * 10", "'Infinity'::float8"),
        ("2 * 3 + 1", "7"),
        ("i << 3", "\"i\" << 3"),
        ("i >> 70", "\"i\" >> 63"),
        ("i << -2", "\"i\" >> 2"),
        ("~s", "~ \"s\"::int8"),
        ("i & 1", "\"i\" & 1"),
        ("r * 2", "\"r\" * 2.0::float8"),
        ("r * r", "NULLIF(\"r\" * \"r\", 'NaN'::float8)"),
        ("r / 2", "\"r\" / 2.0::float8"),
        ("i / r", "NULLIF(\"i\"::float8 / NULLIF(\"r\", 0), 'NaN'::float8)"),
        ("-r", "0 - \"r\""),
        ("n * 2", "!arithmetic with a number that is INTEGER or REAL"),
        ("n - i", "!arithmetic with a number that is INTEGER or REAL"),
        ("- n", "- \"n\""),
        ("t + 1", "!arithmetic with a TEXT"),
        ("'12abc' + 1", "13"),
        ("r % 2", "!an operator on bits or a remainder with a REAL, of which SQLite takes the integer"),
        ("t || i || b", "(\"t\" || \"i\"::text) || \"b\"::int4::text"),
        ("'a' || 'b'", "'ab'"),
        ("t || r", "!the text of a REAL, which depends on SQLite's version"),
    ]);
}

mod functions;
mod stored;
