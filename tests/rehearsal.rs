//! `copy --rehearse`: what it tells, and that nothing of it stays, however it ends; `status` against what was expected.

// into the embedded server
mod embedded;
// with the backup of the day
mod backup;
// a sample, rolled back
mod probe;
// into a schema of the target
mod schema;
// a run against its prediction
mod status;

use crate::support::cli::Cli;
#[cfg(feature = "failpoints")]
use crate::support::cli::Done;
use crate::support::flow::{Run, lines, shape};
use crate::support::postgres::Database;
use crate::support::sqlite::SqliteFile;
use serde_json::Value;
use std::path::Path;
#[cfg(feature = "failpoints")]
use std::process::{Child, Command};
#[cfg(feature = "failpoints")]
use std::time::{Duration, Instant};

const SHOP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, score INTEGER CHECK (score >= 0));
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers, total REAL, note TEXT);
    CREATE INDEX orders_customer ON orders (customer);
    CREATE TABLE tags (tag TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
      INSERT INTO customers SELECT i, 'customer ' || i, i FROM n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
      INSERT INTO orders SELECT i, 1 + i % 300, i / 7.0, hex(randomblob(60)) FROM n;
    INSERT INTO tags VALUES ('a', 1), ('b', 2);";

fn shop() -> SqliteFile {
    SqliteFile::from_sql(SHOP)
}

fn rehearse(word: &str, source: &Path, database: &Database) -> Run {
    Run::of(call(word, source, database))
}

fn call(word: &str, source: &Path, database: &Database) -> Cli {
    Cli::new().args(["copy", "--rehearse", word]).args([source]).args([database.url()])
}

/// All that could have changed in a target: its shape, its rows, and what is told by its ledger.
fn state(database: &Database) -> String {
    let rows = "SELECT format('%s %s', oid::regclass, (xpath('/row/c/text()',
                  query_to_xml(format('SELECT count(*) AS c FROM %s', oid::regclass), true, true, '')))[1])
                FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace::regnamespace::text !~ '^pg_|^information_schema'
                  AND relnamespace::regnamespace::text <> 'cutover'
                ORDER BY 1";
    let ledger = match database.query_one_text("SELECT to_regclass('cutover.source') IS NULL").as_str() {
        "t" => String::new(),
        _ => lines(
            database,
            "SELECT format('%s %s %s', path, target_schema, epoch) FROM cutover.source ORDER BY 1",
        ),
    };
    // Numbers that the ledger has given away do not come back.
    let shape: Vec<String> = shape(database)
        .lines()
        .filter(|line| !line.starts_with("sequence cutover."))
        .map(str::to_owned)
        .collect();
    format!("{}{}{ledger}", shape.join("\n"), lines(database, rows))
}

/// The parts of a prediction fit together, and what it rests on is told.
#[track_caller]
fn consistent(run: &Run, method: &str) -> Value {
    let prediction = run.report["prediction"].clone();
    assert_eq!(prediction["method"], method, "{}", run.said());
    let number = |value: &Value| value.as_f64().unwrap();
    let (p50, p90) = (number(&prediction["seconds"]["p50"]), number(&prediction["seconds"]["p90"]));
    let scatter = number(&prediction["scatter"]);
    assert!(p50 > 0.0 && scatter > 0.0 && (p90 / p50 - 1.0 - 1.2816 * scatter).abs() < 1e-6, "{prediction}");
    let phases = prediction["phases"].as_array().unwrap();
    let names: Vec<&str> = phases.iter().map(|phase| phase["phase"].as_str().unwrap()).collect();
    let names: Vec<&str> = names.into_iter().filter(|name| *name != "backup").collect();
    assert_eq!(names, ["plan", "prepare", "copy", "finish"]);
    let sum: f64 = phases.iter().map(|phase| number(&phase["seconds"])).sum();
    assert!((sum - p50).abs() < 0.01 * p50, "{sum} of {prediction}");
    assert_eq!(prediction["rows"], 5302);
    let tables = prediction["tables"].as_array().unwrap();
    assert_eq!(tables[0]["table"], "orders", "the largest comes first");
    let share: f64 = tables.iter().map(|table| number(&table["share"])).sum();
    assert!((share - 1.0).abs() < 1e-6, "{prediction}");
    let disk: u64 = tables.iter().map(|table| table["disk"]["heap_bytes"].as_u64().unwrap()).sum();
    assert_eq!(prediction["disk"]["heap_bytes"].as_u64().unwrap(), disk);
    assert!(prediction["disk"]["index_bytes"].as_u64().unwrap() > 0);
    assert!(prediction["wal_bytes"].as_u64().unwrap() > 0);
    assert!(prediction["measured_on"]["round_trip_ms"].as_f64().unwrap() > 0.0);
    assert_eq!(run.report["run"]["command"], "rehearse");
    assert!(run.done.stdout.contains("expected: ") && run.done.stdout.contains("in nine of ten cases"));
    assert!(run.done.stdout.contains("nothing of it stays"), "{}", run.done.stdout);
    prediction
}

/// Of a whole rehearsal the report tells what went on from the assessment to the last step, by one clock that began with it.
#[track_caller]
fn tells_its_whole_course(run: &Run) {
    let number = |value: &Value| value.as_f64().unwrap();
    let info = &run.report["run"];
    let span =
        |phase: &Value| (number(&phase["started"]), number(&phase["started"]) + number(&phase["seconds"]));
    let phases: Vec<(&str, (f64, f64))> = info["phases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phase| (phase["name"].as_str().unwrap(), span(phase)))
        .collect();
    let of =
        |name: &str| phases.iter().filter(|(one, _)| *one == name).map(|(_, span)| *span).collect::<Vec<_>>();
    for name in ["open", "plan", "prepare", "copy", "verify", "index", "maintain", "record"] {
        assert!(!of(name).is_empty(), "{name}: {info}");
    }
    let within = |(started, ended): (f64, f64)| started >= 0.0 && ended <= number(&info["seconds"]) + 1e-6;
    assert!(phases.iter().all(|(_, span)| within(*span)), "{info}");
    let opened = of("open");
    assert!(opened.last().unwrap().1 <= of("copy")[0].0 + 1e-6, "{info}");
    // A start and a length do not add up to the last digit.
    let (first, last) = (of("copy")[0].0 - 1e-6, of("copy").last().unwrap().1 + 1e-6);
    for table in ["customers", "orders", "tags"] {
        let spans = &run.table(table)["spans"];
        let (started, ended) = (number(&spans["copy"]["started"]), number(&spans["copy"]["ended"]));
        assert!(first <= started && started <= ended && ended <= last, "{first} to {last}: {spans}");
        assert!(number(&spans["verify"]["ended"]) <= number(&info["seconds"]), "{spans}");
    }
    let rate = run.report["rate"].as_array().unwrap();
    let copied = rate.iter().find(|rate| rate["phase"] == "copy").unwrap()["samples"].as_array().unwrap();
    assert_eq!(copied.last().unwrap()["rows"], 5302);
    assert!(
        copied.iter().all(|one| (first..=last).contains(&number(&one["seconds"]))),
        "{first} to {last}: {rate:?}"
    );
}

/// Waits until the query gives `t`; at most a minute.
#[cfg(feature = "failpoints")]
#[track_caller]
fn wait_for(database: &Database, sql: &str) {
    let began = Instant::now();
    while database.query_one_text(sql) != "t" {
        assert!(began.elapsed() < Duration::from_secs(60), "{sql}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[cfg(feature = "failpoints")]
fn interrupt(child: Child) -> Done {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    Done::from(child.wait_with_output().unwrap())
}
