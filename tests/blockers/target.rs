//! What is in the target already.

use super::{Blocker, By, PLAIN, all};

const FAMILY: &str = "PRAGMA foreign_keys = OFF;
    CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1);
    CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p); INSERT INTO c VALUES (1, 1), (2, 7), (3, NULL)";

const SNAKES: &str = "CREATE TABLE \"a b\" (x); CREATE TABLE a_b (x); INSERT INTO a_b VALUES (1); INSERT INTO \"a b\" VALUES (2)";

pub(super) const ALL: &[Blocker] = &[
    Blocker {
        name: "orphans under a key that exists",
        source: FAMILY,
        target: "CREATE TABLE p (id bigint PRIMARY KEY); CREATE TABLE c (id bigint PRIMARY KEY, p bigint REFERENCES p)",
        code: "E_FK_ORPHANS",
        object: "c",
        by: By::Option,
        ..PLAIN
    },
    Blocker {
        name: "orphans under a key that exists, deleted",
        source: FAMILY,
        target: "CREATE TABLE p (id bigint PRIMARY KEY); CREATE TABLE c (id bigint PRIMARY KEY, p bigint REFERENCES p)",
        code: "E_FK_ORPHANS",
        object: "c",
        by: By::Source,
        ..PLAIN
    },
    Blocker {
        name: "rows in the way",
        target: "CREATE TABLE t (id bigint PRIMARY KEY, a text); INSERT INTO t VALUES (9, 'mine')",
        code: "E_TARGET_ROWS",
        object: "t",
        by: By::Option,
        ..PLAIN
    },
    Blocker {
        name: "rows that refer to those in the way",
        target: "CREATE TABLE t (id bigint PRIMARY KEY, a text); INSERT INTO t VALUES (9, 'mine');
                 CREATE TABLE \"Others\" (t bigint REFERENCES t); INSERT INTO \"Others\" VALUES (9)",
        options: &["--existing", "truncate"],
        code: "E_TRUNCATE_REFERENCED",
        object: "t",
        ..PLAIN
    },
    Blocker {
        name: "no table, and none may be made",
        options: &["--create", "never"],
        code: "E_TABLE_MISSING",
        object: "t",
        by: By::Option,
        ..PLAIN
    },
    Blocker {
        name: "no column",
        target: "CREATE TABLE t (id bigint PRIMARY KEY)",
        code: "E_COLUMN_MISSING",
        object: "t.a",
        ..PLAIN
    },
    Blocker {
        name: "no column, skipped",
        target: "CREATE TABLE t (id bigint PRIMARY KEY)",
        code: "E_COLUMN_MISSING",
        object: "t.a",
        by: By::Setting,
        ..PLAIN
    },
    Blocker {
        name: "a column more",
        target: "CREATE TABLE t (id bigint PRIMARY KEY, a text, \"Extra one\" text NOT NULL)",
        code: "E_COLUMN_UNFILLED",
        object: "t.Extra one",
        ..PLAIN
    },
    Blocker {
        name: "a type that is never filled",
        target: "CREATE TABLE t (id bigint PRIMARY KEY, a int4range)",
        code: "E_TYPE",
        object: "t.a",
        ..PLAIN
    },
    Blocker {
        name: "a view",
        target: "CREATE VIEW t AS SELECT 1::bigint AS id, 'x'::text AS a",
        code: "E_NOT_A_TABLE",
        object: "t",
        by: By::Setting,
        ..PLAIN
    },
    Blocker {
        name: "a foreign table",
        target: "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;
                 CREATE FOREIGN TABLE t (id bigint, a text) SERVER s",
        code: "E_NOT_A_TABLE",
        object: "t",
        by: By::Setting,
        ..PLAIN
    },
    Blocker {
        name: "a partition",
        target: "CREATE TABLE whole (id bigint, a text) PARTITION BY RANGE (id);
                 CREATE TABLE t PARTITION OF whole FOR VALUES FROM (0) TO (10)",
        code: "E_NOT_A_TABLE",
        object: "t",
        by: By::Setting,
        ..PLAIN
    },
    Blocker {
        name: "two tables into one",
        source: SNAKES,
        target: "CREATE TABLE a_b (x text)",
        options: &["--names", "snake"],
        code: "E_NAME_COLLISION",
        object: "a",
        by: By::Setting,
        ..PLAIN
    },
    Blocker {
        name: "two columns into one",
        source: "CREATE TABLE t (\"a b\" TEXT, a_b TEXT); INSERT INTO t VALUES ('x', 'y')",
        target: "CREATE TABLE t (a_b text, a_b_2 text)",
        options: &["--names", "snake"],
        code: "E_NAME_COLLISION",
        object: "t",
        by: By::Setting,
        ..PLAIN
    },
    Blocker {
        name: "one table from two files",
        source: "CREATE TABLE t (a); CREATE TABLE one (a); INSERT INTO t VALUES (1)",
        second: "CREATE TABLE t (a); CREATE TABLE two (a); INSERT INTO t VALUES (1)",
        code: "E_NAME_COLLISION",
        object: "t",
        by: By::Option,
        ..PLAIN
    },
    Blocker {
        name: "a trigger",
        target: "CREATE TABLE t (id bigint PRIMARY KEY, a text);
                 CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                 CREATE TRIGGER watcher BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()",
        code: "E_TRIGGER",
        object: "t",
        ..PLAIN
    },
    Blocker {
        name: "a trigger of a partition",
        target: "CREATE TABLE t (id bigint, a text) PARTITION BY RANGE (id);
                 CREATE TABLE \"Low\" PARTITION OF t FOR VALUES FROM (0) TO (10);
                 CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
                 CREATE TRIGGER below BEFORE INSERT ON \"Low\" FOR EACH ROW EXECUTE FUNCTION f()",
        code: "E_TRIGGER",
        object: "t",
        ..PLAIN
    },
    Blocker {
        name: "a CHECK of the target",
        source: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b REAL, c BLOB); INSERT INTO t VALUES (1, 'x', 0.5, x'00'), (2, 'long', NULL, NULL)",
        target: "CREATE TABLE t (id bigint PRIMARY KEY, a text, b double precision, c bytea, d int DEFAULT 7,
                 twice double precision GENERATED ALWAYS AS (b * 2) STORED,
                 CONSTRAINT \"Short one\" CHECK (length(a) < 3 AND d = 7 AND twice < 100 AND (c IS NULL OR octet_length(c) = 1)))",
        code: "E_CHECK",
        object: "t.Short one",
        ..PLAIN
    },
    Blocker {
        name: "a CHECK of a domain",
        source: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'Long')",
        target: "CREATE DOMAIN word AS varchar(9) CONSTRAINT small CHECK (VALUE ~ '^[a-z]+$');
                 CREATE DOMAIN code AS word; CREATE TABLE t (id bigint PRIMARY KEY, a code)",
        code: "E_CHECK",
        object: "t.small",
        ..PLAIN
    },
    Blocker {
        name: "no partition for a row",
        source: "CREATE TABLE t (id INTEGER PRIMARY KEY, a DATE); INSERT INTO t VALUES (1, '2024-01-05'), (2, '2024-03-05'), (3, '2025-01-01')",
        target: "CREATE TABLE t (id bigint, a date) PARTITION BY RANGE (a);
                 CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (id);
                 CREATE TABLE t_1_all PARTITION OF t_1 DEFAULT",
        code: "E_NO_PARTITION",
        object: "t",
        ..PLAIN
    },
    Blocker {
        name: "a unique index on an expression",
        source: "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'X')",
        target: "CREATE TABLE t (id bigint PRIMARY KEY, a text); CREATE UNIQUE INDEX \"Folded\" ON t (lower(a))",
        code: "E_UNIQUE_MERGE",
        object: "t.Folded",
        ..PLAIN
    },
    Blocker {
        name: "a key that a row of the target has",
        target: "CREATE TABLE t (id bigint PRIMARY KEY, a text); INSERT INTO t VALUES (1, 'mine')",
        options: &["--existing", "append"],
        code: "E_UNIQUE_TAKEN",
        object: "t",
        by: By::Option,
        ..PLAIN
    },
    Blocker {
        name: "a source with more columns than a table has",
        source: "CREATE TABLE small (a); INSERT INTO small VALUES (1)",
        code: "E_COLUMNS_1600",
        object: "wide",
        by: By::Option,
        ..PLAIN
    },
];

/// A table of 1601 columns, beside a small one.
fn wide() -> &'static str {
    let columns: Vec<String> = (0..1601).map(|i| format!("c{i}")).collect();
    format!("CREATE TABLE wide ({}); CREATE TABLE small (a)", columns.join(", ")).leak()
}

fn made() -> Vec<Blocker> {
    let source = |blocker: &Blocker| if blocker.object == "wide" { wide() } else { blocker.source };
    ALL.iter().map(|blocker| Blocker { source: source(blocker), ..*blocker }).collect()
}

#[test]
fn what_is_in_the_way() {
    all(&made()[..10]);
}

#[test]
fn more_that_is_in_the_way() {
    all(&made()[10..]);
}
