//! Targets that are not as they should be (F39, F40): what is refused, and what is filled all the same.

use super::impatient;
use crate::refusals::{refused, refused_by_both};
use crate::resume::running::wait_for;
use crate::support::cli::Cli;
use crate::support::cluster::Cluster;
use crate::support::flow::{Run, lines, migrate};
use crate::support::postgres::{Server, query};
use crate::support::sqlite::SqliteFile;

const ONE_TABLE: &str =
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO t VALUES (1, 'x'), (7, 'y')";

#[test]
fn f39_an_identity_that_is_always_made_keeps_the_sources_keys() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(ONE_TABLE), server.fresh_database());
    database.execute("CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a text)");
    migrate(source.path(), &database, &[]).ends_with(0);
    database.execute("INSERT INTO t (a) VALUES ('z')");
    assert_eq!(lines(&database, "SELECT t::text FROM t ORDER BY id"), "(1,x)\n(7,y)\n(8,z)\n");
}

#[test]
fn f39_a_missing_and_a_generated_column() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(ONE_TABLE);
    let database = server.fresh_database();
    database.execute("CREATE TABLE t (id bigint PRIMARY KEY)");
    refused_by_both(source.path(), &database, &[], &["E_COLUMN_MISSING"]);
    let database = server.fresh_database();
    database.execute("CREATE TABLE t (id bigint PRIMARY KEY, a text GENERATED ALWAYS AS ('x') STORED)");
    let run = migrate(source.path(), &database, &[]).ends_with(4);
    assert_eq!(run.findings("W_GENERATED_TARGET").len(), 1, "{}", run.said());
}

/// Rows of a child are seen in its parent: a count of the parent alone must be of the parent alone.
#[test]
fn f39_tables_that_inherit() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(ONE_TABLE), server.fresh_database());
    database.execute(
        "CREATE TABLE t (id bigint PRIMARY KEY, a text); CREATE TABLE child (b text) INHERITS (t);
         INSERT INTO child VALUES (1, 'of the child', 'b')",
    );
    let run = migrate(source.path(), &database, &[]);
    let of_child = lines(&database, "SELECT child::text FROM child");
    assert_eq!(of_child, "(1,\"of the child\",b)\n", "the child is never touched: {}", run.said());
    let own = lines(&database, "SELECT t::text FROM ONLY t ORDER BY id");
    match run.done.code {
        0 => assert_eq!(own, "(1,x)\n(7,y)\n"),
        _ => {
            refused(&run, 3, &["t"]);
            assert_eq!(own, "");
        }
    }
}

#[test]
fn f40_a_standby_is_refused_and_stays_as_it_is() {
    let Some(primary) = Cluster::start(&[]) else { return };
    let source = SqliteFile::from_sql(ONE_TABLE);
    let database = primary.server().fresh_database();
    let standby = primary.standby(&[]);
    let there = standby.server().adopt(&database.name);
    wait_for("the database on the standby", || query(&there.url(), "SELECT 1").is_ok().then_some(()));
    let copy = |url: &str| {
        Run::of(impatient(
            Cli::new().args(["copy", "--migrate", "--from"]).args([source.path()]).args(["--to", url]),
        ))
    };
    refused(&copy(&there.url()), 3, &["standby", "target_session_attrs=read-write"]);
    let both = format!(
        "postgres://postgres:{}@127.0.0.1:{},127.0.0.1:{}/{}?target_session_attrs=read-write",
        crate::support::postgres::PASSWORD,
        standby.port(),
        primary.port(),
        database.name
    );
    copy(&both).ends_with(0);
    assert_eq!(lines(&database, "SELECT t::text FROM t ORDER BY id"), "(1,x)\n(7,y)\n");
}
