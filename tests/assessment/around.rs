//! Host, files, server, link and room; what is worth knowing of them; the plan in short and the verdict.

use super::sql_for_target;
use crate::support::flow::{migrate, validate};
use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;

const TWO_TABLES: &str = "PRAGMA user_version = 7; PRAGMA application_id = 99;
    CREATE TABLE small (id INTEGER PRIMARY KEY, doc);
    INSERT INTO small VALUES (1, 7), (2, '8');
    CREATE TABLE big (id INTEGER PRIMARY KEY, body TEXT, n INTEGER);
    WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 2000)
    INSERT INTO big SELECT n, printf('%.*c', 100, 'x'), n FROM i; CREATE INDEX big_n ON big (n);";

#[test]
fn everything_around_the_data_is_told() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(TWO_TABLES), server.fresh_database());
    let run = validate(source.path(), &database, &[]).ends_with(0);
    let environment = &run.report["environment"];
    let file = &environment["sources"][0];
    assert_eq!((file["user_version"].as_i64(), file["application_id"].as_i64()), (Some(7), Some(99)));
    assert_eq!((file["page_bytes"].as_u64(), file["quick_check"].as_str()), (Some(4096), Some("ok")));
    assert!(environment["host"]["cores"].as_u64() > Some(0), "{environment}");
    let facts = &environment["server"];
    let major = database.query_one_text("SELECT current_setting('server_version_num')");
    assert_eq!(facts["version_num"].to_string(), major);
    assert_eq!((facts["encoding"].as_str(), facts["role"].as_str()), (Some("UTF8"), Some("postgres")));
    assert!(facts["database_bytes"].as_u64() > Some(1_000_000), "{facts}");
    assert!(environment["link"]["round_trip_ms"].as_f64() > Some(0.0), "{environment}");
    assert!(environment["link"]["bytes_per_second"].as_f64() > Some(1000.0), "{environment}");
    assert!(environment["link"]["clock_ahead_seconds"].as_f64().unwrap().abs() < 60.0, "{environment}");
    for words in [
        "environment\n",
        "  host    cutover",
        "user_version 7",
        "  link    no TLS",
        "plan\n",
        "small.doc (B)",
    ] {
        assert!(run.done.stdout.contains(words), "{words}: {}", run.done.stdout);
    }
    let last = run.done.stdout.lines().last().unwrap();
    assert!(last.starts_with("go: copy --migrate would work (0 refusals"), "{last}");
}

/// The forecast is of the size that the copy then has.
#[test]
fn the_room_that_is_needed_is_about_what_is_used() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(TWO_TABLES), server.fresh_database());
    let space = validate(source.path(), &database, &[]).ends_with(0).report["environment"]["space"].clone();
    migrate(source.path(), &database, &[]).ends_with(0);
    let used = |sql: &str| database.query_one_text(sql).parse::<f64>().unwrap();
    let heap = used("SELECT sum(pg_table_size(oid)) FROM pg_class WHERE relname IN ('small', 'big')");
    let index = used("SELECT sum(pg_indexes_size(oid)) FROM pg_class WHERE relname IN ('small', 'big')");
    for (name, used) in [("heap_bytes", heap), ("index_bytes", index)] {
        let forecast = space[name].as_f64().unwrap();
        assert!((0.5..2.0).contains(&(forecast / used)), "{name}: {forecast} for {used}");
    }
    assert!(space["needed_bytes"].as_f64() > Some(heap + index), "{space}");
}

#[test]
fn tables_are_told_in_their_order_with_how_they_commit() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(TWO_TABLES), server.fresh_database());
    let outline = |more: &[&str]| {
        let run = validate(source.path(), &database, more).ends_with(0);
        run.report["assessment"]["tables"].as_array().unwrap().clone()
    };
    let tables = outline(&[]);
    let names: Vec<&str> = tables.iter().map(|table| table["source"].as_str().unwrap()).collect();
    assert_eq!(names, ["big", "small"]);
    assert_eq!((&tables[0]["is_frozen"], &tables[1]["shares_transaction"]), (&true.into(), &true.into()));
    assert_eq!(tables[1]["reservations"][0]["level"], "B");
    let in_chunks = outline(&["--chunk-rows", "500"]);
    let big = &in_chunks[0];
    assert_eq!(
        (&big["chunks"], &big["transactions"], &big["is_frozen"]),
        (&4.into(), &4.into(), &false.into())
    );
}

/// Warnings about the server, each with the statement that ends it.
#[test]
fn event_triggers_are_told_and_the_printed_statement_disables_them() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(TWO_TABLES), server.fresh_database());
    database.execute(
        "CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no tables here''; END';
         CREATE EVENT TRIGGER \"No Tables\" ON ddl_command_start WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION no()",
    );
    let run = validate(source.path(), &database, &[]).ends_with(0);
    database.execute(&sql_for_target(&run, "W_EVENT_TRIGGER"));
    assert!(validate(source.path(), &database, &[]).findings("W_EVENT_TRIGGER").is_empty());
    migrate(source.path(), &database, &[]).ends_with(0);
}

#[test]
fn another_process_that_may_write_the_file_is_named() {
    let Some(server) = Server::available() else { return };
    if !std::path::Path::new("/proc/self/fd").exists() {
        eprintln!("skipped: this system does not tell who has a file open");
        return;
    }
    let (source, database) = (SqliteFile::from_sql(TWO_TABLES), server.fresh_database());
    let told = || validate(source.path(), &database, &[]).ends_with(0);
    assert!(told().findings("W_SOURCE_HELD").is_empty());
    // This test's own process is another one than the program's.
    let held = std::fs::OpenOptions::new().append(true).open(source.path()).unwrap();
    let run = told();
    let finding = run.findings("W_SOURCE_HELD")[0];
    assert_eq!(finding["severity"], "warning");
    let pid = format!("process {} ", std::process::id());
    assert!(finding["examples"][0].as_str().unwrap().starts_with(&pid), "{finding}");
    drop(held);
}
