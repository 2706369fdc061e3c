//! The way to the target, from what the user wrote and the environment.

use crate::error::Result;
use crate::postgres::conninfo::ConnInfo;

pub use crate::postgres::connect::Connector;

/// A connector for `text`, a libpq URI or key=value string, completed by `PG*` variables from `environment`. `label`
/// marks this run's sessions in `pg_stat_activity`.
///
/// # Errors
/// Usage, where the text or a certificate file cannot be used.
pub fn connector(text: &str, environment: &dyn Fn(&str) -> Option<String>, label: &str) -> Result<Connector> {
    Connector::new(ConnInfo::parse(text, environment)?, label)
}
