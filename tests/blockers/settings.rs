//! What was asked for and cannot be done.

use super::{Blocker, By, PLAIN, all};

const DATED: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, at DATETIME, n INTEGER);
    INSERT INTO t VALUES (1, 'x', '2024-01-01 00:00:00', 1), (2, 'y', '2024-05-01 00:00:00', 100000)";

pub(super) const ALL: &[Blocker] = &[
    Blocker {
        name: "orphans that are refused",
        source:
            "PRAGMA foreign_keys = OFF; CREATE TABLE p (id INTEGER PRIMARY KEY);
                 CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p); INSERT INTO c VALUES (1, 7)",
        options: &["--orphans", "refuse"],
        code: "E_FK_ORPHANS",
        object: "c",
        by: By::Option,
        ..PLAIN
    },
    Blocker {
        name: "mixed columns that are refused",
        source: "CREATE TABLE t (a); INSERT INTO t VALUES (1), ('1')",
        options: &["--mixed", "refuse"],
        code: "E_MIXED",
        object: "t.a",
        by: By::Option,
        ..PLAIN
    },
    Blocker {
        name: "BLOBs beside texts that are refused",
        source: "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('x'), (x'00')",
        options: &["--mixed", "refuse"],
        code: "E_MIXED_BLOB",
        object: "t.a",
        by: By::Option,
        ..PLAIN
    },
    Blocker {
        name: "a type for values of another class",
        source: DATED,
        settings: "tables.t.columns.a.encoding = \"epoch_s\"",
        code: "E_CHOICE",
        object: "t.a",
        by: By::Setting,
        ..PLAIN
    },
    Blocker {
        name: "a zone that nobody named",
        source: DATED,
        settings: "tables.t.columns.at.type = \"timestamptz\"",
        code: "E_CHOICE",
        object: "t.at",
        by: By::Setting,
        ..PLAIN
    },
    Blocker {
        name: "partitions by a text",
        source: DATED,
        settings: "tables.t.partition = { by = \"a\", every = \"month\" }",
        code: "E_PARTITION_TYPE",
        object: "t.a",
        by: By::Setting,
        ..PLAIN
    },
    Blocker {
        name: "partitions of numbers by the month",
        source: DATED,
        settings: "tables.t.partition = { by = \"n\", every = \"month\" }",
        code: "E_PARTITION_STEP",
        object: "t.n",
        by: By::Setting,
        ..PLAIN
    },
    Blocker {
        name: "too many partitions",
        source: DATED,
        settings: "tables.t.partition = { by = \"n\", every = 10 }",
        code: "E_PARTITION_COUNT",
        object: "t.n",
        by: By::Setting,
        ..PLAIN
    },
    Blocker {
        name: "partitions of a table that exists",
        source: DATED,
        target: "CREATE TABLE t (id bigint, a text, at timestamp, n bigint)",
        settings: "tables.t.partition = { by = \"n\", every = 100000 }",
        code: "E_PARTITION_EXISTS",
        object: "t",
        by: By::Setting,
        ..PLAIN
    },
    Blocker {
        name: "a name that another has",
        source: "CREATE TABLE one (a); CREATE TABLE two (a); INSERT INTO one VALUES (1)",
        settings: "tables.one.rename = \"two\"",
        code: "E_NAME_COLLISION",
        object: "",
        by: By::Setting,
        ..PLAIN
    },
];

#[test]
fn what_was_asked_for_and_cannot_be() {
    all(ALL);
}
