use super::*;

fn texts(connection: &Connection, spec: &ScanSpec, range: ScanRange) -> Vec<(Option<i64>, Vec<u8>)> {
    let mut seen = Vec::new();
    scan(connection, spec, &range, |row| {
        if let Value::Text(bytes) = row.value(0)? {
            seen.push((row.key(), bytes.to_vec()));
        }
        Ok(())
    })
    .unwrap();
    seen
}

#[test]
fn ranges_are_inclusive_and_walk_the_rowid() {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch("CREATE TABLE t(rowid TEXT, v TEXT); INSERT INTO t(oid, v) VALUES (-5,'a'),(1,'b'),(9,'c'),(10,'d')")
        .unwrap();
    let mut spec = ScanSpec::new("t", Some("oid"), None);
    spec.column("v", false);
    let range = ScanRange { lo: Some(-5), hi: Some(9) };
    let keys: Vec<_> = texts(&connection, &spec, range).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [Some(-5), Some(1), Some(9)]);
    let plan: String = connection
        .query_row(&format!("EXPLAIN QUERY PLAN {}", spec.sql(&range)), [1, 2], |row| row.get(3))
        .unwrap();
    assert!(plan.contains("USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"), "{plan}");
}

#[test]
fn a_filter_stays_within_its_range() {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("CREATE TABLE t(v TEXT); INSERT INTO t VALUES ('a'),('b'),('c'),('d')").unwrap();
    let mut spec = ScanSpec::new("t", Some("rowid"), None).filter(Some("v = 'a' OR v = 'c' -- or"));
    spec.column("v", false);
    let range = ScanRange { lo: Some(2), hi: Some(4) };
    let keys: Vec<_> = texts(&connection, &spec, range).into_iter().map(|(key, _)| key).collect();
    assert_eq!(keys, [Some(3)]);
}

#[test]
fn utf16_is_decoded_strictly() {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("PRAGMA encoding='UTF-16le'; CREATE TABLE t(v)").unwrap();
    connection.execute_batch("INSERT INTO t VALUES ('né😀'), (CAST(x'00d87800' AS TEXT))").unwrap();
    let mut spec = ScanSpec::new("t", Some("_rowid_"), Some(Endian::Little));
    spec.column("v", false);
    let seen = texts(&connection, &spec, ScanRange::WHOLE);
    assert_eq!(seen[0].1, "né😀".as_bytes());
    assert_eq!(seen[1].1, b"\xed\xa0\x80x");
    spec.columns[0].stored_bytes = true;
    assert_eq!(texts(&connection, &spec, ScanRange::WHOLE)[1].1, b"\x00\xd8x\x00");
}

fn read(connection: &Connection, spec: &ScanSpec) -> Vec<(String, String)> {
    let mut seen = Vec::new();
    scan(connection, spec, &ScanRange::WHOLE, |row| {
        seen.push((format!("{:?}", row.value(0)?), format!("{:?}", row.stored_value(0)?)));
        Ok(())
    })
    .unwrap();
    seen
}

#[test]
fn a_column_is_changed_as_asked_and_its_neighbour_is_not() {
    use crate::config::NulPolicy;
    let connection = Connection::open_in_memory().unwrap();
    let sql = "CREATE TABLE t(v, w); INSERT INTO t VALUES ('', ''), ('a' || char(0), ''), ('b', ''), (x'', ''), (7, '')";
    connection.execute_batch(sql).unwrap();
    let mut spec = ScanSpec::new("t", Some("rowid"), None);
    let cleanse = Cleanse { empty_null: true, nul: Some(NulPolicy::Escape), invalid_utf8: None };
    spec.changed_column("v", false, cleanse);
    spec.column("w", false);
    let text = |text: &str| format!("{:?}", Value::Text(text.as_bytes()));
    let (empty, seven) = (format!("{:?}", Value::Blob(b"")), format!("{:?}", Value::Integer(7)));
    let expected = [
        ("Null".to_owned(), text("")),
        (text("a\\0"), text("a\0")),
        (text("b"), text("b")),
        (empty.clone(), empty),
        (seven.clone(), seven),
    ];
    assert_eq!(read(&connection, &spec), expected);
    scan(&connection, &spec, &ScanRange::WHOLE, |row| {
        assert_eq!(row.value(1)?, Value::Text(b""));
        Ok(())
    })
    .unwrap();
}

#[test]
fn broken_utf16_is_replaced_after_it_is_decoded() {
    use crate::config::InvalidPolicy;
    let connection = Connection::open_in_memory().unwrap();
    let sql = "PRAGMA encoding='UTF-16le'; CREATE TABLE t(v); INSERT INTO t VALUES (CAST(x'00d87800' AS TEXT)), ('né')";
    connection.execute_batch(sql).unwrap();
    let mut spec = ScanSpec::new("t", Some("rowid"), Some(Endian::Little));
    let replace = Cleanse { invalid_utf8: Some(InvalidPolicy::Replace), ..Cleanse::default() };
    spec.changed_column("v", false, replace);
    let seen = texts(&connection, &spec, ScanRange::WHOLE);
    assert_eq!(seen[0].1, "\u{fffd}\u{fffd}\u{fffd}x".as_bytes());
    assert_eq!(seen[1].1, "né".as_bytes());
}

/// A result for each column's class beside its bytes would be more than SQLite gives.
#[test]
fn utf16_tables_may_be_as_wide_as_a_target_table() {
    let count = crate::limits::COLUMNS_MAX;
    let names: Vec<String> = (0..count).map(|i| format!("c{i}")).collect();
    let values: Vec<String> = (0..count)
        .map(|i| match i % 3 {
            0 => format!("'é{i}'"),
            1 => format!("x'{:04x}'", i),
            _ => i.to_string(),
        })
        .collect();
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(&format!("PRAGMA encoding='UTF-16be'; CREATE TABLE t({})", names.join(", ")))
        .unwrap();
    connection.execute_batch(&format!("INSERT INTO t VALUES ({})", values.join(", "))).unwrap();
    let mut spec = ScanSpec::new("t", Some("rowid"), Some(Endian::Big));
    names.iter().for_each(|name| spec.column(name, false));
    let mut rows = 0;
    scan(&connection, &spec, &ScanRange::WHOLE, |row| {
        rows += 1;
        for i in 0..count {
            let (text, bytes) = (format!("é{i}"), (i as u16).to_be_bytes());
            let expected = match i % 3 {
                0 => Value::Text(text.as_bytes()),
                1 => Value::Blob(&bytes),
                _ => Value::Integer(i as i64),
            };
            assert_eq!(row.value(i)?, expected, "{i}");
        }
        Ok(())
    })
    .unwrap();
    assert_eq!(rows, 1);
}
