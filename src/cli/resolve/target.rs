//! Which target: TARGET or `--to`, else `CUTOVER_TO`, `DATABASE_URL`, `POSTGRES_*`, `PG*`; no other default.
//!
//! Only the kind of address is examined here; its parts are read by the connection. No message repeats an address.

use super::Variables;
use crate::config::{Secret, TargetAddress};
use crate::error::{Error, Result};

const WAYS: &str = "name it with --to (or as TARGET): a URL like postgres://user@host/database, a key=value string \
                    like 'host=… dbname=…', or embedded for a private local server; or set CUTOVER_TO, DATABASE_URL, \
                    POSTGRES_HOST (with POSTGRES_PORT, POSTGRES_DB, POSTGRES_USER, POSTGRES_PASSWORD), or PGHOST \
                    and PGDATABASE; --env-file FILE reads such variables from a file";

/// The variables that hold a whole address, in order.
const ADDRESS_VARIABLES: [&str; 2] = ["CUTOVER_TO", "DATABASE_URL"];

/// Keys of libpq and the variables of the common container images that hold their values.
const PARTS: [(&str, &str); 5] = [
    ("host", "POSTGRES_HOST"),
    ("port", "POSTGRES_PORT"),
    ("dbname", "POSTGRES_DB"),
    ("user", "POSTGRES_USER"),
    ("password", "POSTGRES_PASSWORD"),
];

/// Of these, one is enough to name a target: a lone password, user or port names none.
const NAMING_PARTS: [&str; 2] = ["POSTGRES_HOST", "POSTGRES_DB"];

/// libpq's own variables (PostgreSQL manual, 34.15) that name a server, a database or a role; any of them shows that a
/// target is meant. `PGPASSWORD`, `PGSSLMODE` and the like do not, and `PGSERVICE` is not supported.
const PG_VARIABLES: [&str; 5] = ["PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGUSER"];

/// The target: `typed` as TARGET, `to` with `--to`, or from the environment.
pub(super) fn resolve(
    typed: Option<&Secret>,
    to: Option<&Secret>,
    variables: &Variables<'_>,
) -> Result<TargetAddress> {
    match (typed, to) {
        (Some(_), Some(_)) => Err(Error::usage("the target is given twice, as TARGET and with --to")
            .remedy("leave one of them away")),
        (Some(Secret(address)), None) => parse("TARGET", address),
        (None, Some(Secret(address))) => parse("--to", address),
        (None, None) => from_environment(variables),
    }
}

fn from_environment(variables: &Variables<'_>) -> Result<TargetAddress> {
    for name in ADDRESS_VARIABLES {
        if let Some(address) = variables.text(name)? {
            return parse(name, &address);
        }
    }
    if NAMING_PARTS.iter().any(|name| variables.os(name).is_some()) {
        return compose(variables);
    }
    match PG_VARIABLES.iter().any(|name| variables.os(name).is_some()) {
        true => Ok(server(String::new())),
        false => Err(Error::usage("no target is named").remedy(WAYS)),
    }
}

fn server(address: String) -> TargetAddress {
    TargetAddress::Server(Secret(address))
}

/// An address that was found in `place`.
fn parse(place: &str, address: &str) -> Result<TargetAddress> {
    let refuse =
        |problem: String, remedy: &str| Err(Error::usage(format!("{place} {problem}")).remedy(remedy));
    let address = address.trim();
    let (scheme, rest) = address.split_once(':').unwrap_or_default();
    let scheme = Some(scheme.to_ascii_lowercase()).filter(|scheme| is_scheme(scheme)).unwrap_or_default();
    let (dialect, driver) = scheme.split_once('+').unwrap_or((&scheme, ""));
    let is_url = !scheme.is_empty() && rest.starts_with("//");
    match dialect {
        _ if address.is_empty() => refuse("is empty".to_owned(), WAYS),
        _ if address == "embedded" => Ok(TargetAddress::Embedded),
        // libpq knows both schemes in lower case only, so that is how they are handed on.
        "postgres" | "postgresql" if is_url && driver.is_empty() => Ok(server(format!("{scheme}:{rest}"))),
        "postgres" | "postgresql" if is_url => refuse(
            format!("is a URL for the driver {driver:?}"),
            "write it without the driver, as postgresql://…",
        ),
        // `sqlite:app.db` and `jdbc:…` are URLs without slashes.
        "sqlite" | "file" | "mysql" | "jdbc" => {
            refuse(format!("is a {dialect}: URL, not one of PostgreSQL"), WAYS)
        }
        _ if is_url => refuse(format!("is a {dialect}: URL, not one of PostgreSQL"), WAYS),
        _ if is_key_value(address) => Ok(server(address.to_owned())),
        _ => refuse("is neither a PostgreSQL URL nor a key=value string nor embedded".to_owned(), WAYS),
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// `key = value …`: a word of letters and underscores before the first `=`.
fn is_key_value(address: &str) -> bool {
    let key = address.split_once('=').map(|(key, _)| key.trim_end()).unwrap_or_default();
    !key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
}

/// The parts as one conninfo string; what is missing is left to libpq's variables and defaults.
fn compose(variables: &Variables<'_>) -> Result<TargetAddress> {
    let mut pairs = Vec::new();
    for (key, name) in PARTS {
        if let Some(value) = variables.text(name)? {
            pairs.push(format!("{key}={}", quoted(&value)));
        }
    }
    Ok(server(pairs.join(" ")))
}

/// A value of a conninfo string: in single quotes, with `\` before `'` and `\` (PostgreSQL manual, 34.1.1.1).
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}
