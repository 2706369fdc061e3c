//! The example application's migrations: in pairs, and both histories end where its whole schemas are.

use crate::support::flow::lines;
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use std::collections::BTreeMap;
use std::path::PathBuf;

const DATABASE: &str = include_str!("../schema/tac_webbuilder/sqlite/schema_database.sql");
const HISTORY: &str = include_str!("../schema/tac_webbuilder/sqlite/schema_workflow_history.sql");
const POSTGRES: &str = include_str!("../schema/tac_webbuilder/postgres/schema.sql");

/// Where they are.
fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/schema/tac_webbuilder/migrations"))
}

/// One side of a migration.
#[derive(Debug)]
pub(crate) struct Migration {
    /// what its file's name says between number and side
    description: String,
    pub(crate) sql: String,
}

/// A side's migrations by their numbers: `NNN_description_postgres.sql`; `…_sqlite.sql` or no side for SQLite.
pub(crate) fn history(postgres: bool) -> BTreeMap<u32, Migration> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let stem = name.strip_suffix(".sql").unwrap_or_else(|| panic!("{name}: not a migration"));
        let (number, rest) = stem.split_once('_').unwrap();
        let side = rest.strip_suffix("_postgres");
        if side.is_some() != postgres {
            continue;
        }
        let description = side.or_else(|| rest.strip_suffix("_sqlite")).unwrap_or(rest).to_owned();
        let migration = Migration { description, sql: std::fs::read_to_string(&path).unwrap() };
        let twice = all.insert(number.parse().unwrap(), migration);
        assert!(twice.is_none(), "{name}: its side has this number twice");
    }
    all
}

/// Runs those of the numbers `from..=to` in a file.
fn run_sqlite(file: &SqliteFile, from: u32, to: u32) {
    let connection = file.connection();
    for (number, migration) in history(false).range(from..=to) {
        let done = connection.execute_batch(&migration.sql);
        done.unwrap_or_else(|error| panic!("{number:03}: {error}"));
    }
}

/// A file with the whole history.
pub(crate) fn sqlite_after_all() -> SqliteFile {
    let file = SqliteFile::from_sql("");
    run_sqlite(&file, 1, 20);
    file
}

/// Runs those whose number is wanted in a database.
pub(crate) fn run_postgres(database: &Database, wanted: impl Fn(u32) -> bool) {
    for (number, migration) in history(true).iter().filter(|(number, _)| wanted(**number)) {
        database.try_execute(&migration.sql).unwrap_or_else(|error| panic!("{number:03}: {error}"));
    }
}

/// What a file's pragmas say of its tables, sorted, and what only their SQL says: AUTOINCREMENT, CHECK, view, trigger.
fn sqlite_shape(file: &SqliteFile) -> Vec<String> {
    let connection = file.connection();
    let all = |sql: &str| -> Vec<String> {
        let mut statement = connection.prepare(sql).unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let mut shape = all(
        "SELECT format('column %s.%d %s %s null %d default %s key %d', t.name, c.cid, c.name, c.type, 1 - c.\"notnull\", c.dflt_value, c.pk)
           FROM sqlite_schema t, pragma_table_xinfo(t.name) c WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
         UNION ALL SELECT format('table %s without rowid %d', name, wr) FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
         UNION ALL SELECT format('foreign %s.%s %s(%s) %s %s %s', t.name, f.\"from\", f.\"table\", f.\"to\", f.on_update, f.on_delete, f.seq)
           FROM sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'
         UNION ALL SELECT format('index %s %s unique %d partial %d of %s: %d %s desc %d %s %d', t.name,
             iif(i.origin = 'c', i.name, ''), i.\"unique\", i.partial, i.origin, x.seqno, x.name, x.desc, x.coll, x.key)
           FROM sqlite_schema t, pragma_index_list(t.name) i, pragma_index_xinfo(i.name) x WHERE t.type = 'table'",
    );
    for sql in all("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name <> 'sqlite_sequence'") {
        let (name, text) = (sql.split_whitespace().nth(2).unwrap().replace('"', ""), one_line(&sql));
        shape.push(format!("{name} {}", text.matches("AUTOINCREMENT").count()));
        shape.extend(checks(&text).into_iter().map(|check| format!("{name} {check}")));
    }
    let others = all("SELECT sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL");
    shape.extend(others.iter().map(|sql| one_line(sql)));
    shape.sort();
    shape
}

/// Fails with the lines that only one side has.
#[track_caller]
fn same(made: &[String], expected: &[String]) {
    let only = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|line| !those.contains(line)).cloned().collect()
    };
    let (more, less) = (only(made, expected), only(expected, made));
    assert!(
        more.is_empty() && less.is_empty(),
        "only made:\n{}\nonly expected:\n{}",
        more.join("\n"),
        less.join("\n")
    );
    assert_eq!(made.len(), expected.len());
}

/// One blank between words.
fn one_line(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `CHECK (…)` with what its parentheses hold; no text in these schemas holds a parenthesis.
fn checks(sql: &str) -> Vec<String> {
    let starts = sql.match_indices("CHECK (").map(|(start, _)| &sql[start..]);
    let end = |text: &str| {
        let mut depth = 0;
        text.char_indices().find_map(|(at, c)| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            (c == ')' && depth == 0).then_some(at)
        })
    };
    starts.map(|text| text[..=end(text).unwrap()].to_owned()).collect()
}

/// Columns in their order, defaults, constraints, indexes, views, triggers, functions and owned sequences.
pub(crate) fn postgres_shape(database: &Database) -> Vec<String> {
    let rows = database.rows(
        "SELECT line FROM (
           SELECT format('column %s.%s %s %s not null %s default %s', c.relname,
               row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), a.attname, format_type(a.atttypid, a.atttypmod),
               a.attnotnull, pg_get_expr(d.adbin, d.adrelid)) AS line
             FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v') AND a.attnum > 0 AND NOT a.attisdropped
           UNION ALL SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
             FROM pg_constraint WHERE connamespace = 'public'::regnamespace
           UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
           UNION ALL SELECT format('view %s %s', viewname, definition) FROM pg_views WHERE schemaname = 'public'
           UNION ALL SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
           UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
           UNION ALL SELECT format('sequence %s of %s.%s', objid::regclass, refobjid::regclass, refobjsubid) FROM pg_depend
             JOIN pg_class ON pg_class.oid = objid AND relkind = 'S' WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass AND deptype = 'a'
         ) x ORDER BY line",
    );
    rows.into_iter().map(|mut row| row.remove(0).unwrap()).collect()
}

#[test]
fn every_number_has_both_versions() {
    let (sqlite, postgres) = (history(false), history(true));
    assert_eq!(sqlite.keys().copied().collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
    let names = |side: &BTreeMap<u32, Migration>| -> Vec<(u32, String)> {
        side.iter().map(|(number, migration)| (*number, migration.description.clone())).collect()
    };
    assert_eq!(names(&sqlite), names(&postgres));
    // Both spellings are in use.
    let plain = folder().join(format!("010_{}.sql", sqlite[&10].description));
    let marked = folder().join(format!("011_{}_sqlite.sql", sqlite[&11].description));
    assert!(plain.is_file() && marked.is_file());
}

#[test]
fn the_sqlite_history_ends_at_the_schema_of_both_files() {
    let whole = SqliteFile::from_sql(&format!("{DATABASE}{HISTORY}"));
    let (made, expected) = (sqlite_shape(&sqlite_after_all()), sqlite_shape(&whole));
    for (start, count) in [("column ", 347), ("foreign ", 14), ("CREATE INDEX ", 41), ("CREATE TRIGGER ", 1)]
    {
        assert_eq!(expected.iter().filter(|line| line.starts_with(start)).count(), count, "{start}");
    }
    assert_eq!(expected.iter().filter(|line| line.contains("CHECK (")).count(), 13);
    same(&made, &expected);
}

#[test]
fn the_postgres_history_runs_twice_and_ends_at_the_applications_schema() {
    let Some(server) = Server::available() else { return };
    let (whole, made) = (server.fresh_database(), server.fresh_database());
    whole.execute(POSTGRES);
    let expected = postgres_shape(&whole);
    assert_eq!(expected.iter().filter(|line| line.starts_with("column ")).count(), 347 + 5);
    for _ in 0..2 {
        run_postgres(&made, |_| true);
        same(&postgres_shape(&made), &expected);
    }
    // One that is repeated as soon as it ran.
    let one_by_one = server.fresh_database();
    for number in 1..=20 {
        run_postgres(&one_by_one, |it| it == number);
        run_postgres(&one_by_one, |it| it == number);
    }
    same(&postgres_shape(&one_by_one), &expected);
}

/// Rows that are there when the migrations after a number run.
const ROWS: [(u32, &str); 4] = [
    (
        5,
        "INSERT INTO workflow_history (adw_id, created_at, status, cost_efficiency_score, model_used, total_tokens, duration_seconds)
             VALUES ('adw-1', '2025-01-31 23:59:59', 'completed', 0.5, 'small-2', 700, 90),
                    ('adw-2', '2025-03-01 00:00:00', 'failed', 0.5, NULL, 0, NULL),
                    ('adw-3', '2025-03-02 00:00:00', 'completed', NULL, 'small-2', 500, 30);
         INSERT INTO adw_locks (issue_number, adw_id, status) VALUES (17, 'adw-1', 'building');",
    ),
    (
        9,
        "INSERT INTO phase_queue (queue_id, parent_issue, phase_number, issue_number, status, created_at, updated_at)
             VALUES ('q-b', 1, 2, 17, 'pending', '2025-01-02 00:00:00', '2025-01-02 00:00:00'),
                    ('q-c', 1, 1, NULL, 'ready', '2025-01-01 00:00:00', '2025-01-03 00:00:00'),
                    ('q-a', 2, 1, 18, 'ready', '2025-01-02 00:00:00', '2025-01-04 00:00:00');
         UPDATE queue_config SET config_value = '7' WHERE config_key = 'max_concurrent';",
    ),
    (
        15,
        "INSERT INTO planned_features (item_type, title, status, updated_at)
             VALUES ('bug', 'done', 'completed', '2025-02-03 04:05:06'), ('bug', 'open', 'planned', '2025-02-03 04:05:06');",
    ),
    (20, ""),
];

/// What became of them, one text per row.
const WHAT_BECAME: &str = "
    SELECT 'workflow ' || adw_id || ' ' || scoring_version AS line FROM workflow_history
    UNION ALL SELECT 'phase ' || queue_id || ' ' || parent_issue || ' ' || priority || ' ' || queue_position || ' ' ||
        coalesce(CAST(ready_timestamp AS TEXT), '-') || ' ' || coalesce(adw_id, '-') FROM phase_queue
    UNION ALL SELECT 'feature ' || title || ' ' || coalesce(CAST(completed_at AS TEXT), '-') FROM planned_features
    UNION ALL SELECT 'setting ' || config_key || ' ' || config_value FROM queue_config
    UNION ALL SELECT 'cost ' || model_used || ' ' || workflows || ' ' || tokens || ' ' || longest_seconds FROM workflow_costs";

/// As it is after all, sorted.
const BECAME: [&str; 12] = [
    "cost small-2 2 1200 90",
    "feature done 2025-02-03 04:05:06",
    "feature open -",
    "phase q-a 2 50 1 2025-01-04 00:00:00 -",
    "phase q-b 1 50 2 - adw-1",
    "phase q-c 1 50 1 2025-01-03 00:00:00 -",
    "setting default_priority 50",
    "setting max_concurrent 7",
    "setting queue_paused false",
    "workflow adw-1 0.9",
    "workflow adw-2 1.0",
    "workflow adw-3 1.0",
];

#[test]
fn both_histories_do_the_same_to_the_rows_they_meet() {
    let Some(server) = Server::available() else { return };
    let (file, database) = (SqliteFile::from_sql(""), server.fresh_database());
    let mut from = 1;
    for (to, rows) in ROWS {
        run_sqlite(&file, from, to);
        file.connection().execute_batch(rows).unwrap();
        run_postgres(&database, |number| (from..=to).contains(&number));
        database.execute(rows);
        from = to + 1;
    }
    // Once more over its own rows.
    run_postgres(&database, |_| true);
    let connection = file.connection();
    let mut statement = connection.prepare(WHAT_BECAME).unwrap();
    let mut lite: Vec<String> =
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let told = lines(&database, WHAT_BECAME);
    let mut post: Vec<&str> = told.lines().collect();
    lite.sort();
    post.sort_unstable();
    assert_eq!(lite, BECAME);
    assert_eq!(post, BECAME);
}

#[test]
fn a_change_of_a_phase_is_stamped_on_both_sides() {
    let Some(server) = Server::available() else { return };
    let (file, database) = (sqlite_after_all(), server.fresh_database());
    run_postgres(&database, |_| true);
    let change = "
        INSERT INTO phase_queue (queue_id, parent_issue, phase_number, queue_position, updated_at) VALUES ('q', 1, 1, 1, '2025-01-01 00:00:00');
        UPDATE phase_queue SET status = 'running' WHERE queue_id = 'q';";
    let stamped =
        "SELECT CASE WHEN updated_at > '2025-01-01 00:00:00' THEN 'stamped' ELSE 'old' END FROM phase_queue";
    file.connection().execute_batch(change).unwrap();
    let lite: String = file.connection().query_row(stamped, [], |row| row.get(0)).unwrap();
    database.execute(change);
    assert_eq!((lite.as_str(), database.query_one_text(stamped).as_str()), ("stamped", "stamped"));
}
