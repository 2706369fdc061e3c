//! A validation writes nothing, on neither side, and begins again after what can pass.

use crate::support::cli::Cli;
use crate::support::cluster::Cluster;
use crate::support::flow::{Run, migrate, shape, validate, verify};
use crate::support::postgres::{Database, Server};
use crate::support::proxy::{At, Fault, Proxy, Rule, Way};
use crate::support::sqlite::SqliteFile;
use std::collections::BTreeMap;
use std::path::Path;

const TABLES: &str =
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, n INTEGER); CREATE TABLE u (id INTEGER PRIMARY KEY);
    INSERT INTO t VALUES (1, 'a', 3), (2, 'b', 4); INSERT INTO u VALUES (1);";

/// Every file of a directory with its bytes.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect()
}

/// Transaction numbers that were given to others than the observer's two questions.
fn numbers_used(database: &Database, work: impl FnOnce()) -> u64 {
    let next = || database.query_one_text("SELECT txid_current()").parse::<u64>().unwrap();
    let before = next();
    work();
    next() - before - 1
}

/// A cluster of its own: transaction numbers are the whole cluster's.
#[test]
fn no_byte_of_the_source_and_no_transaction_number_of_the_target_is_used() {
    let Some(cluster) = Cluster::start(&["autovacuum=off"]) else { return };
    let database = cluster.server().fresh_database();
    database.execute(
        "CREATE TABLE t (id bigint PRIMARY KEY, a text, n int CHECK (n > 0), s serial); CREATE UNIQUE INDEX ON t (lower(a))",
    );
    let dir = tempfile::tempdir().unwrap();
    for mode in ["delete", "wal"] {
        let path = dir.path().join(format!("{mode}.db"));
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.pragma_update(None, "journal_mode", mode).unwrap();
        connection.execute_batch(TABLES).unwrap();
        // A connection that stays open keeps the log of a WAL database where it is.
        let before = (files(dir.path()), shape(&database));
        let used = numbers_used(&database, || {
            validate(&path, &database, &[]).ends_with(0);
            validate(&path, &database, &["--schema", "another"]).ends_with(0);
        });
        assert_eq!(used, 0, "{mode}");
        let (files_after, shape_after) = (files(dir.path()), shape(&database));
        assert_eq!(files_after.keys().collect::<Vec<_>>(), before.0.keys().collect::<Vec<_>>(), "{mode}");
        for (name, bytes) in before.0.iter().filter(|(name, _)| !name.ends_with("-shm")) {
            assert!(files_after[name] == *bytes, "{mode}: {name}");
        }
        assert_eq!(shape_after, before.1);
        drop(connection);
    }
}

fn through(proxy: &Proxy, words: &[&str], source: &Path) -> Run {
    Run::of(Cli::new().args(words).args([source]).args(["--to", proxy.url(), "--retry-for", "30s"]))
}

#[test]
fn a_connection_that_breaks_is_made_again() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(TABLES), server.fresh_database());
    let cut = || Rule::new(Way::ToServer, At::Saying("pg_attribute", 1), Fault::Reset).times(1);
    let proxy = Proxy::before(&database, [cut()]);
    let run = through(&proxy, &["copy", "--validate", "--from"], source.path()).ends_with(0);
    assert_eq!(proxy.struck(), 1, "{}", run.said());
    assert_eq!(run.report["run"]["retries"], 1);
    assert_eq!(run.report["assessment"]["would_work"], true);
    migrate(source.path(), &database, &[]).ends_with(0);
    verify(source.path(), &database, &[]).ends_with(0);
    database.execute("DROP SCHEMA cutover CASCADE");
    let proxy = Proxy::before(&database, [cut()]);
    let run = through(&proxy, &["verify", "--from"], source.path()).ends_with(0);
    assert_eq!((proxy.struck(), run.report["run"]["retries"].as_u64()), (1, Some(1)), "{}", run.said());
}
