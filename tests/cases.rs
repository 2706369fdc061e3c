//! Case directories: `cases/NAME/source.sql` becomes a SQLite file, `target.sql` (where there is one) prepares the
//! database, `args` holds more options, `cutover.toml` is its configuration; `expected.txt` says what the target then is, whole,
//! and `expected.17.txt` says it from that version of PostgreSQL on.
//!
//! `UPDATE_EXPECT=1` writes the expected files anew: read every line of the difference against semantics.md §7, whose
//! case numbers the directories' names carry.

use crate::support::flow::{Run, four_at_once, lines, migrate, not_said_before, validate};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Columns, constraints and indexes of one table, one per line. `$T` stands for its oid. What versions of PostgreSQL show
/// differently is shown in one way: NOT NULL is no constraint of its own (18), AT TIME ZONE no function (13).
const DESCRIPTION: &str = "
    SELECT line FROM (
      SELECT 1 AS part, attnum::int AS place, concat_ws(' ', ' ', quote_ident(attname), format_type(atttypid, atttypmod),
          CASE WHEN attnotnull THEN 'not null' END,
          CASE attidentity WHEN 'd' THEN 'identity by default' WHEN 'a' THEN 'identity always' END,
          'default ' || regexp_replace(pg_get_expr(adbin, adrelid), 'timezone\\((''UTC''::text), (\\w+\\(\\))\\)',
              '(\\2 AT TIME ZONE \\1)')) AS line
        FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid = $T AND attnum > 0 AND NOT attisdropped
      UNION ALL SELECT 2, 0, format('  constraint %I %s', conname, pg_get_constraintdef(oid))
        FROM pg_constraint WHERE conrelid = $T AND contype <> 'n'
      UNION ALL SELECT 3, 0, '  ' || pg_get_indexdef(indexrelid) FROM pg_index
        WHERE indrelid = $T AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = $T)
    ) x ORDER BY part, place, line COLLATE \"C\"";

/// Findings about the machine rather than the case.
const PASSED_OVER: [&str; 1] = ["W_WRITERS_WAIT"];

fn describe(run: &Run, database: &Database) -> String {
    let mut text = format!("exit {}\n", run.done.code);
    let tables = database.rows(
        "SELECT c.oid::text, format('%I.%I', nspname, relname) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
         WHERE relkind IN ('r', 'p') AND nspname !~ '^(pg_|information_schema|cutover$)' ORDER BY concat(nspname, '.', relname) COLLATE \"C\"",
    );
    for table in tables {
        let (oid, name) = (table[0].clone().unwrap(), table[1].clone().unwrap());
        let _ = writeln!(text, "\ntable {name}");
        text += &lines(database, &DESCRIPTION.replace("$T", &oid));
        let rows = format!(
            "SELECT '  ' || \"the row\"::text FROM {name} \"the row\" ORDER BY \"the row\"::text COLLATE \"C\""
        );
        let _ = write!(text, "  rows:\n{}", lines(database, &rows));
    }
    section(&mut text, "sequences", run, "/objects/sequences", &["name", "state"]);
    text += &levels(run);
    section(&mut text, "not carried", run, "/not_carried", &["kind", "table", "name", "why"]);
    let mut found = Vec::new();
    for finding in run.report["findings"].as_array().into_iter().flatten() {
        if !PASSED_OVER.iter().any(|code| finding["code"] == *code) {
            found.push(format!(
                "  {} {} {} ({})",
                text_of(&finding["severity"]),
                text_of(&finding["code"]),
                text_of(&finding["object"]),
                finding["count"]
            ));
        }
    }
    found.sort();
    if !found.is_empty() {
        let _ = writeln!(text, "\nfindings\n{}", found.join("\n"));
    }
    text
}

/// Columns of which not every value keeps its storage class and bytes.
fn levels(run: &Run) -> String {
    let mut found = Vec::new();
    for table in run.report["tables"].as_array().into_iter().flatten() {
        let columns = table["columns"].as_array().into_iter().flatten();
        for column in columns.filter(|column| column["level"] != "E0") {
            let words = [&table["source"], &column["source"], &column["level"]].map(text_of);
            found.push(format!("  {}\n", words.join(" | ")));
        }
    }
    found.sort();
    if found.is_empty() { String::new() } else { format!("\nlevels\n{}", found.concat()) }
}

fn section(text: &mut String, title: &str, run: &Run, place: &str, fields: &[&str]) {
    let items = run.report.pointer(place).and_then(|items| items.as_array());
    let line = |item: &serde_json::Value| {
        let words: Vec<String> = fields.iter().map(|field| text_of(&item[*field])).collect();
        format!("  {}", words.join(" | "))
    };
    let mut found: Vec<String> = items.into_iter().flatten().map(line).collect();
    found.sort();
    if !found.is_empty() {
        let _ = writeln!(text, "\n{title}\n{}", found.join("\n"));
    }
}

fn text_of(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The file that says what the target becomes on a server of this version.
fn expectation(dir: &Path, database: &Database) -> PathBuf {
    let version: u32 = database.query_one_text("SHOW server_version_num").parse().unwrap();
    let newer = (1..=version / 10_000).rev().map(|major| dir.join(format!("expected.{major}.txt")));
    newer.into_iter().find(|path| path.exists()).unwrap_or_else(|| dir.join("expected.txt"))
}

/// What is wrong with one case; nothing is the good case.
fn check(server: &Server, dir: &Path) -> Result<(), String> {
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap_or_default();
    let source = SqliteFile::from_sql(&read("source.sql"));
    let database = server.fresh_database();
    database.execute(&read("target.sql"));
    let args = read("args");
    let config = dir.join("cutover.toml");
    let mut words: Vec<&str> = args.split_whitespace().collect();
    if config.exists() {
        words.extend(["--config", config.to_str().unwrap()]);
    }
    let validated = validate(source.path(), &database, &words);
    let run = migrate(source.path(), &database, &words);
    let new = not_said_before(&validated, &run);
    if !new.is_empty() {
        return Err(format!("--- {}: --validate had not said:\n{}", dir.display(), new.join("\n")));
    }
    let found = describe(&run, &database);
    let expectation = expectation(dir, &database);
    if std::env::var_os("UPDATE_EXPECT").is_some_and(|value| value == "1") {
        std::fs::write(expectation, &found).unwrap();
        return Ok(());
    }
    let expected = std::fs::read_to_string(expectation).unwrap_or_default();
    if found == expected {
        return Ok(());
    }
    Err(format!("--- {}: expected\n{expected}\n--- found\n{found}\n{}", dir.display(), run.done.stderr))
}

#[test]
fn every_case_becomes_what_the_specification_says() {
    let Some(server) = Server::available() else { return };
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut dirs: Vec<PathBuf> = std::fs::read_dir(all).unwrap().map(|entry| entry.unwrap().path()).collect();
    dirs.sort();
    assert!(dirs.len() >= 15, "{} cases", dirs.len());
    let results = four_at_once(dirs, |dir| check(server, &dir));
    let problems: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}
