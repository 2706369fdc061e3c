//! Values that a column, which exists, cannot hold.

use super::{Blocker, By, PLAIN, all};

/// A table `t` with keys 1 and 2, and one column, `a`.
macro_rules! values {
    ($name:literal, $existing:literal, $declared:literal, $values:literal, $code:literal, $by:expr) => {
        Blocker {
            name: $name,
            source: concat!(
                "CREATE TABLE t (id INTEGER PRIMARY KEY, a ",
                $declared,
                "); INSERT INTO t VALUES ",
                $values
            ),
            target: concat!("CREATE TABLE t (id bigint PRIMARY KEY, a ", $existing, ")"),
            code: $code,
            object: "t.a",
            by: $by,
            ..PLAIN
        }
    };
}

pub(super) const ALL: &[Blocker] = &[
    values!("NULL", "text NOT NULL", "TEXT", "(1, 'x'), (2, NULL)", "E_NOTNULL", By::Target),
    values!("NULL, deleted", "text NOT NULL", "TEXT", "(1, 'x'), (2, NULL)", "E_NOTNULL", By::Source),
    values!("text in integer", "integer", "INTEGER", "(1, 5), (2, 'five')", "E_MIXED", By::Target),
    values!("blob in text", "text", "TEXT", "(1, 'x'), (2, x'00ff')", "E_MIXED_BLOB", By::Target),
    values!("long varchar", "varchar(3)", "TEXT", "(1, 'abc'), (2, 'abcd')", "E_LENGTH", By::Target),
    values!("char with a space", "char(3)", "TEXT", "(1, 'abc'), (2, 'ab ')", "E_LENGTH", By::Target),
    values!("integer range", "integer", "INTEGER", "(1, 5), (2, 3000000000)", "E_RANGE", By::Target),
    values!("smallint range", "smallint", "INTEGER", "(1, 5), (2, 40000)", "E_RANGE", By::Target),
    values!("numeric scale", "numeric(10,2)", "NUMERIC", "(1, 1.25), (2, 1.239)", "E_RANGE", By::Target),
    values!("numeric precision", "numeric(4,2)", "NUMERIC", "(1, 1.25), (2, 1000.5)", "E_RANGE", By::Target),
    values!("float4", "real", "REAL", "(1, 0.5), (2, 0.1)", "E_RANGE", By::Target),
    values!("boolean", "boolean", "BOOLEAN", "(1, 1), (2, 2)", "E_RANGE", By::Target),
    values!("date", "date", "DATE", "(1, '2024-02-29'), (2, '2023-02-29')", "E_DATE", By::Target),
    values!(
        "timestamp",
        "timestamp",
        "DATETIME",
        "(1, '2024-02-29 10:00:00'), (2, 'soon')",
        "E_DATE",
        By::Target
    ),
    values!("time", "time", "TIME", "(1, '10:00:00'), (2, '25:00:00')", "E_DATE", By::Target),
    values!(
        "fraction",
        "timestamp(3)",
        "DATETIME",
        "(1, '2024-02-29 10:00:00.123'), (2, '2024-02-29 10:00:00.1234')",
        "E_DATE",
        By::Target
    ),
    values!(
        "zone",
        "timestamp",
        "DATETIME",
        "(1, '2024-02-29 10:00:00'), (2, '2024-02-29 10:00:00+02:00')",
        "E_DATE",
        By::Target
    ),
    values!("interval", "interval", "TEXT", "(1, '1 day'), (2, 'soon')", "E_DATE", By::Target),
    values!("json", "json", "JSON", "(1, '{}'), (2, '{')", "E_JSON", By::Target),
    values!("jsonb", "jsonb", "JSON", "(1, '{}'), (2, 'NaN')", "E_JSON", By::Target),
    values!("jsonb with NUL", "jsonb", "JSON", "(1, '{}'), (2, '\"\\u0000\"')", "E_JSON", By::Target),
    values!(
        "uuid",
        "uuid",
        "TEXT",
        "(1, '550e8400-e29b-41d4-a716-446655440000'), (2, 'no')",
        "E_UUID",
        By::Target
    ),
    values!(
        "uuid of 3 bytes",
        "uuid",
        "BLOB",
        "(1, x'550e8400e29b41d4a716446655440000'), (2, x'00ffee')",
        "E_UUID",
        By::Target
    ),
    values!("inet", "inet", "TEXT", "(1, '10.0.0.1'), (2, 'here')", "E_NETWORK", By::Target),
    values!("cidr", "cidr", "TEXT", "(1, '10.0.0.0/8'), (2, '10.0.0.1/8')", "E_NETWORK", By::Target),
    values!(
        "invalid UTF-8",
        "text",
        "TEXT",
        "(1, 'x'), (2, CAST(x'636166e9' AS TEXT))",
        "E_TEXT_UTF8",
        By::Target
    ),
    values!(
        "NUL in a text",
        "text",
        "TEXT",
        "(1, 'x'), (2, CAST(x'610062' AS TEXT))",
        "E_TEXT_NUL",
        By::Target
    ),
    values!(
        "invalid UTF-8, replaced",
        "text",
        "TEXT",
        "(1, 'x'), (2, CAST(x'636166e9' AS TEXT))",
        "E_TEXT_UTF8",
        By::Setting
    ),
    values!(
        "NUL, escaped",
        "text",
        "TEXT",
        "(1, 'x'), (2, CAST(x'610062' AS TEXT))",
        "E_TEXT_NUL",
        By::Setting
    ),
    Blocker {
        name: "enum label",
        source: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'sad'), (2, 'glad')",
        target: "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (id bigint PRIMARY KEY, a mood)",
        code: "E_WORD",
        object: "t.a",
        ..PLAIN
    },
    Blocker {
        name: "NULL in a domain",
        source: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'sad'), (2, NULL)",
        target: "CREATE DOMAIN sure AS text NOT NULL; CREATE TABLE t (id bigint PRIMARY KEY, a sure)",
        code: "E_NOTNULL",
        object: "t.a",
        ..PLAIN
    },
    Blocker {
        name: "a unique key of the target",
        source: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'x'), (3, 'y')",
        target: "CREATE TABLE t (id bigint PRIMARY KEY, a text, CONSTRAINT one UNIQUE (a))",
        code: "E_UNIQUE_MERGE",
        object: "t",
        ..PLAIN
    },
    Blocker {
        name: "a unique index of the target",
        source: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'x'), (3, 'y')",
        target: "CREATE TABLE t (id bigint PRIMARY KEY, a text); CREATE UNIQUE INDEX \"One of\" ON t (a)",
        code: "E_UNIQUE_MERGE",
        object: "t",
        ..PLAIN
    },
    Blocker {
        name: "values of the type that is configured",
        source: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, '5'), (2, 'five')",
        settings: "tables.t.columns.a.type = \"date\"",
        code: "E_DATE",
        object: "t.a",
        by: By::Setting,
        ..PLAIN
    },
];

#[test]
fn values_without_a_place() {
    all(&ALL[..ALL.len() / 2]);
}

#[test]
fn more_values_without_a_place() {
    all(&ALL[ALL.len() / 2..]);
}
