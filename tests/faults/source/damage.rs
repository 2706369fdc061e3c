//! Files that are damaged, locked, or no database: each is refused with its name and place, and nothing is copied in part.

use crate::support::flow::{Run, migrate, shape, validate};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use rusqlite::Connection;
use std::path::Path;
use std::time::{Duration, Instant};

/// A table with interior, leaf and overflow pages, an index, and free pages; pages of 512 bytes.
const SOURCE: &str = "
    PRAGMA page_size = 512;
    CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, body TEXT);
    CREATE INDEX t_name ON t (name);
    CREATE TABLE other (a);
    CREATE TABLE gone (x);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400)
      INSERT INTO t SELECT i, 'name ' || i, iif(i % 40 = 0, hex(randomblob(700)), 'short') FROM n;
    INSERT INTO gone SELECT zeroblob(300) FROM t; INSERT INTO other VALUES (1);
    DROP TABLE gone;";

/// The pages of a kind of a b-tree.
fn pages(file: &SqliteFile, name: &str, kind: &str) -> Vec<u32> {
    let db = file.connection();
    let mut statement =
        db.prepare("SELECT pageno FROM dbstat WHERE name = ?1 AND pagetype = ?2 ORDER BY pageno").unwrap();
    let found = statement.query_map([name, kind], |row| row.get(0)).unwrap();
    found.map(Result::unwrap).collect()
}

/// Copies the damaged file; nothing of it may be in the target, and the file stays as it is.
fn refused(path: &Path, database: &Database, case: &str, words: &[&str]) {
    let bytes = std::fs::metadata(path).unwrap().len();
    let before = (shape(database), (bytes < 1 << 24).then(|| std::fs::read(path).unwrap()));
    for run in [validate, migrate] {
        let run = run(path, database, &[]);
        assert_eq!(run.done.code, 5, "{case}: {:?}", run.done);
        for word in words {
            assert!(run.said().contains(word), "{case}: {word}: {}", run.said());
        }
    }
    let after = (shape(database), (bytes < 1 << 24).then(|| std::fs::read(path).unwrap()));
    assert!(after == before, "{case}");
}

#[test]
fn f26_a_damaged_page_of_any_kind_is_named_and_nothing_is_copied_in_part() {
    let Some(server) = Server::available() else { return };
    let (file, database) = (SqliteFile::from_sql(SOURCE), server.fresh_database());
    let whole = std::fs::read(file.path()).unwrap();
    let kinds =
        [("t", "internal"), ("t", "leaf"), ("t", "overflow"), ("t_name", "internal"), ("t_name", "leaf")];
    for (name, kind) in kinds {
        let found = pages(&file, name, kind);
        let page = found[found.len() / 2] as usize;
        let mut bytes = whole.clone();
        // An overflow page begins with the number of the next one, the others with their kind.
        bytes[(page - 1) * 512..(page - 1) * 512 + 4].copy_from_slice(&[0xff; 4]);
        std::fs::write(file.path(), bytes).unwrap();
        refused(file.path(), &database, &format!("{kind} of {name}"), &["source.db", "age"]);
        std::fs::write(file.path(), &whole).unwrap();
    }
    let first_free = u32::from_be_bytes(whole[32..36].try_into().unwrap()) as usize;
    assert!(first_free > 0, "no free pages");
    let mut bytes = whole.clone();
    bytes[(first_free - 1) * 512 + 4..(first_free - 1) * 512 + 8].copy_from_slice(&[0xff; 4]);
    std::fs::write(file.path(), bytes).unwrap();
    refused(file.path(), &database, "the list of free pages", &["source.db", "reelist"]);
    std::fs::write(file.path(), &whole).unwrap();
    migrate(file.path(), &database, &[]).ends_with(0);
}

/// Pages, page size, encoding, format: what the header says wrongly is found, or does not matter.
#[test]
fn f26_a_damaged_header_is_refused_or_everything_is_there() {
    let Some(server) = Server::available() else { return };
    let file = SqliteFile::from_sql(SOURCE);
    let whole = std::fs::read(file.path()).unwrap();
    for (at, value) in
        [(16, 0x10), (18, 9), (19, 2), (20, 40), (21, 1), (28, 0x7f), (31, 1), (47, 0), (59, 2), (56, 9)]
    {
        let database = server.fresh_database();
        let mut bytes = whole.clone();
        bytes[at] = value;
        std::fs::write(file.path(), bytes).unwrap();
        let run = migrate(file.path(), &database, &[]);
        match run.done.code {
            0 => {
                assert_eq!(run.table("t")["rows"]["copied"], 400, "{at}");
                assert_eq!(database.query_one_text("SELECT count(*) FROM t"), "400", "{at}");
            }
            code => assert_eq!(code, 5, "{at}: {:?}", run.done),
        }
        std::fs::write(file.path(), &whole).unwrap();
        for beside in ["source.db-wal", "source.db-shm"] {
            let _ = std::fs::remove_file(file.path().with_file_name(beside));
        }
    }
}

/// The lock is waited for, and then named.
#[test]
fn f28_a_lock_of_another_process_is_waited_for_and_named() {
    let Some(server) = Server::available() else { return };
    let (file, database) = (SqliteFile::from_sql(SOURCE), server.fresh_database());
    let owner = file.connection();
    owner.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let started = Instant::now();
    let run = migrate(file.path(), &database, &[]).ends_with(5);
    assert!(started.elapsed() < Duration::from_secs(30), "it hung");
    assert!(
        run.said().contains("locked by another process") && run.said().contains("lsof"),
        "{}",
        run.said()
    );
    owner.execute_batch("COMMIT").unwrap();
    migrate(file.path(), &database, &[]).ends_with(0);
}

/// A journal that belongs to a writer that died: reading past it would be reading half a transaction.
#[test]
fn f29_a_hot_journal_is_refused_and_left_to_be_recovered() {
    let Some(server) = Server::available() else { return };
    let (file, database) = (SqliteFile::from_sql(SOURCE), server.fresh_database());
    let dir = tempfile::tempdir().unwrap();
    let writer = file.connection();
    writer.execute_batch("PRAGMA cache_size = 1; BEGIN; UPDATE t SET name = 'half ' || name").unwrap();
    for name in ["source.db", "source.db-journal"] {
        std::fs::copy(file.path().with_file_name(name), dir.path().join(name)).unwrap();
    }
    writer.execute_batch("ROLLBACK").unwrap();
    let (path, journal) = (dir.path().join("source.db"), dir.path().join("source.db-journal"));
    let before = std::fs::read(&journal).unwrap();
    refused(&path, &database, "a hot journal", &["E_HOT_JOURNAL", "sqlite3"]);
    assert!(std::fs::read(&journal).unwrap() == before, "the journal is still there");
    // Recovered as the remedy says, nothing of the half transaction is left.
    Connection::open(&path).unwrap().execute_batch("SELECT count(*) FROM t").unwrap();
    migrate(&path, &database, &[]).ends_with(0);
    assert_eq!(database.query_one_text("SELECT count(*) FROM t WHERE name LIKE 'half%'"), "0");
}

/// A file of zeros as large as a disk, and a database that is followed by as many: neither is read through.
fn sparse(dir: &Path) -> [(std::path::PathBuf, Option<&'static str>); 2] {
    let (zeros, tail) = (dir.join("zeros.db"), dir.join("tail.db"));
    std::fs::write(&zeros, b"").unwrap();
    std::fs::copy(SqliteFile::from_sql(SOURCE).path(), &tail).unwrap();
    for path in [&zeros, &tail] {
        std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(1 << 40).unwrap();
    }
    [(zeros, Some("not a SQLite database")), (tail, None)]
}

#[test]
fn f31_what_is_no_database_is_named_and_never_waited_for() {
    let Some(server) = Server::available() else { return };
    let (dir, database) = (tempfile::tempdir().unwrap(), server.fresh_database());
    let put = |name: &str, bytes: &[u8]| {
        std::fs::write(dir.path().join(name), bytes).unwrap();
        dir.path().join(name)
    };
    let dump = put("dump.db", b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t(a);\nCOMMIT;\n");
    let gzip = put("packed.db", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0]);
    let log_alone = put("lost.db", b"");
    put("lost.db-wal", &[7; 5000]);
    let pipe = dir.path().join("pipe.db");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    refused(&dump, &database, "a dump", &["dump.db", "SQL"]);
    refused(&gzip, &database, "a packed file", &["packed.db"]);
    refused(&log_alone, &database, "a log alone", &["E_EMPTY_FILE", "-wal"]);
    for path in [&pipe, &dir.path().to_path_buf(), &dir.path().join("none.db")] {
        for run in [validate, migrate] {
            let run: Run = run(path, &database, &[]).ends_with(5);
            assert!(
                run.said().contains("source fault") || run.done.stderr.contains("error:"),
                "{}",
                run.said()
            );
        }
    }
    for (path, words) in sparse(dir.path()) {
        match words {
            Some(words) => refused(&path, &database, "a file of zeros", &[words]),
            None => {
                let run = migrate(&path, &database, &[]);
                assert!(matches!(run.done.code, 0 | 5), "{:?}", run.done);
                if run.done.code == 0 {
                    assert_eq!(database.query_one_text("SELECT count(*) FROM t"), "400");
                }
            }
        }
    }
}

/// A file in which `wanted` and `other` have changed their pages, and the indexes have not.
fn exchanged(tables: &str, rows: &str) -> SqliteFile {
    let file = SqliteFile::from_sql(&format!("{tables}; {rows}"));
    let db = file.connection();
    db.execute_batch(
        "PRAGMA writable_schema = ON;
         CREATE TEMP TABLE place AS SELECT name, rootpage FROM sqlite_schema WHERE name IN ('wanted', 'other');
         UPDATE sqlite_schema SET rootpage = (SELECT p.rootpage FROM place p WHERE p.name <> sqlite_schema.name)
           WHERE name IN ('wanted', 'other')",
    )
    .unwrap();
    drop(db);
    file
}

/// SQLite's UNIQUE is its index, and a damaged one has compared nothing: what `quick_check` sees of it is refused before
/// anything is written.
#[test]
fn f27_keys_that_a_damaged_index_let_in_are_refused_with_their_rows() {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    let tables = "CREATE TABLE wanted (id INTEGER PRIMARY KEY, name TEXT UNIQUE); CREATE TABLE other (id INTEGER PRIMARY KEY, name TEXT)";
    let rows =
        "INSERT INTO wanted VALUES (1, 'a'), (2, 'b'); INSERT INTO other VALUES (1, 'x'), (2, 'y'), (3, 'x')";
    let file = exchanged(tables, rows);
    let before = shape(&database);
    for run in [validate, migrate] {
        let run = run(file.path(), &database, &[]).ends_with(3);
        let found = run.findings("E_UNIQUE_MERGE");
        assert_eq!(found.len(), 1, "{}", run.said());
        assert_eq!(
            (&found[0]["count"], &found[0]["examples"][0]),
            (&1.into(), &"rowid 1".into()),
            "{}",
            run.said()
        );
        assert_eq!(run.findings("W_QUICK_CHECK").len(), 1, "{}", run.said());
    }
    assert_eq!(shape(&database), before);
    // The same damage where no key repeats: the rows are the table's, and arrive.
    let file = exchanged(tables, &rows.replace("(3, 'x')", "(3, 'z')"));
    let run = migrate(file.path(), &database, &[]).ends_with(0);
    assert_eq!(run.table("wanted")["rows"]["copied"], 3);
}

/// What `quick_check` does not see comes to light when the target builds its index: the source is at fault, not the target.
#[test]
fn f27_keys_that_unseen_damage_let_in_are_a_fault_of_the_source() {
    let Some(server) = Server::available() else { return };
    let cases = [
        (
            "CREATE TABLE wanted (id INTEGER PRIMARY KEY, name TEXT UNIQUE); CREATE TABLE other (id INTEGER PRIMARY KEY, name TEXT)",
            "missing from index",
        ),
        (
            "CREATE TABLE wanted (id INT, name TEXT, PRIMARY KEY (name)) WITHOUT ROWID;
             CREATE TABLE other (id INT, name TEXT, PRIMARY KEY (name, id)) WITHOUT ROWID",
            "not in PRIMARY KEY order",
        ),
    ];
    let rows = "INSERT INTO wanted VALUES (1, 'a'), (2, 'b'), (3, 'c'); INSERT INTO other VALUES (1, 'x'), (2, 'y'), (3, 'x')";
    for (tables, words) in cases {
        let (file, database) = (exchanged(tables, rows), server.fresh_database());
        let run = migrate(file.path(), &database, &[]).ends_with(5);
        for word in ["wanted", words, "integrity_check", "--restart"] {
            assert!(run.said().contains(word), "{word}: {}", run.said());
        }
    }
}
