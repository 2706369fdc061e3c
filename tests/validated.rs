//! `--validate` exits 0 if and only if `--migrate` does: random schemas, rows, targets and policies.
//!
//! `CUTOVER_VALIDATED_CASES` for more of them, `CUTOVER_VALIDATED_SEED` for others; what fails names its own seed.

use crate::corpus::same_verdict;
use crate::support::dice::{Dice, setting};
use crate::support::flow::{four_at_once, migrate, shape, validate};
use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;
use std::fmt::Write;

const DECLARED: [&str; 14] = [
    "",
    "INTEGER",
    "TEXT",
    "REAL",
    "NUMERIC",
    "BLOB",
    "DATETIME",
    "DATE",
    "BOOLEAN",
    "JSON",
    "UUID",
    "VARCHAR(5)",
    "DECIMAL(6,2)",
    "TIME",
];

/// Literals of SQLite, from the plain to the odd.
const VALUES: [&str; 30] = [
    "NULL",
    "0",
    "1",
    "-1",
    "2",
    "40000",
    "3000000000",
    "9223372036854775807",
    "0.5",
    "1.0",
    "1e300",
    "-0.0",
    "1.239",
    "'x'",
    "''",
    "'abcdefgh'",
    "'1'",
    "'2024-02-29'",
    "'2023-02-29'",
    "'2024-02-29 10:00:00'",
    "'2024-02-29 10:00:00+02:00'",
    "'10:00:00'",
    "'{}'",
    "'{'",
    "'\"\\u0000\"'",
    "'550e8400-e29b-41d4-a716-446655440000'",
    "x'00ff'",
    "x''",
    "CAST(x'00' AS TEXT)",
    "CAST(x'ff' AS TEXT)",
];

const TYPES: [&str; 20] = [
    "smallint",
    "integer",
    "bigint",
    "text",
    "varchar(3)",
    "char(3)",
    "boolean",
    "real",
    "double precision",
    "numeric",
    "numeric(6,2)",
    "date",
    "timestamp",
    "timestamp(0)",
    "timestamptz",
    "time",
    "json",
    "jsonb",
    "uuid",
    "bytea",
];

const OPTIONS: [&[&str]; 14] = [
    &[],
    &[],
    &[],
    &["--infer", "content"],
    &["--names", "snake"],
    &["--names", "lower"],
    &["--mixed", "refuse"],
    &["--mixed", "split"],
    &["--mixed", "tagged"],
    &["--mixed", "quarantine"],
    &["--on-bad-value", "quarantine"],
    &["--orphans", "refuse"],
    &["--orphans", "quarantine"],
    &["--existing", "append"],
];

/// A source and a target that may or may not go together.
struct Case {
    source: String,
    target: String,
    options: &'static [&'static str],
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

const NAMES: [&str; 8] = ["a", "B", "a b", "a_b", "Group", "x1", "X 1", "été"];

/// Up to `most` names that SQLite takes for different ones.
fn names(dice: &mut Dice, most: u64) -> Vec<&'static str> {
    let mut names: Vec<&str> = Vec::new();
    for _ in 0..=dice.below(most) {
        let name = *dice.pick(&NAMES);
        if !names.iter().any(|other| other.eq_ignore_ascii_case(name)) {
            names.push(name);
        }
    }
    names
}

fn case(seed: u64) -> Case {
    let mut dice = Dice(seed);
    let mut source = "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;".to_owned();
    let mut target = String::new();
    let tables = names(&mut dice, 3);
    for (i, table) in tables.iter().enumerate() {
        let columns = names(&mut dice, 5);
        let exists = dice.below(2) == 0;
        make_source(&mut dice, &mut source, (table, &tables[..i]), &columns);
        if exists {
            make_target(&mut dice, &mut target, table, &columns);
        }
    }
    Case { source, target, options: dice.pick::<&[&str]>(&OPTIONS) }
}

fn make_source(dice: &mut Dice, sql: &mut String, (table, before): (&str, &[&str]), columns: &[&str]) {
    let mut lines = vec!["id INTEGER PRIMARY KEY".to_owned()];
    for column in columns {
        let mut line = format!("{} {}", quoted(column), dice.pick(&DECLARED));
        match dice.below(8) {
            0 => line += " NOT NULL ON CONFLICT IGNORE",
            1 => line += " UNIQUE ON CONFLICT IGNORE",
            2 => line += &format!(" CHECK ({} <> 1)", quoted(column)),
            3 => line += &format!(" DEFAULT {}", dice.pick(&VALUES[..20])),
            4 if !before.is_empty() => {
                line += &format!(" REFERENCES {} (id)", quoted(dice.pick::<&str>(before)))
            }
            _ => {}
        }
        lines.push(line);
    }
    let _ = write!(sql, "CREATE TABLE {} ({});", quoted(table), lines.join(", "));
    if dice.below(3) == 0 {
        let column = quoted(dice.pick::<&str>(columns));
        let _ =
            write!(sql, "CREATE INDEX {} ON {} ({column});", quoted(&format!("i {table}")), quoted(table));
    }
    // Few kinds of values for a column, so that some of them go together.
    let mut kinds = || {
        let one = *dice.pick(&VALUES);
        [one, one, *dice.pick(&VALUES)]
    };
    let kinds: Vec<[&str; 3]> = columns.iter().map(|_| kinds()).collect();
    for id in 1..=dice.below(6) {
        let row: Vec<&str> = kinds.iter().map(|kinds| *dice.pick(kinds)).collect();
        let _ = write!(sql, "INSERT INTO {} VALUES ({id}, {});", quoted(table), row.join(", "));
    }
}

fn make_target(dice: &mut Dice, sql: &mut String, table: &str, columns: &[&str]) {
    let mut lines = vec!["id bigint PRIMARY KEY".to_owned()];
    for column in columns {
        let mut line = format!("{} {}", quoted(column), dice.pick(&TYPES));
        match dice.below(10) {
            0 => line += " NOT NULL",
            1 => line += " DEFAULT NULL",
            2 => line += " UNIQUE",
            3 if lines.len() > 1 => continue,
            _ => {}
        }
        lines.push(line);
    }
    match dice.below(12) {
        0 => lines.push("extra text NOT NULL".to_owned()),
        1 => lines.push("extra text".to_owned()),
        _ => {}
    }
    let _ = write!(sql, "CREATE TABLE {} ({});", quoted(table), lines.join(", "));
    if dice.below(9) == 0 {
        let _ = write!(sql, "INSERT INTO {} (id) VALUES (99) ON CONFLICT DO NOTHING;", quoted(table));
    }
}

/// Whether it went well.
fn play(server: &Server, seed: u64) -> Result<bool, String> {
    let case = case(seed);
    let told =
        |why: String| format!("seed {seed}: {}\n{}\n{:?}\n{why}", case.source, case.target, case.options);
    let (source, database) = (SqliteFile::from_sql(&case.source), server.fresh_database());
    // What no server takes is no case.
    if database.try_execute(&case.target).is_err() {
        return Ok(false);
    }
    let before = shape(&database);
    let validated = validate(source.path(), &database, case.options);
    if shape(&database) != before {
        return Err(told("--validate has written".to_owned()));
    }
    let migrated = migrate(source.path(), &database, case.options);
    same_verdict(&validated, &migrated).map_err(told)?;
    if validated.done.code != 0 && shape(&database) != before {
        return Err(told("a refused --migrate has written".to_owned()));
    }
    Ok(validated.done.code == 0)
}

#[test]
fn what_is_validated_is_what_happens() {
    let Some(server) = Server::available() else { return };
    let (cases, seed) = (setting("CUTOVER_VALIDATED_CASES", 16), setting("CUTOVER_VALIDATED_SEED", 1));
    println!("CUTOVER_VALIDATED_SEED={seed} CUTOVER_VALIDATED_CASES={cases}");
    let played = four_at_once((seed..seed + cases).collect(), |seed| play(server, seed));
    let good = played.iter().filter(|played| matches!(played, Ok(true))).count();
    let problems: Vec<String> = played.into_iter().filter_map(Result::err).collect();
    assert!(problems.is_empty(), "{} of {cases}:\n{}", problems.len(), problems.join("\n\n"));
    // A suite in which all is refused, or nothing, would prove nothing.
    assert!(good >= 1 && (good as u64) < cases, "{good} of {cases} went well");
    println!("{good} of {cases} went well");
}
