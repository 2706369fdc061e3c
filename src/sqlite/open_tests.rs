//! Opening real files: what is refused, what is seen, and that nothing is changed.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;

use super::fixture::{Dir, cut, leave_wal, table_of};
use super::open::{Encoding, Source, open_with};
use crate::error::{Error, ErrorKind};

const SHORT: Duration = Duration::from_millis(50);

fn refusal(path: &Path) -> Error {
    let error = open_with(path, 1, SHORT).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Source, "{error}");
    assert!(error.remedy_text().is_some(), "{error}");
    error
}

fn count(source: &Source) -> i64 {
    source.reader().unwrap().query_row("SELECT count(*) FROM t NOT INDEXED", [], |row| row.get(0)).unwrap()
}

fn codes(source: &Source) -> Vec<&str> {
    source.facts().notes.iter().map(|note| note.code.as_str()).collect()
}

#[test]
fn a_source_may_be_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Source>();
}

#[test]
fn facts_of_a_plain_file() {
    let dir = Dir::new();
    let path = dir.path("x.db");
    table_of(&path, 2000);
    let before = dir.contents();
    let source = open_with(&path, 3, SHORT).unwrap();
    assert_eq!(source.readers(), 3);
    assert_eq!(count(&source), 2000);
    let facts = source.facts();
    assert_eq!(facts.path, path.canonicalize().unwrap());
    assert_eq!((facts.bytes, facts.page_size, facts.wal_bytes), (before[0].1.len() as u64, 4096, 0));
    assert_eq!((facts.encoding, facts.journal_mode.as_str()), (Encoding::Utf8, "delete"));
    assert_eq!(facts.sqlite_version, "3.54.1");
    assert_eq!(codes(&source), ["W_WRITERS_WAIT"]);
    assert_eq!(source.fingerprint_now().unwrap(), *source.fingerprint());
    assert!(source.stand_in_collations().is_empty());
    drop(source);
    assert_eq!(dir.contents(), before);
}

#[test]
fn f32_utf16_files_are_known_as_such() {
    for (name, expected) in [("UTF-16le", Encoding::Utf16le), ("UTF-16be", Encoding::Utf16be)] {
        let dir = Dir::new();
        let path = dir.path("x.db");
        Connection::open(&path).unwrap().execute_batch(&format!("PRAGMA encoding = '{name}'")).unwrap();
        let db = Connection::open(&path).unwrap();
        db.execute_batch(&format!("PRAGMA encoding = '{name}'; CREATE TABLE t(a)")).unwrap();
        assert_eq!(open_with(&path, 1, SHORT).unwrap().facts().encoding, expected);
    }
}

#[test]
fn odd_file_names() {
    let dir = Dir::new();
    let names = [
        "a b.db",
        "a?b.db",
        "a#b.db",
        "a%20b.db",
        "a%b.db",
        "ключ é.db",
        "a'b\"c.db",
        "a&mode=rwc.db",
        ":memory:",
    ];
    for name in names {
        let path = dir.path(name);
        // Our fixture must not depend on the escaping under test: it is made under a plain name.
        table_of(&dir.path("plain"), 3);
        std::fs::rename(dir.path("plain"), &path).unwrap();
        assert_eq!(count(&open_with(&path, 2, SHORT).unwrap()), 3, "{name}");
    }
    use std::os::unix::ffi::OsStringExt;
    let path = dir.root().join(std::ffi::OsString::from_vec(b"not utf-8 \xff.db".to_vec()));
    table_of(&dir.path("plain"), 3);
    if std::fs::rename(dir.path("plain"), &path).is_ok() {
        assert_eq!(count(&open_with(&path, 2, SHORT).unwrap()), 3);
    }
}

#[test]
fn a_link_finds_the_log_beside_the_real_file() {
    let (dir, other) = (Dir::new(), Dir::new());
    leave_wal(&dir.path("x.db"), 100);
    std::os::unix::fs::symlink(dir.path("x.db"), other.path("link.db")).unwrap();
    let source = open_with(&other.path("link.db"), 2, SHORT).unwrap();
    assert_eq!(count(&source), 100);
    assert!(source.facts().wal_bytes > 0);
}

#[test]
fn a_log_is_read_whole_and_left_alone() {
    let dir = Dir::new();
    let path = dir.path("x.db");
    leave_wal(&path, 5000);
    let before = dir.contents();
    assert_eq!(before.len(), 2, "main file and log");
    let source = open_with(&path, 4, SHORT).unwrap();
    assert_eq!((source.readers(), count(&source)), (4, 5000));
    assert_eq!(source.facts().journal_mode, "wal");
    assert_eq!(source.facts().wal_bytes, before[1].1.len() as u64);
    assert_eq!(source.fingerprint_now().unwrap(), *source.fingerprint());
    assert!(source.quick_check().unwrap().is_empty());
    drop(source);
    assert!(dir.contents() == before, "no byte of the main file or the log changed");
}

#[test]
fn a_cleanly_closed_wal_file_keeps_its_fingerprint() {
    let dir = Dir::new();
    let path = dir.path("x.db");
    let db = Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t(a); INSERT INTO t VALUES (1)").unwrap();
    drop(db);
    let source = open_with(&path, 2, SHORT).unwrap();
    let first = source.fingerprint().clone();
    assert_eq!(codes(&source), ["W_FILES_CREATED"]);
    assert_eq!(source.facts().notes[0].count, 2);
    drop(source);
    let again = open_with(&path, 2, SHORT).unwrap();
    assert_eq!(*again.fingerprint(), first);
    assert_eq!(codes(&again), [""; 0]);
}

#[test]
fn a_write_behind_our_back_shows_in_the_fingerprint() {
    let dir = Dir::new();
    let path = dir.path("x.db");
    leave_wal(&path, 10);
    let source = open_with(&path, 2, SHORT).unwrap();
    Connection::open(&path).unwrap().execute_batch("DELETE FROM t").unwrap();
    assert_ne!(source.fingerprint_now().unwrap(), *source.fingerprint());
    assert_eq!(count(&source), 10);
}

struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// semantics.md §7, case 35: the sum over all rows is 0 in every committed state, and moves all the time.
#[test]
fn f22_four_readers_see_one_state_while_a_writer_commits() {
    for mode in ["WAL", "DELETE"] {
        let dir = Dir::new();
        let path = dir.path("x.db");
        let db = Connection::open(&path).unwrap();
        db.execute_batch(&format!("PRAGMA journal_mode = {mode}; PRAGMA synchronous = OFF")).unwrap();
        db.execute_batch("CREATE TABLE t(a INTEGER PRIMARY KEY, b INTEGER); INSERT INTO t VALUES (1, 0)")
            .unwrap();
        db.busy_timeout(Duration::from_millis(1)).unwrap();
        let stop = &AtomicBool::new(false);
        let mut seen = Vec::new();
        let commits = std::thread::scope(|scope| {
            let writer = scope.spawn(move || {
                let mut commits = 0_u64;
                while !stop.load(Ordering::Relaxed) {
                    commits += u64::from(db.execute("INSERT INTO t(b) VALUES (1)", []).is_ok());
                    std::thread::sleep(Duration::from_micros(200));
                }
                commits
            });
            // Also when an assertion fails below: the scope waits for the writer.
            let writing = StopOnDrop(stop);
            for _ in 0..10 {
                let source = open_with(&path, 4, Duration::from_secs(20)).unwrap();
                let readers: Vec<_> = (0..source.readers()).map(|_| source.reader().unwrap()).collect();
                let states: Vec<(i64, i64)> = readers
                    .iter()
                    .chain(&readers)
                    .map(|reader| {
                        let sql = "SELECT count(*), max(a) FROM t NOT INDEXED";
                        reader.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
                    })
                    .collect();
                seen.push((source.readers(), states));
                drop(readers);
                drop(source);
                std::thread::sleep(Duration::from_millis(5));
            }
            drop(writing);
            writer.join().unwrap()
        });
        for (readers, states) in seen {
            assert!(states.iter().all(|state| *state == states[0]), "{mode}: {states:?}");
            assert!(mode != "WAL" || readers == 4);
        }
        assert!(commits > 10, "{mode}: the writer did write ({commits})");
    }
}

/// Names the file that the second process writes.
const WRITE_TO: &str = "CUTOVER_TEST_WRITE_TO";

#[test]
#[ignore = "the second process of the next test"]
fn second_process() {
    let Some(path) = std::env::var_os(WRITE_TO) else { return };
    let db = Connection::open(path).unwrap();
    db.busy_timeout(Duration::ZERO).unwrap();
    db.execute("DELETE FROM t", []).unwrap();
}

/// The raw descriptor must not drop SQLite's lock when fingerprints are taken or a second source closes.
#[test]
fn fingerprints_and_second_sources_do_not_let_a_writer_in() {
    let dir = Dir::new();
    let path = dir.path("x.db");
    table_of(&path, 10);
    let source = open_with(&path, 1, SHORT).unwrap();
    source.fingerprint_now().unwrap();
    drop(open_with(&path, 1, SHORT).unwrap());
    // SQLite knows its own connections, so only another process can show that the lock is held.
    let writer = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite::open_tests::second_process", "--ignored"])
        .env(WRITE_TO, &path)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&writer.stdout).into_owned();
    assert!(!writer.status.success() && said.contains("database is locked"), "{said}");
    assert_eq!(count(&source), 10);
}

#[test]
fn without_the_write_lock_there_is_one_reader_in_wal_mode() {
    let dir = Dir::new();
    let path = dir.path("x.db");
    leave_wal(&path, 10);
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE; INSERT INTO t(b) VALUES ('not committed')").unwrap();
    let source = open_with(&path, 4, SHORT).unwrap();
    assert_eq!((source.readers(), count(&source)), (1, 10));
    assert!(codes(&source).contains(&"W_ONE_READER"));
    writer.execute_batch("COMMIT").unwrap();
    assert_eq!(count(&source), 10, "the snapshot stays");
    assert_eq!(open_with(&path, 4, SHORT).unwrap().readers(), 4);
}

#[test]
fn f28_a_locked_file_is_refused_after_the_wait() {
    for mode in ["DELETE", "WAL"] {
        let dir = Dir::new();
        let path = dir.path("x.db");
        table_of(&path, 10);
        let owner = Connection::open(&path).unwrap();
        owner
            .execute_batch(&format!("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = {mode}"))
            .unwrap();
        owner.execute_batch("BEGIN EXCLUSIVE; DELETE FROM t WHERE a = 1; COMMIT").unwrap();
        assert!(refusal(&path).to_string().contains("locked by another process"), "{mode}");
    }
}

#[test]
fn f29_a_hot_journal_is_refused_and_a_living_writer_is_not_one() {
    let (dir, crashed) = (Dir::new(), Dir::new());
    let path = dir.path("x.db");
    table_of(&path, 5000);
    let writer = Connection::open(&path).unwrap();
    // A cache of one page makes the transaction spill: the journal is synced and the main file half written.
    writer.execute_batch("PRAGMA cache_size = 1; BEGIN; UPDATE t SET b = 'changed ' || b").unwrap();
    for name in ["x.db", "x.db-journal"] {
        std::fs::copy(dir.path(name), crashed.path(name)).unwrap();
    }
    assert!(refusal(&path).to_string().contains("locked"), "the writer is alive");
    writer.execute_batch("ROLLBACK").unwrap();

    let before = crashed.contents();
    let error = refusal(&crashed.path("x.db"));
    assert!(error.to_string().contains("E_HOT_JOURNAL"), "{error}");
    assert!(error.remedy_text().unwrap().contains("-journal"));
    assert!(crashed.contents() == before, "it is still there to be recovered");

    // Recovered the way the remedy says, it opens, and the half-written change is gone.
    Connection::open(crashed.path("x.db")).unwrap().execute_batch("SELECT * FROM t").unwrap();
    let source = open_with(&crashed.path("x.db"), 1, SHORT).unwrap();
    let sql = "SELECT count(*) FROM t NOT INDEXED WHERE b LIKE 'changed%'";
    assert_eq!(source.reader().unwrap().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn a_journal_that_was_ended_is_no_obstacle() {
    let dir = Dir::new();
    let path = dir.path("x.db");
    let db = Connection::open(&path).unwrap();
    db.execute_batch("PRAGMA journal_mode = PERSIST").unwrap();
    drop(db);
    let db = Connection::open(&path).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = PERSIST; CREATE TABLE t(a); INSERT INTO t VALUES (1); DELETE FROM t",
    )
    .unwrap();
    drop(db);
    assert!(std::fs::metadata(dir.path("x.db-journal")).unwrap().len() > 0);
    assert_eq!(count(&open_with(&path, 2, SHORT).unwrap()), 0);
}

#[test]
fn a_cut_file_is_refused_before_anything_is_read() {
    let dir = Dir::new();
    let path = dir.path("x.db");
    table_of(&path, 5000);
    for bytes in [1000, 3096, 4096] {
        cut(&path, bytes);
        assert!(refusal(&path).to_string().contains("E_TRUNCATED"));
    }
}

#[test]
fn reserved_bytes_and_unknown_collations_are_noted() {
    let dir = Dir::new();
    let path = dir.path("x.db");
    let db = Connection::open(&path).unwrap();
    db.create_collation("unicase", |a: &str, b: &str| a.to_lowercase().cmp(&b.to_lowercase())).unwrap();
    db.execute_batch("CREATE TABLE t(a TEXT COLLATE unicase PRIMARY KEY) WITHOUT ROWID").unwrap();
    db.execute_batch("INSERT INTO t VALUES ('a'), ('B'), ('c')").unwrap();
    drop(db);
    let source = open_with(&path, 2, SHORT).unwrap();
    assert_eq!(source.stand_in_collations(), ["unicase"]);
    assert_eq!(codes(&source), ["W_WRITERS_WAIT", "W_COLLATION"]);
    assert_eq!(count(&source), 3);
    source.quick_check().unwrap();
    drop(source);

    let mut bytes = std::fs::read(&path).unwrap();
    bytes[20] = 16;
    std::fs::write(&path, bytes).unwrap();
    if let Ok(source) = open_with(&path, 1, SHORT) {
        assert!(codes(&source).contains(&"W_RESERVED_BYTES"));
    }
}

#[test]
fn interrupt_stops_a_reader_and_keeps_the_snapshot() {
    let dir = Dir::new();
    let path = dir.path("x.db");
    table_of(&path, 1000);
    let source = open_with(&path, 1, SHORT).unwrap();
    std::thread::scope(|scope| {
        let (begun, wait) = std::sync::mpsc::channel();
        let source = &source;
        let scan = scope.spawn(move || {
            let reader = source.reader().unwrap();
            begun.send(()).unwrap();
            reader.query_row("SELECT count(*) FROM t a, t b, t c, t d", [], |row| row.get::<_, i64>(0))
        });
        wait.recv().unwrap();
        while !scan.is_finished() {
            source.interrupt();
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(scan.join().unwrap().is_err());
    });
    assert_eq!(count(&source), 1000);
}

/// As root this cannot be shown: root may write everywhere.
#[test]
fn f30_a_directory_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Dir::new();
    let path = dir.path("x.db");
    let allow = |mode| std::fs::set_permissions(dir.root(), std::fs::Permissions::from_mode(mode)).unwrap();
    Connection::open(&path)
        .unwrap()
        .execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t(a INTEGER PRIMARY KEY, b)")
        .unwrap();
    allow(0o555);
    if std::fs::write(dir.path("probe"), b"").is_ok() {
        eprintln!("skipped: this user may write everywhere");
        return;
    }
    let source = open_with(&path, 2, SHORT).unwrap();
    assert_eq!((source.readers(), count(&source)), (2, 0));
    assert_eq!(codes(&source), ["W_IMMUTABLE"]);
    assert_eq!(source.facts().journal_mode, "wal");
    drop(source);
    allow(0o755);
    leave_wal(&path, 10);
    let _ = std::fs::remove_file(dir.path("x.db-shm"));
    allow(0o555);
    let error = refusal(&path);
    assert!(error.remedy_text().unwrap().contains("copy the database and its -wal"), "{error}");
    allow(0o755);
}

#[test]
fn f29_a_rollback_file_that_may_not_be_written_has_all_its_readers() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Dir::new();
    let path = dir.path("x.db");
    table_of(&path, 10);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    assert_eq!(open_with(&path, 3, SHORT).unwrap().readers(), 3);
}
