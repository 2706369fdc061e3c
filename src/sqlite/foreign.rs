//! What a file is that is not SQLite: recognised by its first bytes, with what to do about it.

/// A kind of file and its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Foreign {
    /// what the file is, as it reads after "is"
    pub(super) what: &'static str,
    /// what to do
    pub(super) remedy: &'static str,
}

const fn kind(what: &'static str, remedy: &'static str) -> Foreign {
    Foreign { what, remedy }
}

const UNPACK: &str = "unpack it first and give the database inside";

/// Where the magic stands, what it is, and what it means.
const MAGICS: &[(usize, &[u8], Foreign)] = &[
    (0, b"\x1f\x8b", kind("compressed with gzip", UNPACK)),
    (0, b"PK\x03\x04", kind("a zip archive", UNPACK)),
    (0, b"\x28\xb5\x2f\xfd", kind("compressed with zstd", UNPACK)),
    (0, b"BZh", kind("compressed with bzip2", UNPACK)),
    (0, b"\xfd7zXZ\0", kind("compressed with xz", UNPACK)),
    (0, b"7z\xbc\xaf\x27\x1c", kind("a 7z archive", UNPACK)),
    (
        0,
        b"PGDMP",
        kind("a PostgreSQL dump in custom format", "load it with pg_restore; no copy from SQLite is needed"),
    ),
    (
        0,
        b"\x37\x7f\x06\x82",
        kind(
            "the write-ahead log of a SQLite database",
            "give the database itself, and keep its -wal beside it",
        ),
    ),
    (
        0,
        b"\x37\x7f\x06\x83",
        kind(
            "the write-ahead log of a SQLite database",
            "give the database itself, and keep its -wal beside it",
        ),
    ),
    (
        0,
        b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7",
        kind(
            "the rollback journal of a SQLite database",
            "give the database itself, and keep its -journal beside it",
        ),
    ),
    (
        0,
        b"** This file contains an SQLite 2",
        kind(
            "a SQLite 2 database, which no current SQLite reads",
            "convert it: sqlite old.db .dump | sqlite3 new.db",
        ),
    ),
    (
        8,
        b"DUCK",
        kind(
            "a DuckDB database",
            "export it to SQLite with DuckDB's sqlite extension, or load it with DuckDB",
        ),
    ),
    (
        4,
        b"Standard Jet DB",
        kind("a Microsoft Access database (mdb)", "convert it to SQLite first (mdbtools)"),
    ),
    (
        4,
        b"Standard ACE DB",
        kind("a Microsoft Access database (accdb)", "convert it to SQLite first (mdbtools)"),
    ),
    (
        0,
        b"version https://git-lfs",
        kind("a Git LFS pointer, not the file itself", "fetch the file: git lfs pull"),
    ),
];

/// How texts of SQL begin: what `sqlite3 .dump`, `pg_dump`, `mysqldump` and people write first.
const SQL_STARTS: &[&str] = &["pragma ", "begin", "create ", "insert ", "drop ", "set ", "--", "/*"];

const SQL_DUMP: Foreign =
    kind("SQL text (a dump), not a database", "load it into a database first: sqlite3 new.db < dump.sql");

/// The kind of a file without SQLite's magic, if its first bytes show one.
pub(super) fn recognise(head: &[u8]) -> Option<Foreign> {
    let by_magic =
        MAGICS.iter().find(|(at, magic, _)| head.get(*at..).is_some_and(|rest| rest.starts_with(magic)));
    by_magic.map(|(_, _, found)| *found).or_else(|| is_sql(head).then_some(SQL_DUMP))
}

fn is_sql(head: &[u8]) -> bool {
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let start = text.trim_ascii_start();
    SQL_STARTS
        .iter()
        .any(|word| start.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_their_first_bytes() {
        let cases: [(&[u8], &str); 15] = [
            (b"\x1f\x8b\x08\0", "gzip"),
            (b"PK\x03\x04\x14", "zip"),
            (b"\x28\xb5\x2f\xfd\x04", "zstd"),
            (b"BZh91AY", "bzip2"),
            (b"\xfd7zXZ\0\0", "xz"),
            (b"PGDMP\x01\x0e", "PostgreSQL dump"),
            (b"\x37\x7f\x06\x82\0\x2d", "write-ahead log"),
            (b"\x37\x7f\x06\x83\0\x2d", "write-ahead log"),
            (b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7\0", "rollback journal"),
            (b"** This file contains an SQLite 2.1 database **", "SQLite 2"),
            (b"12345678DUCK\x40", "DuckDB"),
            (b"\0\x01\0\0Standard Jet DB\0", "mdb"),
            (b"\0\x01\0\0Standard ACE DB\0", "accdb"),
            (b"version https://git-lfs.github.com/spec/v1\n", "LFS"),
            (b"\xef\xbb\xbf\n  PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;", "SQL text"),
        ];
        for (head, what) in cases {
            let found = recognise(head).unwrap_or_else(|| panic!("{what} not recognised"));
            assert!(found.what.contains(what), "{what}: {found:?}");
            assert!(!found.remedy.is_empty());
        }
        assert_eq!(recognise(b"create table t(a);").map(|found| found.what), Some(SQL_DUMP.what));
        assert_eq!(recognise(b"\x91\x02\xfe random"), None);
        assert_eq!(recognise(b""), None);
    }
}
