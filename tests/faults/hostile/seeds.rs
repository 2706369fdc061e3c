//! The files before they are changed: everything that SQLite's format has, in few pages.

use crate::support::sqlite::SqliteFile;

/// A file.
pub(super) struct Base {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
}

/// Overflow pages, interior pages, indexes of every kind, a table WITHOUT ROWID, generated columns, views, triggers, free
/// pages.
const TABLES: &str = "
    CREATE TABLE wide (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, body BLOB, amount NUMERIC, note TEXT DEFAULT 'x''y');
    CREATE TABLE pair (a TEXT COLLATE NOCASE, b INTEGER, c REAL, PRIMARY KEY (a, b)) WITHOUT ROWID;
    CREATE TABLE child (n, wide_id INTEGER REFERENCES wide (id) ON DELETE CASCADE, at TEXT DEFAULT CURRENT_TIMESTAMP,
                        twice INTEGER AS (wide_id * 2) VIRTUAL, thrice INTEGER AS (wide_id * 3) STORED,
                        CHECK (wide_id > 0 OR n IS NULL));
    CREATE UNIQUE INDEX wide_name ON wide (name, id);
    CREATE INDEX wide_lower ON wide (lower(name)) WHERE amount > 3;
    CREATE INDEX child_wide ON child (wide_id DESC);
    CREATE VIEW both AS SELECT w.id, w.name, c.n FROM wide w LEFT JOIN child c ON c.wide_id = w.id WHERE w.amount > 1;
    CREATE TRIGGER touched AFTER UPDATE ON wide BEGIN UPDATE wide SET note = 'touched' WHERE id = new.id; END;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150)
      INSERT INTO wide (name, body, amount) SELECT 'name ' || i, iif(i % 20 = 0, zeroblob(i * 10), x'00ff' || i), i / 4.0 FROM n;
    UPDATE wide SET note = replace(hex(zeroblob(700)), '0', 'lång ') WHERE id % 50 = 7;
    INSERT INTO pair SELECT name, id, amount FROM wide;
    INSERT INTO child (n, wide_id) SELECT CASE id % 4 WHEN 0 THEN id WHEN 1 THEN id / 3.0 WHEN 2 THEN 't' || id END, id FROM wide;
    DELETE FROM pair WHERE b % 3 = 0; DELETE FROM child WHERE rowid > 120;
    CREATE TABLE gone (x); INSERT INTO gone SELECT zeroblob(600) FROM wide; DROP TABLE gone;";

const MODULES: &str = "
    CREATE TABLE firm (k TEXT PRIMARY KEY, v ANY, w INT NOT NULL) STRICT;
    INSERT INTO firm SELECT name, amount, id FROM wide;
    CREATE VIRTUAL TABLE words USING fts5(t); INSERT INTO words SELECT note FROM wide;
    CREATE VIRTUAL TABLE box USING rtree(id, x0, x1); INSERT INTO box SELECT id, id, id + 1 FROM wide;
    ANALYZE;";

/// Those that are made here.
pub(super) fn built() -> Vec<Base> {
    let all = [
        ("small pages", "PRAGMA page_size = 512", ""),
        (
            "UTF-16 and pointer maps",
            "PRAGMA page_size = 1024; PRAGMA encoding = 'UTF-16le'; PRAGMA auto_vacuum = FULL",
            "",
        ),
        ("modules", "PRAGMA page_size = 4096; PRAGMA auto_vacuum = INCREMENTAL", MODULES),
        ("write-ahead log", "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL", ""),
    ];
    all.map(|(name, before, after)| {
        let file = SqliteFile::from_sql(&format!("{before};{TABLES}{after}"));
        Base { name: name.to_owned(), bytes: std::fs::read(file.path()).unwrap() }
    })
    .into()
}

/// The same, and the small files of the corpus where there is one.
pub(super) fn all() -> Vec<Base> {
    let mut all = built();
    let shared = crate::corpus::shared();
    for path in shared.iter().flat_map(|shared| crate::corpus::readable(shared)) {
        let is_small = std::fs::metadata(&path).unwrap().len() <= 200 * 1024;
        let has_log = path.with_extension("sqlite-wal").exists();
        if is_small && !has_log {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            all.push(Base { name, bytes: std::fs::read(&path).unwrap() });
        }
    }
    all
}
