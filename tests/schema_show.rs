//! `schema show`: what psql makes of its script is what a copy makes, and its statements are the copy's own.

use crate::support::cli::{Cli, Done};
use crate::support::flow::{constraints, four_at_once, lines, migrate};
use crate::support::postgres::{Database, Server};
use crate::support::psql::psql;
use crate::support::sqlite::SqliteFile;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn show(source: &Path, more: &[&str]) -> Done {
    Cli::new().args(["schema", "show"]).args([source]).args(more).run()
}

/// Columns with types, defaults and identities; constraints and indexes. The ledger is not part of it.
pub(crate) fn objects(database: &Database) -> String {
    lines(
        database,
        "SELECT format('%s.%s %s %s %s %s %s', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod),
             a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid),
             pg_get_serial_sequence(quote_ident(n.nspname) || '.' || quote_ident(c.relname), a.attname))
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
         LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE a.attnum > 0 AND n.nspname !~ '^pg_|^information_schema|^cutover$' ORDER BY 1",
    ) + &constraints(database)
}

/// What is wrong with one case; nothing is the good case.
fn check(server: &Server, dir: &Path) -> Result<bool, String> {
    let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap_or_default();
    let (args, config) = (read("args"), dir.join("cutover.toml"));
    let mut words: Vec<&str> = args.split_whitespace().collect();
    if config.exists() {
        words.extend(["--config", config.to_str().unwrap()]);
    }
    let is_others = ["--existing", "--orphans"].iter().any(|option| words.contains(option));
    if !read("target.sql").is_empty() || is_others {
        return Ok(false);
    }
    let source = SqliteFile::from_sql(&read("source.sql"));
    let (copied, loaded) = (server.fresh_database(), server.fresh_database());
    let run = migrate(source.path(), &copied, &words);
    let url = loaded.url();
    // Not the plan's matter.
    let of_plan = words.iter().copied().filter(|word| !["--chunk-rows", "1"].contains(word));
    let against_target: Vec<&str> = of_plan.chain(["--to", &url]).collect();
    let shown = show(source.path(), &against_target);
    if run.done.code == 3 {
        return if shown.code == 3 && shown.stdout.is_empty() { Ok(false) } else { Err(shown.said()) };
    }
    let at = |what: &str, why: &str| format!("{}: {what}: {why}", dir.display());
    if shown.code != 0 {
        return Err(at("exit", &shown.said()));
    }
    psql(&loaded, &shown.stdout).map_err(|error| at("psql", &format!("{error}\n{}", shown.stdout)))?;
    let (wanted, found) = (objects(&copied), objects(&loaded));
    if wanted != found {
        return Err(at("differs", &format!("copied\n{wanted}\nloaded\n{found}")));
    }
    Ok(true)
}

#[test]
fn psql_makes_of_the_script_what_the_copy_makes() {
    let Some(server) = Server::available() else { return };
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let dirs: Vec<PathBuf> = std::fs::read_dir(all).unwrap().map(|entry| entry.unwrap().path()).collect();
    let results = four_at_once(dirs, |dir| check(server, &dir));
    let compared = results.iter().filter(|result| matches!(result, Ok(true))).count();
    let problems: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
    assert!(compared >= 15, "only {compared} cases were compared");
}

/// Names and texts that try to leave their quotes and comments.
const NASTY: &str = r#"
    CREATE TABLE "par""ent; DROP" ("\! id" INTEGER PRIMARY KEY, "a:b" TEXT NOT NULL DEFAULT 'it''s; \d :USER "x"',
      c REAL DEFAULT 1.5, u TEXT UNIQUE COLLATE NOCASE);
    CREATE TABLE child (id INTEGER PRIMARY KEY AUTOINCREMENT, p REFERENCES "par""ent; DROP"("\! id") ON DELETE CASCADE,
      made TEXT DEFAULT CURRENT_TIMESTAMP);
    CREATE INDEX "by made" ON child (made DESC, p);
    INSERT INTO "par""ent; DROP" VALUES (1, 'x', 2.5, 'u');
    INSERT INTO child VALUES (7, 1, '2024-01-01 00:00:00');
    CREATE TRIGGER "t
\! touch left" AFTER INSERT ON child BEGIN SELECT 1; /*
DROP TABLE child;
\q
*/ SELECT ':USER
\q'; END;
"#;

#[test]
fn without_a_server_the_script_is_the_copys_own_statements() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(NASTY);
    let (copied, loaded) = (server.fresh_database(), server.fresh_database());
    migrate(source.path(), &copied, &[]).ends_with(0);
    let shown = show(source.path(), &[]);
    assert_eq!(shown.code, 0, "{}", shown.said());
    psql(&loaded, &shown.stdout).unwrap_or_else(|error| panic!("{error}\n{}", shown.stdout));
    assert_eq!(objects(&copied), objects(&loaded));
    let ran = copied.rows("SELECT sql FROM cutover.step WHERE sql <> '' AND kind <> 'vacuum' ORDER BY step");
    let ran: Vec<String> = ran.into_iter().map(|mut row| row.remove(0).unwrap()).collect();
    assert!(ran.len() >= 6, "{ran:?}");
    let places: Vec<Option<usize>> =
        ran.iter().map(|sql| shown.stdout.find(&format!("\n{sql};\n"))).collect();
    assert!(places.iter().all(Option::is_some), "{places:?} of {ran:#?} in {}", shown.stdout);
    assert!(places.is_sorted(), "{places:?}");
    assert!(shown.stdout.contains("-- not carried: trigger"), "{}", shown.stdout);
}

#[test]
fn sections_files_and_schemas() {
    let Some(server) = Server::available() else { return };
    let source =
        SqliteFile::from_sql("CREATE TABLE t (id INTEGER PRIMARY KEY, n INT); CREATE INDEX i ON t (n)");
    let said = |more: &[&str]| show(source.path(), more).stdout;
    let (before, after) = (said(&["--section", "pre-data"]), said(&["--section", "post-data"]));
    assert!(before.contains("CREATE TABLE") && !before.contains("CREATE INDEX"), "{before}");
    assert!(!after.contains("CREATE TABLE") && after.contains("CREATE INDEX"), "{after}");
    let database = server.fresh_database();
    let elsewhere = ["--schema", "else\"where"];
    for section in ["pre-data", "post-data"] {
        let script = said(&[&elsewhere[..], &["--section", section]].concat());
        psql(&database, &script).unwrap_or_else(|error| panic!("{error}\n{script}"));
    }
    assert_eq!(
        database.query_one_text("SELECT string_agg(format('%s %s', schemaname, indexname), ', ' ORDER BY indexname) FROM pg_indexes WHERE schemaname = 'else\"where'"),
        "else\"where i, else\"where t_pkey"
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("schema.sql");
    let out = ["--out", file.to_str().unwrap()];
    assert_eq!(show(source.path(), &out).code, 0);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), said(&[]));
    let again = show(source.path(), &out);
    assert_eq!(again.code, 2, "{}", again.said());
    assert!(again.stderr.contains("exists already"), "{}", again.stderr);
}

#[test]
fn an_existing_table_is_left_as_it_is() {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    database.execute("CREATE TABLE t (id bigint PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE c (id bigint, t bigint REFERENCES t)");
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE c (id INT, t INT REFERENCES t); CREATE TABLE n (a TEXT)",
    );
    let shown = show(source.path(), &["--to", &database.url()]);
    assert_eq!(shown.code, 0, "{}", shown.said());
    let made: BTreeSet<&str> = shown.stdout.lines().filter(|line| !line.starts_with("--")).collect();
    assert!(made.contains("CREATE TABLE \"public\".\"n\" ("), "{made:?}");
    assert!(!shown.stdout.contains("ALTER TABLE"), "{}", shown.stdout);
    assert!(shown.stdout.contains("-- table \"t\" exists already"), "{}", shown.stdout);
}
