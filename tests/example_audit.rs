//! The audit of the example application: two migrations were never run on PostgreSQL, and its pattern sync failed in production.

use crate::example_migrations::{postgres_shape, run_postgres, sqlite_after_all};
use crate::support::cli::{Cli, Done};
use crate::support::postgres::{Database, Server};
use crate::support::psql::psql;
use crate::support::sqlite::SqliteFile;
use serde_json::Value;

/// The migrations that existed for SQLite only.
const NEVER_RUN: [u32; 2] = [2, 4];
const WORKFLOWS: u32 = 42;
const PATTERNS: u32 = 196;

/// A server that got the other eighteen.
fn production(server: &Server) -> Database {
    let database = server.fresh_database();
    run_postgres(&database, |number| !NEVER_RUN.contains(&number));
    database
}

/// What the application writes when a workflow ends.
fn workflow(number: u32) -> String {
    format!(
        "INSERT INTO workflow_history (adw_id, status, issue_number, end_time, phase_durations)
         VALUES ('adw-{number}', 'completed', {number}, now(), '{{\"plan\": {number}, \"build\": 60}}')
         ON CONFLICT (adw_id) DO UPDATE SET status = excluded.status, phase_durations = excluded.phase_durations"
    )
}

/// What its sync writes for one pattern: the pattern, where it was seen, and what that saved.
fn pattern(number: u32) -> [String; 3] {
    let (signature, workflow) = (format!("test:run:{number}"), format!("adw-{}", number % WORKFLOWS));
    [
        format!(
            "INSERT INTO operation_patterns (pattern_signature, pattern_type, typical_operations)
             VALUES ('{signature}', 'test', '[\"run\"]')
             ON CONFLICT (pattern_signature) DO UPDATE SET last_seen = now(), occurrence_count = operation_patterns.occurrence_count + 1"
        ),
        format!(
            "INSERT INTO pattern_occurrences (pattern_id, workflow_id, similarity_score, matched_characteristics)
             SELECT id, '{workflow}', 85.5, '[\"files\"]' FROM operation_patterns WHERE pattern_signature = '{signature}'
             ON CONFLICT (pattern_id, workflow_id) DO UPDATE SET similarity_score = excluded.similarity_score"
        ),
        format!(
            "INSERT INTO cost_savings_log (optimization_type, workflow_id, pattern_id, baseline_tokens, actual_tokens, tokens_saved, cost_saved_usd)
             SELECT 'pattern_offload', '{workflow}', id, 1000, 200, 800, 0.012345 FROM operation_patterns
             WHERE pattern_signature = '{signature}'"
        ),
    ]
}

/// Runs a statement and gives its error, or nothing: one that fails leaves the others alone, as in the application.
const ATTEMPT: &str = "CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
    BEGIN
        EXECUTE statement;
        RETURN NULL;
    EXCEPTION WHEN OTHERS THEN
        RETURN sqlstate || ': ' || sqlerrm;
    END $$";

/// How many workflows could be written, and the first error.
fn workflows(database: &Database) -> (usize, Option<String>) {
    let attempts: Vec<String> =
        (0..WORKFLOWS).map(|number| format!("SELECT pg_temp.attempt($w${}$w$)", workflow(number))).collect();
    let rows = database.rows(&format!("{ATTEMPT}; {}", attempts.join("; ")));
    let results: Vec<Option<String>> = rows.into_iter().map(|mut row| row.remove(0)).collect();
    assert_eq!(results.len(), usize::try_from(WORKFLOWS).unwrap());
    (results.iter().filter(|error| error.is_none()).count(), results.into_iter().find_map(|error| error))
}

/// Syncs all patterns in one transaction; the error that ends it.
fn sync(database: &Database) -> Result<(), String> {
    let statements: Vec<String> = (1..=PATTERNS).flat_map(pattern).collect();
    database.try_execute(&format!("BEGIN; {}; COMMIT", statements.join("; ")))
}

#[test]
fn without_two_migrations_exactly_two_tables_and_a_column_are_missing() {
    let Some(server) = Server::available() else { return };
    let (production, whole) = (production(server), whole(server));
    let (present, expected) = (postgres_shape(&production), postgres_shape(&whole));
    let missing: Vec<_> = expected.iter().filter(|line| !present.contains(line)).collect();
    let of_the_tables = missing
        .iter()
        .filter(|line| line.contains("pattern_occurrences") || line.contains("cost_savings_log"));
    // The rest is the column, and the place of the one behind it.
    assert_eq!(missing.len() - of_the_tables.count(), 2, "{missing:#?}");
    assert!(missing.iter().any(|line| line.contains(" phase_durations jsonb ")), "{missing:#?}");
    let more: Vec<_> = present.iter().filter(|line| !expected.contains(line)).collect();
    assert_eq!(more.len(), 1, "{more:#?}");
}

#[test]
fn the_pattern_sync_fails_without_them_and_runs_with_them() {
    let Some(server) = Server::available() else { return };
    let production = production(server);
    fails(&production);
    run_postgres(&production, |number| NEVER_RUN.contains(&number));
    runs(&production);
    guards(&production);
}

/// What was missing, as `schema diff` tells it: rank, kind, object.
const MISSING: [&str; 3] = [
    "would fail | column | workflow_history.phase_durations",
    "would fail | table | cost_savings_log",
    "would fail | table | pattern_occurrences",
];

/// A row that its table's CHECK refuses.
const WRONG_WORD: &str =
    "INSERT INTO cost_savings_log (optimization_type, workflow_id) VALUES ('luck', 'adw-1')";

/// The settings of the application's move.
const CONFIG: [&str; 2] =
    ["--config", concat!(env!("CARGO_MANIFEST_DIR"), "/schema/tac_webbuilder/cutover.toml")];

/// `cutover schema diff --from FILE --to DATABASE MORE…`.
fn diff(file: &SqliteFile, database: &Database, more: &[&str]) -> Done {
    let cli = Cli::new().args(["schema", "diff", "--from"]).args([file.path()]);
    cli.args(["--to"]).args([database.url()]).args(more).run()
}

/// Every drift, whatever its rank, sorted.
#[track_caller]
fn drifts(file: &SqliteFile, database: &Database, more: &[&str]) -> Vec<String> {
    let done = diff(file, database, &[more, &["--json"]].concat());
    let report: Value = serde_json::from_str(&done.stdout).unwrap_or_else(|_| panic!("{}", done.said()));
    let all = report["drift"].as_array().unwrap().iter();
    let all = all
        .map(|one| ["rank", "kind", "object"].map(|word| one[word].as_str().unwrap().to_owned()).join(" | "));
    let mut all: Vec<String> = all.collect();
    assert_eq!(done.code, if all.is_empty() { 0 } else { 4 }, "{}", done.said());
    all.sort();
    all
}

/// The drifts that are more than other words for something.
fn grave(drifts: Vec<String>) -> Vec<String> {
    drifts.into_iter().filter(|drift| !drift.starts_with("differs | ")).collect()
}

#[test]
fn both_histories_have_no_drift() {
    let Some(server) = Server::available() else { return };
    let (file, whole) = (sqlite_after_all(), whole(server));
    assert_eq!(drifts(&file, &whole, &CONFIG), [""; 0]);
    // Nothing says that an INTEGER without a value is a flag: conditions on it are other words then, and no more.
    assert_eq!(grave(drifts(&file, &whole, &[])), [""; 0]);
}

#[test]
fn the_audit_names_what_is_missing_and_mends_it() {
    let Some(server) = Server::available() else { return };
    let (file, production) = (sqlite_after_all(), production(server));
    // What the application has done by then stays as it is.
    production.execute("INSERT INTO workflow_history (adw_id) VALUES ('adw-before')");
    assert_eq!(drifts(&file, &production, &CONFIG), MISSING);
    assert_eq!(grave(drifts(&file, &production, &[])), MISSING);
    let told = diff(&file, &production, &[]).stdout;
    for object in
        ["table pattern_occurrences", "table cost_savings_log", "column workflow_history.phase_durations"]
    {
        assert!(told.contains(object), "{told}");
    }
    fails(&production);

    let fix = diff(&file, &production, &[&CONFIG[..], &["--fix"]].concat());
    assert_eq!(fix.code, 4, "{}", fix.said());
    psql(&production, &fix.stdout).unwrap();
    assert_eq!(drifts(&file, &production, &CONFIG), [""; 0]);
    // As the application's own migrations would have made it.
    assert_eq!(types(&production), types(&whole(server)));
    production.execute("DELETE FROM workflow_history WHERE adw_id = 'adw-before' AND status = 'pending'");
    runs(&production);
    guards(&production);
    // They may still be run, and find everything there.
    run_postgres(&production, |_| true);
    assert_eq!(drifts(&file, &production, &CONFIG), [""; 0]);
}

/// A server that got all of them.
fn whole(server: &Server) -> Database {
    let database = server.fresh_database();
    run_postgres(&database, |_| true);
    database
}

/// Table, column and type of what was missing.
fn types(database: &Database) -> Vec<Vec<Option<String>>> {
    database.rows(
        "SELECT attrelid::regclass::text, attname::text, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute
         WHERE attnum > 0 AND (attrelid IN ('pattern_occurrences'::regclass, 'cost_savings_log'::regclass)
             OR attrelid = 'workflow_history'::regclass AND attname = 'phase_durations') ORDER BY 1, 2",
    )
}

/// As it went in production.
#[track_caller]
fn fails(database: &Database) {
    let missing_column = "42703: column \"phase_durations\" of relation \"workflow_history\" does not exist";
    assert_eq!(workflows(database), (0, Some(missing_column.to_owned())));
    let missing_table = "42P01: relation \"pattern_occurrences\" does not exist";
    assert_eq!(sync(database), Err(missing_table.to_owned()));
    assert_eq!(database.query_one_text("SELECT count(*) FROM operation_patterns"), "0");
}

/// As it should have gone, twice, as the sync does run again.
#[track_caller]
fn runs(database: &Database) {
    for round in 1..=2_u32 {
        assert_eq!(workflows(database), (usize::try_from(WORKFLOWS).unwrap(), None));
        assert_eq!(sync(database), Ok(()));
        let counts = "SELECT format('%s %s %s %s', (SELECT count(*) FROM workflow_history WHERE (phase_durations->>'build')::int = 60),
            (SELECT count(*) FROM operation_patterns), (SELECT count(*) FROM pattern_occurrences), (SELECT count(*) FROM cost_savings_log))";
        assert_eq!(database.query_one_text(counts), format!("42 196 196 {}", 196 * round));
    }
}

/// What keeps wrong rows out, as the code of its refusal.
#[track_caller]
fn guards(database: &Database) {
    let no_workflow = "INSERT INTO pattern_occurrences (pattern_id, workflow_id) SELECT min(id), 'adw-none' FROM operation_patterns";
    let second_time = "INSERT INTO pattern_occurrences (pattern_id, workflow_id) SELECT pattern_id, workflow_id FROM pattern_occurrences";
    for (sql, code) in [(no_workflow, "23503"), (second_time, "23505"), (WRONG_WORD, "23514")] {
        let error = database.try_execute(sql).unwrap_err();
        assert!(error.starts_with(code), "{error}");
    }
}
