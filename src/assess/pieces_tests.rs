//! Pieces give what one scan gives, over random tables and the shared corpus.

use super::*;
use crate::assess::fixture::{Dice, config, made};
use crate::config::Infer;
use rusqlite::Connection;
use rusqlite::types::Value as Stored;
use std::path::Path;

/// The profile in pieces of at least `rowids_min` rowids, done in an order that is not the rows'.
fn in_pieces(
    job: &Job,
    t: usize,
    config: &Config,
    pieces_max: u64,
    rowids_min: u64,
) -> (TableProfile, usize) {
    let table = &job.catalog.tables[t];
    let span = table
        .rowid_name()
        .and_then(|key| rowid_range(&job.source.reader().unwrap(), &table.name, key).unwrap());
    let ranges = span.map_or_else(|| vec![ScanRange::WHOLE], |span| split(span, pieces_max, rowids_min));
    let count = ranges.len();
    let work = Work::new(7, (0, t), ranges);
    let order = (0..count).rev().map(|i| (i + count / 2) % count);
    let done: Vec<_> =
        order.filter_map(|i| work.do_piece(job, i, config, &Events::silent()).unwrap()).collect();
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].0, 7);
    (done[0].1.clone(), count)
}

/// Compares every table of a file, with chunks that end in many places. Gives the largest number of pieces.
fn compare(path: &Path, pieces_max: &[u64]) -> usize {
    let mut most = 0;
    for (infer, chunk_bytes, chunk_rows) in
        [(Infer::Declared, 20_000, 4_000_000), (Infer::Content, 1 << 26, 1_111)]
    {
        let config = Config { infer, chunk_bytes, chunk_rows, ..config(path) };
        let job = Job::open(path, &config).unwrap();
        for &t in &job.selected {
            let table = &job.catalog.tables[t];
            let counters = TaskCounters::default();
            let whole = profile_table(&job, table, &config, &counters).unwrap();
            for &pieces_max in pieces_max {
                let (pieces, count) = in_pieces(&job, t, &config, pieces_max, 1);
                assert_eq!(pieces, whole, "{} \"{}\" in {count} pieces", path.display(), table.name);
                most = most.max(count);
            }
        }
    }
    most
}

/// Columns that hope for a spelling, and what is in them: mostly one kind, with now and then another from some row on.
const COLUMNS: [(&str, &[&str]); 7] = [
    ("DATE", &["2024-02-29", "1999-12-31", "2024-02-30", "2024-01-01 00:00:00"]),
    (
        "DATETIME",
        &["2024-02-29 01:02:03", "2024-02-29 01:02:03.250", "2024-02-29T01:02:03Z", "2024-02-29", "x"],
    ),
    ("TIME", &["01:02:03", "01:02", "23:59:59.5", "noon"]),
    ("JSON", &["{\"a\":1}", "[1, 2]", "7", "{\"a\":\"\\u0000\"}", "{"]),
    ("UUID", &["5f0c1e1e-0000-4000-8000-00000000000a", "5F0C1E1E-0000-4000-8000-00000000000A", "none"]),
    ("TEXT", &["yes", "no", "y", "", "na\u{ef}ve ", "12", "a\0b"]),
    ("", &["t", "f", "2024-02-29", "1e5", "word"]),
];

fn value(dice: &mut Dice, texts: &[&str], odd: u64) -> Stored {
    match dice.roll(odd) {
        0 => Stored::Null,
        1 => Stored::Integer(dice.pick(&[0, 1, -7, i64::MAX])),
        2 => Stored::Real(dice.pick(&[-0.0, 0.5, 3.0, f64::INFINITY, 1e300])),
        3 => Stored::Blob(dice.pick(&[&b"0123456789abcdef"[..], b"\xff\xfe", b""]).to_vec()),
        4 => Stored::Text(dice.pick(texts).to_owned()),
        _ => Stored::Text(texts[0].to_owned()),
    }
}

/// A table of up to 5,000 rows, with rowids close together or far apart.
fn fill(connection: &Connection, seed: u64) {
    let mut dice = Dice(seed);
    let names: Vec<String> =
        COLUMNS.iter().enumerate().map(|(i, (declared, _))| format!("c{i} {declared}")).collect();
    let sql = format!("CREATE TABLE t({}); CREATE INDEX i ON t(c5); BEGIN", names.join(", "));
    connection.execute_batch(&sql).unwrap();
    let mut statement = connection
        .prepare("INSERT INTO t(rowid, c0, c1, c2, c3, c4, c5, c6) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    let statement = statement.as_mut().unwrap();
    let (mut rowid, gap, rows) = (-(dice.roll(4000) as i64), dice.pick(&[1, 3, 1000]), dice.roll(5000));
    // Odd values are rare, so that a hope often lasts for pieces; and a column may hold no texts but the odd ones.
    let odds: Vec<(u64, bool)> =
        COLUMNS.iter().map(|_| (dice.pick(&[8, 300, 20_000]), dice.roll(5) == 0)).collect();
    for _ in 0..rows {
        let mut row = vec![Stored::Integer(rowid)];
        for ((_, texts), (odd, sparse)) in COLUMNS.iter().zip(&odds) {
            let is_null = *sparse && dice.roll(40) > 0;
            row.push(if is_null { Stored::Null } else { value(&mut dice, texts, *odd) });
        }
        statement.execute(rusqlite::params_from_iter(row)).unwrap();
        rowid += 1 + dice.roll(gap) as i64;
    }
    let long = "INSERT INTO t(c5) VALUES (printf('%.*c', 3000, 'x')), (CAST(x'ff41' AS TEXT)); COMMIT";
    connection.execute_batch(long).unwrap();
}

#[test]
fn random_tables_in_pieces_are_profiled_as_whole() {
    for seed in 0..40 {
        let dir = tempfile::tempdir().unwrap();
        let path = made(&dir, |connection| fill(connection, seed));
        compare(&path, &[2, 5, 16]);
    }
}

#[test]
fn the_corpus_in_pieces_is_profiled_as_whole() {
    let shared = std::env::var_os("CUTOVER_SHARED")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"), std::path::PathBuf::from);
    let Ok(corpus) = std::fs::read_dir(shared.join("corpus")) else {
        eprintln!("skipped: no corpus (CUTOVER_SHARED)");
        return;
    };
    let paths = corpus.map(|entry| entry.unwrap().path());
    let is_judged = |path: &std::path::PathBuf| {
        path.extension().is_some_and(|end| end == "sqlite")
            && path.file_stem().is_some_and(|s| s != "mbtiles-corrupt")
    };
    let (mut files, mut most) = (0, 0);
    for path in paths.filter(is_judged) {
        let dir = tempfile::tempdir().unwrap();
        for suffix in ["", "-wal"] {
            let from = format!("{}{suffix}", path.display());
            let _ = std::fs::copy(from, dir.path().join(format!("x.db{suffix}")));
        }
        // Opened once for each file: some have no table that is selected.
        if Job::open(&dir.path().join("x.db"), &config(&path)).is_ok() {
            most = most.max(compare(&dir.path().join("x.db"), &[6]));
            files += 1;
        }
    }
    assert!(files >= 30 && most == 6, "{files} files, {most} pieces");
}

#[test]
fn pieces_cover_all_rowids_once() {
    let ends = |span, max, min| -> Vec<_> {
        split(span, max, min).iter().map(|range| (range.lo, range.hi)).collect()
    };
    assert_eq!(ends((1, 100), 4, 1000), [(None, None)]);
    assert_eq!(ends((0, 90), 3, 10), [(None, Some(29)), (Some(30), Some(59)), (Some(60), None)]);
    let all = ends((i64::MIN, i64::MAX), 2, 1);
    assert_eq!(all, [(None, Some(-2)), (Some(-1), None)]);
    assert_eq!(ends((i64::MAX, i64::MAX), 8, 1), [(None, None)]);
}
