//! `schema diff`: nothing after a copy, every planted drift with its rank, and `--fix` mends what adding mends.

use crate::corpus;
use crate::support::cli::{Cli, Done};
use crate::support::flow::{four_at_once, migrate};
use crate::support::postgres::{Database, Server};
use crate::support::psql::psql;
use crate::support::sqlite::SqliteFile;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// `cutover schema diff --from FROM --to TO MORE…`.
fn diff(from: &str, to: &str, more: &[&str]) -> Done {
    Cli::new().args(["schema", "diff", "--from", from, "--to", to]).args(more).run()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Rank, kind and object of every drift.
#[track_caller]
fn drifts(from: &str, to: &str, more: &[&str]) -> Vec<String> {
    let done = diff(from, to, &[more, &["--json"]].concat());
    let value: Value =
        serde_json::from_str(&done.stdout).unwrap_or_else(|error| panic!("{error}: {}", done.said()));
    let all = value["drift"].as_array().unwrap();
    assert_eq!(done.code, if all.is_empty() { 0 } else { 4 }, "{}", done.said());
    assert_eq!(value["equal"], all.is_empty());
    let word = |drift: &Value, name: &str| drift[name].as_str().unwrap().to_owned();
    all.iter()
        .map(|drift| format!("{} | {} | {}", word(drift, "rank"), word(drift, "kind"), word(drift, "object")))
        .collect()
}

/// What is wrong after a copy of `source`; nothing is the good case.
fn after_copy(server: &Server, source: &Path, copy_words: &[&str], words: &[&str]) -> Result<bool, String> {
    let database = server.fresh_database();
    let run = migrate(source, &database, copy_words);
    if ![0, 8].contains(&run.done.code) {
        return Ok(false);
    }
    let done = diff(text(source), &database.url(), words);
    let place = source.display();
    if done.code != 0 || !done.stdout.contains("\nequal: ") && !done.stdout.starts_with("equal: ") {
        return Err(format!("{place}: exit {}: {}", done.code, done.said()));
    }
    Ok(true)
}

#[test]
fn after_the_copy_of_a_real_database_there_is_no_drift() {
    let (Some(server), Some(shared)) = (Server::available(), corpus::shared()) else { return };
    let files = corpus::readable(&shared);
    assert!(files.len() >= 39, "{} files", files.len());
    let results = four_at_once(files, |file| {
        let (_dir, copy) = corpus::copy_of(&file);
        after_copy(server, &copy, &[], &[])
    });
    let compared = results.iter().filter(|result| matches!(result, Ok(true))).count();
    let problems: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    assert!(problems.is_empty(), "{} files:\n{}", problems.len(), problems.join("\n\n"));
    assert!(compared >= 39, "only {compared} files were copied");
}

#[test]
fn after_the_copy_of_a_case_there_is_no_drift() {
    let Some(server) = Server::available() else { return };
    let all = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let dirs: Vec<PathBuf> = std::fs::read_dir(all).unwrap().map(|entry| entry.unwrap().path()).collect();
    let results = four_at_once(dirs, |dir| {
        let read = |name: &str| std::fs::read_to_string(dir.join(name)).unwrap_or_default();
        if !read("target.sql").is_empty() {
            return Ok(false);
        }
        let (args, config) = (read("args"), dir.join("cutover.toml"));
        let mut words: Vec<&str> = args.split_whitespace().collect();
        if config.exists() {
            words.extend(["--config", config.to_str().unwrap()]);
        }
        let of_plan: Vec<&str> =
            words.iter().copied().filter(|word| !["--chunk-rows", "1"].contains(word)).collect();
        let source = SqliteFile::from_sql(&read("source.sql"));
        after_copy(server, source.path(), &words, &of_plan)
            .map_err(|error| format!("{}: {error}", dir.display()))
    });
    let compared = results.iter().filter(|result| matches!(result, Ok(true))).count();
    let problems: Vec<String> = results.into_iter().filter_map(Result::err).collect();
    assert!(problems.is_empty(), "{} cases:\n{}", problems.len(), problems.join("\n\n"));
    assert!(compared >= 20, "only {compared} cases were compared");
}

/// An application's schema in SQLite, with rows.
const APPLICATION: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT NOT NULL UNIQUE, name TEXT, active BOOLEAN DEFAULT 1,
      created DATETIME DEFAULT CURRENT_TIMESTAMP, score REAL DEFAULT 0);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users ON DELETE CASCADE,
      total DECIMAL(10,2), note VARCHAR(200) DEFAULT 'none', placed TEXT);
    CREATE INDEX orders_user ON orders (user_id, total DESC);
    CREATE UNIQUE INDEX orders_note ON orders (note);
    CREATE TABLE tags (name TEXT, order_id INTEGER, PRIMARY KEY (name, order_id), FOREIGN KEY (order_id) REFERENCES orders(id));
    INSERT INTO users VALUES (1, 'ada@example.org', 'Ada', 1, '2024-01-01 10:00:00', 1.5), (2, 'bob@example.org', 'Bob', 0, NULL, 2.25);
    INSERT INTO orders VALUES (1, 1, 9.75, 'first', 'yesterday'), (2, 2, 12, 'second', NULL);
    INSERT INTO tags VALUES ('new', 1);
";

/// A copy of [`APPLICATION`] in a database of its own.
fn copied(server: &Server) -> (SqliteFile, Database) {
    let (source, database) = (SqliteFile::from_sql(APPLICATION), server.fresh_database());
    migrate(source.path(), &database, &[]).ends_with(0);
    (source, database)
}

/// What was planted, what is found of it, and whether adding mends it.
const PLANTED: [(&str, &[&str], bool); 28] = [
    ("ALTER TABLE orders DROP COLUMN placed", &["would fail | column | orders.placed"], true),
    ("DROP INDEX orders_user", &["would slow | index | orders: orders_user"], true),
    ("DROP INDEX orders_note", &["would lose | index | orders: orders_note"], true),
    (
        "ALTER TABLE users DROP CONSTRAINT users_email_key",
        &["would lose | unique | users: users_email_key"],
        true,
    ),
    ("ALTER TABLE orders ALTER user_id DROP NOT NULL", &["would lose | not null | orders.user_id"], true),
    (
        "ALTER TABLE users ALTER name TYPE varchar(2) USING left(name, 2)",
        &["would fail | type | users.name"],
        false,
    ),
    ("ALTER TABLE users ALTER id SET GENERATED ALWAYS", &[], true),
    ("ALTER TABLE users ALTER id DROP IDENTITY", &["would fail | default | users.id"], true),
    ("ALTER TABLE users ALTER active DROP DEFAULT", &["would lose | default | users.active"], true),
    ("ALTER TABLE users ALTER active SET DEFAULT false", &["differs | default | users.active"], true),
    ("ALTER TABLE users ALTER created SET DEFAULT now()", &[], true),
    ("ALTER TABLE users ALTER email SET DEFAULT 'x'", &["differs | default | users.email"], false),
    ("ALTER TABLE users ALTER name SET NOT NULL", &["would fail | not null | users.name"], false),
    ("ALTER TABLE users RENAME id TO \"ID\"", &["would fail | name | users.ID"], false),
    ("ALTER TABLE orders RENAME user_id TO userid", &["would fail | name | orders.userid"], false),
    (
        "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey",
        &["would lose | foreign key | orders: orders_user_id_fkey"],
        true,
    ),
    (
        "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey; ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users",
        &["differs | foreign key | orders: orders_user_id_fkey"],
        false,
    ),
    (
        "ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey; ALTER TABLE orders ADD CONSTRAINT other FOREIGN KEY (user_id) REFERENCES users ON DELETE CASCADE NOT VALID",
        &["differs | foreign key | orders: other"],
        true,
    ),
    ("ALTER TABLE tags DROP CONSTRAINT tags_pkey", &["would lose | primary key | tags"], true),
    (
        "ALTER TABLE tags DROP CONSTRAINT tags_pkey; CREATE UNIQUE INDEX t ON tags (name, order_id)",
        &["differs | primary key | tags"],
        false,
    ),
    ("DROP TABLE tags", &["would fail | table | tags"], true),
    ("CREATE TABLE more (a int)", &["differs | table | more"], false),
    ("ALTER TABLE users ADD born date", &["differs | column | users.born"], false),
    (
        "ALTER TABLE users ADD born date NOT NULL DEFAULT now(); ALTER TABLE users ALTER born DROP DEFAULT",
        &["would fail | column | users.born"],
        false,
    ),
    (
        "ALTER TABLE users ADD CHECK (length(name) < 50)",
        &["would fail | check | users: users_name_check"],
        false,
    ),
    ("CREATE UNIQUE INDEX u ON users (name)", &["would fail | index | users: u"], false),
    ("CREATE INDEX u ON users (name)", &["differs | index | users: u"], false),
    (
        "DROP INDEX orders_user; CREATE INDEX orders_user ON orders (total)",
        &["differs | index | orders: orders_user"],
        false,
    ),
];

#[test]
fn planted_drifts_are_found_with_their_ranks_and_mended() {
    let Some(server) = Server::available() else { return };
    let problems = four_at_once(PLANTED.to_vec(), |(sql, expected, is_mended)| {
        let (source, database) = copied(server);
        database.execute(sql);
        let (from, url) = (text(source.path()), database.url());
        let found = drifts(from, &url, &[]);
        if found != expected {
            return Some(format!("{sql}\n  expected {expected:?}\n  found {found:?}"));
        }
        let fix = diff(from, &url, &["--fix"]);
        if let Err(error) = psql(&database, &fix.stdout) {
            return Some(format!("{sql}\n{error}\n{}", fix.stdout));
        }
        let left = drifts(from, &url, &[]);
        let is_as_expected = if is_mended { left.is_empty() } else { left == found };
        (!is_as_expected).then(|| format!("{sql}\n  left {left:?} after\n{}", fix.stdout))
    });
    let problems: Vec<String> = problems.into_iter().flatten().collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}
