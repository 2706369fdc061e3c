//! One call of `copy` or `verify` with its report, and what a target looks like from outside.

use super::cli::{Cli, Done};
use super::postgres::Database;
use serde_json::Value;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Mutex;

/// A call that is over.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) done: Done,
    /// the JSON report; null where there is none
    pub(crate) report: Value,
}

impl Run {
    /// Runs `cutover WORDS… --report FILE`.
    pub(crate) fn of(cli: Cli) -> Run {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = dir.path().join("report.json");
        let done = cli.args(["--progress", "lines", "--report"]).args([&path]).run();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let report = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
        Run { done, report }
    }

    /// Everything that was said: stdout, stderr and the report.
    pub(crate) fn said(&self) -> String {
        format!("{}\n{}\n{}", self.done.stdout, self.done.stderr, self.report)
    }

    /// Fails the test unless it ended with that code.
    #[track_caller]
    pub(crate) fn ends_with(self, code: i32) -> Run {
        assert_eq!(self.done.code, code, "stdout:\n{}\nstderr:\n{}", self.done.stdout, self.done.stderr);
        if !self.report.is_null() {
            assert_eq!(self.report["exit_code"], code);
        }
        self
    }

    /// The report on the source table of that name.
    #[track_caller]
    pub(crate) fn table(&self, name: &str) -> &Value {
        let tables = self.report["tables"].as_array().expect("tables");
        tables
            .iter()
            .find(|table| table["source"] == name)
            .unwrap_or_else(|| panic!("{name}: {}", self.said()))
    }

    /// The findings of that code.
    pub(crate) fn findings(&self, code: &str) -> Vec<&Value> {
        let all = self.report["findings"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|finding| finding["code"] == code).collect()
    }
}

/// `cutover copy --migrate FILE URL MORE…`.
pub(crate) fn migrate(source: &Path, database: &Database, more: &[&str]) -> Run {
    Run::of(Cli::new().args(["copy", "--migrate"]).args([source]).args([database.url()]).args(more))
}

/// `cutover copy --validate FILE URL MORE…`.
pub(crate) fn validate(source: &Path, database: &Database, more: &[&str]) -> Run {
    Run::of(Cli::new().args(["copy", "--validate"]).args([source]).args([database.url()]).args(more))
}

/// `cutover verify --from FILE --to URL MORE…`.
pub(crate) fn verify(source: &Path, database: &Database, more: &[&str]) -> Run {
    let cli = Cli::new().args(["verify", "--from"]).args([source]).args(["--to"]).args([database.url()]);
    Run::of(cli.args(more))
}

/// What a run says that `--validate` had not said before: objects not carried, and warnings. None is the good case.
pub(crate) fn not_said_before(validated: &Run, migrated: &Run) -> Vec<String> {
    let said = |run: &Run| {
        let items = |place: &str| run.report[place].as_array().cloned().unwrap_or_default();
        let objects = items("not_carried").into_iter().map(|item| item.to_string());
        let codes =
            items("findings").into_iter().map(|f| format!("{} {} {}", f["code"], f["object"], f["count"]));
        objects.chain(codes).filter(|line| !line.contains("W_WRITERS_WAIT")).collect::<Vec<String>>()
    };
    let before = said(validated);
    said(migrated).into_iter().filter(|line| !before.contains(line)).collect()
}

/// Every schema, relation, column, constraint, index and sequence position that is not the system's, one per line.
pub(crate) fn shape(database: &Database) -> String {
    lines(
        database,
        "SELECT line FROM (
           SELECT 'schema ' || nspname AS line FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema'
           UNION ALL SELECT format('%s %s %s', c.relkind, c.oid::regclass, c.relfilenode) FROM pg_class c
             JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_|^information_schema'
           UNION ALL SELECT format('column %s.%s %s %s', c.oid::regclass, a.attname,
               format_type(a.atttypid, a.atttypmod), a.attnotnull) FROM pg_attribute a
             JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE a.attnum > 0 AND n.nspname !~ '^pg_|^information_schema'
           UNION ALL SELECT format('sequence %s.%s %s', schemaname, sequencename, last_value) FROM pg_sequences
         ) x ORDER BY line",
    ) + &constraints(database)
}

/// Constraints with their validity, and indexes, by their definitions.
pub(crate) fn constraints(database: &Database) -> String {
    lines(
        database,
        "SELECT format('%s %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated)
           FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
         UNION ALL SELECT format('%s %s', indexdef, i.indisvalid) FROM pg_indexes p
           JOIN pg_index i ON i.indexrelid = format('%I.%I', p.schemaname, p.indexname)::regclass
           WHERE schemaname = 'public' ORDER BY 1",
    )
}

/// The first column of a query, one line per row.
pub(crate) fn lines(database: &Database, sql: &str) -> String {
    let rows = database.rows(sql).into_iter();
    rows.map(|row| format!("{}\n", row[0].as_deref().unwrap_or("∅"))).collect()
}

/// Does `work` for all items, four at once: the server has connections for that, whatever else is tested meanwhile.
pub(crate) fn four_at_once<T: Send, R: Send>(items: Vec<T>, work: impl Fn(T) -> R + Sync) -> Vec<R> {
    let (queue, results) = (Mutex::new(VecDeque::from(items)), Mutex::new(Vec::new()));
    let next = || queue.lock().expect("no worker panics with the lock").pop_front();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(item) = next() {
                    let result = work(item);
                    results.lock().expect("no worker panics with the lock").push(result);
                }
            });
        }
    });
    results.into_inner().expect("no worker panics with the lock")
}
