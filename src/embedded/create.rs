//! Makes the cluster: its directory, its password, initdb, and the database `cutover`.
//!
//! The cluster is made as `data.new` and renamed when it is whole, so that a killed run leaves nothing half made.

use super::account::Account;
use super::process::{command, last_lines, run};
use super::programs::Programs;
use super::running::{DATABASE, USER};
use crate::config::Secret;
use crate::error::{Error, Result};
use crate::limits::EMBEDDED_CREATE_WAIT;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// The cluster's own files, for one account.
pub(super) const DATA: &str = "data";
const DATA_NEW: &str = "data.new";
/// Directory of the Unix socket.
pub(super) const RUN: &str = "run";
/// Directory of the server's log.
pub(super) const LOG: &str = "log";
/// The password in libpq's `.pgpass` format.
pub(super) const PASSFILE: &str = "pgpass";

/// Makes the directory that holds everything, the lock too. Idempotent.
///
/// As root it stays root's own, so that the server's account can put no link under our feet;
/// what the server writes (`data`, `run`, `log`) belongs to the account.
pub(super) fn make_home(dir: &Path, account: &Account) -> Result<()> {
    make_ancestors(dir, if account.switch { 0o755 } else { 0o700 })
}

/// Makes the directories for socket and log. Idempotent, but only under the lock.
pub(super) fn prepare(dir: &Path, account: &Account) -> Result<()> {
    account.must_reach(dir)?;
    for name in [RUN, LOG] {
        let path = dir.join(name);
        if !path.is_dir() {
            make_private(&path, account)?;
        }
    }
    Ok(())
}

/// Makes `dir` and the directories above it that are missing, with this mode whatever the umask is.
fn make_ancestors(dir: &Path, mode: u32) -> Result<()> {
    if dir.is_dir() {
        return Ok(());
    }
    if let Some(above) = dir.parent() {
        make_ancestors(above, mode)?;
    }
    let made =
        std::fs::create_dir(dir).and_then(|()| std::fs::set_permissions(dir, Permissions::from_mode(mode)));
    match made {
        // Another process was faster: just as well.
        Err(cause) if cause.kind() != std::io::ErrorKind::AlreadyExists => Err(cannot("make", dir)
            .remedy("name a directory that can be written in CUTOVER_EMBEDDED_DIR")
            .cause(cause)),
        _ => Ok(()),
    }
}

/// Makes a directory of mode 0700 for the account; fails where anything of that name is there already.
pub(super) fn make_private(path: &Path, account: &Account) -> Result<()> {
    DirBuilder::new().mode(0o700).create(path).map_err(|cause| cannot("make", path).cause(cause))?;
    account.own(path)
}

/// `count` random bytes of the system, in hex.
pub(super) fn random_hex(count: usize) -> Result<String> {
    let mut bytes = vec![0_u8; count];
    let source = Path::new("/dev/urandom");
    File::open(source)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(|cause| cannot("read", source).cause(cause))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// The password of the cluster, as the password file has it.
pub(super) fn password(dir: &Path) -> Result<Secret> {
    let path = dir.join(PASSFILE);
    let text = std::fs::read_to_string(&path).map_err(|cause| {
        cannot("read the password file", &path)
            .remedy("run as the user who made the cluster; where the file is lost, name a new directory in CUTOVER_EMBEDDED_DIR")
            .cause(cause)
    })?;
    let password = text.trim_end().rsplit(':').next().filter(|password| !password.is_empty());
    password
        .map(|password| Secret(password.to_owned()))
        .ok_or_else(|| cannot("understand the password file", &path))
}

/// Makes the cluster in `dir`, with password and database.
pub(super) fn create(dir: &Path, programs: &Programs, account: &Account) -> Result<()> {
    if !dir.join(PASSFILE).exists() {
        write_passfile(dir, &random_hex(16)?)?;
    }
    let password = password(dir)?;
    let first = initdb(dir, programs, account, (&password, "C.UTF-8"));
    // A system without C.UTF-8 (older macOS) still has C, where UTF-8 is stored just the same.
    first.or_else(|_| initdb(dir, programs, account, (&password, "C")))?;
    create_database(dir, programs, account)?;
    std::fs::rename(dir.join(DATA_NEW), dir.join(DATA))
        .map_err(|cause| cannot("finish", &dir.join(DATA)).cause(cause))
}

fn write_passfile(dir: &Path, password: &str) -> Result<()> {
    let (path, new) = (dir.join(PASSFILE), dir.join("pgpass.new"));
    let write = || {
        remove_if_there(&new)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        writeln!(file, "*:*:*:{USER}:{password}")?;
        file.sync_all()?;
        std::fs::rename(&new, &path)
    };
    write().map_err(|cause| cannot("write the password file", &path).cause(cause))
}

fn remove_if_there(path: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => Err(cause),
        _ => Ok(()),
    }
}

/// Runs initdb into `data.new`, throwing away what a killed run left there.
fn initdb(
    dir: &Path,
    programs: &Programs,
    account: &Account,
    (password, locale): (&Secret, &str),
) -> Result<()> {
    let data = dir.join(DATA_NEW);
    if data.exists() {
        std::fs::remove_dir_all(&data).map_err(|cause| cannot("remove", &data).cause(cause))?;
    }
    make_private(&data, account)?;
    let pwfile = PasswordForInitdb::write(dir, account, &password.0)?;
    let mut initdb = command(&programs.path("initdb"), dir, account);
    initdb.args(["-D", DATA_NEW, "--username", USER, "--encoding=UTF8", "--lc-messages=C"]);
    initdb
        .arg(format!("--locale={locale}"))
        .args(["--auth-local=scram-sha-256", "--auth-host=scram-sha-256"]);
    initdb.arg("--pwfile").arg(&pwfile.0);
    must_succeed("initdb", run(initdb, "", EMBEDDED_CREATE_WAIT)?)
}

/// The server is not running yet: single-user mode needs neither port nor password
/// (PostgreSQL manual, `postgres`, "Options for Single-User Mode").
fn create_database(dir: &Path, programs: &Programs, account: &Account) -> Result<()> {
    let mut postgres = command(&programs.path("postgres"), dir, account);
    postgres.args(["--single", "-D", DATA_NEW, "-c", "exit_on_error=true", "postgres"]);
    let input = format!("CREATE DATABASE {DATABASE}\n");
    must_succeed("postgres --single", run(postgres, &input, EMBEDDED_CREATE_WAIT)?)
}

fn must_succeed(name: &str, output: std::process::Output) -> Result<()> {
    if output.status.success() {
        return Ok(());
    }
    let shown = last_lines(&[output.stdout, output.stderr].concat(), 8);
    Err(Error::target_fault(format!("the embedded cluster could not be made: {name} failed:\n{shown}")))
}

/// The password in a file that only the account can read, for as long as initdb runs.
struct PasswordForInitdb(PathBuf);

impl PasswordForInitdb {
    fn write(dir: &Path, account: &Account, password: &str) -> Result<PasswordForInitdb> {
        let path = dir.join(RUN).join(format!("pw-{}", random_hex(4)?));
        let write = || {
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            file.write_all(password.as_bytes())
        };
        write().map_err(|cause| cannot("write", &path).cause(cause))?;
        let file = PasswordForInitdb(path);
        account.own(&file.0)?;
        Ok(file)
    }
}

impl Drop for PasswordForInitdb {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

pub(super) fn cannot(what: &str, path: &Path) -> Error {
    Error::target_fault(format!("embedded server: cannot {what} {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_128_bits_and_never_twice_the_same() {
        let (one, two) = (random_hex(16).unwrap(), random_hex(16).unwrap());
        assert_eq!(one.len(), 32);
        assert_ne!(one, two);
    }

    #[test]
    fn the_password_file_is_private_and_comes_back() {
        let dir = tempfile::tempdir().unwrap();
        write_passfile(dir.path(), "0123abcd").unwrap();
        let path = dir.path().join(PASSFILE);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "*:*:*:cutover:0123abcd\n");
        assert_eq!(password(dir.path()).unwrap().0, "0123abcd");
    }

    #[test]
    fn a_lost_password_file_is_an_error_with_a_way_out() {
        let dir = tempfile::tempdir().unwrap();
        let error = password(dir.path()).unwrap_err();
        assert!(error.remedy_text().unwrap().contains("CUTOVER_EMBEDDED_DIR"));
    }
}
