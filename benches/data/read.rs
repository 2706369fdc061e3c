//! The floor under every reader: each cell once, and nothing done with it.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result};

/// Every cell of every table through rusqlite, and nothing done with it but looking at its length.
pub(crate) fn read_bare(connection: &Connection) -> Result<u64> {
    let sql =
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>>>()?;
    let mut sum = 0u64;
    for name in names {
        let mut statement = connection.prepare(&format!("SELECT * FROM \"{name}\""))?;
        let columns = statement.column_count();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            for column in 0..columns {
                sum = sum.wrapping_add(match row.get_ref(column)? {
                    ValueRef::Null => 1,
                    ValueRef::Integer(integer) => integer.cast_unsigned(),
                    ValueRef::Real(real) => real.to_bits(),
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len() as u64,
                });
            }
        }
    }
    Ok(sum)
}
