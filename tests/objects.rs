//! What guards and explains the data: CHECKs, views, triggers, comments, long keys. They are made, found again, and undone.

use crate::support::flow::{Run, lines, migrate, validate, verify};
use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;

const FAMILY: &str = "
    CREATE TABLE parent (id INTEGER PRIMARY KEY);
    CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER CONSTRAINT of_parent REFERENCES parent, n INTEGER CHECK (n > 0));
    INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1, 1, 5);";

/// Refuses every statement that has these words in it.
fn refuse(words: &str) -> String {
    format!(
        "CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS
           $$ BEGIN IF current_query() LIKE '%{words}%' THEN RAISE EXCEPTION 'not here'; END IF; END $$;
         CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION public.refuse()"
    )
}

const ALLOW: &str = "DROP EVENT TRIGGER refuse; DROP FUNCTION public.refuse()";

#[test]
fn a_constraint_that_could_not_be_added_is_not_validated() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(FAMILY);
    for words in ["FOREIGN KEY", "child_n_check\" CHECK"] {
        let database = server.fresh_database();
        database.execute(&refuse(words));
        let run = migrate(source.path(), &database, &[]);
        assert_ne!(run.done.code, 0);
        assert!(!run.said().contains("problems; first"), "one error only: {}", run.said());
        database.execute(ALLOW);
        migrate(source.path(), &database, &[]).ends_with(0);
        let open = "SELECT count(*) FROM pg_constraint WHERE NOT convalidated";
        assert_eq!(database.query_one_text(open), "0");
        let ours =
            "SELECT count(*) FROM pg_constraint WHERE contype IN ('c', 'f') AND conrelid = 'child'::regclass";
        assert_eq!(database.query_one_text(ours), "2");
    }
}

/// Small tables are finished together; one that cannot be has its own error, and the others are whole.
#[test]
fn an_object_that_cannot_be_made_does_not_take_its_neighbours_with_it() {
    let Some(server) = Server::available() else { return };
    let table = |i: u32| {
        format!(
            "CREATE TABLE t{i} (id INTEGER PRIMARY KEY, a); CREATE INDEX t{i}_a ON t{i} (a); INSERT INTO t{i} VALUES (1, 2);"
        )
    };
    let source = SqliteFile::from_sql(&(0..20).map(table).collect::<String>());
    let database = server.fresh_database();
    database.execute(&refuse("INDEX%t7_a"));
    let run = migrate(source.path(), &database, &[]).ends_with(6);
    assert!(run.said().contains("index \"t7_a\" of table \"t7\""), "{}", run.said());
    assert!(run.said().contains("made: 19 indexes, 20 constraints valid"), "{}", run.said());
    let made = "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'i' AND nspname = 'public'";
    assert_eq!(database.query_one_text(made), "39");
    database.execute(ALLOW);
    migrate(source.path(), &database, &[]).ends_with(0);
    assert_eq!(database.query_one_text(made), "40");
}

#[test]
fn a_check_that_rows_are_against_is_known_before_and_left_not_valid() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(&format!(
        "{FAMILY} PRAGMA ignore_check_constraints = on; INSERT INTO child VALUES (7, 1, -1), (8, 1, 0)"
    ));
    let database = server.fresh_database();
    let tried = validate(source.path(), &database, &[]).ends_with(0);
    let finding = tried.findings("W_CHECK_VIOLATED")[0].clone();
    assert_eq!(
        (finding["count"].as_u64(), finding["examples"].to_string()),
        (Some(2), r#"["rowid 7","rowid 8"]"#.into())
    );
    let run = migrate(source.path(), &database, &[]).ends_with(0);
    let checks = run.report["objects"]["constraints"].as_array().unwrap();
    let check = checks.iter().find(|object| object["kind"] == "check").unwrap();
    assert_eq!((&check["name"], &check["state"]), (&"child_n_check".into(), &"not valid".into()));
    assert!(database.try_execute("INSERT INTO child VALUES (9, 1, -5)").is_err(), "new rows are checked");
    migrate(source.path(), &database, &[]).ends_with(0);
    database.execute("ALTER TABLE child DROP CONSTRAINT child_n_check");
    for run in [migrate(source.path(), &database, &[]), verify(source.path(), &database, &[])] {
        assert!(run.ends_with(4).said().contains("child_n_check"));
    }
}

/// Rows outside of the configured condition are not copied, and those alone may be against the CHECK.
#[test]
fn a_check_is_judged_over_the_rows_that_travel() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (a INTEGER CHECK (a > 0), b TEXT CHECK (b <> 'y'), \"c\" TEXT CHECK (\"c\" <> b));
         PRAGMA ignore_check_constraints = on; INSERT INTO t VALUES (-1, 'x', 'z'), (2, 'x', 'z')",
    );
    let (dir, database) = (tempfile::tempdir().unwrap(), server.fresh_database());
    let config = dir.path().join("c.toml");
    std::fs::write(&config, "[tables.t]\nwhere = 'a > 0'\n[tables.t.columns.c]\nskip = true\n").unwrap();
    let run = migrate(source.path(), &database, &["--config", config.to_str().unwrap()]).ends_with(0);
    assert!(run.findings("W_CHECK_VIOLATED").is_empty(), "{}", run.said());
    let listed = run.report["not_carried"].as_array().unwrap();
    assert!(
        listed
            .iter()
            .any(|item| item["kind"] == "check" && item["why"].as_str().unwrap().contains("skipped")),
        "\"c\" is no text: {listed:?}"
    );
    assert_eq!(
        database.query_one_text(
            "SELECT count(*) FROM pg_constraint WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
        ),
        "2"
    );
}

#[test]
#[cfg(feature = "failpoints")]
fn a_view_that_cannot_be_made_is_a_failure_of_its_own_and_undone_with_the_rest() {
    use crate::support::cli::Cli;
    use crate::support::seals::edit_unseen;
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(FAMILY), server.fresh_database());
    let copy = || Cli::new().args(["copy", "--migrate"]).args([source.path()]).args([database.url()]);
    assert_eq!(copy().env("CUTOVER_FAILPOINTS", "before_step=kill:1").run().code, -6);
    edit_unseen(
        &database,
        r#"INSERT INTO cutover.step (source_id, step, table_name, kind, object, sql, restores, state, seal)
           SELECT source_id, n, '', 'view', o, q, false, 'pending', '' FROM cutover.source, (VALUES
             (900, 'good', 'CREATE VIEW "public"."good" AS SELECT id FROM public.child'),
             (901, 'bad', 'CREATE VIEW "public"."bad" AS SELECT nothing FROM public.child'),
             (902, 'of_bad', 'CREATE VIEW "public"."of_bad" AS SELECT * FROM "public"."bad"')) v(n, o, q)"#,
    );
    let run = Run::of(copy());
    assert_ne!(run.done.code, 0);
    let said = run.said();
    assert!(said.contains("view \\\"bad\\\"") && !said.contains("problems; first"), "{said}");
    assert_eq!(run.table("child")["verify"], "match");
    let views = run.report["objects"]["views"].as_array().unwrap();
    let states: Vec<&str> = views.iter().map(|view| view["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["done", "pending", "pending"]);
    let valid = "SELECT count(*) FROM pg_constraint WHERE conname = 'of_parent' AND convalidated";
    assert_eq!(database.query_one_text(valid), "1");
    assert!(Cli::new().args(["status", "--to"]).args([database.url()]).run().stdout.contains("view bad"));
    database.execute("CREATE VIEW bad AS SELECT id FROM child");
    Run::of(copy()).ends_with(0);
    let run = Run::of(copy().args(["--restart"])).ends_with(3);
    assert!(
        run.said().contains("2BP01"),
        "a view of others stands against dropping the table: {}",
        run.said()
    );
    database.execute("DROP VIEW bad CASCADE");
    Run::of(copy().args(["--restart"])).ends_with(0);
    assert_eq!(database.query_one_text("SELECT count(*) FROM pg_views WHERE schemaname = 'public'"), "0");
}

const TOUCHED: &str = "
    CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT, done INTEGER, changed DATETIME);
    INSERT INTO notes VALUES (1, 'a', 0, '2020-01-01 00:00:00'), (2, 'b', 0, '2020-01-01 00:00:00');
    CREATE TRIGGER touch AFTER UPDATE OF body ON notes WHEN NEW.body <> OLD.body
      BEGIN UPDATE notes SET changed = datetime('now') WHERE id = OLD.id; END;
    CREATE TABLE plain (a TEXT, changed TEXT); INSERT INTO plain VALUES ('x', NULL);
    CREATE TRIGGER touch_plain AFTER UPDATE ON plain BEGIN UPDATE plain SET changed = CURRENT_TIMESTAMP WHERE rowid = NEW.rowid; END;
    CREATE TABLE two (id INTEGER PRIMARY KEY, changed TEXT);
    CREATE TRIGGER one AFTER UPDATE ON two BEGIN UPDATE two SET changed = CURRENT_TIMESTAMP WHERE id = NEW.id; END;
    CREATE TRIGGER other AFTER UPDATE ON two BEGIN SELECT 1; END;
    CREATE TRIGGER elsewhere AFTER INSERT ON two BEGIN UPDATE two SET changed = '' WHERE id = NEW.id; END;";

#[test]
fn triggers_that_only_set_the_time_of_a_change_are_made_where_asked_for() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(TOUCHED), server.fresh_database());
    let run = migrate(source.path(), &database, &[]).ends_with(0);
    let count = |run: &Run| {
        let all = run.report["not_carried"].as_array().unwrap();
        all.iter().filter(|item| item["kind"] == "trigger").count()
    };
    assert_eq!(count(&run), 5, "all are listed by default");
    let run = migrate(source.path(), &database, &["--restart", "--triggers", "timestamps"]).ends_with(0);
    assert_eq!(count(&run), 3);
    assert_eq!(run.report["objects"]["triggers"].as_array().unwrap().len(), 2);
    database.execute(
        "UPDATE notes SET done = 1 WHERE id = 1; UPDATE notes SET body = 'c' WHERE id = 2; UPDATE plain SET a = 'y'",
    );
    let touched = "SELECT concat_ws(' ', id, changed > now() AT TIME ZONE 'UTC' - interval '1 hour') FROM notes ORDER BY id";
    assert_eq!(lines(&database, touched), "1 f\n2 t\n");
    assert_eq!(
        database
            .query_one_text("SELECT changed ~ '^20\\d\\d-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d$' FROM plain"),
        "t"
    );
    // The key has changed: SQLite's WHERE finds no row then.
    database.execute("UPDATE notes SET id = 3, body = 'd' WHERE id = 1");
    assert_eq!(lines(&database, touched), "2 t\n3 f\n");
    database.execute("DROP TRIGGER touch ON notes");
    assert!(
        migrate(source.path(), &database, &["--triggers", "timestamps"])
            .ends_with(4)
            .said()
            .contains("touch")
    );
    migrate(source.path(), &database, &["--restart", "--triggers", "timestamps"]).ends_with(0);
}

const HARD_TRIGGERS: &str = "
    CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER, \"$made$\" TEXT, said TEXT, doubled INTEGER AS (n * 2) STORED);
    INSERT INTO a (id, n) VALUES (1, 1);
    CREATE TRIGGER quotes AFTER UPDATE ON a BEGIN UPDATE a SET \"$made$\" = 'x', said = '$made$; $made1$; \\' WHERE id = NEW.id; END;
    CREATE TABLE b (id INTEGER PRIMARY KEY, n INTEGER, said TEXT, doubled INTEGER AS (n * 2) STORED);
    CREATE TRIGGER by_when AFTER UPDATE ON b WHEN NEW.doubled > 2 BEGIN UPDATE b SET said = 'x' WHERE id = NEW.id; END;
    CREATE TABLE c (id INTEGER PRIMARY KEY, n INTEGER, said TEXT, doubled INTEGER AS (n * 2) STORED);
    CREATE TRIGGER by_column AFTER UPDATE OF doubled ON c BEGIN UPDATE c SET said = 'x' WHERE id = NEW.id; END;
    CREATE TABLE d (id INTEGER PRIMARY KEY, said TEXT); INSERT INTO d VALUES (1, NULL);
    CREATE TRIGGER there AFTER UPDATE ON d BEGIN UPDATE d SET said = 'x' WHERE id = NEW.id; END;";

/// What a trigger's statement is made of cannot end its function, nor be refused once all rows are there.
#[test]
fn triggers_with_quotes_generated_columns_and_names_that_functions_have() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(HARD_TRIGGERS), server.fresh_database());
    database.execute("CREATE FUNCTION public.there() RETURNS integer LANGUAGE sql AS 'SELECT 1'");
    let options = ["--triggers", "timestamps", "--generated", "translate"];
    let told = |run: &Run| {
        let all = run.report["not_carried"].as_array().unwrap();
        let named = all.iter().map(|item| format!("{}: {}", item["name"], item["why"]));
        named.collect::<Vec<_>>().join("\n").replace(['"', '\\'], "")
    };
    let expected = "by_when: it watches the generated column doubled\nby_column: it watches the generated column doubled";
    assert_eq!(told(&validate(source.path(), &database, &options).ends_with(0)), expected);
    assert_eq!(told(&migrate(source.path(), &database, &options).ends_with(0)), expected);
    database.execute("UPDATE a SET n = 2; UPDATE d SET id = 1");
    assert_eq!(
        lines(
            &database,
            "SELECT concat_ws(' ', \"$made$\", said, doubled) FROM a UNION ALL SELECT said FROM d"
        ),
        "x $made$; $made1$; \\ 4\nx\n"
    );
    migrate(source.path(), &database, &["--restart", options[0], options[1], options[2], options[3]])
        .ends_with(0);
    assert_eq!(database.query_one_text("SELECT public.there()"), "1");
}

#[test]
fn comments_keep_what_the_types_do_not_say() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE \"A table\" (id INTEGER PRIMARY KEY, name VARCHAR(20) COLLATE NOCASE, \"Said By\" TEXT, n NUMERIC(4,1));
         INSERT INTO \"A table\" VALUES (1, 'it''s', '', 1.5)",
    );
    let database = server.fresh_database();
    let comments = "SELECT concat_ws(': ', attname, col_description(attrelid, attnum)) FROM pg_attribute
         WHERE attrelid = 'a_table'::regclass AND attnum > 0 AND col_description(attrelid, attnum) IS NOT NULL ORDER BY attnum";
    migrate(source.path(), &database, &["--names", "snake"]).ends_with(0);
    assert_eq!(
        lines(&database, comments),
        "name: declared VARCHAR(20) COLLATE NOCASE\nsaid_by: named \"Said By\" in SQLite\nn: declared NUMERIC(4,1)\n"
    );
    assert_eq!(
        database.query_one_text("SELECT obj_description('a_table'::regclass)"),
        "named \"A table\" in SQLite"
    );
    migrate(source.path(), &database, &["--names", "snake", "--restart", "--comments", "off"]).ends_with(0);
    assert_eq!(lines(&database, comments), "");
}

/// Keys that a btree does not hold: unique ones by a hash, the others not at all.
#[test]
fn long_unique_keys_are_kept_by_their_hash() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE long (k TEXT PRIMARY KEY, u TEXT COLLATE NOCASE UNIQUE, x BLOB, n INTEGER);
         INSERT INTO long SELECT printf('%.*c', 4000, 'k') || value, printf('%.*c', 4000, 'u') || value,
           CAST(zeroblob(3000) || value AS BLOB), value FROM json_each('[1,2,3]');
         INSERT INTO long VALUES ('short', NULL, NULL, NULL), ('other', NULL, NULL, NULL);
         CREATE UNIQUE INDEX by_x ON long (x, n);
         CREATE INDEX by_u ON long (u);
         CREATE TABLE child (k TEXT REFERENCES long (k)); INSERT INTO child VALUES ('short');",
    );
    let database = server.fresh_database();
    let run = migrate(source.path(), &database, &[]).ends_with(0);
    assert_eq!(
        lines(&database, "SELECT indexdef FROM pg_indexes WHERE tablename = 'long' ORDER BY indexname"),
        "CREATE UNIQUE INDEX by_x ON public.long USING btree (sha256(x), n)\n\
         CREATE UNIQUE INDEX long_pkey ON public.long USING btree (md5(k))\n\
         CREATE UNIQUE INDEX long_u_key ON public.long USING btree (md5(lower((u COLLATE \"C\"))))\n"
    );
    let listed = run.report["not_carried"].as_array().unwrap();
    let mut kinds: Vec<&str> = listed.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["foreign key", "index", "primary key"]);
    let again = "INSERT INTO long (k, u) SELECT k || 'x', upper(u) FROM long WHERE n = 1";
    assert!(database.try_execute(again).unwrap_err().contains("long_u_key"));
}

/// Values that a configured type may bring together are tried in keys over columns; with a WHERE or an expression around
/// them, the key is listed.
#[test]
fn a_unique_index_is_not_made_where_it_could_refuse_what_the_source_keeps_apart() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (a TEXT, b INTEGER, c TEXT);
         INSERT INTO t VALUES ('550e8400-e29b-41d4-a716-446655440000', 1, 'x'), ('550E8400-E29B-41D4-A716-446655440000', 1, 'y');
         CREATE UNIQUE INDEX partial ON t (a) WHERE b = 1; CREATE UNIQUE INDEX expression ON t (lower(c), a);
         CREATE UNIQUE INDEX plain ON t (c) WHERE a IS NOT NULL;",
    );
    let (dir, database) = (tempfile::tempdir().unwrap(), server.fresh_database());
    let config = dir.path().join("c.toml");
    std::fs::write(&config, "[tables.t.columns.a]\ntype = 'uuid'\n").unwrap();
    let run = migrate(source.path(), &database, &["--config", config.to_str().unwrap()]).ends_with(0);
    let listed = run.report["not_carried"].as_array().unwrap();
    let mut names: Vec<&str> = listed.iter().map(|item| item["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["expression", "partial"], "{listed:?}");
}

/// What a note says that one may do in place of a virtual table can be done.
#[test]
fn what_stands_in_for_virtual_tables_is_sql_that_works() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT, \"the body\" TEXT);
         INSERT INTO posts VALUES (1, 'Greetings', 'hello world');
         CREATE VIRTUAL TABLE found USING fts5(title, \"the body\", content='posts', content_rowid='id');
         CREATE VIRTUAL TABLE mails USING fts4(subject, body, tokenize=porter);
         CREATE VIRTUAL TABLE spots USING rtree(id, x0, x1, y0, y1, +name);
         CREATE VIRTUAL TABLE lines USING rtree_i32(id, x0, x1);",
    );
    let database = server.fresh_database();
    let run = migrate(source.path(), &database, &[]).ends_with(0);
    let notes = run.findings("W_VIRTUAL_TABLE");
    let names: Vec<&str> = notes.iter().map(|note| note["object"].as_str().unwrap()).collect();
    assert_eq!(names, ["found", "mails", "spots"], "boxes have two dimensions");
    for note in &notes {
        let sql = note["fix"].as_str().unwrap().split("; its rows").next().unwrap();
        database.execute(sql);
    }
    let hit = "SELECT id FROM posts WHERE found_lexemes @@ to_tsquery('simple', 'world')";
    assert_eq!(database.query_one_text(hit), "1");
    database.execute("INSERT INTO spots VALUES (1, 0, 1, 0, 1, 'a')");
    let inside = "SELECT name FROM spots WHERE box(point(x0, y0), point(x1, y1)) && box '((0.5,0.5),(2,2))'";
    assert_eq!(database.query_one_text(inside), "a");
}

/// Generated columns are generated there, survive a resumed run and are compared like all others.
#[test]
fn generated_columns_are_compared_like_all_others() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, twice INTEGER AS (a * 2) STORED, more INTEGER AS (twice + 1));
         INSERT INTO t (a) VALUES (1), (2), (NULL)",
    );
    let database = server.fresh_database();
    let run = migrate(source.path(), &database, &["--generated", "translate"]).ends_with(0);
    assert_eq!(run.table("t")["verify"], "match");
    assert_eq!(
        lines(&database, "SELECT concat_ws(' ', id, a, twice, more) FROM t ORDER BY id"),
        "1 1 2 3\n2 2 4 5\n3\n"
    );
    assert_eq!(database.query_one_text("SELECT count(*) FROM pg_attribute WHERE attgenerated = 's'"), "2");
    verify(source.path(), &database, &["--generated", "translate"]).ends_with(0);
    database.execute("UPDATE t SET a = 5 WHERE id = 1");
    let run = verify(source.path(), &database, &["--generated", "translate"]).ends_with(4);
    assert!(run.table("t")["differences"].to_string().contains("more"), "{}", run.said());
}

/// Around the limit of a btree's key every length of text and BLOB arrives: with an index, a hash, or listed before the copy.
#[test]
fn keys_about_as_long_as_a_btree_takes() {
    let Some(server) = Server::available() else { return };
    let mut sql = String::new();
    let forms = [
        "INDEX i ON t (a)",
        "UNIQUE INDEX i ON t (b, n, a COLLATE NOCASE)",
        "INDEX i ON t (n, a, m)",
        "UNIQUE INDEX i ON t (f, x, n)",
        "INDEX i ON t (lower(a), m)",
        "UNIQUE INDEX i ON t (a, m) WHERE m > 0",
    ];
    for (number, (form, length)) in
        forms.iter().flat_map(|form| (2640..2716).step_by(4).map(move |length| (form, length))).enumerate()
    {
        let table = format!("t{number}");
        let form = form.replace("i ON t ", &format!("i{number} ON {table} "));
        // What does not compress; of one key each, so that a hash keeps them apart.
        sql.push_str(&format!(
            "CREATE TABLE {table} (a TEXT, b TEXT, n INTEGER, m INTEGER, f BOOLEAN, x BLOB); CREATE {form};
             INSERT INTO {table} VALUES (substr(hex(randomblob({length})), 1, {length}), 'b', NULL, 5, 1, randomblob({length}));\n"
        ));
    }
    let (source, database) = (SqliteFile::from_sql(&sql), server.fresh_database());
    let tried = validate(source.path(), &database, &[]).ends_with(0);
    let left = |run: &Run| run.report["not_carried"].as_array().unwrap().len();
    let run = migrate(source.path(), &database, &[]).ends_with(0);
    assert!(left(&run) > 10 && left(&run) == left(&tried), "{} {}", left(&run), left(&tried));
    assert!(run.findings("W_KEY_HASHED").len() > 10);
    let made: usize = database
        .query_one_text("SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'")
        .parse()
        .unwrap();
    assert_eq!(made + left(&run), 6 * 19);
}

/// A database may read a backslash in quotes as the beginning of something else.
#[test]
fn bytes_mean_the_same_whatever_the_database_makes_of_a_backslash() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, b BLOB DEFAULT x'5c00ff' CHECK (b <> x'00'), c TEXT);
         INSERT INTO t VALUES (1, x'01', 'a\\');
         CREATE INDEX some ON t (id) WHERE b > x'00';
         CREATE VIEW shown AS SELECT id, x'00' AS zero FROM t WHERE c = 'a\\';
         CREATE TRIGGER touch AFTER UPDATE ON t BEGIN UPDATE t SET b = x'02' WHERE id = NEW.id; END;",
    );
    let database = server.fresh_database();
    database.execute(&format!(
        "ALTER DATABASE {} SET standard_conforming_strings = off; ALTER DATABASE {0} SET transform_null_equals = on",
        database.name
    ));
    let run = migrate(source.path(), &database, &["--triggers", "timestamps"]).ends_with(0);
    assert!(run.report["not_carried"].as_array().unwrap().is_empty(), "{}", run.report["not_carried"]);
    database.execute("UPDATE t SET c = c; INSERT INTO t (id) VALUES (2)");
    assert_eq!(lines(&database, "SELECT encode(b, 'hex') FROM t ORDER BY id"), "02\n5c00ff\n");
    assert_eq!(database.query_one_text("SELECT encode(zero, 'hex') FROM shown"), "00");
}
