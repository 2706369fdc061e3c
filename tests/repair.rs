//! `cutover verify --repair`: what was damaged in a copy is copied again, and nothing else is touched.

use crate::refusals::Role;
use crate::support::cli::{Cli, Done};
use crate::support::flow::{Run, constraints, four_at_once, lines, migrate, verify};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use std::time::{Duration, Instant};

/// A rowid key, a text key, no key; a parent with each kind of child, one of which is its own.
const SOURCE: &str = "
    CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, boss INTEGER REFERENCES people (id));
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
    INSERT INTO people SELECT i, 'name' || i, CASE WHEN i > 5 THEN i % 5 + 1 END FROM n;
    CREATE INDEX people_name ON people (name);
    CREATE TABLE notes (id INTEGER PRIMARY KEY, person INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE, body TEXT);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40)
    INSERT INTO notes SELECT i, i, 'note' || i FROM n;
    CREATE TABLE tags (tag TEXT PRIMARY KEY, person INTEGER REFERENCES people (id) ON DELETE SET NULL, weight REAL) WITHOUT ROWID;
    INSERT INTO tags SELECT 'tag' || id, id, id / 3.0 FROM people;
    CREATE TABLE loose (a INTEGER, b TEXT, c TEXT);
    INSERT INTO loose VALUES (1, 'x', 'p'), (1, 'x', 'p'), (2, NULL, 'q'), (3, 'y', 'r');
    CREATE VIEW few AS SELECT id, name FROM people WHERE id < 10;
";

/// Ten rows in a chunk.
const CHUNKS: [&str; 2] = ["--chunk-rows", "10"];

fn copied(server: &Server) -> (SqliteFile, Database) {
    let (source, database) = (SqliteFile::from_sql(SOURCE), server.fresh_database());
    migrate(source.path(), &database, &CHUNKS).ends_with(0);
    (source, database)
}

fn repair(source: &SqliteFile, database: &Database, more: &[&str]) -> Run {
    let all: Vec<&str> = ["--repair"].into_iter().chain(more.iter().copied()).collect();
    verify(source.path(), database, &all)
}

/// Everything that an application sees.
fn content(database: &Database) -> String {
    let tables = ["people", "notes", "tags", "loose"];
    let rows =
        tables.map(|table| lines(database, &format!("SELECT t::text FROM public.{table} t ORDER BY 1")));
    rows.join("--\n") + &constraints(database)
}

fn repaired<'a>(run: &'a Run, table: &str) -> &'a serde_json::Value {
    let tables = run.report["repaired"]["tables"].as_array().unwrap();
    tables.iter().find(|one| one["table"] == table).unwrap_or_else(|| panic!("{table}: {}", run.said()))
}

struct Damage {
    name: &'static str,
    sql: &'static str,
    /// table, chunks copied again
    tables: &'static [(&'static str, u64)],
    /// how many objects are made again
    objects: usize,
}

fn damage(name: &'static str, sql: &'static str, tables: &'static [(&'static str, u64)]) -> Damage {
    Damage { name, sql, tables, objects: 0 }
}

fn damages() -> Vec<Damage> {
    vec![
        damage("a row of a child deleted", "DELETE FROM notes WHERE id = 25", &[("notes", 1)]),
        damage("a value of a parent", "UPDATE people SET name = 'other' WHERE id = 3", &[("people", 1)]),
        damage(
            "parents deleted, and what hangs on them",
            "DELETE FROM people WHERE id IN (15, 37)",
            &[("people", 2), ("notes", 2), ("tags", 1)],
        ),
        damage(
            "all is truncated",
            "TRUNCATE people, notes, tags, loose",
            &[("people", 4), ("notes", 4), ("tags", 1), ("loose", 1)],
        ),
        damage("a text key", "UPDATE tags SET weight = 0 WHERE tag = 'tag7'", &[("tags", 1)]),
        damage("no key: doubled", "INSERT INTO loose SELECT * FROM loose WHERE a = 3", &[("loose", 1)]),
        damage("no key: altered", "UPDATE loose SET b = 'z' WHERE a = 3", &[("loose", 1)]),
        Damage { objects: 1, ..damage("an index", "DROP INDEX people_name", &[]) },
        Damage { objects: 1, ..damage("a view", "DROP VIEW few", &[]) },
        Damage {
            objects: 1,
            ..damage(
                "a primary key, and a row doubled under it",
                "ALTER TABLE notes DROP CONSTRAINT notes_pkey; INSERT INTO notes SELECT * FROM notes WHERE id = 12",
                &[("notes", 1)],
            )
        },
        Damage {
            objects: 1,
            ..damage(
                "a foreign key, and an orphan",
                "ALTER TABLE notes DROP CONSTRAINT notes_person_fkey; UPDATE notes SET person = 99 WHERE id = 12",
                &[("notes", 1)],
            )
        },
        damage("a sequence", "SELECT setval(pg_get_serial_sequence('people', 'id'), 3)", &[]),
    ]
}

#[test]
fn f47_what_was_changed_is_repaired() {
    let Some(server) = Server::available() else { return };
    four_at_once(damages(), |damage| {
        let (source, database) = copied(server);
        let before = content(&database);
        database.execute(damage.sql);
        let seen = verify(source.path(), &database, &[]).ends_with(4);
        assert!(seen.report["repaired"].is_null());
        let run = repair(&source, &database, &[]).ends_with(0);
        assert_eq!(run.report["outcome"], "done", "{}", damage.name);
        assert_eq!(content(&database), before, "{}", damage.name);
        let tables = run.report["repaired"]["tables"].as_array().unwrap();
        assert_eq!(tables.len(), damage.tables.len(), "{}: {tables:?}", damage.name);
        for (table, chunks) in damage.tables {
            assert_eq!(repaired(&run, table)["chunks"], *chunks, "{}: {}", damage.name, run.said());
            assert!(run.done.stdout.contains(&format!("repaired: {table}: ")), "{}", run.said());
        }
        assert_eq!(
            run.report["repaired"]["objects"].as_array().unwrap().len(),
            damage.objects,
            "{}",
            run.said()
        );
        verify(source.path(), &database, &[]).ends_with(0);
        migrate(source.path(), &database, &CHUNKS).ends_with(0);
        let again = repair(&source, &database, &[]).ends_with(0);
        assert!(again.done.stdout.contains("repaired: nothing"), "{}", again.said());
    });
}

/// Refused, with that in what is said, and nothing is written.
fn refused(source: &SqliteFile, database: &Database, says: &[&str]) -> Run {
    let before = content(database);
    let run = repair(source, database, &[]).ends_with(3);
    for word in says {
        assert!(run.said().contains(word), "{word}: {}", run.said());
    }
    assert_eq!(content(database), before);
    run
}

#[test]
fn rows_of_somebody_else_are_not_deleted() {
    let Some(server) = Server::available() else { return };
    let (source, database) = copied(server);
    database.execute(
        "INSERT INTO people VALUES (77, 'somebody', NULL); UPDATE notes SET body = 'other' WHERE id = 3;
         INSERT INTO loose VALUES (9, 'new', 'row')",
    );
    let run = refused(&source, &database, &["E_REPAIR_EXTRA", "people", "loose"]);
    let extra = run.findings("E_REPAIR_EXTRA");
    assert_eq!(extra.len(), 2, "{extra:?}");
    assert!(run.said().contains("77") && !run.said().contains("somebody"), "{}", run.said());
    // What is not concerned can be asked for alone.
    repair(&source, &database, &["--table", "notes"]).ends_with(0);
    assert_eq!(database.query_one_text("SELECT body FROM notes WHERE id = 3"), "note3");
    database.execute("DELETE FROM people WHERE id = 77; DELETE FROM loose WHERE a = 9");
    repair(&source, &database, &[]).ends_with(0);
}

/// What looks like a damaged row may be somebody's new one, and a column of theirs has no other copy.
#[test]
fn a_row_with_a_key_of_its_own_and_columns_of_others_are_kept() {
    let Some(server) = Server::available() else { return };
    let (source, database) = copied(server);
    database.execute("DELETE FROM notes WHERE id = 40; INSERT INTO notes VALUES (50, 40, 'note40')");
    refused(&source, &database, &["E_REPAIR_EXTRA"]);
    assert_eq!(database.query_one_text("SELECT count(*) FROM notes WHERE id = 50"), "1");
    let (source, database) = copied(server);
    database.execute("ALTER TABLE notes ADD mine text; UPDATE notes SET mine = 'x'; UPDATE notes SET body = 'y' WHERE id = 2");
    refused(&source, &database, &["E_REPAIR_COLUMNS", "mine"]);
    assert_eq!(database.query_one_text("SELECT count(*) FROM notes WHERE mine = 'x'"), "40");
}

#[test]
fn a_table_that_held_rows_before_is_not_repaired() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(SOURCE), server.fresh_database());
    database.execute(
        "CREATE TABLE loose (a bigint, b text, c text); INSERT INTO loose VALUES (0, 'theirs', NULL)",
    );
    migrate(source.path(), &database, &["--existing", "append"]).ends_with(0);
    repair(&source, &database, &[]).ends_with(0);
    database.execute("UPDATE loose SET b = 'z' WHERE a = 3");
    let run = refused(&source, &database, &["E_REPAIR_BEFORE", "loose"]);
    assert_eq!(run.findings("E_REPAIR_BEFORE")[0]["count"], 1);
}

#[test]
fn what_is_not_ours_or_no_longer_the_same_is_refused() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(SOURCE), server.fresh_database());
    database.execute("CREATE TABLE people (id bigint, name text, boss bigint)");
    let run = repair(&source, &database, &[]).ends_with(3);
    assert!(run.said().contains("its ledger does not know it"), "{}", run.said());
    database.execute("DROP TABLE people");
    migrate(source.path(), &database, &CHUNKS).ends_with(0);
    database.execute("UPDATE notes SET body = 'other' WHERE id = 3; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END';
        CREATE TRIGGER t BEFORE DELETE ON notes FOR EACH ROW EXECUTE FUNCTION f()");
    refused(&source, &database, &["E_REPAIR_TRIGGER", "notes", "DISABLE TRIGGER"]);
    database.execute("DROP TRIGGER t ON notes; UPDATE cutover.chunk SET rows = rows + 1 WHERE chunk = 0");
    refused(&source, &database, &["E_LEDGER_DAMAGED"]);
    database.execute("UPDATE cutover.chunk SET rows = rows - 1 WHERE chunk = 0; DROP VIEW few; ALTER TABLE loose RENAME TO gone");
    let run = repair(&source, &database, &[]).ends_with(3);
    assert!(run.said().contains("not in the target any more: loose"), "{}", run.said());
    database.execute("ALTER TABLE gone RENAME TO loose");
    source.connection().execute("INSERT INTO loose VALUES (5, 'new', 'row')", []).unwrap();
    refused(&source, &database, &["has changed since it was copied", "--restart"]);
}

/// Tables of others refer to ours, with every action; constraints of ours are not valid.
#[test]
fn no_action_of_a_foreign_key_is_fired() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE parent (id INTEGER PRIMARY KEY, v TEXT);
         INSERT INTO parent VALUES (1, 'a'), (2, 'b'), (3, 'c');
         CREATE TABLE child (id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent (id), q INTEGER CHECK (q < 10));
         PRAGMA foreign_keys = off; PRAGMA ignore_check_constraints = on;
         INSERT INTO child VALUES (1, 1, 1), (2, 99, 2), (3, 3, 77)",
    );
    let database = server.fresh_database();
    migrate(source.path(), &database, &[]).ends_with(0);
    database.execute(
        "CREATE SCHEMA other;
         CREATE TABLE other.cascades (p bigint REFERENCES public.parent ON DELETE CASCADE);
         CREATE TABLE other.nulls (p bigint REFERENCES public.parent ON DELETE SET NULL);
         CREATE TABLE other.restricts (p bigint CONSTRAINT r REFERENCES public.parent ON DELETE RESTRICT DEFERRABLE);
         COMMENT ON CONSTRAINT r ON other.restricts IS 'it''s kept';
         INSERT INTO other.cascades VALUES (1), (2); INSERT INTO other.nulls VALUES (1); INSERT INTO other.restricts VALUES (2)",
    );
    let seen = || {
        lines(&database, "SELECT format('%s %s %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated,
                 obj_description(oid)) FROM pg_constraint WHERE contype IN ('f', 'c') AND connamespace <> 'pg_catalog'::regnamespace ORDER BY 1")
            + &["parent", "child", "other.cascades", "other.nulls", "other.restricts"].map(|table| {
                lines(&database, &format!("SELECT t::text FROM {table} t ORDER BY 1"))
            }).concat()
    };
    let before = seen();
    assert!(before.contains("it's kept") && before.contains("NOT VALID"), "{before}");
    database.execute("UPDATE parent SET v = 'z' WHERE id = 2; UPDATE child SET q = 5 WHERE id = 1; DELETE FROM child WHERE id = 2");
    repair(&source, &database, &[]).ends_with(0);
    assert_eq!(seen(), before);
}

/// The triggers of all foreign keys: how the server has each of them.
const KEY_TRIGGERS: &str =
    "SELECT format('%s on %s: %s %s', c.conname, t.tgrelid::regclass, t.tgfoid::regproc, t.tgenabled)
    FROM pg_trigger t JOIN pg_constraint c ON c.oid = t.tgconstraint WHERE c.contype = 'f' ORDER BY 1";

/// Somebody has disabled them: as they were found, so they are left.
#[test]
fn triggers_of_foreign_keys_are_left_as_they_were_found() {
    let Some(server) = Server::available() else { return };
    let of = |key: &str, table: &str, function: &str, word: &str| {
        format!(
            "DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE {table} {word} TRIGGER %I', t.tgname) FROM pg_trigger t
               JOIN pg_constraint c ON c.oid = t.tgconstraint
               WHERE c.conname = '{key}' AND t.tgrelid = '{table}'::regclass AND t.tgfoid::regproc::text LIKE '%{function}%'); END $$"
        )
    };
    let cases = vec![
        ("of the child", "ALTER TABLE notes DISABLE TRIGGER ALL".to_owned()),
        ("of the parent", "ALTER TABLE people DISABLE TRIGGER ALL".to_owned()),
        ("of all", "ALTER TABLE people DISABLE TRIGGER ALL; ALTER TABLE tags DISABLE TRIGGER ALL".to_owned()),
        (
            "one by one",
            [
                of("notes_person_fkey", "notes", "check_ins", "ENABLE ALWAYS"),
                of("tags_person_fkey", "people", "_del", "ENABLE REPLICA"),
                of("tags_person_fkey", "tags", "check_upd", "DISABLE"),
                of("people_boss_fkey", "people", "check_upd", "ENABLE REPLICA"),
            ]
            .join(";"),
        ),
    ];
    four_at_once(cases, |(name, sql)| {
        let (source, database) = copied(server);
        let (before, enabled) = (content(&database), lines(&database, KEY_TRIGGERS));
        database.execute(&sql);
        let found = lines(&database, KEY_TRIGGERS);
        assert_ne!(found, enabled, "{name}");
        database.execute("UPDATE people SET name = 'other' WHERE id IN (3, 14, 31)");
        repair(&source, &database, &[]).ends_with(0);
        assert_eq!(lines(&database, KEY_TRIGGERS), found, "{name}");
        assert_eq!(content(&database), before, "{name}: nothing was cascaded");
    });
}

/// A copy by a role of its own, and a table of somebody else's that refers to it, so that its key has to be taken off.
fn referred_to<'a>(database: &'a Database, source: &SqliteFile) -> (Role<'a>, Role<'a>) {
    let (role, other) = (Role::new(database), Role::new(database));
    database.execute(&format!(
        "GRANT CREATE ON DATABASE {0} TO {1}; GRANT CREATE ON SCHEMA public TO {1}; CREATE SCHEMA theirs AUTHORIZATION {2}",
        database.name, role.1, other.1
    ));
    Run::of(Cli::new().args(["copy", "--migrate"]).args([source.path()]).args([role.url()]).args(CHUNKS))
        .ends_with(0);
    database.execute(&format!(
        "CREATE TABLE theirs.badges (person bigint REFERENCES people ON DELETE CASCADE); INSERT INTO theirs.badges VALUES (3);
         ALTER TABLE theirs.badges OWNER TO {0}; UPDATE people SET name = 'other' WHERE id = 3",
        other.1
    ));
    (role, other)
}

fn repair_as(role: &Role<'_>, source: &SqliteFile) -> Run {
    Run::of(Cli::new().args(["verify", "--repair"]).args([source.path()]).args([role.url()]))
}

/// What is printed for the target is run, and is enough; until then nothing is written.
#[test]
fn rights_on_a_referring_table_are_asked_for_beforehand() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(SOURCE), server.fresh_database());
    let (role, other) = referred_to(&database, &source);
    database.execute(&format!("REVOKE DELETE ON people FROM {}", role.1));
    let epoch = "SELECT sum(epoch) FROM cutover.source";
    let (before, epochs) = (content(&database), database.query_one_text(epoch));
    let run = repair_as(&role, &source).ends_with(3);
    let fixes: Vec<String> = run
        .findings("E_RIGHTS")
        .iter()
        .map(|finding| finding["fix"].as_str().unwrap().strip_prefix("in the target: ").unwrap().to_owned())
        .collect();
    let expected = [
        format!("GRANT DELETE ON \"public\".\"people\" TO {}", role.1),
        format!("GRANT USAGE ON SCHEMA theirs TO {}", role.1),
        format!("GRANT {} TO {}", other.1, role.1),
    ];
    assert_eq!(fixes, expected, "{}", run.said());
    assert_eq!((content(&database), database.query_one_text(epoch)), (before, epochs), "nothing was written");
    fixes.iter().for_each(|sql| database.execute(sql));
    repair_as(&role, &source).ends_with(0);
    assert_eq!(database.query_one_text("SELECT person FROM theirs.badges"), "3");
}

/// Disabled triggers of the system are a superuser's: it would leave them enabled.
#[test]
fn what_only_a_superuser_can_bring_back_is_refused() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(SOURCE), server.fresh_database());
    let (role, other) = referred_to(&database, &source);
    database
        .execute(&format!("GRANT {} TO {}; ALTER TABLE theirs.badges DISABLE TRIGGER ALL", other.1, role.1));
    let (before, found) = (content(&database), lines(&database, KEY_TRIGGERS));
    let run = repair_as(&role, &source).ends_with(3);
    assert_eq!(run.findings("E_RIGHTS").len(), 1, "{}", run.said());
    assert!(run.said().contains("ALTER TABLE theirs.badges ENABLE TRIGGER ALL"), "{}", run.said());
    assert_eq!((content(&database), lines(&database, KEY_TRIGGERS)), (before, found.clone()));
    // Keys that nothing fires of need not be taken off.
    database.execute("ALTER TABLE people DISABLE TRIGGER ALL");
    let found = lines(&database, KEY_TRIGGERS);
    repair_as(&role, &source).ends_with(0);
    assert_eq!(lines(&database, KEY_TRIGGERS), found);
}

#[test]
fn rows_set_aside_stay_set_aside() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, v TEXT);
         INSERT INTO t VALUES (1, 1, 'a'), (2, 'text', 'b'), (3, 3, 'c')",
    );
    let database = server.fresh_database();
    migrate(source.path(), &database, &["--mixed", "quarantine"]).ends_with(8);
    let aside = || lines(&database, "SELECT s::text FROM cutover.set_aside s ORDER BY 1");
    let before = aside();
    database.execute("DELETE FROM t WHERE id = 3");
    let run = repair(&source, &database, &["--mixed", "quarantine"]).ends_with(8);
    assert_eq!(repaired(&run, "t")["rows_copied"], 2);
    assert_eq!(aside(), before);
}

/// Wherever it is killed, the same command again ends as if it had not been.
#[test]
fn killed_anywhere_it_is_repaired_by_the_next_run() {
    let Some(server) = Server::available() else { return };
    let points = [
        "before_compare=kill:1",
        "frame_out=kill:1",
        "before_copy_end=kill:2",
        "before_commit=kill:1",
        "before_ledger=kill:2",
        "after_commit=kill:1",
        "after_commit=kill:3",
        "before_step=kill:1",
        "after_compare=kill:6",
    ];
    four_at_once(points.to_vec(), |point| {
        let (source, database) = copied(server);
        let before = content(&database);
        database.execute("DELETE FROM people WHERE id IN (15, 37); DROP INDEX people_name; UPDATE loose SET c = 'z' WHERE a = 3");
        let killed = repair_with(&source, &database, point);
        assert!(killed.done.code < 0, "{point}: {}", killed.said());
        repair(&source, &database, &[]).ends_with(0);
        assert_eq!(content(&database), before, "{point}");
        migrate(source.path(), &database, &CHUNKS).ends_with(0);
    });
}

fn repair_with(source: &SqliteFile, database: &Database, failpoints: &str) -> Run {
    let cli = Cli::new().args(["verify", "--repair", "--from"]).args([source.path()]).args(["--to"]);
    Run::of(cli.args([database.url()]).env("CUTOVER_FAILPOINTS", failpoints))
}

/// A COMMIT whose answer is lost was done; a failure before it leaves everything as it was.
#[test]
fn a_lost_answer_is_no_failure_and_a_failure_is_no_repair() {
    let Some(server) = Server::available() else { return };
    let (source, database) = copied(server);
    let before = content(&database);
    let damage = "DELETE FROM notes WHERE id IN (15, 37)";
    database.execute(damage);
    let run = repair_with(&source, &database, "commit_answered=fail:1").ends_with(0);
    assert_eq!(repaired(&run, "notes")["chunks"], 2, "{}", run.said());
    assert_eq!(content(&database), before);
    database.execute(damage);
    let damaged = content(&database);
    for point in ["frame_out=fail:1", "before_commit=fail:1", "before_ledger=fail:1"] {
        let run = repair_with(&source, &database, point).ends_with(6);
        assert!(run.said().contains("nothing was changed"), "{point}: {}", run.said());
        assert_eq!(content(&database), damaged, "{point}");
    }
    let run = repair_with(&source, &database, "before_commit=fail:2").ends_with(6);
    assert_eq!(repaired(&run, "notes")["chunks"], 1);
    assert!(run.said().contains("what was repaired by then stays"), "{}", run.said());
    repair(&source, &database, &[]).ends_with(0);
    assert_eq!(content(&database), before);
}

/// A copy that ended with a difference is finished by a repair and one more run.
#[test]
fn a_copy_that_never_was_whole_is_repaired_too() {
    let Some(server) = Server::available() else { return };
    // Without a key: a key that came out wrong could be that of somebody's own row.
    let loose = "CREATE TABLE loose (a INTEGER, b TEXT); INSERT INTO loose VALUES (1, 'x'), (2, 'y'), (3, 'z'), (4, NULL)";
    let (source, database) = (SqliteFile::from_sql(loose), server.fresh_database());
    let cli = Cli::new().args(["copy", "--migrate"]).args([source.path()]).args([database.url()]);
    let run = Run::of(cli.env("CUTOVER_FAILPOINTS", "encoder_broken=on:3"));
    assert_eq!(run.done.code, 4, "{}", run.said());
    repair(&source, &database, &[]).ends_with(0);
    migrate(source.path(), &database, &[]).ends_with(0);
    verify(source.path(), &database, &[]).ends_with(0);
}

/// Between the comparison and the repair somebody writes a row: it is not deleted, and nothing is.
#[test]
fn what_is_written_meanwhile_is_not_deleted() {
    let Some(server) = Server::available() else { return };
    let (source, database) = copied(server);
    database.execute("DELETE FROM notes WHERE id = 25");
    let dir = tempfile::tempdir().unwrap();
    let paused = dir.path().join("paused");
    let cli = Cli::new().args(["verify", "--repair", "--from"]).args([source.path()]).args(["--to"]);
    let cli = cli.args([database.url()]).env("CUTOVER_FAILPOINTS", "after_compare=pause:4");
    let child = cli.env("CUTOVER_FAILPOINT_PAUSED", &paused).spawn();
    let begun = Instant::now();
    while !paused.exists() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it never came there");
        std::thread::sleep(Duration::from_millis(20));
    }
    database.execute("INSERT INTO notes VALUES (25, 1, 'theirs')");
    let before = content(&database);
    std::fs::remove_file(&paused).unwrap();
    let done = Done::from(child.wait_with_output().unwrap());
    assert_eq!(done.code, 6, "{}", done.said());
    assert!(done.said().contains("9 rows compared, and 10 there now"), "{}", done.said());
    assert_eq!(content(&database), before);
}
