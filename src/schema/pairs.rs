//! Migrations in pairs, by the names of their files: `NNN_name.sql` or `NNN_name_sqlite.sql` for SQLite, and
//! `NNN_name_postgres.sql`.

/// What the PostgreSQL side of a SQLite script is called.
pub fn partner_name(sqlite: &str) -> String {
    let stem = sqlite.strip_suffix(".sql").unwrap_or(sqlite);
    let stem = stem.strip_suffix("_sqlite").unwrap_or(stem);
    format!("{stem}_postgres.sql")
}
