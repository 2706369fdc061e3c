//! How many connections the server leaves to us, by every limit that it has (PostgreSQL manual, "Connection Settings";
//! CONNECTION LIMIT of roles and databases, which do not bind superusers).

use super::session::Session;
use crate::error::Result;

/// One limit of the server, and what is used of it; our own connection that asked is among those used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// where it stands, such as `max_connections`
    pub name: String,
    /// connections that it allows us
    pub allowed: i64,
    /// connections that there are
    pub used: i64,
    /// the beginning of the statement that raises it; none where that is the server's own configuration
    pub raise: Option<String>,
}

impl Limit {
    /// Connections that may still be opened.
    pub fn left(&self) -> usize {
        usize::try_from(self.allowed - self.used).unwrap_or(0)
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} allows {} and {} are in use", self.name, self.allowed, self.used)
    }
}

/// Sessions of other users show neither their kind nor, to some, their user; background workers have no database or are few.
const LIMITS: &str = "
WITH s AS (SELECT usename, datname FROM pg_stat_activity
           WHERE datid IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'),
     me AS (SELECT rolname, rolsuper, rolconnlimit FROM pg_roles WHERE rolname = current_user)
SELECT name, allowed, used, raise FROM (
  SELECT 1 AS number, 'max_connections, less what is reserved for superusers,' AS name,
         current_setting('max_connections')::int8 - CASE WHEN rolsuper THEN 0 ELSE
           current_setting('superuser_reserved_connections')::int8
           + coalesce(current_setting('reserved_connections', true), '0')::int8 END AS allowed,
         (SELECT count(*) FROM s) AS used, NULL AS raise
  FROM me
  UNION ALL
  SELECT 2, format('the CONNECTION LIMIT of role %I', rolname), rolconnlimit::int8,
         (SELECT count(*) FROM s WHERE usename = rolname), format('ALTER ROLE %I CONNECTION LIMIT ', rolname)
  FROM me WHERE rolconnlimit >= 0 AND NOT rolsuper
  UNION ALL
  SELECT 3, format('the CONNECTION LIMIT of database %I', d.datname), datconnlimit::int8,
         (SELECT count(*) FROM s WHERE s.datname = d.datname), format('ALTER DATABASE %I CONNECTION LIMIT ', d.datname)
  FROM pg_database d, me WHERE d.datname = current_database() AND datconnlimit >= 0 AND NOT rolsuper
) limits ORDER BY allowed - used, number LIMIT 1";

/// The limit that leaves the least.
///
/// # Errors
/// A target fault.
pub async fn tightest(session: &Session) -> Result<Option<Limit>> {
    match session.client().query_typed(LIMITS, &[]).await {
        Ok(rows) => Ok(rows.first().map(|row| Limit {
            name: row.get(0),
            allowed: row.get(1),
            used: row.get(2),
            raise: row.get(3),
        })),
        Err(error) => Err(session.explain(error, "asking how many connections the server leaves").await),
    }
}
