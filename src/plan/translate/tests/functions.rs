//! Functions, CASE and CAST.

use super::{assert_all, assert_values, shown, table};
use crate::catalog::read;
use crate::plan::translate::{Scope, check, condition, index_condition, index_key, value};

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
            "CASE WHEN (strpos(\"t\", '@')::int8 + 1)::int4 > 0 THEN substr(\"t\", (strpos(\"t\", '@')::int8 + 1)::int4) WHEN (strpos(\"t\", '@')::int8 + 1)::int4 = 0 THEN \"t\" WHEN (strpos(\"t\", '@')::int8 + 1)::int4 < 0 THEN right(\"t\", - GREATEST((strpos(\"t\", '@')::int8 + 1)::int4, -2000000000)) END",
        ),
        ("replace(t, 'a', NULL)", "NULL"),
        ("instr(t, 'a')", "strpos(\"t\", 'a')"),
        ("hex(x)", "COALESCE(upper(encode(\"x\", 'hex')), '')"),
        ("hex(t)", "COALESCE(upper(encode(convert_to(\"t\", 'UTF8'), 'hex')), '')"),
        ("char(65, 66)", "'AB'"),
        ("unicode(t)", "NULLIF(ascii(\"t\"), 0)"),
        ("substr(x, 1, 1)", "substr(NULLIF(\"x\", '\\x'::bytea), 1, 1)"),
        ("substr(t, 1, 9223372036854775807)", "!substr() with a place beyond 32 bits"),
        (
            "substr(t, s)",
            "CASE WHEN \"s\" > 0 THEN substr(\"t\", \"s\") WHEN \"s\" = 0 THEN \"t\" WHEN \"s\" < 0 THEN right(\"t\", - GREATEST(\"s\", -2000000000)) END",
        ),
        ("substr(t COLLATE NOCASE, 1) = 'A'", "lower(\"t\" COLLATE \"C\") = 'a'"),
        ("('a' COLLATE NOCASE || 'b') = t", "'ab' = lower(\"t\" COLLATE \"C\")"),
        ("replace(t, '', 'x')", "\"t\""),
        ("replace(5, '', 'x')", "'5'"),
        ("replace(x, '', 'x')", "!a BLOB as a text"),
        ("abs('2024-03-10')", "2024.0::float8"),
        ("abs(-5)", "5"),
        ("ceil('5')", "!ceil() of a TEXT"),
        ("CAST(ceil(1e999) AS INTEGER)", "9223372036854775807"),
        ("CAST(round(-1e999) AS INTEGER)", "(-9223372036854775808)::int8"),
        ("round(2.5)", "3.0::float8"),
        ("min('A1', '[1]')", "'A1'"),
        ("max(1, 1.0)", "1"),
        ("min(1, 1.0)", "1.0::float8"),
        ("max('a', x'61')", "!a value that is a BLOB or a TEXT"),
        ("max('a', t)", "CASE WHEN \"t\" IS NOT NULL THEN GREATEST('a', \"t\" COLLATE \"C\") END"),
        ("'A' LIKE t", "'a' LIKE lower(\"t\" COLLATE \"C\") ESCAPE ''"),
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
        ("coalesce('b', t)", "'b'"),
        ("max('c', coalesce('b', t))", "'c'"),
        ("coalesce(b, 0)", "COALESCE(\"b\", false)"),
        ("coalesce(r, 0)", "COALESCE(\"r\", 0.0::float8)"),
        ("ifnull(ts, '')", "COALESCE(to_char(\"ts\", 'YYYY-MM-DD HH24:MI:SS'), '')"),
        ("nullif(t, '')", "NULLIF(\"t\", '')"),
        ("nullif(i, 'x')", "\"i\""),
        ("nullif(-1, n)", "CASE WHEN -1 = \"n\" THEN NULL ELSE -1 END"),
        ("nullif(s, i)", "CASE WHEN \"s\" = \"i\" THEN NULL ELSE \"s\" END"),
        ("nullif(i, s)", "CASE WHEN \"i\" = \"s\" THEN NULL ELSE \"i\" END"),
        ("nullif(rt, 5) = 'a'", "\"rt\" = 'a'"),
        (
            "nullif(d, 'x') = 'a '",
            "to_char((CASE WHEN to_char(\"d\", 'YYYY-MM-DD') = 'x' THEN NULL ELSE \"d\" END), 'YYYY-MM-DD') = 'a '",
        ),
        ("coalesce(rt, t) = 'a '", "COALESCE(\"rt\", \"t\") = 'a '"),
        ("iif(b, rt, t) = 'a '", "CASE WHEN \"b\" THEN \"rt\" ELSE \"t\" END = 'a '"),
        ("coalesce(s, i, n)", "COALESCE(\"s\"::numeric, \"i\"::numeric, \"n\")"),
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
        ("n * s", "!arithmetic with a number that is INTEGER or REAL"),
        ("n / 2", "!arithmetic with a number that is INTEGER or REAL"),
    ]);
}

const STABLE: &str = "!a function that PostgreSQL does not call immutable";

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
            ("m", "!a key that is a value of several classes or spellings"),
            ("jb COLLATE RTRIM", "!a key that is a value of several classes or spellings"),
            ("yn", "!a key that is a value that became another type, which boolean orders otherwise"),
            ("e", "\"e\""),
            ("id", "\"id\""),
            ("js", "!a value of type json, which PostgreSQL has no order for"),
            ("nullif('B', d)", STABLE),
            ("nullif(d, t)", STABLE),
            ("nullif(ts, 'x')", STABLE),
            ("coalesce(ts, t)", STABLE),
            ("iif(tz = t, 1, 2)", STABLE),
            ("CASE WHEN tz > '2024' || t THEN 1 END", STABLE),
            ("CASE tz WHEN t THEN 1 END", STABLE),
            ("min(d, t)", STABLE),
            ("d || t", STABLE),
            ("t IN (d)", STABLE),
            ("t BETWEEN tz AND 'x'", STABLE),
            ("nullif(key, 'x')", "\"key\""),
            ("nullif(rt, 0.3)", "\"rt\""),
            ("hex(x'ff')", "!a constant, which is no key"),
        ],
        index_key,
    );
    assert_all(
        &[
            ("b = 1", "\"b\" = true"),
            ("i != 0", "\"i\" <> 0"),
            ("t != ''", "\"t\" <> ''"),
            ("ts IN ('2024-01')", "!a function that PostgreSQL does not call immutable"),
            ("ts > '2024-01'", "!a function that PostgreSQL does not call immutable"),
        ],
        index_condition,
    );
}

/// semantics.md §3.4: a UTF-16 file orders texts by other bytes; what only compares them is the same.
#[test]
fn bytes_of_texts_in_a_utf16_file() {
    let refused = "!the bytes of a text, or its order by them, which depend on the source's encoding";
    let scope = Scope { utf16: true, ..super::table() };
    let of = |text: &str, translator: super::Translator| {
        super::shown(translator(&read::expression(text).unwrap(), &scope))
    };
    for text in [
        "t < 'a'",
        "t >= u",
        "t BETWEEN 'a' AND 'b'",
        "t NOT BETWEEN 'a' AND 'b'",
        "CASE WHEN i THEN t > u END",
        "min(t, u)",
        "max('é', 'z')",
        "'é' < 'z'",
        "octet_length(t)",
        "hex(t)",
        "CAST('a' AS BLOB)",
        "length(CAST('a' AS BLOB))",
        "x = CAST('a' AS BLOB)",
    ] {
        assert_eq!(of(text, value), refused, "{text}");
        assert!(!shown(value(&read::expression(text).unwrap(), &table())).starts_with('!'), "{text}");
    }
    assert_eq!(of("t < 'a'", check), refused);
    assert_eq!(of("t < 'a'", condition), refused);
    assert_eq!(of("t < 'a'", index_condition), refused);
    assert_eq!(of("t < 'a'", index_key), refused);
    for text in
        ["t = 'é'", "t IN ('a', u)", "nc = t", "nullif(t, u)", "t LIKE 'a%'", "d < '2024-01-01'", "'a' < 'b'"]
    {
        assert!(!of(text, value).starts_with('!'), "{text}");
    }
}
