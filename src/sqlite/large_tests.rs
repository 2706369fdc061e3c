use super::*;
use crate::sqlite::scan::{Endian, scan};
use crate::value::Value;

const LARGE: usize = LARGE_BLOB_BYTES_MIN as usize;

/// A table of the key `i`, and `b` with the values that `sql` gives them.
fn table(columns: &str, rows: &[&str]) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(&format!("CREATE TABLE t({columns})")).unwrap();
    for row in rows {
        connection.execute_batch(&format!("INSERT INTO t VALUES ({row})")).unwrap();
    }
    connection.execute_batch("BEGIN").unwrap();
    connection
}

fn spec(columns: &[&str]) -> ScanSpec {
    let mut spec = ScanSpec::new("t", Some("i"), None);
    columns.iter().for_each(|column| spec.column(column, false));
    spec
}

/// The key of each row, and of each column whether it came as a large BLOB, with its bytes.
fn seen(connection: &Connection, spec: &ScanSpec, range: ScanRange) -> Vec<(i64, Vec<(bool, usize)>)> {
    let (mut seen, before) = (Vec::new(), connection.limit(Limit::SQLITE_LIMIT_LENGTH).unwrap());
    scan(connection, spec, &range, |row| {
        let cells = (0..spec.columns.len()).map(|i| match (row.large(i), row.value(i).unwrap()) {
            (large, Value::Blob(bytes) | Value::Text(bytes)) => {
                let mut from_slices = 0;
                if let Some(large) = large {
                    let mut slices = large.slices().unwrap();
                    while let Some(slice) = slices.next_slice().unwrap() {
                        assert!(slice.len() <= FRAME_BYTES);
                        assert!(slice == &bytes[from_slices..from_slices + slice.len()]);
                        from_slices += slice.len();
                    }
                    assert_eq!((from_slices, large.bytes()), (bytes.len(), bytes.len() as u64));
                }
                (large.is_some(), bytes.len())
            }
            (large, _) => (large.is_some(), 0),
        });
        let cells = cells.collect();
        seen.push((row.key().unwrap(), cells));
        Ok(())
    })
    .unwrap();
    assert_eq!(connection.limit(Limit::SQLITE_LIMIT_LENGTH).unwrap(), before, "the limit is as it was");
    seen
}

#[test]
fn only_what_is_above_the_bound_comes_in_slices_and_every_row_comes_once() {
    let random = |bytes: usize| format!("randomblob({bytes})");
    let connection = table(
        "i INTEGER PRIMARY KEY, b, c",
        &[
            "-5, 'a', NULL",
            &format!("1, {}, 7", random(LARGE - 1)),
            &format!("2, {}, {}", random(LARGE), random(LARGE + 1)),
            &format!("3, {}, x'07'", random(LARGE + 1)),
            &format!("4, {0}, {0}", random(2 * LARGE + 5)),
            "5, 5, 5",
            &format!("6, printf('%.*c', {}, 'x'), x'08'", LARGE + 1),
            "7, 7, 7",
            &format!("{}, {}, 8", i64::MAX, random(LARGE + 1)),
        ],
    );
    let expected = [
        (-5, vec![(false, 1), (false, 0)]),
        (1, vec![(false, LARGE - 1), (false, 0)]),
        (2, vec![(false, LARGE), (true, LARGE + 1)]),
        (3, vec![(true, LARGE + 1), (false, 1)]),
        (4, vec![(true, 2 * LARGE + 5), (true, 2 * LARGE + 5)]),
        (5, vec![(false, 0), (false, 0)]),
        (6, vec![(false, LARGE + 1), (false, 1)]),
        (7, vec![(false, 0), (false, 0)]),
        (i64::MAX, vec![(true, LARGE + 1), (false, 0)]),
    ];
    assert_eq!(seen(&connection, &spec(&["b", "c"]), ScanRange::WHOLE), expected);
    let range = ScanRange { lo: Some(3), hi: Some(5) };
    assert_eq!(seen(&connection, &spec(&["b", "c"]), range), expected[3..6]);
    let filtered = spec(&["b", "c"]).filter(Some("length(c) > 0 OR i = 7"));
    let keys: Vec<i64> = seen(&connection, &filtered, ScanRange::WHOLE).iter().map(|row| row.0).collect();
    assert_eq!(keys, [1, 2, 3, 4, 5, 6, 7, i64::MAX]);
    let filtered = spec(&["b", "c"]).filter(Some("hex(substr(b, 1, 1)) = '' OR i = 5"));
    let keys: Vec<i64> = seen(&connection, &filtered, ScanRange::WHOLE).iter().map(|row| row.0).collect();
    assert_eq!(keys, [5], "the condition itself reads what is large");
}

#[test]
fn tables_without_a_rowid_and_with_generated_columns_are_read_as_ever() {
    let connection = table("i PRIMARY KEY, b", &[&format!("1, randomblob({})", LARGE + 1)]);
    let mut spec_without = ScanSpec::new("t", None, None);
    spec_without.column("b", false);
    let mut bytes = 0;
    scan(&connection, &spec_without, &ScanRange::WHOLE, |row| {
        assert!(row.large(0).is_none());
        bytes = row.value(0)?.weight_bytes();
        Ok(())
    })
    .unwrap();
    assert_eq!(bytes, LARGE + 5);
    let connection = table(
        "i INTEGER PRIMARY KEY, b, g AS (length(b)) STORED",
        &[&format!("1, randomblob({})", LARGE + 1)],
    );
    assert_eq!(
        seen(&connection, &spec(&["b", "g"]), ScanRange::WHOLE),
        [(1, vec![(true, LARGE + 1), (false, 0)])]
    );
}

#[test]
fn a_utf16_file_has_large_blobs_too() {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch("PRAGMA encoding='UTF-16le'; CREATE TABLE t(i INTEGER PRIMARY KEY, b, c)")
        .unwrap();
    let sql = format!("INSERT INTO t VALUES (1, randomblob({0}), 'é'), (2, 'é', randomblob({0}))", LARGE + 1);
    connection.execute_batch(&sql).unwrap();
    let mut spec = ScanSpec::new("t", Some("i"), Some(Endian::Little));
    spec.column("b", false);
    spec.column("c", true);
    let expected = [(1, vec![(true, LARGE + 1), (false, 2)]), (2, vec![(false, 2), (true, LARGE + 1)])];
    assert_eq!(seen(&connection, &spec, ScanRange::WHOLE), expected);
}

#[test]
fn a_value_that_changes_while_it_is_read_is_an_error_that_names_it() {
    for change in ["UPDATE t SET b = zeroblob(20000000)", "UPDATE t SET b = 7", "DELETE FROM t"] {
        let connection = table("i INTEGER PRIMARY KEY, b", &[&format!("7, randomblob({})", 20_000_000)]);
        let error = scan(&connection, &spec(&["b"]), &ScanRange::WHOLE, |row| {
            let large = row.large(0).unwrap();
            let mut slices = large.slices()?;
            slices.next_slice()?;
            connection.execute_batch(change).unwrap();
            slices.next_slice().map(drop)
        })
        .unwrap_err();
        assert!(
            error.to_string().contains("table \"t\", column \"b\", rowid 7: the value was changed"),
            "{error}"
        );
        assert!(error.remedy_text().unwrap().contains("run the same command again"));
    }
    let connection = table("i INTEGER PRIMARY KEY, b", &[&format!("7, randomblob({})", 20_000_000)]);
    for change in ["UPDATE t SET b = zeroblob(20000001)", "UPDATE t SET b = 7", "DELETE FROM t"] {
        let error = scan(&connection, &spec(&["b"]), &ScanRange::WHOLE, |row| {
            connection.execute_batch("SAVEPOINT s").unwrap();
            connection.execute_batch(change).unwrap();
            let opened = row.large(0).unwrap().slices().map(drop);
            connection.execute_batch("ROLLBACK TO s; RELEASE s").unwrap();
            opened
        })
        .unwrap_err();
        assert!(error.to_string().contains("column \"b\", rowid 7: the value was changed"), "{error}");
    }
}

/// A filter may read long values of other rows and tables: it is asked once a scan, at the full limit.
#[test]
fn a_filtered_table_is_read_whole_and_its_filter_may_look_at_long_values() {
    let large = format!("3, randomblob({})", LARGE + 1);
    let connection = table("i INTEGER PRIMARY KEY, b", &["1, 'a'", "2, 'b'", &large]);
    connection
        .execute_batch(&format!("CREATE TABLE d(x); INSERT INTO d VALUES (hex(zeroblob({LARGE})))"))
        .unwrap();
    let filter = "i IN (SELECT 1 FROM d WHERE x LIKE '0%' UNION SELECT 3 FROM d WHERE length(x) > 5)";
    let found = seen(&connection, &spec(&["b"]).filter(Some(filter)), ScanRange::WHOLE);
    assert_eq!(found, [(1, vec![(false, 1)]), (3, vec![(false, LARGE + 1)])]);
}

/// SQLite opens no BLOB of a table with generated columns by itself: it lends the value, and nothing is copied.
#[test]
fn a_table_with_generated_columns_is_read_whole() {
    let large = format!("1, randomblob({})", LARGE + 1);
    let connection = table("i INTEGER PRIMARY KEY, b, n AS (length(b))", &[&large]);
    let found = seen(&connection, &spec(&["b"]).whole_where(true), ScanRange::WHOLE);
    assert_eq!(found, [(1, vec![(false, LARGE + 1)])]);
}
