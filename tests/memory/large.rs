//! BLOBs above the bound from which they are read in slices: they arrive, they are proved, and nobody holds them.

use super::{MIB, PROMISED_BYTES, copy};
use crate::support::flow::{migrate, verify};
use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;

/// Above this a BLOB comes in slices (`LARGE_BLOB_BYTES_MIN`).
const BOUND_BYTES: u64 = 16 * MIB;

/// Many BLOBs of a megabyte, and one that is larger than all that the program may take.
#[test]
fn many_blobs_and_a_very_large_one() {
    const LARGEST_BYTES: u64 = 300 * MIB;
    // Of the rows that are read back the driver holds one whole; the buffer that it grows in may be twice as large for a while.
    const READ_BACK_BYTES: u64 = 256 * MIB + LARGEST_BYTES;
    let Some(server) = Server::available() else { return };
    let file = SqliteFile::from_sql(&format!(
        "CREATE TABLE blobs(id INTEGER PRIMARY KEY, b BLOB);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
         INSERT INTO blobs SELECT i, randomblob(1000000) FROM n;
         INSERT INTO blobs VALUES (100, randomblob({LARGEST_BYTES}))"
    ));
    let database = server.fresh_database();
    // Without reading back, nothing in the process holds the value at all.
    copy("--validate", file.path(), &database, &["--jobs", "2"]).is_within(0, PROMISED_BYTES);
    let unread = ["--jobs", "4", "--chunk-rows", "20", "--verify", "count"];
    copy("--migrate", file.path(), &server.fresh_database(), &unread).is_within(0, PROMISED_BYTES);
    copy("--migrate", file.path(), &database, &["--jobs", "2"]).is_within(0, READ_BACK_BYTES);
}

/// At the bound and around it, in a column of BLOBs and in one of every class, in both encodings; then one byte is
/// changed in the middle of each.
#[test]
fn what_is_above_the_bound_is_proved_as_what_is_below_it() {
    let Some(server) = Server::available() else { return };
    for (encoding, mixed) in [("UTF-8", "tagged"), ("UTF-16le", "widen")] {
        let file = SqliteFile::from_sql(&format!(
            "PRAGMA encoding = '{encoding}';
             CREATE TABLE edge(id INTEGER PRIMARY KEY, b BLOB, t TEXT, m);
             INSERT INTO edge VALUES (1, randomblob({BOUND_BYTES} - 1), 'a', 7), (2, randomblob({BOUND_BYTES}), 'é', 1.5),
               (3, randomblob({BOUND_BYTES} + 1), NULL, NULL), (4, randomblob(100000000), 'd', randomblob({BOUND_BYTES} + 7)),
               (5, CAST(replace(hex(zeroblob(7000000)), '00', 'né') AS BLOB), '', 'text'), (6, NULL, 'f', x'00')"
        ));
        let database = server.fresh_database();
        migrate(file.path(), &database, &["--mixed", mixed, "--chunk-rows", "3"]).ends_with(0);
        let tag = u64::from(mixed == "tagged");
        let lengths = database.rows("SELECT octet_length(b), octet_length(m) FROM edge ORDER BY id");
        let length =
            |row: usize, column: usize| lengths[row][column].as_ref().unwrap().parse::<u64>().unwrap();
        assert_eq!(
            [0, 1, 2, 3].map(|row| length(row, 0)),
            [BOUND_BYTES - 1, BOUND_BYTES, BOUND_BYTES + 1, 100_000_000]
        );
        assert_eq!(length(3, 1), BOUND_BYTES + 7 + tag);
        verify(file.path(), &database, &[]).ends_with(0);
        for (id, column) in [(3, "b"), (4, "b"), (4, "m")] {
            let flip = format!(
                "UPDATE edge SET {column} = set_byte({column}, 9000000, get_byte({column}, 9000000) # 1) WHERE id = {id}"
            );
            database.execute(&flip);
            let run = verify(file.path(), &database, &[]).ends_with(4);
            let differences = run.table("edge")["differences"].to_string();
            assert!(differences.contains(&format!("\"{column}\"")), "{id} {column}: {differences}");
            database.execute(&flip);
        }
        verify(file.path(), &database, &[]).ends_with(0);
    }
}

/// A table with generated columns and one without a rowid have no incremental reading, but arrive.
#[test]
fn tables_without_incremental_reading_arrive_too() {
    let Some(server) = Server::available() else { return };
    let file = SqliteFile::from_sql(&format!(
        "CREATE TABLE g(id INTEGER PRIMARY KEY, b BLOB, n AS (length(b)) STORED);
         INSERT INTO g VALUES (1, randomblob({BOUND_BYTES} + 1));
         CREATE TABLE w(k TEXT PRIMARY KEY, b BLOB) WITHOUT ROWID;
         INSERT INTO w VALUES ('k', randomblob({BOUND_BYTES} + 1));
         CREATE TABLE t(id INTEGER PRIMARY KEY, t TEXT);
         INSERT INTO t VALUES (1, hex(zeroblob({BOUND_BYTES})))"
    ));
    migrate(file.path(), &server.fresh_database(), &[]).ends_with(0);
}

/// The row of a column that does not take it goes into a file as it goes to the server: in slices.
#[test]
fn a_row_that_is_set_aside_is_not_held_either() {
    const BLOB_BYTES: u64 = 150 * MIB;
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    let file = SqliteFile::from_sql(&format!(
        "CREATE TABLE blobs(id INTEGER PRIMARY KEY, b BLOB);
         INSERT INTO blobs VALUES (1, randomblob({BLOB_BYTES})), (2, NULL);
         CREATE TABLE twin(id INTEGER PRIMARY KEY, b BLOB);
         INSERT INTO twin SELECT * FROM blobs"
    ));
    database.execute("CREATE TABLE blobs(id smallint PRIMARY KEY, b int)");
    let run =
        copy("--migrate", file.path(), &database, &["--on-bad-value", "quarantine", "--verify", "count"]);
    run.is_within(8, PROMISED_BYTES);
    let kept = "SELECT s.row || ' ' || s.class || ' ' || s.bytes || ' ' || (s.stored[2] = t.b) FROM cutover.set_aside s, twin t WHERE t.id = 1";
    assert_eq!(database.query_one_text(kept), format!("1 blob {BLOB_BYTES} true"));
}

/// The server refuses the row when all of it has come.
#[test]
fn a_run_that_fails_at_a_large_blob_is_bounded_and_says_where() {
    let Some(server) = Server::available() else { return };
    let database = server.fresh_database();
    let file = SqliteFile::from_sql(
        "CREATE TABLE blobs(id INTEGER PRIMARY KEY, b BLOB);
         INSERT INTO blobs VALUES (1, x'00'), (2, randomblob(150000000)), (3, randomblob(150000000))",
    );
    database.execute("CREATE TABLE blobs(id bigint PRIMARY KEY, b bytea, CHECK (octet_length(b) < 9000))");
    let failed = copy("--migrate", file.path(), &database, &[]);
    assert!(failed.said.contains("blobs"), "{}", failed.said);
    failed.is_within(6, PROMISED_BYTES);
}
