//! Functions, CASE and CAST.

use super::{assert_all, assert_values};
use crate::plan::translate::{index_condition, index_key};

#[test]
fn functions_of_the_whitelist() {
    assert_values(&[
        ("length(t)", "length(\"t\")"),
        ("length(x)", "octet_length(\"x\")"),
        ("length(i)", "length(\"i\"::text)"),
        ("lower(t)", "lower(\"t\" COLLATE \"C\")"),
        ("trim(t)", "btrim(\"t\")"),
        ("trim(t, 'ab')", "btrim(\"t\", 'ab')"),
        ("substr(t, -2)", "right(\"t\", 2)"),
        ("substr(t, 0, 3)", "substr(\"t\", 1, 2)"),
        ("substr(t, 3, -2)", "substr(\"t\", 1, 2)"),
        ("substr(t, -3, 2)", "substr(\"t\", length(\"t\") - 2, 2)"),
        (
            "substr(t, instr(t, '@') + 1)",
            "CASE WHEN strpos(\"t\", '@')::int8 + 1 > 0 THEN substr(\"t\", LEAST(strpos(\"t\", '@')::int8 + 1, 2000000000)::int4) WHEN strpos(\"t\", '@')::int8 + 1 = 0 THEN \"t\" WHEN strpos(\"t\", '@')::int8 + 1 < 0 THEN right(\"t\", LEAST(- GREATEST(strpos(\"t\", '@')::int8 + 1, -2000000000), 2000000000)::int4) END",
        ),
        ("replace(t, 'a', NULL)", "NULL"),
        ("instr(t, 'a')", "strpos(\"t\", 'a')"),
        ("hex(x)", "COALESCE(upper(encode(\"x\", 'hex')), '')"),
        ("hex(t)", "COALESCE(upper(encode(convert_to(\"t\", 'UTF8'), 'hex')), '')"),
        ("char(65, 66)", "'AB'"),
        ("unicode(t)", "NULLIF(ascii(\"t\"), 0)"),
        ("abs(s)", "abs(\"s\"::int8)"),
        (
            "round(r)",
            "CASE WHEN abs(\"r\") > 4503599627370496 THEN \"r\" ELSE trunc(\"r\" + CASE WHEN \"r\" < 0 THEN -0.5 ELSE 0.5 END) + 0 END",
        ),
        ("round(r, 2)", "!round() to digits, whose ties depend on SQLite's version"),
        ("round(i)", "\"i\"::float8"),
        ("max(i, 0)", "CASE WHEN \"i\" IS NOT NULL THEN GREATEST(\"i\", 0) END"),
        (
            "min(t, u)",
            "CASE WHEN \"t\" IS NOT NULL AND \"u\" IS NOT NULL THEN LEAST(\"t\" COLLATE \"C\", \"u\" COLLATE \"C\") END",
        ),
        ("min(key, 5)", "LEAST(\"key\", 5)"),
        ("max(NULL, 1)", "NULL"),
        ("max(nc, 'a')", "!min() or max() by the collation NOCASE"),
        ("typeof(i)", "CASE WHEN \"i\" IS NULL THEN 'null' ELSE 'integer' END"),
        ("typeof(key) = 'integer'", "true"),
        ("typeof(m)", "!\"m\" (text), which holds values of several classes"),
        ("coalesce(i, 0)", "COALESCE(\"i\", 0)"),
        ("coalesce(b, 0)", "COALESCE(\"b\", false)"),
        ("coalesce(r, 0)", "COALESCE(\"r\", 0.0::float8)"),
        ("ifnull(ts, '')", "COALESCE(to_char(\"ts\", 'YYYY-MM-DD HH24:MI:SS'), '')"),
        ("nullif(t, '')", "NULLIF(\"t\", '')"),
        ("nullif(i, 'x')", "\"i\""),
        ("iif(b, 'yes', 'no')", "CASE WHEN \"b\" THEN 'yes' ELSE 'no' END"),
        ("iif(b, 1, 'no')", "!a value that is a TEXT or an INTEGER"),
        ("CASE i WHEN 1 THEN 'a' ELSE t END", "CASE WHEN \"i\" = 1 THEN 'a' ELSE \"t\" END"),
        ("CASE WHEN i > 0 THEN 1 END", "CASE WHEN \"i\" > 0 THEN 1 END"),
        (
            "CAST(r AS INTEGER)",
            "CASE WHEN \"r\" >= 9223372036854775807 THEN 9223372036854775807 WHEN \"r\" <= (-9223372036854775808) THEN (-9223372036854775808)::int8 ELSE trunc(\"r\")::int8 END",
        ),
        ("CAST('12abc' AS INTEGER)", "12"),
        ("CAST(t AS INTEGER)", "!a TEXT as an INTEGER, which SQLite reads from its beginning"),
        ("CAST(i AS TEXT)", "\"i\"::text"),
        ("CAST(i AS REAL)", "\"i\"::float8"),
        ("json_valid(js)", "CASE WHEN \"js\" IS NOT NULL THEN true END"),
        ("json_valid(t)", "!json_valid() of what is not a JSON column in the target"),
        ("json_extract(js, '$.a')", "!json_extract(), which is not translated"),
        ("date(ts)", "(\"ts\")::date"),
        ("datetime(tz)", "date_trunc('second', (\"tz\" AT TIME ZONE 'UTC'))"),
        (
            "datetime(i, 'unixepoch')",
            "date_trunc('second', (to_timestamp(CASE WHEN \"i\" BETWEEN -62135596800 AND 253402300799 THEN \"i\" END) AT TIME ZONE 'UTC'))",
        ),
        ("datetime(ts, 'localtime')", "!the modifier 'localtime'"),
        ("date(d, 'start of month')", "(date_trunc('month', \"d\"::timestamp))::date"),
        ("strftime('%Y', ts)", "to_char(\"ts\", 'YYYY')"),
        ("strftime('%d.%m.%Y', d)", "to_char(\"d\"::timestamp, 'DD.MM.YYYY')"),
        ("strftime('%W', d)", "!strftime() with %W"),
        ("date(t)", "!a date function of a TEXT"),
        ("date('now')", "(statement_timestamp() AT TIME ZONE 'UTC')::date"),
        ("random()", "!random(), which gives another value each time"),
        ("mine(i)", "!mine(), which is not translated"),
        ("printf('%d', i)", "!printf(), whose text depends on SQLite's version"),
        ("n * s", "NULLIF(\"n\"::float8 * \"s\"::float8, 'NaN'::float8)"),
        (
            "n / 2",
            "CASE WHEN trunc(\"n\"::float8) = \"n\"::float8 AND abs(\"n\"::float8) < 9223372036854775807 THEN trunc(\"n\"::float8 / NULLIF(2.0::float8, 0)) ELSE \"n\"::float8 / NULLIF(2.0::float8, 0) END",
        ),
    ]);
}

/// What PostgreSQL does not call immutable is in no index.
#[test]
fn keys_and_conditions_of_indexes() {
    assert_all(
        &[
            ("substr(t, 6)", "substr(\"t\", 6)"),
            ("lower(t)", "lower(\"t\" COLLATE \"C\")"),
            ("nc", "lower(\"nc\" COLLATE \"C\")"),
            ("t COLLATE NOCASE", "lower(\"t\" COLLATE \"C\")"),
            ("t || ''", "(\"t\" || '')"),
            ("substr(d, 6)", "!a function that PostgreSQL does not call immutable"),
            ("date(ts)", "(\"ts\")::date"),
            ("\"absent\"", "!a constant, which is no key"),
            ("m", "\"m\""),
        ],
        index_key,
    );
    assert_all(
        &[
            ("b = 1", "\"b\" = true"),
            ("i != 0", "\"i\" <> 0"),
            ("t != ''", "\"t\" <> ''"),
            ("ts > '2024-01'", "!a function that PostgreSQL does not call immutable"),
        ],
        index_condition,
    );
}
