//! Differences planted in a finished copy, each told by row and column; what is no difference is none.

use crate::support::flow::{Run, four_at_once, migrate, verify};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use serde_json::Value;

/// `kind key: columns` of every listed row of a table, sorted; the place in the target is left out.
fn told(run: &Run, table: &str) -> Vec<String> {
    let rows = run.table(table)["differences"].as_array().unwrap().iter();
    let mut lines: Vec<String> = rows
        .map(|row| {
            let columns = row["columns"].as_array().unwrap().iter();
            let names: Vec<&str> = columns.map(|column| column["column"].as_str().unwrap()).collect();
            let (kind, key) = (row["kind"].as_str().unwrap(), row["key"].as_str().unwrap());
            let times = format!("{}/{}", row["source_times"], row["target_times"]);
            let key = if key == "another row" { "of the target" } else { key };
            match kind {
                "changed" => format!("{kind} {key}: {}", names.join(" ")),
                _ => format!("{kind} {key} {times}"),
            }
        })
        .collect();
    lines.sort();
    lines
}

fn counts(run: &Run, table: &str) -> [u64; 4] {
    let counts = &run.table(table)["difference_counts"];
    assert_eq!(counts["exact"], true, "{counts}");
    ["changed", "missing", "extra", "multiplicity"].map(|kind| counts[kind].as_u64().unwrap())
}

/// By rowid; by a text key; WITHOUT ROWID under two columns; by nothing at all; by a unique column.
const SOURCE: &str = "
    CREATE TABLE numbered (id INTEGER PRIMARY KEY, name TEXT, note TEXT, total REAL, data BLOB);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
    INSERT INTO numbered SELECT i * 2, 'name' || i, CASE WHEN i % 2 THEN '' END, i / 4.0, zeroblob(i) FROM n;
    CREATE TABLE coded (code TEXT PRIMARY KEY, name TEXT, amount NUMERIC);
    INSERT INTO coded SELECT 'c' || id, name, id * 1.5 FROM numbered;
    CREATE TABLE pairs (a TEXT, b INTEGER, v TEXT, w TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
    INSERT INTO pairs SELECT name, id, note, 'w' || id FROM numbered;
    CREATE TABLE loose (a INTEGER, b TEXT, c TEXT, d TEXT);
    INSERT INTO loose SELECT id, name, note, 'd' || id FROM numbered;
    INSERT INTO loose VALUES (1, 'x', 'y', 'z'), (1, 'x', 'y', 'z'), (1, 'x', 'y', 'z');
    CREATE TABLE one (v TEXT);
    INSERT INTO one SELECT name FROM numbered;
    CREATE TABLE uniq (v TEXT, u TEXT UNIQUE, x TEXT);
    INSERT INTO uniq SELECT 'same', name, 'also' FROM numbered;
";

type Fault = (&'static str, &'static str, &'static [&'static str]);

/// What is done to the target, to which table, and what is told of it.
const FAULTS: &[Fault] = &[
    ("UPDATE numbered SET total = total + 1 WHERE id = 34", "numbered", &["changed rowid 34: total"]),
    ("DELETE FROM numbered WHERE id = 34", "numbered", &["missing rowid 34 1/0"]),
    ("INSERT INTO numbered VALUES (35, 'new', NULL, 1, NULL)", "numbered", &["extra rowid 35 0/1"]),
    (
        "ALTER TABLE numbered DROP CONSTRAINT numbered_pkey; INSERT INTO numbered SELECT * FROM numbered WHERE id = 34",
        "numbered",
        &["multiplicity rowid 34 1/2"],
    ),
    (
        "ALTER TABLE numbered DROP CONSTRAINT numbered_pkey; INSERT INTO numbered (id, name) VALUES (34, 'second')",
        "numbered",
        &["extra rowid 34 0/1"],
    ),
    (
        "UPDATE numbered k SET name = o.name FROM numbered o WHERE (k.id, o.id) IN ((34, 36), (36, 34))",
        "numbered",
        &["changed rowid 34: name", "changed rowid 36: name"],
    ),
    (
        "UPDATE numbered SET name = note, note = name WHERE id = 34",
        "numbered",
        &["changed rowid 34: name note"],
    ),
    ("UPDATE numbered SET note = coalesce(note, '') WHERE id = 36", "numbered", &["changed rowid 36: note"]),
    ("UPDATE numbered SET data = set_bit(data, 3, 1) WHERE id = 34", "numbered", &["changed rowid 34: data"]),
    ("UPDATE numbered SET name = left(name, 3) WHERE id = 34", "numbered", &["changed rowid 34: name"]),
    // Another key alone is the same row, also where it then belongs to another chunk.
    ("UPDATE numbered SET id = 35 WHERE id = 34", "numbered", &["changed rowid 34: id"]),
    ("UPDATE numbered SET id = 1000 WHERE id = 34", "numbered", &["changed rowid 34: id"]),
    ("UPDATE coded SET name = 'other' WHERE code = 'c34'", "coded", &["changed rowid 17: name"]),
    ("UPDATE coded SET code = code || ' ' WHERE code = 'c34'", "coded", &["changed rowid 17: code"]),
    ("UPDATE coded SET amount = 51.5 WHERE code = 'c34'", "coded", &["changed rowid 17: amount"]),
    (
        "DELETE FROM coded WHERE code IN ('c34', 'c36')",
        "coded",
        &["missing rowid 17 1/0", "missing rowid 18 1/0"],
    ),
    ("UPDATE pairs SET w = v, v = w WHERE b = 34", "pairs", &["changed row 9 in the table's order: v w"]),
    ("INSERT INTO pairs VALUES ('name1', 3, '', 'w')", "pairs", &["extra of the target 0/1"]),
    ("UPDATE loose SET c = 'other' WHERE a = 34", "loose", &["changed rowid 17: c"]),
    ("UPDATE loose SET c = 'other', d = NULL WHERE a = 34", "loose", &["changed rowid 17: c d"]),
    (
        "UPDATE loose SET b = 'p', c = 'q', d = 'r' WHERE a = 34",
        "loose",
        &["extra of the target 0/1", "missing rowid 17 1/0"],
    ),
    (
        "DELETE FROM loose WHERE ctid = (SELECT min(ctid) FROM loose WHERE a = 1)",
        "loose",
        &["multiplicity rowid 61 3/2"],
    ),
    (
        "UPDATE loose SET d = 'zz' WHERE ctid = (SELECT min(ctid) FROM loose WHERE a = 1)",
        "loose",
        &["changed rowid 61: d"],
    ),
    ("INSERT INTO loose SELECT * FROM loose WHERE a = 34", "loose", &["multiplicity rowid 17 1/2"]),
    (
        "UPDATE loose k SET b = o.b FROM loose o WHERE (k.a, o.a) IN ((34, 36), (36, 34))",
        "loose",
        &["changed rowid 17: b", "changed rowid 18: b"],
    ),
    ("UPDATE one SET v = v || ' ' WHERE v = 'name17'", "one", &["changed rowid 17: v"]),
    // Which of the two became which, nobody can say.
    (
        "UPDATE one SET v = v || ' ' WHERE v IN ('name17', 'name18')",
        "one",
        &[
            "extra of the target 0/1",
            "extra of the target 0/1",
            "missing rowid 17 1/0",
            "missing rowid 18 1/0",
        ],
    ),
    (
        "UPDATE uniq SET v = 'other', x = NULL WHERE u IN ('name17', 'name18')",
        "uniq",
        &["changed rowid 17: v x", "changed rowid 18: v x"],
    ),
];

/// Ten rows in a chunk, so that most chunks do not differ.
const CHUNKS: [&str; 2] = ["--chunk-rows", "10"];

fn copied(server: &Server, source: &str) -> (SqliteFile, Database) {
    let (source, database) = (SqliteFile::from_sql(source), server.fresh_database());
    migrate(source.path(), &database, &CHUNKS).ends_with(0);
    (source, database)
}

#[test]
fn every_planted_difference_is_told_by_row_and_column() {
    let Some(server) = Server::available() else { return };
    let results = four_at_once(FAULTS.to_vec(), |(sql, table, expected)| {
        let (source, database) = copied(server, SOURCE);
        database.execute(sql);
        let run = verify(source.path(), &database, &[]).ends_with(4);
        let told = told(&run, table);
        let one_differs =
            run.report["tables"].as_array().unwrap().iter().filter(|t| t["verify"] == "differs");
        if told == expected && one_differs.count() == 1 {
            return None;
        }
        Some(format!("{sql}\n{told:?}\n{expected:?}\n{}", run.table(table)["verify_note"]))
    });
    let problems: Vec<String> = results.into_iter().flatten().collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn the_report_holds_no_value_unless_it_is_asked_to() {
    let Some(server) = Server::available() else { return };
    let (source, database) = copied(server, SOURCE);
    database.execute(
        "UPDATE numbered SET name = 'Geheimnis' WHERE id = 34; UPDATE coded SET name = repeat('ä', 300) WHERE code = 'c34';
         DELETE FROM coded WHERE code = 'c2'; UPDATE numbered SET data = '\\xbeef' WHERE id = 6;
         INSERT INTO pairs VALUES ('kein', 9, 'x', 'y'); UPDATE numbered SET note = NULL WHERE id = 2",
    );
    let run = verify(source.path(), &database, &[]).ends_with(4);
    for value in ["Geheimnis", "name17", "code =", "ää", "kein"] {
        assert!(!run.said().contains(value), "{value}: {}", run.said());
    }
    let cells = &run.table("numbered")["differences"][2]["columns"][0];
    assert_eq!(
        (&cells["column"], &cells["source"]["class"], &cells["source"]["bytes"]),
        (&"name".into(), &"TEXT".into(), &6.into())
    );
    assert_eq!((&cells["target"]["class"], &cells["target"]["bytes"]), (&"text".into(), &9.into()));
    assert_eq!(cells["target"]["hash"].as_str().unwrap().len(), 16);
    assert!(
        run.done.stdout.contains("numbered rowid 34: column \"name\" differs: source TEXT 6 bytes "),
        "{}",
        run.said()
    );
    assert!(
        run.done.stdout.contains("numbered rowid 2: column \"note\" differs: source TEXT 0 bytes "),
        "{}",
        run.said()
    );

    let shown = verify(source.path(), &database, &["--show-values"]).ends_with(4);
    let cells = &shown.table("numbered")["differences"][2]["columns"][0];
    assert_eq!(
        (&cells["source"]["value"], &cells["target"]["value"]),
        (&"name17".into(), &"Geheimnis".into())
    );
    assert_ne!(
        cells["source"]["hash"],
        run.table("numbered")["differences"][2]["columns"][0]["source"]["hash"],
        "a key of its own per run"
    );
    assert!(shown.done.stdout.contains("(name17), target text 9 bytes"), "{}", shown.said());
    assert!(shown.said().contains("x'000000'") && shown.said().contains("\\xbeef"), "{}", shown.said());
    let long = &shown.table("coded")["differences"][0]["columns"][0]["target"]["value"];
    assert_eq!(long.as_str().unwrap(), format!("{}…", "ä".repeat(100)));
    assert_eq!(shown.table("coded")["differences"][1]["key"], "rowid 1, code = c2");
    assert!(
        shown.table("pairs")["differences"][0]["key"]
            .as_str()
            .unwrap()
            .ends_with("another row, a = kein, b = 9")
    );
}

#[test]
fn equal_values_have_equal_hashes_within_a_report() {
    let Some(server) = Server::available() else { return };
    let (source, database) = copied(server, SOURCE);
    database.execute(
        "UPDATE numbered k SET name = o.name FROM numbered o WHERE (k.id, o.id) IN ((34, 36), (36, 34))",
    );
    let run = verify(source.path(), &database, &[]).ends_with(4);
    let rows = &run.table("numbered")["differences"];
    assert_eq!(rows[0]["columns"][0]["source"]["hash"], rows[1]["columns"][0]["target"]["hash"], "{rows}");
    assert_eq!(rows[1]["columns"][0]["source"]["hash"], rows[0]["columns"][0]["target"]["hash"], "{rows}");
}

/// semantics.md §7, case 40.
#[test]
fn one_of_many_equal_rows_is_missed() {
    let Some(server) = Server::available() else { return };
    for rows in [65_536, 131_072] {
        let source = SqliteFile::from_sql(&format!(
            "CREATE TABLE t (a INTEGER, b TEXT); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
             INSERT INTO t SELECT 7, 'same' FROM n"
        ));
        let database = server.fresh_database();
        migrate(source.path(), &database, &["--chunk-rows", "10000"]).ends_with(0);
        database.execute("DELETE FROM t WHERE ctid = (SELECT max(ctid) FROM t)");
        let run = verify(source.path(), &database, &[]).ends_with(4);
        assert_eq!(told(&run, "t"), [format!("multiplicity rowid 1 {rows}/{}", rows - 1)]);
        assert_eq!(counts(&run, "t"), [0, 0, 0, 1]);
    }
}

#[test]
fn all_rows_are_counted_and_a_hundred_listed() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE k (id INTEGER PRIMARY KEY, v TEXT); CREATE TABLE t (code TEXT PRIMARY KEY, v TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) INSERT INTO k SELECT i, 'v' || i FROM n;
         INSERT INTO t SELECT v, v FROM k",
    );
    let database = server.fresh_database();
    migrate(source.path(), &database, &["--chunk-rows", "1000"]).ends_with(0);
    database.execute("UPDATE k SET v = v || '!' WHERE id > 500; DELETE FROM k WHERE id = 2; INSERT INTO k VALUES (9999, 'x');
        UPDATE t SET v = upper(v); DELETE FROM t WHERE code = 'v2'");
    let run = verify(source.path(), &database, &[]).ends_with(4);
    assert_eq!((counts(&run, "k"), counts(&run, "t")), ([2500, 1, 1, 0], [2999, 1, 0, 0]));
    for (table, others) in
        [("k", ["missing rowid 2 1/0", "extra rowid 9999 0/1"].as_slice()), ("t", &["missing rowid 2 1/0"])]
    {
        let told = told(&run, table);
        assert_eq!(told.len(), 100, "{table}");
        assert!(others.iter().all(|other| told.contains(&(*other).to_owned())), "{told:?}");
    }
    assert!(run.done.stdout.contains("rows: 2500 changed, 1 missing, 1 extra"), "{}", run.done.stdout);
}

#[test]
fn a_source_that_changed_is_told_from_a_target_that_did() {
    let Some(server) = Server::available() else { return };
    let (source, database) = copied(server, SOURCE);
    source
        .connection()
        .execute_batch("UPDATE numbered SET name = 'later' WHERE id = 34; DELETE FROM one WHERE rowid = 5")
        .unwrap();
    database.execute("UPDATE loose SET c = 'other' WHERE a = 34");
    let run = verify(source.path(), &database, &[]).ends_with(4);
    let note = |table: &str| run.table(table)["verify_note"].as_str().unwrap().to_owned();
    assert!(
        note("numbered").contains("the source is no longer what was copied, in chunk 1"),
        "{}",
        note("numbered")
    );
    assert!(note("one").contains("the source is no longer what was copied"), "{}", note("one"));
    assert!(!note("loose").contains("no longer"), "{}", note("loose"));
    assert_eq!(told(&run, "numbered"), ["changed rowid 34: name"]);
    assert_eq!(told(&run, "one"), ["extra of the target 0/1"]);
}

#[test]
fn beside_earlier_rows_missing_and_changed_ones_are_named() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE k (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO k VALUES (11, 'a'), (12, 'b'), (13, 'c');
         CREATE TABLE t (v TEXT, w TEXT); INSERT INTO t VALUES ('a', 'x'), ('b', 'y')",
    );
    let database = server.fresh_database();
    database.execute(
        "CREATE TABLE k (id bigint PRIMARY KEY, v text); INSERT INTO k VALUES (1, 'old'), (2, 'older');
         CREATE TABLE t (v text, w text); INSERT INTO t VALUES ('a', 'q')",
    );
    migrate(source.path(), &database, &["--existing", "append"]).ends_with(0);
    verify(source.path(), &database, &[]).ends_with(0);
    database.execute(
        "UPDATE k SET v = 'B' WHERE id = 12; DELETE FROM k WHERE id = 13; DELETE FROM t WHERE v = 'b'",
    );
    let run = verify(source.path(), &database, &[]).ends_with(4);
    assert_eq!(told(&run, "k"), ["changed rowid 12: v", "missing rowid 13 1/0"]);
    assert_eq!(told(&run, "t"), ["missing rowid 2 1/0"]);
    let note: &Value = &run.table("k")["verify_note"];
    assert!(note.as_str().unwrap().contains("2 were there before the copy"), "{note}");
}

/// Each in its own partition, at one place: the place alone does not name a row.
#[test]
fn rows_of_a_partitioned_table_are_told_apart() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE p (k INTEGER, v TEXT, w TEXT); INSERT INTO p VALUES (1, 'a', 'x'), (11, 'b', 'y')",
    );
    let database = server.fresh_database();
    database.execute(
        "CREATE TABLE p (k int, v text, w text) PARTITION BY RANGE (k);
         CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10); CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10) TO (20)",
    );
    migrate(source.path(), &database, &[]).ends_with(0);
    database.execute("UPDATE p SET v = 'B' WHERE k = 11");
    let run = verify(source.path(), &database, &["--show-values"]).ends_with(4);
    assert_eq!(told(&run, "p"), ["changed rowid 2: v"]);
    assert_eq!(run.table("p")["differences"][0]["columns"][0]["target"]["value"], "B");
}

/// Where the table existed without a key, the target's key may be anything.
#[test]
fn keys_that_are_none_are_told() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE k (id INTEGER PRIMARY KEY, v TEXT, w TEXT);
         INSERT INTO k VALUES (1, 'a', 'x'), (2, 'b', 'x'), (3, 'c', 'x'), (4, 'd', 'x')",
    );
    let database = server.fresh_database();
    database.execute("CREATE TABLE k (id bigint, v text, w text)");
    migrate(source.path(), &database, &["--chunk-rows", "2"]).ends_with(0);
    database.execute(
        "UPDATE k SET id = NULL WHERE id = 4; INSERT INTO k SELECT NULL, 'q', 'r' FROM generate_series(1, 3)",
    );
    let run = verify(source.path(), &database, &[]).ends_with(4);
    assert_eq!(told(&run, "k"), ["changed rowid 4: id", "extra of the target 0/3"]);
    database.execute("UPDATE k SET id = 1");
    let run = verify(source.path(), &database, &[]).ends_with(4);
    assert_eq!(counts(&run, "k"), [3, 0, 3, 0], "{}", run.said());
    database.execute("TRUNCATE k; INSERT INTO k SELECT 3, 'v' || i, 'w' FROM generate_series(1, 5000) i");
    let run = verify(source.path(), &database, &[]).ends_with(4);
    assert_eq!(counts(&run, "k"), [0, 4, 5000, 0], "{}", run.said());
}

/// Columns that are compared by meaning are told by it, too.
#[test]
fn mapped_columns_are_told_in_their_own_domain() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE m (id INTEGER PRIMARY KEY, n, j JSON, at TEXT, u TEXT);
         INSERT INTO m VALUES (1, 1, '{\"a\": 1, \"b\": 2}', '2024-01-01T00:00:00', '6F9619FF-8B86-D011-B42D-00C04FC964FF'),
             (2, 1.0, '[1]', '2024-01-02', '6f9619ff8b86d011b42d00c04fc964fe')",
    );
    let database = server.fresh_database();
    database.execute("CREATE TABLE m (id bigint PRIMARY KEY, n numeric, j jsonb, at timestamp, u uuid)");
    migrate(source.path(), &database, &[]).ends_with(0);
    database.execute(
        "UPDATE m SET n = 1.00, j = '{\"b\": 2, \"a\": 1}' WHERE id = 1; UPDATE m SET n = 1 WHERE id = 2",
    );
    verify(source.path(), &database, &[]).ends_with(0);
    database.execute(
        "UPDATE m SET n = 1.01, u = '6f9619ff-8b86-d011-b42d-00c04fc964f0' WHERE id = 1;
         UPDATE m SET j = '[1.1]', at = at + interval '1 microsecond' WHERE id = 2",
    );
    let run = verify(source.path(), &database, &[]).ends_with(4);
    assert_eq!(told(&run, "m"), ["changed rowid 1: n u", "changed rowid 2: j at"]);
}

#[cfg(feature = "failpoints")]
#[test]
fn a_broken_encoder_is_told_by_cell_within_the_copy() {
    use crate::support::cli::Cli;
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); INSERT INTO t VALUES (5, 'a'), (7, 'b')",
    );
    let database = server.fresh_database();
    let cli = Cli::new().args(["copy", "--migrate"]).args([source.path()]).args([database.url()]);
    let run = Run::of(cli.env("CUTOVER_FAILPOINTS", "encoder_broken=on:2")).ends_with(4);
    assert_eq!(told(&run, "t"), ["changed rowid 7: id"], "{}", run.said());
    assert!(!run.table("t")["verify_note"].as_str().unwrap().contains("no longer"), "{}", run.said());
}
