//! `cutover.toml`: what it says is done, its mistakes are named with their place, and what `--write-config` writes leads
//! to the same plan.

use crate::support::cli::Cli;
use crate::support::flow::{Run, lines, migrate, shape, validate, verify};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A directory with a file in it.
fn file(name: &str, text: &str) -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(name);
    std::fs::write(&path, text).unwrap();
    (dir, path)
}

/// One run with that configuration.
fn with(
    command: fn(&Path, &Database, &[&str]) -> Run,
    source: &Path,
    database: &Database,
    text: &str,
) -> Run {
    let (_dir, path) = file("settings.toml", text);
    command(source, database, &["--config", path.to_str().unwrap()])
}

const SHOP: &str = "
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, created_at TEXT, updated_at TEXT);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users(id), total NUMERIC, note TEXT);
    INSERT INTO users VALUES (1, 'ann', '2024-01-02 03:04:05', NULL), (2, 'bob', '2024-01-02 03:04', NULL);
    INSERT INTO orders VALUES (1, 1, 5, ''), (2, 2, 7.5, 'x'), (3, 2, 9, NULL);";

#[test]
fn mistakes_are_usage_errors_with_place_and_suggestion() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(SHOP), server.fresh_database());
    let before = shape(&database);
    let cases: &[(&str, &[&str])] = &[
        (
            "[tables.user]\nskip = true",
            &["settings.toml:1:9: no table of the source matches `user`; did you mean `users`?"],
        ),
        (
            "[tables.users.columns.creatd_at]\ntype = 'timestamp'",
            &["settings.toml:1:23: no column of `users` matches `creatd_at`; did you mean `created_at`?"],
        ),
        (
            "[tables.users.columns.name]\ntype = 'txt'\n[tables.'o*'.columns.total]\ntime_zone = 'Berlin'",
            &[
                "settings.toml:2:1: unknown type `txt`; did you mean `text`?",
                "settings.toml:4:1: `Berlin` is no time zone; did you mean `Europe/Berlin`?",
            ],
        ),
        (
            "[tables.users.columns.'*_at']\nrename = 'at'",
            &[
                "settings.toml:2:1: `rename` gives one name to several columns, among them `created_at` and `updated_at`",
            ],
        ),
        ("[tables.'*']\nrename = 't'", &["several tables, among them `orders` and `users`"]),
        (
            "[tables.'us*'.columns.name]\ntype = 'text'\n[tables.'*rs'.columns.name]\ntype = 'bytea'",
            &["settings.toml:4:1: `type` of users.name is said differently in line 2"],
        ),
        (
            "[tables.orders]\nwhere = 'totl > 5'",
            &["settings.toml:2:1: `where` of orders: no such column: totl"],
        ),
        ("[tables.orders]\nwhere = '1; DELETE FROM users'", &["more than one expression"]),
        (
            "[tables.users.columns.'*']\nskip = true",
            &["settings.toml:2:1: every column of users is skipped: skip the table itself"],
        ),
        ("[options]\nto = 'postgres://u:hunter2@h/d'", &["settings.toml:2:1: `to` is not allowed here"]),
    ];
    for (text, expected) in cases {
        let run = with(migrate, source.path(), &database, text).ends_with(2);
        for words in *expected {
            assert!(run.done.stderr.contains(words), "{words}\nis not in\n{}", run.done.stderr);
        }
        assert!(!run.said().contains("hunter2"));
    }
    assert_eq!(shape(&database), before, "nothing was written");
    let missing = migrate(source.path(), &database, &["--config", "/no/such/file.toml"]).ends_with(2);
    assert!(missing.done.stderr.contains("cannot be read"), "{}", missing.done.stderr);
}

#[test]
fn a_type_that_the_values_cannot_take_is_refused_with_their_keys() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s TEXT, b TEXT, u TEXT UNIQUE);
         INSERT INTO t VALUES (1, 1, 'x', '2024-01-01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), (2, 40000, 'y', 'z', NULL),
           (3, 5, 'xyz', '2024-01-02', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11');",
    );
    let database = server.fresh_database();
    let before = shape(&database);
    let text = "[tables.t.columns]
        n = { type = 'smallint' }
        s = { type = 'varchar(2)' }
        b = { type = 'date' }
        u = { type = 'uuid' }";
    for command in [validate, migrate] {
        let run = with(command, source.path(), &database, text).ends_with(3);
        let found = |object: &str| {
            let all = run.report["findings"].as_array().unwrap().iter();
            let refusals = all.filter(|finding| finding["severity"] == "refusal");
            refusals
                .into_iter()
                .find(|finding| finding["object"] == object)
                .unwrap_or_else(|| panic!("{object}"))
                .clone()
        };
        for (object, code, key) in
            [("t.n", "E_RANGE", "rowid 2"), ("t.s", "E_LENGTH", "rowid 3"), ("t.b", "E_DATE", "rowid 2")]
        {
            let finding = found(object);
            assert_eq!(
                (&finding["examples"][0], &finding["count"]),
                (&key.into(), &1.into()),
                "{code} {finding}"
            );
            assert!(finding["message"].as_str().unwrap().contains("configured type"), "{finding}");
        }
        assert_eq!(run.findings("E_UNIQUE_MERGE").len(), 1, "{}", run.said());
        assert_eq!(shape(&database), before);
    }
}

#[test]
fn validate_refuses_what_migrate_would_not_go_on_with() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(SHOP), server.fresh_database());
    migrate(source.path(), &database, &[]).ends_with(0);
    validate(source.path(), &database, &[]).ends_with(0);
    for command in [validate, migrate] {
        let run = command(source.path(), &database, &["--names", "snake"]).ends_with(3);
        assert!(run.done.stderr.contains("was begun with other options"), "{}", run.done.stderr);
    }
    let run = validate(source.path(), &database, &["--names", "snake", "--restart"]).ends_with(0);
    assert!(run.said().contains("begin anew"), "{}", run.said());
}

#[test]
fn what_cannot_go_together_is_refused_by_name() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(SHOP), server.fresh_database());
    let text = "[tables.users.columns]
        name = { encoding = 'epoch_s' }
        created_at = { type = 'timestamptz' }
        id = { type = 'text' }
        [tables.orders]
        rename = 'users'
        [tables.orders.columns]
        note = { rename = 'total' }";
    let run = with(validate, source.path(), &database, text).ends_with(3);
    for (object, words) in [
        ("users.name", "INTEGER becomes timestamp with time zone, and the column holds 2 TEXT"),
        ("users.created_at", "name no time zone"),
        ("users.id", "becomes an identity"),
        ("orders", "is to be called \"users\", and so is \"users\""),
        ("orders.note", "is to be called \"total\", and so is \"orders.total\""),
    ] {
        let all = run.report["findings"].as_array().unwrap();
        let of_object = |f: &&serde_json::Value| f["object"] == object && f["severity"] == "refusal";
        let messages: Vec<&str> =
            all.iter().filter(of_object).filter_map(|f| f["message"].as_str()).collect();
        assert!(messages.iter().any(|message| message.contains(words)), "{object}: {messages:?}");
    }
}

#[test]
fn a_condition_holds_for_copy_verify_and_orphans() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(&format!(
        "{SHOP} INSERT INTO orders WITH s(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM s WHERE value < 2000) SELECT value + 100, 1, value, 'n' FROM s;"
    ));
    let database = server.fresh_database();
    let text = "[options]\nchunk_rows = 300\n[tables.users]\nwhere = 'id = 1 OR id > 5'\n[tables.orders]\nwhere = 'total > 5'";
    let run = with(migrate, source.path(), &database, text).ends_with(0);
    assert_eq!(run.table("orders")["rows"]["target"], 1997);
    assert_eq!(run.findings("W_FILTERED").len(), 2);
    assert_eq!(run.findings("W_FILTERED")[0]["count"], 1);
    let orphans = run.findings("W_FK_ORPHANS");
    assert_eq!(
        (orphans.len(), &orphans[0]["count"]),
        (1, &2.into()),
        "the parent of two orders stays behind"
    );
    assert_eq!(
        lines(&database, "SELECT string_agg(id::text, ' ' ORDER BY id) FROM orders WHERE id < 100"),
        "2 3\n"
    );
    assert_eq!(with(verify, source.path(), &database, text).ends_with(0).table("orders")["verify"], "match");
    // Resumed with other rules, it would be another copy.
    let other = with(migrate, source.path(), &database, "[tables.users]\nwhere = 'id = 1'").ends_with(3);
    assert!(other.done.stderr.contains("other options"), "{}", other.done.stderr);
    let again = with(migrate, source.path(), &database, text).ends_with(0);
    assert!(
        again.said().contains("already") || again.report["run"]["resumed_from"] != serde_json::Value::Null
    );
    // A copy that another tool made is compared with the same rows.
    let foreign = server.fresh_database();
    foreign.execute("CREATE TABLE users (id bigint, name text, created_at text, updated_at text); INSERT INTO users VALUES (1, 'ann', '2024-01-02 03:04:05', NULL)");
    let (_dir, path) = file("c.toml", text);
    let more = ["--config", path.to_str().unwrap(), "--table", "users", "--objects", "off"];
    assert_eq!(verify(source.path(), &foreign, &more).ends_with(0).table("users")["verify"], "match");
    assert_eq!(
        verify(source.path(), &foreign, &["--table", "users"]).ends_with(4).table("users")["verify"],
        "differs"
    );
}

#[test]
fn a_changed_source_is_reverified_without_its_skipped_columns() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(SHOP), server.fresh_database());
    let (_dir, path) = file("c.toml", "[tables.users.columns.name]\nskip = true\n");
    let more = ["--config", path.to_str().unwrap()];
    migrate(source.path(), &database, &more).ends_with(0);
    source.connection().execute_batch("UPDATE users SET name = 'carl' WHERE id = 2").unwrap();
    let more = [more.as_slice(), &["--reverify"]].concat();
    migrate(source.path(), &database, &more).ends_with(0);
}

#[test]
fn the_file_of_the_directory_is_used_and_said_and_the_command_line_wins() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(SHOP), server.fresh_database());
    let (dir, _) = file("cutover.toml", "[options]\nschema = 'app'\ntable = 'users'\n");
    let call = |more: &[&str]| {
        let cli = Cli::new().in_dir(dir.path()).args(["copy", "--migrate"]).args([source.path()]);
        Run::of(cli.args([database.url()]).args(more))
    };
    let run = call(&[]).ends_with(0);
    assert!(run.done.stderr.contains("settings from cutover.toml"), "{}", run.done.stderr);
    assert_eq!(run.report["run"]["config"], "cutover.toml");
    assert_eq!(
        (&run.report["target"]["schema"], run.report["tables"].as_array().unwrap().len()),
        (&"app".into(), 1)
    );
    let run = call(&["--schema", "other", "--table", "orders"]).ends_with(0);
    assert_eq!(
        (&run.report["target"]["schema"], &run.report["tables"][0]["source"]),
        (&"other".into(), &"orders".into())
    );
}

#[test]
fn a_local_time_that_does_not_exist_and_a_zone_that_is_missing_are_told_with_their_keys() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, local TEXT, some TEXT, day INTEGER);
         INSERT INTO t VALUES (1, '2024-03-31 02:30:00', '2024-01-01T00:00:00Z', 20240229),
           (2, '2024-10-27 02:30:00', '2024-01-01 00:00:00', 20230229), (3, '2024-07-01 00:00:00', '2024-01-01T00:00:00+01', 1);",
    );
    let database = server.fresh_database();
    let text = "[tables.t.columns]
        local = { time_zone = 'Europe/Berlin' }
        some = { type = 'timestamptz' }
        day = { encoding = 'yyyymmdd' }";
    let run = with(validate, source.path(), &database, text).ends_with(3);
    let keys = |object: &str| {
        let refusals =
            run.report["findings"].as_array().unwrap().iter().filter(|f| f["severity"] == "refusal");
        let found = refusals.filter(|finding| finding["object"] == object);
        found
            .map(|f| format!("{} {}", f["code"].as_str().unwrap(), f["examples"]))
            .collect::<Vec<_>>()
            .join("; ")
    };
    assert_eq!(keys("t.local"), "E_DATE [\"rowid 1\",\"rowid 2\"]");
    assert_eq!(keys("t.some"), "E_CHOICE [\"rowid 2\"]");
    assert_eq!(keys("t.day"), "E_DATE [\"rowid 2\",\"rowid 3\"]");
    // A zone for all of them, and no day that does not exist: it goes through, and is proved.
    let text = "[tables.t]\nwhere = 'id = 3'\n[tables.t.columns]
        local = { time_zone = 'Europe/Berlin' }\nsome = { type = 'timestamptz' }";
    with(migrate, source.path(), &database, text).ends_with(0);
    assert_eq!(
        lines(&database, "SET TimeZone = 'UTC'; SELECT concat_ws(' ', local, \"some\") FROM t"),
        "2024-06-30 22:00:00+00 2023-12-31 23:00:00+00\n"
    );
}

/// Everything of a plan that a report shows.
fn plan_of(run: &Run) -> String {
    let report = &run.report;
    let tables = report["tables"].as_array().unwrap().iter().map(|table| {
        let columns = table["columns"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| format!("{} {} {} {}", c["source"], c["target"], c["type"], c["level"]));
        format!(
            "{} {} {} {}\n{}\n",
            table["plan_hash"],
            table["source"],
            table["target"],
            table["rows"]["source"],
            columns.collect::<Vec<_>>().join("\n")
        )
    });
    format!("{}{}", tables.collect::<String>(), report["not_carried"])
}

#[test]
fn what_write_config_writes_leads_to_the_same_plan() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(&format!(
        "{SHOP} CREATE TABLE \"odd \"\"name\"\" *\" (\"a\nb\" TEXT, x, y TEXT); INSERT INTO \"odd \"\"name\"\" *\" VALUES ('1', 2, x'00');
         CREATE TABLE log (id INTEGER PRIMARY KEY);"
    ));
    let database = server.fresh_database();
    let (dir, path) = file(
        "settings.toml",
        "[options]\nnames = 'snake'\n[tables.'*ers'.columns.'*_at']\ntype = 'timestamp'\n[tables.users]\nrename = 'people'\n\
         [tables.orders]\nwhere = \"note IS NOT 'q' -- all\"\n[tables.orders.columns.total]\ntype = 'numeric(9,2)'\n\
         [tables.orders.columns.note]\nskip = true\n[tables.log]\nskip = true\n",
    );
    let written = dir.path().join("written.toml");
    let (from, to) = (path.to_str().unwrap(), written.to_str().unwrap());
    let first = validate(source.path(), &database, &["--config", from, "--write-config", to]).ends_with(0);
    let text = std::fs::read_to_string(&written).unwrap();
    for line in [
        "names = \"snake\"",
        "# infer = \"declared\"",
        "[tables.\"users\"]\nrename = \"people\"",
        "type = \"timestamp\"",
        "# type = \"text\"",
        "[tables.\"orders\".columns.\"note\"]\nskip = true",
        "[tables.\"log\"]\nskip = true",
        "# TEXT → timestamp, E2: as configured; 2 TEXT\n# holds 2 TEXT\n[tables.\"users\".columns.\"created_at\"]",
    ] {
        assert!(text.contains(line), "{line}\nis not in\n{text}");
    }
    let second = validate(source.path(), &database, &["--config", to]).ends_with(0);
    assert_eq!(plan_of(&first), plan_of(&second), "{text}");
    assert!(first.report["plan_hash"][0].as_str().is_some_and(|hash| hash.len() > 10));
    // With every decision taken up as a setting, it is the same plan still, but for the reasons.
    let third = dir.path().join("third.toml");
    let taken_up = |line: &str| match line.strip_prefix("# ") {
        Some(setting) if setting.starts_with("type = ") || setting.starts_with("rename = ") => {
            setting.to_owned()
        }
        _ => line.to_owned(),
    };
    std::fs::write(&third, text.lines().map(taken_up).collect::<Vec<_>>().join("\n")).unwrap();
    let third = validate(source.path(), &database, &["--config", third.to_str().unwrap(), "--names", "keep"]);
    assert_eq!(third.done.code, 0, "{}", third.done.stderr);
    // What is there is not overwritten, and nothing is written without a plan.
    let again = validate(source.path(), &database, &["--write-config", to]).ends_with(2);
    assert!(again.done.stderr.contains("not overwritten"), "{}", again.done.stderr);
    assert_eq!(std::fs::read_to_string(&written).unwrap(), text);
    let migrating = migrate(source.path(), &database, &["--write-config", "x.toml"]).ends_with(2);
    assert!(migrating.done.stderr.contains("--validate"), "{}", migrating.done.stderr);
}
