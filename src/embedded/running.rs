//! A running embedded server: where it listens, how to log in, and what `postmaster.pid` says about it.

use crate::config::Secret;
use std::path::{Path, PathBuf};

/// The superuser role of the cluster.
pub(super) const USER: &str = "cutover";
/// The database that is used unless another one is asked for.
pub(super) const DATABASE: &str = "cutover";

/// A server that accepts connections.
#[derive(Debug, Clone)]
pub struct Running {
    /// directory of its Unix socket
    pub socket_dir: PathBuf,
    /// port of 127.0.0.1, also part of the socket's name
    pub port: u16,
    /// role to log in as
    pub user: String,
    /// database to use
    pub database: String,
    pub(super) password: Secret,
    pub(super) passfile: PathBuf,
    pub(super) psql: PathBuf,
}

impl Running {
    /// A `key=value` connection string (PostgreSQL manual, §34.1.1.1) **with the password**: never to be shown.
    pub fn url(&self) -> Secret {
        Secret(format!(
            "host={} port={} user={} dbname={} password={}",
            quoted(&self.socket_dir.to_string_lossy()),
            self.port,
            quoted(&self.user),
            quoted(&self.database),
            quoted(&self.password.0)
        ))
    }

    /// A line for a shell that logs in with psql; it names the file with the password, not the password.
    pub fn psql_hint(&self) -> String {
        format!(
            "PGPASSFILE={} {} -h {} -p {} -U {} -d {}",
            shell_word(&self.passfile.to_string_lossy()),
            shell_word(&self.psql.to_string_lossy()),
            shell_word(&self.socket_dir.to_string_lossy()),
            self.port,
            self.user,
            self.database
        )
    }

    /// The file in libpq's `.pgpass` format that holds the password, mode 0600.
    pub fn passfile(&self) -> &Path {
        &self.passfile
    }
}

/// A value of a connection string: in quotes where it is not plain, `\` before `'` and `\`.
fn quoted(value: &str) -> String {
    if !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c)) {
        return value.to_owned();
    }
    format!("'{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// One word of a POSIX shell.
pub(super) fn shell_word(word: &str) -> String {
    if !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "/._-=,@+".contains(c)) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// What `postmaster.pid` tells (PostgreSQL source, `pidfile.h`): line 4 port, line 5 socket directory, line 8 status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PidFile {
    pub(super) port: u16,
    pub(super) socket_dir: PathBuf,
    pub(super) ready: bool,
}

pub(super) fn parse_pid_file(text: &str) -> Option<PidFile> {
    let lines: Vec<&str> = text.lines().collect();
    let socket_dir = lines.get(4).filter(|dir| !dir.is_empty())?;
    Some(PidFile {
        port: lines.get(3)?.trim().parse().ok()?,
        socket_dir: PathBuf::from(socket_dir),
        ready: lines.get(7).is_some_and(|status| status.trim() == "ready"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Running {
        Running {
            socket_dir: PathBuf::from("/home/o'neil/my data"),
            port: 40001,
            user: "cutover".into(),
            database: "cutover".into(),
            password: Secret("00ff".into()),
            passfile: PathBuf::from("/home/o'neil/pgpass"),
            psql: PathBuf::from("psql"),
        }
    }

    #[test]
    fn the_connection_string_survives_odd_paths() {
        assert_eq!(
            example().url().0,
            r"host='/home/o\'neil/my data' port=40001 user=cutover dbname=cutover password=00ff"
        );
    }

    #[test]
    fn what_people_see_has_no_password() {
        let hint = example().psql_hint();
        assert_eq!(
            hint,
            r"PGPASSFILE='/home/o'\''neil/pgpass' psql -h '/home/o'\''neil/my data' -p 40001 -U cutover -d cutover"
        );
        assert!(!format!("{:?}", example()).contains("00ff"));
    }

    #[test]
    fn the_pid_file_tells_port_directory_and_status() {
        let text = "4711\n/d/data\n1763700000\n40001\n/d/run\n127.0.0.1\n  123 456\nready   \n";
        let expected = PidFile { port: 40001, socket_dir: PathBuf::from("/d/run"), ready: true };
        assert_eq!(parse_pid_file(text), Some(expected.clone()));
        let starting = text.replace("ready", "starting");
        assert_eq!(parse_pid_file(&starting), Some(PidFile { ready: false, ..expected }));
        assert_eq!(parse_pid_file("4711\n/d/data\n"), None, "half written");
        assert_eq!(parse_pid_file(""), None);
    }
}
