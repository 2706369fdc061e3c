//! `--rehearse probe`: measured in transactions of which nothing is left.

use super::{consistent, rehearse, shop, state};
use crate::support::flow::migrate;
use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;

#[test]
fn a_sample_is_measured_and_rolled_back() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (shop(), server.fresh_database());
    let before = state(&database);
    let run = rehearse("probe", source.path(), &database).ends_with(0);
    let prediction = consistent(&run, "probe");
    assert_eq!(prediction["measured_on"]["rows"], 5302, "small tables are measured whole");
    assert!(prediction["measured_on"]["commit_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(state(&database), before);
}

/// Rows of all kinds, in a table that is cut into strips and one that cannot be.
#[test]
fn a_table_of_many_rows_is_measured_by_strips() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE long (id INTEGER PRIMARY KEY, b BLOB);
         CREATE TABLE kept (k TEXT PRIMARY KEY, b BLOB) WITHOUT ROWID;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
           INSERT INTO long SELECT i * 10, randomblob(900) FROM n;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
           INSERT INTO kept SELECT 'k' || i, randomblob(900) FROM n;",
    );
    let database = server.fresh_database();
    let before = state(&database);
    let run = rehearse("probe", source.path(), &database).ends_with(0);
    let prediction = &run.report["prediction"];
    let measured = prediction["measured_on"]["rows"].as_u64().unwrap();
    assert!((10_000..40_000).contains(&measured), "{prediction}");
    assert_eq!(prediction["rows"], 41_000);
    let heap = prediction["disk"]["heap_bytes"].as_f64().unwrap();
    migrate(source.path(), &server.fresh_database(), &[]).ends_with(0);
    assert!((38e6..60e6).contains(&heap), "the whole, not the sample: {prediction}");
    assert_eq!(state(&database), before);
}

#[test]
fn a_source_that_is_copied_already_is_not_probed_and_what_is_named_instead_works() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (shop(), server.fresh_database());
    migrate(source.path(), &database, &[]).ends_with(0);
    let before = state(&database);
    let run = rehearse("probe", source.path(), &database).ends_with(3);
    assert!(run.said().contains("--rehearse=embedded or --rehearse=schema"), "{}", run.said());
    assert_eq!(state(&database), before);
    consistent(&rehearse("schema", source.path(), &database).ends_with(0), "schema");
    assert_eq!(state(&database), before);
}
