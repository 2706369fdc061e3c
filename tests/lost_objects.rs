//! What somebody changes around the rows of a copy afterwards: `verify` names it, and what it prints brings it back.

use crate::support::flow::{Run, migrate, verify};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;

const SHOP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, score INTEGER);
    CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT, customer INTEGER REFERENCES customers, total REAL, note TEXT);
    CREATE UNIQUE INDEX customers_email ON customers (email);
    CREATE INDEX customers_score ON customers (score) WHERE score > 0;
    CREATE INDEX orders_customer ON orders (customer, total DESC);
    INSERT INTO customers VALUES (1, 'a', 'a@b', 1), (2, 'b', 'b@b', 2);
    INSERT INTO orders (customer, total, note) VALUES (1, 1.5, 'x'), (1, 2.5, 'y'), (2, 0.5, 'z');";

fn copied(server: &Server) -> (SqliteFile, Database) {
    let (source, database) = (SqliteFile::from_sql(SHOP), server.fresh_database());
    migrate(source.path(), &database, &[]).ends_with(0);
    verify(source.path(), &database, &[]).ends_with(0);
    (source, database)
}

/// Codes of what is lost, and the fixes, in the order in which they are told.
fn told(run: &Run) -> (Vec<String>, Vec<String>) {
    let findings = run.report["findings"].as_array().unwrap();
    let lost = findings.iter().filter(|finding| finding["code"].as_str().unwrap().starts_with("E_"));
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    lost.map(|finding| (text(&finding["code"]), text(&finding["fix"]))).unzip()
}

/// What was done, and what is lost by it.
const LOSSES: [(&str, &[&str]); 12] = [
    ("DROP INDEX orders_customer; CREATE INDEX orders_customer ON orders (total)", &["E_INDEX_MISSING"]),
    (
        "DROP INDEX orders_customer; CREATE INDEX orders_customer ON orders (lower(note))",
        &["E_INDEX_MISSING"],
    ),
    ("DROP INDEX customers_email; CREATE INDEX customers_email ON customers (email)", &["E_INDEX_MISSING"]),
    (
        "DROP INDEX customers_email; CREATE UNIQUE INDEX customers_email ON customers (name)",
        &["E_INDEX_MISSING"],
    ),
    (
        "DROP INDEX customers_email; CREATE UNIQUE INDEX customers_email ON customers (email) WHERE id > 1",
        &["E_INDEX_MISSING"],
    ),
    ("ALTER TABLE orders DISABLE TRIGGER ALL", &["E_SWITCHED_OFF"]),
    ("ALTER TABLE customers DISABLE TRIGGER ALL", &["E_SWITCHED_OFF"]),
    ("ALTER TABLE orders ALTER id DROP IDENTITY", &["E_SEQUENCE_MISSING"]),
    ("ALTER TABLE orders ALTER id SET MAXVALUE 9; SELECT setval('orders_id_seq', 9)", &["E_SEQUENCE_BEHIND"]),
    ("SELECT setval('orders_id_seq', 2)", &["E_SEQUENCE_BEHIND"]),
    (
        "ALTER TABLE customers DROP CONSTRAINT customers_pkey CASCADE; ALTER TABLE customers ALTER name DROP NOT NULL",
        &["E_PRIMARY_KEY_MISSING", "E_NOT_NULL_MISSING", "E_FOREIGN_KEY_MISSING"],
    ),
    (
        "ALTER TABLE customers DROP CONSTRAINT customers_pkey CASCADE; CREATE UNIQUE INDEX u ON customers (id)",
        &["E_FOREIGN_KEY_MISSING", "E_PRIMARY_KEY_MISSING"],
    ),
];

#[test]
fn what_is_taken_from_a_copy_is_named_and_comes_back_by_what_is_printed() {
    let Some(server) = Server::available() else { return };
    for (done, codes) in LOSSES {
        let (source, database) = copied(server);
        database.execute(done);
        let run = verify(source.path(), &database, &[]);
        let (named, fixes) = told(&run);
        assert_eq!(
            (named, run.done.code),
            (codes.iter().map(ToString::to_string).collect(), 4),
            "{done}: {}",
            run.said()
        );
        // How a constraint is made of an index, and a sequence that has not the room, are told in words.
        let in_words = |fix: &String| fix.contains('…');
        if fixes.iter().any(in_words) {
            continue;
        }
        fixes.iter().for_each(|fix| database.execute(fix));
        verify(source.path(), &database, &[]).ends_with(0);
    }
}

/// What was done, and the code of the note or warning that says so; the copy is whole.
const NOTES: [(&str, &str, &str); 6] = [
    (
        "DROP INDEX customers_score; CREATE INDEX customers_score ON customers (score) WHERE NOT (score <= 0)",
        "W_OBJECT_DIFFERS",
        "customers: customers_score",
    ),
    (
        "DROP INDEX orders_customer; CREATE INDEX orders_customer ON orders (customer, total)",
        "W_OBJECT_DIFFERS",
        "orders: orders_customer",
    ),
    ("ALTER TABLE orders SET UNLOGGED", "W_UNLOGGED", "orders"),
    ("CREATE RULE quiet AS ON DELETE TO orders DO INSTEAD NOTHING", "W_OBJECT_DIFFERS", "orders: quiet"),
    (
        "CREATE TRIGGER same BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        "W_OBJECT_DIFFERS",
        "orders: same",
    ),
    ("CREATE VIEW more AS SELECT 1 AS one", "W_OBJECT_DIFFERS", "more"),
];

#[test]
fn what_is_added_to_a_copy_is_noted_and_is_no_loss() {
    let Some(server) = Server::available() else { return };
    for (done, code, object) in NOTES {
        let (source, database) = copied(server);
        database.execute(done);
        let run = verify(source.path(), &database, &[]).ends_with(0);
        let noted = run.findings(code).iter().filter(|finding| finding["object"] == object).count();
        assert_eq!(noted, 1, "{done}: {}", run.said());
    }
}

/// AUTOINCREMENT that has come to its end is at its end in the target, too: nothing is lost by that.
#[test]
fn a_sequence_that_is_exhausted_in_the_source_may_be_so_in_the_target() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, x); INSERT INTO t VALUES (1, 'a');
         UPDATE sqlite_sequence SET seq = 9223372036854775807",
    );
    let database = server.fresh_database();
    migrate(source.path(), &database, &[]).ends_with(0);
    let run = verify(source.path(), &database, &[]).ends_with(0);
    assert!(run.findings("E_SEQUENCE_BEHIND").is_empty(), "{}", run.said());
}
