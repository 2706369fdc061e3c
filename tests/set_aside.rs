//! Rows that are set aside: which, whole and losslessly, exactly once, counted, and told.

use crate::support::cli::{Cli, Done};
use crate::support::flow::{Run, lines, migrate, validate, verify};
use crate::support::postgres::{Database, Server};
use crate::support::seals::edit_unseen;
use crate::support::sqlite::SqliteFile;
use serde_json::Value as Json;

const QUARANTINE: [&str; 2] = ["--on-bad-value", "quarantine"];
const ORPHANS: [&str; 2] = ["--orphans", "quarantine"];

/// One bad value of each kind, with all the others of its row good; rows 1 and 20 are good.
const BAD: &str = "
    CREATE TABLE t (id INTEGER PRIMARY KEY, flag, small, money, day, doc, key, words, name NOT NULL DEFAULT 'n', r, b);
    INSERT INTO t (id) VALUES (1), (20);
    INSERT INTO t (id, flag) VALUES (2, 2);
    INSERT INTO t (id, small) VALUES (3, 40000), (4, 'abc'), (5, x'00ff');
    INSERT INTO t (id, money) VALUES (6, 1.239), (7, 9e999), (8, -0.0);
    INSERT INTO t (id, day) VALUES (9, '2024-02-30');
    INSERT INTO t (id, doc) VALUES (10, '{');
    INSERT INTO t (id, key) VALUES (11, 'no uuid');
    INSERT INTO t (id, words, r, b) VALUES
        (12, CAST(x'610062' AS TEXT), -0.0, x'0001ff'), (13, CAST(x'ff' AS TEXT), 5e-324, zeroblob(70000)),
        (14, 'too long', 1e300, x'');
    INSERT INTO t (id, flag, small) VALUES (15, 7, 9223372036854775807);
    UPDATE t SET flag = 1, day = '2024-02-29' WHERE id IN (1, 20);";

const BAD_TARGET: &str = "
    CREATE TABLE t (id integer PRIMARY KEY, flag boolean, small smallint, money numeric(10,2), day date, doc jsonb,
                    key uuid, words varchar(5), name text NOT NULL, r float8, b bytea)";

fn status(database: &Database, more: &[&str]) -> Done {
    let done = Cli::new().args(["status", "--set-aside", "--to", &database.url()]).args(more).run();
    assert_eq!(done.code, 0, "{done:?}");
    done
}

/// Rows of `table` in the file and in the target together with those aside must be the same, value by value.
fn assert_lossless(source: &SqliteFile, database: &Database, table: &str) {
    let connection = source.connection();
    let rows = database.rows(&format!(
        "SELECT row, position, name, class, encode(stored, 'hex'), number,
                CASE class WHEN 'real' THEN encode(float8send(number::float8), 'hex')
                           WHEN 'integer' THEN encode(int8send(number::bigint), 'hex') END
         FROM cutover.set_aside_value WHERE table_name = '{table}'"
    ));
    assert!(!rows.is_empty());
    for row in rows {
        let text = |i: usize| row[i].clone().unwrap_or_default();
        let sql = format!("SELECT \"{}\" FROM \"{table}\" WHERE rowid = ?1", text(2));
        let hex = |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
        connection
            .query_row(&sql, [text(0).parse::<i64>().unwrap()], |found| {
                let place = format!("{} {}", text(0), text(2));
                match found.get_ref(0)? {
                    rusqlite::types::ValueRef::Null => {
                        assert_eq!((text(3).as_str(), &row[4]), ("null", &None), "{place}")
                    }
                    rusqlite::types::ValueRef::Integer(v) => {
                        assert_eq!(
                            (text(3).as_str(), text(6)),
                            ("integer", hex(&v.to_be_bytes())),
                            "{place}"
                        );
                    }
                    rusqlite::types::ValueRef::Real(v) => {
                        assert_eq!(
                            (text(3).as_str(), text(6)),
                            ("real", hex(&v.to_bits().to_be_bytes())),
                            "{place}"
                        );
                    }
                    rusqlite::types::ValueRef::Text(v) => {
                        assert_eq!((text(3).as_str(), text(4)), ("text", hex(v)), "{place}");
                    }
                    rusqlite::types::ValueRef::Blob(v) => {
                        assert_eq!((text(3).as_str(), text(4)), ("blob", hex(v)), "{place}");
                    }
                }
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn bad_values_of_every_kind_are_set_aside_whole() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(BAD), server.fresh_database());
    database.execute(BAD_TARGET);
    let refused = migrate(source.path(), &database, &[]).ends_with(3);
    assert!(refused.findings("E_RANGE").len() > 1, "{}", refused.said());
    let planned = validate(source.path(), &database, &QUARANTINE).ends_with(0);
    assert_eq!(planned.findings("W_SET_ASIDE").iter().map(|f| f["count"].as_u64().unwrap()).sum::<u64>(), 14);

    let run = migrate(source.path(), &database, &QUARANTINE).ends_with(8);
    assert_eq!(run.report["outcome"], "set_aside");
    let rows = &run.table("t")["rows"];
    assert_eq!((&rows["source"], &rows["copied"], &rows["set_aside"]), (&16.into(), &2.into(), &14.into()));
    assert_eq!(run.table("t")["verify"], "match");
    assert_eq!(lines(&database, "SELECT id FROM t ORDER BY 1"), "1\n20\n");
    let rules = lines(
        &database,
        "SELECT format('%s %s %s %s %s', row, column_name, class, bytes, rule) FROM cutover.set_aside ORDER BY row",
    );
    assert_eq!(
        rules,
        "2 flag integer 1 E_RANGE\n3 small integer 5 E_RANGE\n4 small text 3 E_MIXED\n5 small blob 2 E_MIXED_BLOB\n\
         6 money real 7 E_RANGE\n7 money real 8 E_RANGE\n8 money real 4 E_RANGE\n9 day text 10 E_DATE\n\
         10 doc text 1 E_JSON\n11 key text 7 E_UUID\n12 words text 3 E_TEXT_NUL\n13 words text 1 E_TEXT_UTF8\n\
         14 words text 8 E_LENGTH\n15 flag integer 1 E_RANGE\n"
    );
    assert_lossless(&source, &database, "t");
    assert!(
        run.done.stdout.contains("set aside: t: 14 rows (") && run.done.stdout.contains("E_JSON in doc"),
        "{}",
        run.said()
    );
    for said in [run.said(), status(&database, &[]).stdout] {
        assert!(!said.contains("2024-02-30") && !said.contains("no uuid"), "a value is told: {said}");
    }

    // again, compared, and listed
    let again = migrate(source.path(), &database, &QUARANTINE).ends_with(8);
    assert_eq!(again.table("t")["rows"]["set_aside"], 14);
    let compared = verify(source.path(), &database, &[]).ends_with(8);
    assert_eq!(
        (&compared.table("t")["rows"]["copied"], &compared.table("t")["verify"]),
        (&2.into(), &"match".into())
    );
    let listed: Json = serde_json::from_str(&status(&database, &["--json"]).stdout).unwrap();
    assert_eq!((&listed["count"], &listed["rows"][1]["rule"]), (&14.into(), &"E_RANGE".into()));
    assert_eq!(database.rows(listed["sql"].as_str().unwrap()).len(), 14);
    assert!(status(&database, &[]).stdout.ends_with("14 rows\n"));
}

#[test]
fn null_in_a_column_that_refuses_it_is_a_bad_value() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 'x'), (NULL, 'y'), (3, NULL), (NULL, NULL)",
    );
    let database = server.fresh_database();
    database.execute("CREATE TABLE t (a int NOT NULL, b text)");
    migrate(source.path(), &database, &[]).ends_with(3);
    let run = migrate(source.path(), &database, &QUARANTINE).ends_with(8);
    assert!(run.findings("E_NOTNULL").is_empty(), "{}", run.said());
    assert_eq!(lines(&database, "SELECT concat(a, b) FROM t ORDER BY a"), "1x\n3\n");
    assert_eq!(
        lines(&database, "SELECT concat_ws(' ', row, rule, class) FROM cutover.set_aside ORDER BY row"),
        "2 E_NOTNULL null\n4 E_NOTNULL null\n"
    );
    assert_lossless(&source, &database, "t");
}

#[test]
fn without_a_bad_value_the_policy_changes_nothing() {
    let Some(server) = Server::available() else { return };
    let (source, database) =
        (SqliteFile::from_sql("CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)"), server.fresh_database());
    database.execute("CREATE TABLE t (a smallint)");
    let all = [QUARANTINE, ORPHANS].concat();
    let run = migrate(source.path(), &database, &all).ends_with(0);
    assert_eq!((&run.report["outcome"], &run.table("t")["rows"]["set_aside"]), (&"done".into(), &0.into()));
    assert_eq!(status(&database, &[]).stdout, "no rows are set aside in this target\n");
}

#[test]
fn a_split_column_is_set_aside_once_with_its_row() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, m, f TEXT);
         INSERT INTO t VALUES (1, 1, 't'), (2, 'x', 'f'), (3, x'ff', 'neither')",
    );
    let (database, directory) = (server.fresh_database(), tempfile::tempdir().unwrap());
    let config = directory.path().join("cutover.toml");
    std::fs::write(&config, "[tables.t.columns.f]\nencoding = \"t/f\"\non_bad_value = \"quarantine\"\n")
        .unwrap();
    let more = ["--mixed", "split", "--config", config.to_str().unwrap()];
    let run = migrate(source.path(), &database, &more).ends_with(8);
    let kept = "SELECT concat_ws(' ', columns, classes, stored) FROM cutover.set_aside";
    let row = "{id,m,f} {integer,blob,text} {\"\\\\x33\",\"\\\\xff\",\"\\\\x6e656974686572\"}\n";
    assert_eq!(lines(&database, kept), row, "{}", run.said());
    assert_lossless(&source, &database, "t");

    // What differs is named by the part that it is in.
    database.execute("UPDATE t SET m_text = 'y' WHERE id = 2");
    let differs = verify(source.path(), &database, &more[2..]).ends_with(4);
    assert!(
        differs.done.stdout.contains("t rowid 2: column \"m\" (\"m_text\" in the target) differs"),
        "{}",
        differs.said()
    );
    let column = &differs.table("t")["differences"][0]["columns"][0];
    assert_eq!((&column["column"], &column["target_column"]), (&"m".into(), &"m_text".into()));
}

/// What is set aside is in no digest: it is neither missing in the target, nor has the source changed.
#[test]
fn a_difference_beside_rows_set_aside_is_told_without_them() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "PRAGMA foreign_keys = OFF;
         CREATE TABLE p (id INTEGER PRIMARY KEY, v); INSERT INTO p VALUES (1, 1), (2, 'bad'), (3, 3), (4, 4);
         CREATE TABLE n (v, w); INSERT INTO n VALUES ('bad', 1), (2, 2), (2, 2), (3, 3);
         CREATE TABLE w (k TEXT PRIMARY KEY, p INTEGER REFERENCES p, v TEXT) WITHOUT ROWID;
         INSERT INTO w VALUES ('a', 9, 'u'), ('b', 1, 'v'), ('c', 2, 'w'), ('d', 3, 'x'), ('e', 8, 'y'), ('f', NULL, 'z')",
    );
    let database = server.fresh_database();
    database.execute(
        "CREATE TABLE p (id int PRIMARY KEY, v int); CREATE TABLE n (v int, w int);
         CREATE TABLE w (k text PRIMARY KEY, p int REFERENCES p, v text)",
    );
    let both = [QUARANTINE, ORPHANS].concat();
    migrate(source.path(), &database, &both).ends_with(8);
    database.execute(
        "UPDATE p SET v = 7 WHERE id = 4; DELETE FROM n WHERE ctid IN (SELECT min(ctid) FROM n WHERE v = 2);
         UPDATE w SET v = 'other' WHERE k = 'd'; DELETE FROM w WHERE k = 'f'",
    );
    let run = verify(source.path(), &database, &[]).ends_with(4);
    assert!(!run.said().contains("no longer what was copied"), "{}", run.said());
    for told in [
        "p rowid 4: column \"v\" differs",
        "rows: 1 changed\n",
        "n rowid 2: 2 times in the source, 1 time in the target",
        "rows: 1 not there equally often\n",
        "w row 4 in the table's order: column \"v\" differs",
        "w row 6 in the table's order: missing in the target",
        "rows: 1 changed, 1 missing\n",
    ] {
        assert!(run.done.stdout.contains(told), "{told}: {}", run.said());
    }

    // A run that has nothing left but to verify has not followed the keys yet.
    edit_unseen(&database, "UPDATE cutover.chunk SET verified_at = NULL");
    let run = migrate(source.path(), &database, &both).ends_with(4);
    assert!(run.said().contains("w row 6 in the table's order: missing in the target"), "{}", run.said());

    // Beside rows that were there before, too.
    let database = server.fresh_database();
    database.execute(
        "CREATE TABLE p (id int PRIMARY KEY, v int); CREATE TABLE n (v int, w int); INSERT INTO p VALUES (10, 10);
         CREATE TABLE w (k text PRIMARY KEY, p int REFERENCES p, v text)",
    );
    migrate(source.path(), &database, &[&both[..], &["--existing", "append"]].concat()).ends_with(8);
    database.execute("UPDATE p SET v = 7 WHERE id = 4");
    let run = verify(source.path(), &database, &[]).ends_with(4);
    assert!(!run.said().contains("no longer what was copied"), "{}", run.said());
    assert_eq!(run.table("p")["difference_counts"]["changed"], 1, "{}", run.said());
    assert_eq!(run.table("p")["difference_counts"]["missing"], 0, "{}", run.said());
}

/// Whoever made the copy: rows that the policy leaves out are told, and are not asked of a ledger that is not there.
#[test]
fn a_copy_by_another_tool_is_compared_without_the_rows_to_be_set_aside() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (
        SqliteFile::from_sql(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v); INSERT INTO t (v) VALUES (1), ('bad'), (3)",
        ),
        server.fresh_database(),
    );
    database.execute("CREATE TABLE t (id serial PRIMARY KEY, v int); INSERT INTO t VALUES (1, 1), (3, 3); SELECT setval('t_id_seq', 3)");
    let run = verify(source.path(), &database, &QUARANTINE).ends_with(8);
    assert_eq!(run.table("t")["rows"]["set_aside"], 1);
    database.execute("UPDATE t SET v = 4 WHERE id = 3");
    let run = verify(source.path(), &database, &QUARANTINE).ends_with(4);
    assert_eq!(run.table("t")["difference_counts"]["changed"], 1, "{}", run.said());
    assert_eq!(run.table("t")["difference_counts"]["missing"], 0, "{}", run.said());
}

/// Chains, a tree in both orders of its rows, a cycle with and without a leak, keys of two columns, a parent without a rowid.
const FAMILY: &str = "
    PRAGMA foreign_keys = OFF;
    CREATE TABLE country (code TEXT PRIMARY KEY, up TEXT REFERENCES country) WITHOUT ROWID;
    INSERT INTO country VALUES ('at', NULL), ('de', 'eu'), ('eu', NULL), ('us', 'zz'), ('xx', 'us'), ('aa', 'xx');
    CREATE TABLE city (id INTEGER PRIMARY KEY, country TEXT REFERENCES country, name TEXT, UNIQUE (country, name));
    INSERT INTO city VALUES (1, 'at', 'Wien'), (2, 'us', 'Rome'), (3, 'nn', 'Nowhere'), (4, NULL, 'Sea'), (5, 'aa', 'A');
    CREATE TABLE street (id INTEGER PRIMARY KEY, country TEXT, city TEXT, FOREIGN KEY (country, city) REFERENCES city (country, name));
    INSERT INTO street VALUES (1, 'at', 'Wien'), (2, 'us', 'Rome'), (3, NULL, 'Rome'), (4, 'aa', 'A'), (5, 'at', 'Linz');
    CREATE TABLE tree (id INTEGER PRIMARY KEY, up INTEGER REFERENCES tree);
    INSERT INTO tree VALUES (1, 2), (2, 3), (3, 99), (4, 3), (5, 4), (6, 7), (7, 6), (8, NULL), (9, 8), (10, 10);
    CREATE TABLE hen (id INTEGER PRIMARY KEY, egg INTEGER REFERENCES egg);
    CREATE TABLE egg (id INTEGER PRIMARY KEY, hen INTEGER REFERENCES hen, street INTEGER REFERENCES street);
    INSERT INTO hen VALUES (1, 1), (2, 2), (3, 3);
    INSERT INTO egg VALUES (1, 1, 1), (2, 2, 2), (3, 3, NULL);";

const FAMILY_LEFT: [(&str, &str, &str); 6] = [
    ("country", "code", "at de eu"),
    ("city", "id", "1 4"),
    ("street", "id", "1 3"),
    ("tree", "id", "6 7 8 9 10"),
    ("hen", "id", "1 3"),
    ("egg", "id", "1 3"),
];

fn assert_family(run: &Run, database: &Database) {
    for (table, key, left) in FAMILY_LEFT {
        let sql = format!("SELECT string_agg({key}::text, ' ' ORDER BY {key}) FROM {table}");
        assert_eq!(database.query_one_text(&sql), left, "{table}: {}", run.said());
        let rows = &run.table(table)["rows"];
        let aside = rows["source"].as_u64().unwrap() - left.split(' ').count() as u64;
        assert_eq!(
            (&rows["set_aside"], run.table(table)["verify"].as_str()),
            (&aside.into(), Some("match")),
            "{table}"
        );
    }
    let keys = "SELECT count(*) FILTER (WHERE convalidated), count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace";
    assert_eq!(database.rows(keys)[0], [Some("7".to_owned()), Some("7".to_owned())], "{}", run.said());
    assert_eq!(lines(database, "SELECT DISTINCT rule FROM cutover.set_aside"), "E_FK_ORPHANS\n");
}

#[test]
fn orphans_and_their_children_are_set_aside_until_every_key_is_valid() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(FAMILY), server.fresh_database());
    let run = migrate(source.path(), &database, &ORPHANS).ends_with(8);
    assert_family(&run, &database);
    assert_lossless(&source, &database, "tree");
    verify(source.path(), &database, &[]).ends_with(8);
    // into a schema that has the keys already
    let schema = "
        CREATE TABLE country (code varchar(2) PRIMARY KEY, up text REFERENCES country);
        CREATE TABLE city (id int PRIMARY KEY, country text REFERENCES country, name text, UNIQUE (country, name));
        CREATE TABLE street (id int PRIMARY KEY, country text, city text, FOREIGN KEY (country, city) REFERENCES city (country, name));
        CREATE TABLE tree (id int PRIMARY KEY, up int REFERENCES tree);
        CREATE TABLE hen (id int PRIMARY KEY, egg int);
        CREATE TABLE egg (id int PRIMARY KEY, hen int REFERENCES hen, street int REFERENCES street);
        ALTER TABLE hen ADD FOREIGN KEY (egg) REFERENCES egg;";
    let database = server.fresh_database();
    database.execute(schema);
    migrate(source.path(), &database, &[]).ends_with(3);
    let run = migrate(source.path(), &database, &ORPHANS).ends_with(8);
    assert_family(&run, &database);
}

#[test]
fn what_sqlite_calls_equal_and_the_target_does_not_has_no_parent() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE p (k UNIQUE); INSERT INTO p VALUES (2), ('x'), (3.5), ('');
         CREATE TABLE c (id INTEGER PRIMARY KEY, k REFERENCES p (k)); INSERT INTO c VALUES (1, 2.0), (2, 'x'), (3, 2), (4, 3.5), (5, '');
         CREATE TABLE n (k TEXT COLLATE NOCASE UNIQUE); INSERT INTO n VALUES ('Ab');
         CREATE TABLE m (id INTEGER PRIMARY KEY, k TEXT REFERENCES n (k)); INSERT INTO m VALUES (1, 'Ab'), (2, 'aB');",
    );
    let own =
        "CREATE TABLE p (k text UNIQUE); CREATE TABLE c (id int PRIMARY KEY, k varchar(9) REFERENCES p (k));
        CREATE TABLE n (k text UNIQUE); CREATE TABLE m (id int PRIMARY KEY, k text REFERENCES n (k))";
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("cutover.toml");
    std::fs::write(&config, "[tables.p.columns.k]\nempty = \"null\"\n").unwrap();
    let config = ["--config", config.to_str().unwrap()];
    let database = server.fresh_database();
    database.execute(own);
    let run = migrate(source.path(), &database, &[&ORPHANS[..], &config[..]].concat()).ends_with(8);
    assert_eq!(lines(&database, "SELECT id FROM c ORDER BY 1"), "2\n3\n4\n", "{}", run.said());
    assert_eq!(lines(&database, "SELECT id FROM m ORDER BY 1"), "1\n", "{}", run.said());
    let left = "SELECT conname FROM pg_constraint WHERE contype = 'f' AND NOT convalidated";
    assert_eq!(lines(&database, left), "");
    // Keys of our own that would mean something else than the source's are not made, so nothing is set aside for them.
    for mixed in ["widen", "tagged"] {
        let database = server.fresh_database();
        let run =
            migrate(source.path(), &database, &[&ORPHANS[..], &["--mixed", mixed]].concat()).ends_with(0);
        assert_eq!(
            lines(
                &database,
                "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace"
            ),
            "0\n"
        );
        let listed = run.report["not_carried"].as_array().unwrap();
        assert_eq!(listed.iter().filter(|item| item["kind"] == "foreign key").count(), 2, "{}", run.said());
    }
}

#[test]
fn children_of_rows_with_bad_values_fall_under_the_policy_for_orphans() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, v); INSERT INTO p VALUES (1, 1), (2, 'bad'), (3, 3);
         CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p); INSERT INTO c VALUES (1, 1), (2, 2), (3, 2), (4, NULL);
         CREATE TABLE g (id INTEGER PRIMARY KEY, c INTEGER REFERENCES c); INSERT INTO g VALUES (1, 1), (2, 3);",
    );
    let schema =
        "CREATE TABLE p (id int PRIMARY KEY, v int); CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p);
        CREATE TABLE g (id int PRIMARY KEY, c int REFERENCES c)";
    let database = server.fresh_database();
    database.execute(schema);
    let refused = migrate(source.path(), &database, &QUARANTINE).ends_with(3);
    let orphans = refused.findings("E_FK_ORPHANS");
    assert_eq!(orphans[0]["count"], 2);
    assert!(orphans[0]["message"].as_str().unwrap().contains("2 of them because the parent is set aside"));

    let left = [QUARANTINE, ["--orphans", "not-valid"]].concat();
    let run = migrate(source.path(), &database, &left).ends_with(8);
    assert_eq!(run.findings("W_FK_ORPHANS")[0]["count"], 2);
    assert_eq!(lines(&database, "SELECT id FROM c ORDER BY 1"), "1\n2\n3\n4\n");
    assert_eq!(
        lines(
            &database,
            "SELECT convalidated FROM pg_constraint WHERE contype = 'f' AND conname = 'c_p_fkey'"
        ),
        "f\n"
    );

    let database = server.fresh_database();
    database.execute(schema);
    let both = [QUARANTINE, ORPHANS].concat();
    let run = migrate(source.path(), &database, &both).ends_with(8);
    assert_eq!(lines(&database, "SELECT id FROM p ORDER BY 1"), "1\n3\n", "{}", run.said());
    assert_eq!(lines(&database, "SELECT id FROM c ORDER BY 1"), "1\n4\n");
    assert_eq!(lines(&database, "SELECT id FROM g ORDER BY 1"), "1\n");
    assert_eq!(
        lines(
            &database,
            "SELECT concat_ws(' ', table_name, row, rule, column_name) FROM cutover.set_aside ORDER BY 1"
        ),
        "c 2 E_FK_ORPHANS p\nc 3 E_FK_ORPHANS p\ng 2 E_FK_ORPHANS c\np 2 E_MIXED v\n"
    );
}

/// Large enough for many chunks and for the temporary file: every 7th row has a bad value, every 11th no parent.
const MANY: &str = "
    PRAGMA foreign_keys = OFF;
    CREATE TABLE p (id INTEGER PRIMARY KEY, v);
    WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
      INSERT INTO p SELECT i, CASE WHEN i % 7 = 0 THEN 'bad' ELSE i END FROM n;
    CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p, b BLOB);
    WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
      INSERT INTO c SELECT i, CASE WHEN i % 11 = 0 THEN -i ELSE i END, randomblob(8000) FROM n;";

const MANY_TARGET: &str = "CREATE TABLE p (id int PRIMARY KEY, v int);
    CREATE TABLE c (id int PRIMARY KEY, p int REFERENCES p, b bytea)";

fn many(source: &SqliteFile, database: &Database) -> Cli {
    Cli::new()
        .args(["copy", "--migrate", "--from"])
        .args([source.path()])
        .args(["--to", &database.url(), "--jobs", "2", "--chunk-rows", "300"])
        .args(QUARANTINE)
        .args(ORPHANS)
}

/// 3000 rows each; p: 428 multiples of 7. c: 272 of 11 and 428 of 7, 38 of both.
fn assert_many(database: &Database, case: &str) {
    let sql = "SELECT (SELECT count(*) FROM p), (SELECT count(*) FROM c),
        (SELECT count(*) FROM cutover.set_aside WHERE table_name = 'p'), (SELECT count(*) FROM cutover.set_aside WHERE table_name = 'c'),
        (SELECT sum(set_aside) FROM cutover.chunk WHERE table_name = 'p'), (SELECT sum(set_aside) FROM cutover.chunk WHERE table_name = 'c')";
    let row: Vec<String> = database.rows(sql).remove(0).into_iter().map(Option::unwrap).collect();
    assert_eq!(row, ["2572", "2338", "428", "662", "428", "662"], "{case}");
}

#[test]
fn many_rows_are_set_aside_over_many_chunks() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(MANY), server.fresh_database());
    database.execute(MANY_TARGET);
    let run = Run::of(many(&source, &database)).ends_with(8);
    assert_many(&database, &run.said());
    assert_lossless(&source, &database, "c");
    let list = status(&database, &[]).stdout;
    assert!(list.contains("100 of 1,090 rows; all of them: SELECT "), "{list}");
    // one chunk of all rows: more than is held in memory
    let restarted =
        migrate(source.path(), &database, &[&QUARANTINE[..], &ORPHANS, &["--restart"]].concat()).ends_with(8);
    assert_many(&database, &restarted.said());
    assert_eq!(restarted.table("c")["chunks"], 1);
    assert_lossless(&source, &database, "c");
}

#[test]
#[cfg(feature = "failpoints")]
fn a_killed_run_sets_no_row_aside_twice() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(MANY);
    for planted in [
        "before_commit=kill:1",
        "before_commit=kill:8",
        "after_commit=kill:5",
        "after_commit=kill:13",
        "before_step=kill:2",
    ] {
        let database = server.fresh_database();
        database.execute(MANY_TARGET);
        let killed = many(&source, &database).env("CUTOVER_FAILPOINTS", planted).run();
        assert_eq!(killed.code, -6, "{planted}: {killed:?}");
        let sql = "SELECT count(*) FROM cutover.chunk k WHERE set_aside <> (SELECT count(*) FROM cutover.set_aside a
                   WHERE (a.source_id, a.table_name, a.chunk) = (k.source_id, k.table_name, k.chunk))";
        assert_eq!(database.query_one_text(sql), "0", "{planted}: ledger and rows commit together");
        let run = Run::of(many(&source, &database)).ends_with(8);
        assert_many(&database, planted);
        assert_eq!(run.table("c")["rows"]["set_aside"], 662, "{planted}");
        verify(source.path(), &database, &[]).ends_with(8);
    }
}

#[test]
fn what_is_set_aside_goes_with_its_table_and_is_never_dropped_silently() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(MANY), server.fresh_database());
    database.execute(MANY_TARGET);
    Run::of(many(&source, &database)).ends_with(8);
    // emptied by hand and copied again by name
    database.execute("DELETE FROM c");
    let refilled = Run::of(many(&source, &database).args(["--table", "c"])).ends_with(8);
    assert_many(&database, &refilled.said());
    // clean would drop the only copy in this target
    let clean = |code: i32| {
        let done = Cli::new().args(["clean", "--to", &database.url()]).run();
        assert_eq!(done.code, code, "{done:?}");
    };
    clean(3);
    database.execute("DELETE FROM cutover.set_aside");
    verify(source.path(), &database, &[]).ends_with(8);
    clean(0);
}

#[test]
fn a_row_that_was_set_aside_and_mended_is_a_difference() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql("CREATE TABLE t (a); INSERT INTO t VALUES (1), ('x'), (3)");
    let database = server.fresh_database();
    database.execute("CREATE TABLE t (a int)");
    migrate(source.path(), &database, &QUARANTINE).ends_with(8);
    source.connection().execute_batch("UPDATE t SET a = 'y' WHERE a = 1").unwrap();
    let run = verify(source.path(), &database, &[]).ends_with(4);
    let note = run.table("t")["verify_note"].as_str().unwrap().to_owned();
    assert!(note.contains("2 rows of the source to be set aside, and the ledger has 1, or others"), "{note}");
    let again = migrate(source.path(), &database, &[&QUARANTINE[..], &["--reverify"]].concat()).ends_with(3);
    assert!(again.said().contains("rows that were copied already have changed"), "{}", again.said());
    source.connection().execute_batch("UPDATE t SET a = 1 WHERE a = 'y'").unwrap();
    migrate(source.path(), &database, &[&QUARANTINE[..], &["--reverify"]].concat()).ends_with(8);
    // the same number of rows, but not the same row
    source.connection().execute_batch("UPDATE t SET a = 'z' WHERE a = 'x'").unwrap();
    verify(source.path(), &database, &[]).ends_with(4);
    migrate(source.path(), &database, &[&QUARANTINE[..], &["--reverify"]].concat()).ends_with(3);
}

#[test]
fn rows_without_a_rowid_and_texts_in_utf16_are_set_aside_as_stored() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "PRAGMA encoding = 'UTF-16le';
         CREATE TABLE t (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
         INSERT INTO t VALUES ('a', 'é'), ('b', CAST(x'00d87800' AS TEXT)), ('c', 'ok');",
    );
    let database = server.fresh_database();
    database.execute("CREATE TABLE t (k text PRIMARY KEY, v text)");
    migrate(source.path(), &database, &QUARANTINE).ends_with(8);
    let row = lines(
        &database,
        "SELECT concat_ws(' ', key, encoding, rule, encode(stored[2], 'hex'), encode(stored[1], 'hex')) FROM cutover.set_aside",
    );
    assert_eq!(row, "row 2 in the table's order UTF-16le E_TEXT_UTF8 00d87800 6200\n");
    assert_eq!(lines(&database, "SELECT k || v FROM t ORDER BY 1"), "aé\ncok\n");
}

/// A plan that sets aside what a created column does not hold (as `--mixed quarantine` makes it): the killed run's plan in
/// the ledger is given the type of the majority and the policy.
#[test]
#[cfg(feature = "failpoints")]
fn created_tables_set_rows_aside_as_existing_ones_do() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a); INSERT INTO t (a) VALUES (1), ('x'), (3), (x'00'), (NULL)",
    );
    let database = server.fresh_database();
    let copy = || Cli::new().args(["copy", "--migrate"]).args([source.path()]).args([database.url()]);
    let killed = copy().env("CUTOVER_FAILPOINTS", "before_commit=kill:1").run();
    assert_eq!(killed.code, -6, "{killed:?}");
    edit_unseen(
        &database,
        "ALTER TABLE t ALTER a TYPE bigint USING NULL;
         UPDATE cutover.source SET plan = jsonb_set(jsonb_set(plan::jsonb, '{tables,0,columns,1,on_bad_value}',
             '\"quarantine\"'), '{tables,0,columns,1,mapping}', plan::jsonb #> '{tables,0,columns,0,mapping}')",
    );
    let run = Run::of(copy()).ends_with(8);
    assert_eq!(lines(&database, "SELECT concat_ws(' ', id, a) FROM t ORDER BY id"), "1 1\n3 3\n5\n");
    assert_eq!(run.table("t")["rows"]["set_aside"], 2);
    assert_lossless(&source, &database, "t");
    verify(source.path(), &database, &[]).ends_with(8);
}
