//! The files that are measured. The same seeds every time, so the same rows, whatever the machine.

use super::random::Random;
use super::tables::{LOG_ROWS, NARROW_ROWS, Row, WIDE_ROWS, insert, logs, narrow, scaled, wide};
use super::{Result, app};
use rusqlite::Connection;
use std::path::Path;

/// What can be made.
pub(crate) const NAMES: &str = "narrow, wide, logs, three, blobs, many or app";

/// Parents of `logs` where it is alone: the key is there, `wide` weighs nothing.
const FEW_PARENTS: i64 = 1000;
const BLOBS: f64 = 2000.0;
const BLOB_BYTES: usize = 1_000_000;
const LARGEST_BLOB_BYTES: f64 = 500_000_000.0;
const TABLES: f64 = 1000.0;
const TABLE_ROWS: i64 = 50;

/// Writes the set to `file` in one go: what is there under that name is whole.
pub(crate) fn make(set: &str, scale: f64, file: &Path) -> Result<()> {
    if !scale.is_finite() || scale <= 0.0 {
        return Err("SCALE must be a number above 0".into());
    }
    let part = file.with_extension("part");
    let _ = std::fs::remove_file(&part);
    let db = Connection::open(&part)?;
    // Nobody else looks at the file, and one that is not finished is thrown away.
    db.execute_batch(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; BEGIN",
    )?;
    fill(&db, set, scale)?;
    db.execute_batch("COMMIT")?;
    db.close().map_err(|(_, error)| error)?;
    std::fs::rename(&part, file)?;
    Ok(())
}

fn fill(db: &Connection, set: &str, scale: f64) -> Result<()> {
    let rows = |rows| scaled(rows, scale);
    match set {
        "narrow" => narrow(db, rows(NARROW_ROWS))?,
        "wide" => wide(db, rows(WIDE_ROWS))?,
        "logs" => {
            wide(db, FEW_PARENTS)?;
            logs(db, rows(LOG_ROWS), FEW_PARENTS)?;
        }
        "three" => {
            narrow(db, rows(NARROW_ROWS))?;
            wide(db, rows(WIDE_ROWS))?;
            logs(db, rows(LOG_ROWS), rows(WIDE_ROWS))?;
        }
        "blobs" => blobs(db, scale)?,
        "many" => many(db, rows(TABLES))?,
        "app" => app::fill(db, scale)?,
        _ => return Err(format!("there is no set {set}: {NAMES}").into()),
    }
    Ok(())
}

/// Many blobs of a megabyte and one that is larger than all buffers; its size goes with the scale too.
fn blobs(db: &Connection, scale: f64) -> Result<()> {
    db.execute_batch("CREATE TABLE blobs (id INTEGER PRIMARY KEY, name TEXT NOT NULL, content BLOB)")?;
    let (random, bytes, count) = (&mut Random::new(4), &mut Vec::new(), scaled(BLOBS, scale));
    insert(db, "blobs", 3, count + 1, |i, row| {
        let size =
            if i <= count { BLOB_BYTES } else { scaled(LARGEST_BLOB_BYTES, scale).unsigned_abs() as usize };
        random.fill(bytes, size);
        row.put(i)?;
        row.put(format!("file {i}"))?;
        row.put(bytes.as_slice())
    })?;
    Ok(())
}

/// Many small tables: where the cost of a table outweighs that of its rows.
fn many(db: &Connection, tables: i64) -> Result<()> {
    let random = &mut Random::new(5);
    for number in 1..=tables {
        let name = format!("t{number:04}");
        db.execute_batch(&format!(
            "CREATE TABLE {name} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, amount REAL, other INTEGER, at TEXT)"
        ))?;
        insert(db, &name, 5, TABLE_ROWS, |i, row: &mut Row<'_, '_>| {
            row.put(i)?;
            row.put(format!("row {i} of {number}"))?;
            row.put(random.below(1_000_000) as f64 / 100.0)?;
            row.put(random.below(1000))?;
            row.put(format!("2024-{:02}-{:02} 12:00:00", 1 + i % 12, 1 + number % 28))
        })?;
        db.execute_batch(&format!(
            "CREATE INDEX {name}_name ON {name} (name); CREATE INDEX {name}_other ON {name} (other, at)"
        ))?;
    }
    Ok(())
}
