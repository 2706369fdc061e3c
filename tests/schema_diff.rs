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
        "DROP INDEX orders_user; CREATE INDEX orders_user ON orders (user_id, total)",
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

#[test]
fn an_index_that_has_only_the_name_is_made_under_another() {
    let Some(server) = Server::available() else { return };
    let (source, database) = copied(server);
    database.execute("DROP INDEX orders_user; CREATE INDEX orders_user ON orders (total)");
    let (from, url) = (text(source.path()), database.url());
    assert_eq!(drifts(from, &url, &[]), ["would slow | index | orders: orders_user"]);
    psql(&database, &diff(from, &url, &["--fix"]).stdout).unwrap();
    assert!(drifts(from, &url, &[]).iter().all(|drift| drift.starts_with("differs")), "names alone");
}

#[test]
fn an_empty_target_is_mended_whole() {
    let Some(server) = Server::available() else { return };
    let odd = SqliteFile::from_sql(
        "CREATE TABLE \"Odd \"\"name\" (\"a:b\" INTEGER PRIMARY KEY, \"it's\" TEXT COLLATE NOCASE UNIQUE DEFAULT 'x''y\\z', u BLOB NOT NULL);
         CREATE TABLE child (p INTEGER REFERENCES \"Odd \"\"name\" ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED, q REFERENCES child2);
         CREATE TABLE child2 (id TEXT PRIMARY KEY, c INT REFERENCES child2);
         CREATE INDEX \"by \\ q\" ON child (q, p DESC);",
    );
    for source in [SqliteFile::from_sql(APPLICATION), odd] {
        let database = server.fresh_database();
        let (from, url) = (text(source.path()), database.url());
        let fix = diff(from, &url, &["--fix", "--schema", "new\"one"]);
        assert_eq!(fix.code, 4, "{}", fix.said());
        let script = format!("CREATE SCHEMA \"new\"\"one\";\n{}", fix.stdout);
        psql(&database, &script).unwrap_or_else(|error| panic!("{error}\n{script}"));
        assert_eq!(drifts(from, &url, &["--schema", "new\"one"]), [""; 0], "{script}");
        assert!(!script.contains("DROP "), "{script}");
        let schemas = "SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_|^information'";
        assert_eq!(database.query_one_text(schemas), "new\"one public", "nothing is left behind");
    }
}

/// A target that an application made in its own words, which hold everything.
const OWN_WORDS: &str = "
    CREATE TYPE state AS ENUM ('new', 'old');
    CREATE TABLE things (id serial PRIMARY KEY, label varchar(255) DEFAULT 'x', flag boolean NOT NULL DEFAULT false,
      data jsonb DEFAULT '{}', price numeric(14,6), at timestamptz DEFAULT CURRENT_TIMESTAMP, state state DEFAULT 'new', n integer DEFAULT 0);
    CREATE INDEX things_label ON things (label, price DESC);
    CREATE UNIQUE INDEX things_state ON things (state, n);
";

const OWN_WORDS_IN_SQLITE: &str = "
    CREATE TABLE things (id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT DEFAULT 'x', flag INTEGER NOT NULL DEFAULT 0,
      data TEXT DEFAULT '{}', price REAL, at TEXT DEFAULT CURRENT_TIMESTAMP, state TEXT DEFAULT 'new', n INTEGER DEFAULT 0);
    CREATE INDEX things_label ON things (label, price DESC);
    CREATE UNIQUE INDEX things_state ON things (state, n);
";

#[test]
fn other_types_that_hold_every_value_are_no_drift() {
    let Some(server) = Server::available() else { return };
    let row = "INSERT INTO things VALUES (1, 'a', 1, '{\"a\": 1}', 1.5, '2024-01-01 10:00:00', 'old', 7);";
    let database = server.fresh_database();
    database.execute(OWN_WORDS);
    let url = database.url();
    for sql in [OWN_WORDS_IN_SQLITE.to_owned(), format!("{OWN_WORDS_IN_SQLITE}{row}")] {
        let source = SqliteFile::from_sql(&sql);
        assert_eq!(drifts(text(source.path()), &url, &[]), [""; 0], "{sql}");
    }
    let bad = "INSERT INTO things VALUES (2, 'b', 2, 'no json', 0.12345678, 'yesterday', 'odd', 1);";
    let source = SqliteFile::from_sql(&format!("{OWN_WORDS_IN_SQLITE}{row}{bad}"));
    assert_eq!(
        drifts(text(source.path()), &url, &[]),
        [
            "would fail | type | things.at",
            "would fail | type | things.data",
            "would fail | type | things.flag",
            "would fail | type | things.state",
            "would lose | type | things.price",
        ]
    );
}

#[test]
fn a_role_that_may_not_make_a_schema_is_told_so() {
    let Some(server) = Server::available() else { return };
    let (source, database) = copied(server);
    let role = format!("reader_{}", &database.name);
    database.execute(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'hunter2'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"
    ));
    let url = database.url_of(&role, "hunter2");
    let done = diff(text(source.path()), &url, &[]);
    assert!(done.stdout.contains("may not make a schema"), "{}", done.said());
    assert!(!done.said().contains("hunter2"), "{}", done.said());
    assert_eq!(drifts(text(source.path()), &url, &[]), [""; 0], "{}", done.said());
    database.execute("DROP INDEX orders_user; ALTER TABLE users ALTER score SET DEFAULT 1");
    assert_eq!(
        drifts(text(source.path()), &url, &[]),
        ["would slow | index | orders: orders_user", "differs | default | users.score"]
    );
    // Sessions that cannot write will do, too: nothing is written.
    database.execute(&format!(
        "GRANT CREATE ON DATABASE {} TO {role}; ALTER ROLE {role} SET default_transaction_read_only = on",
        database.name
    ));
    let done = diff(text(source.path()), &url, &[]);
    assert!(done.code == 4 && done.stdout.contains("read-only transaction"), "{}", done.said());
    database.execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
}

#[test]
fn two_files_are_compared_as_they_are_declared() {
    let one = SqliteFile::from_sql(APPLICATION);
    let same = SqliteFile::from_sql(&APPLICATION.replace("INSERT INTO", "-- INSERT INTO"));
    assert_eq!(drifts(text(one.path()), text(same.path()), &[]), [""; 0]);
    let other = APPLICATION
        .replace("CREATE INDEX orders_user ON orders (user_id, total DESC);", "")
        .replace("name TEXT, active", "Name INTEGER, active")
        .replace("score REAL DEFAULT 0", "score REAL DEFAULT 1");
    let other = SqliteFile::from_sql(&other.replace("INSERT INTO", "-- INSERT INTO"));
    assert_eq!(
        drifts(text(one.path()), text(other.path()), &[]),
        [
            "would fail | name | users.Name",
            "would lose | type | users.Name",
            "would slow | index | orders: orders_user",
            "differs | default | users.score",
        ]
    );
    let refused = diff(text(one.path()), text(other.path()), &["--fix"]);
    assert_eq!(refused.code, 2, "{}", refused.said());
}

#[test]
fn two_servers_and_the_other_direction() {
    let Some(server) = Server::available() else { return };
    let (source, database) = copied(server);
    let (_, other) = copied(server);
    let (one, two) = (database.url(), other.url());
    assert_eq!(drifts(&one, &two, &[]), [""; 0]);
    assert_eq!(drifts(&two, text(source.path()), &[]), [""; 0]);
    other.execute(
        "ALTER TABLE users ADD CONSTRAINT short CHECK (length(name) < 50); CREATE VIEW v AS SELECT name FROM users;
         ALTER TABLE users ALTER score TYPE real; ALTER TABLE orders ALTER note TYPE varchar(200);
         CREATE TABLE made (id int GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (1 + 1) STORED)",
    );
    assert_eq!(
        drifts(&one, &two, &[]),
        [
            "would fail | type | orders.note",
            "would fail | check | users: short",
            "would lose | type | users.score",
            "differs | table | made",
            "differs | view | v",
        ]
    );
    assert_eq!(
        drifts(&two, &one, &[]),
        [
            "would fail | table | made",
            "would fail | view | v",
            "would lose | check | users: short",
            "differs | type | orders.note",
            "differs | type | users.score",
        ]
    );
    let fix = diff(&two, &one, &["--fix"]);
    psql(&database, &fix.stdout).unwrap_or_else(|error| panic!("{error}\n{}", fix.stdout));
    assert_eq!(drifts(&two, &one, &[]), ["differs | type | orders.note", "differs | type | users.score"]);
    // Parents of another schema, keys that carry more than their columns, and a name that is taken.
    other.execute(
        "CREATE SCHEMA side; CREATE TABLE side.p (id int PRIMARY KEY);
         CREATE TABLE k (a int REFERENCES side.p, b int, UNIQUE (a) INCLUDE (b)); CREATE TABLE taken (a int)",
    );
    database.execute(
        "CREATE SCHEMA side; CREATE TABLE side.p (id int PRIMARY KEY); CREATE VIEW taken AS SELECT 1 AS a",
    );
    let fix = diff(&two, &one, &["--fix"]);
    psql(&database, &fix.stdout).unwrap_or_else(|error| panic!("{error}\n{}", fix.stdout));
    let left = drifts(&two, &one, &["--exclude", "users", "--exclude", "orders"]);
    assert_eq!(left, ["would fail | table | taken", "differs | view | taken"], "{}", fix.stdout);
    assert!(fix.stdout.contains("-- its name is taken by something of another kind"), "{}", fix.stdout);
    // Within one database, schema against schema.
    database.execute(
        "CREATE SCHEMA app; CREATE TABLE app.t (a int PRIMARY KEY, b int REFERENCES app.t CHECK (b > a))",
    );
    database.execute(
        "CREATE SCHEMA app2; CREATE TABLE app2.t (a int PRIMARY KEY, b int REFERENCES app2.t CHECK (b > a))",
    );
    assert_eq!(drifts(&one, &one, &["--from-schema", "app", "--schema", "app2"]), [""; 0]);
    // Tables of the target alone, left out.
    let excluded = ["made", "users", "k", "taken"].map(|name| ["--exclude", name]).concat();
    assert_eq!(drifts(text(source.path()), &two, &excluded), ["differs | view | v"]);
}

#[test]
fn names_of_another_spelling_are_followed() {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    database.execute(
        "CREATE TABLE order_items (item_id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, parent_item bigint REFERENCES order_items, qty bigint);
         CREATE INDEX by_parent ON order_items (parent_item, qty DESC)",
    );
    let source = SqliteFile::from_sql(
        "CREATE TABLE OrderItems (itemId INTEGER PRIMARY KEY, parentItem INTEGER REFERENCES OrderItems(itemId), Qty INTEGER);
         CREATE INDEX by_parent ON OrderItems (parentItem, Qty DESC)",
    );
    assert_eq!(
        drifts(text(source.path()), &database.url(), &[]),
        [
            "would fail | name | order_items",
            "would fail | name | order_items.item_id",
            "would fail | name | order_items.parent_item",
            "differs | name | order_items.qty",
        ]
    );
    assert_eq!(drifts(text(source.path()), &database.url(), &["--names", "snake"]), [""; 0]);
}

#[test]
fn what_cannot_be_read_ends_with_its_own_code() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(APPLICATION);
    let database = server.fresh_database();
    let dir = tempfile::tempdir().unwrap();
    let no_database = dir.path().join("text.db");
    std::fs::write(&no_database, "this is no database, whatever its name says").unwrap();
    for (from, to, code) in [
        (text(&no_database), database.url().as_str(), 5),
        (text(source.path()), "postgres://nobody@127.0.0.1:1/none", 6),
        (text(source.path()), text(&no_database), 5),
    ] {
        let done = diff(from, to, &[]);
        assert_eq!(done.code, code, "{from} {to}: {}", done.said());
    }
    let several = Cli::new().args([
        "schema",
        "diff",
        "--from",
        text(source.path()),
        "--from",
        "postgres://h/d",
        "--to",
        "x.db",
    ]);
    assert_eq!(several.run().code, 2);
}
