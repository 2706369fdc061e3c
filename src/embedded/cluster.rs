//! The cluster's life: start, stop, status, in turn with every other process that asks for the same.

use super::account::Account;
use super::create::{self, DATA, LOG, PASSFILE, RUN, cannot};
use super::process::{command, last_lines, run};
use super::programs::Programs;
use super::running::{DATABASE, PidFile, Running, USER, parse_pid_file, shell_word};
use crate::error::{Error, ErrorKind, Result};
use crate::limits::{EMBEDDED_LOCK_WAIT, EMBEDDED_WAIT, SOCKET_DIR_BYTES_MAX};
use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Between two looks at a lock or at a server that starts.
const POLL: Duration = Duration::from_millis(50);
/// The log of earlier days is thrown away at a start when it is larger.
const LOG_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Another program may take the port between our look and the server's: so often we try.
const PORT_ATTEMPTS: u32 = 3;
/// Where a socket goes whose own directory has too long a name, and the file that remembers it.
const SHORT_PREFIX: &str = "/tmp/cutover-";
const SHORT_NOTE: &str = "socket_dir";

/// One embedded cluster, running or not.
#[derive(Debug, Clone)]
pub struct Cluster {
    dir: PathBuf,
    account: Account,
}

impl Cluster {
    /// The user's cluster: `$CUTOVER_EMBEDDED_DIR`, else as root `/var/lib/cutover/embedded`, else
    /// `cutover/embedded` below `$XDG_DATA_HOME`, `~/.local/share` or (macOS) `~/Library/Application Support`.
    ///
    /// # Errors
    /// Where none of these is known.
    pub fn open_default() -> Result<Cluster> {
        let account = Account::current()?;
        let read = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
        let dir = default_dir(read, account.switch, cfg!(target_os = "macos")).ok_or_else(|| {
            Error::usage("the embedded server has no place: HOME is not set")
                .remedy("name a directory in CUTOVER_EMBEDDED_DIR")
        })?;
        Cluster::new(&dir, account)
    }

    /// The cluster in `dir`, which need not exist yet.
    ///
    /// # Errors
    /// Where the path cannot be used in PostgreSQL's files (not UTF-8, or with control characters).
    pub fn at(dir: &Path) -> Result<Cluster> {
        Cluster::new(dir, Account::current()?)
    }

    fn new(dir: &Path, account: Account) -> Result<Cluster> {
        let dir = std::path::absolute(dir).map_err(|cause| cannot("use", dir).cause(cause))?;
        let plain = dir.to_str().is_some_and(|text| !text.chars().any(char::is_control));
        if !plain {
            return Err(Error::usage(format!("embedded server: {} is not a path it can use", dir.display()))
                .remedy("name a directory of plain UTF-8 in CUTOVER_EMBEDDED_DIR"));
        }
        Ok(Cluster { dir, account })
    }

    /// The directory that holds everything.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Makes the cluster if it is absent, starts it if it is stopped, and says how to reach it.
    ///
    /// # Errors
    /// Where server programs are missing, or the server does not start; with the end of its log.
    pub fn start(&self) -> Result<Running> {
        self.start_with(&[])
    }

    /// As [`Cluster::start`], with settings of `postgresql.conf` for this start. A server that runs already keeps its own.
    pub fn start_with(&self, options: &[(&str, &str)]) -> Result<Running> {
        create::make_home(&self.dir, &self.account)?;
        let _turn = self.lock()?;
        create::prepare(&self.dir, &self.account)?;
        let programs = self.programs()?;
        if !self.dir.join(DATA).exists() {
            create::create(&self.dir, &programs, &self.account)?;
        }
        self.must_own()?;
        if !self.is_up(&programs)? {
            self.launch(&programs, options)?;
        }
        self.reach(&programs)
    }

    /// Stops the server: sessions are ended, nothing is lost. False if it was not running.
    ///
    /// # Errors
    /// Where it does not stop in time.
    pub fn stop(&self) -> Result<bool> {
        if !self.dir.join(DATA).exists() {
            return Ok(false);
        }
        let _turn = self.lock()?;
        self.must_own()?;
        let programs = self.programs()?;
        if !self.is_up(&programs)? {
            return Ok(false);
        }
        let wait = EMBEDDED_WAIT.as_secs().to_string();
        let output = self.pg_ctl(&programs, &["stop", "-m", "fast", "-w", "-t", &wait])?;
        if !output.status.success() {
            return Err(Error::target_fault(format!(
                "the embedded server did not stop:\n{}",
                self.log_end()
            )));
        }
        self.forget_short_dir();
        Ok(true)
    }

    /// How to reach the server, if it runs.
    pub fn status(&self) -> Result<Option<Running>> {
        if !self.dir.join(DATA).exists() {
            return Ok(None);
        }
        self.must_own()?;
        let programs = self.programs()?;
        if self.is_up(&programs)? { self.reach(&programs).map(Some) } else { Ok(None) }
    }

    /// The programs that fit the cluster, or the newest where there is no cluster yet.
    fn programs(&self) -> Result<Programs> {
        let version = self.dir.join(DATA).join("PG_VERSION");
        match std::fs::read_to_string(&version) {
            Ok(major) => Programs::find_major(major.trim()),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Programs::find(),
            Err(cause) => Err(cannot("read", &version).cause(cause)),
        }
    }

    fn must_own(&self) -> Result<()> {
        let data = self.dir.join(DATA);
        let found = std::fs::metadata(&data).map_err(|cause| cannot("look at", &data).cause(cause))?;
        if found.uid() == self.account.uid {
            return Ok(());
        }
        Err(Error::target_fault(format!(
            "the embedded cluster {} belongs to uid {}, and the server would run as uid {}",
            data.display(),
            found.uid(),
            self.account.uid
        ))
        .remedy("run as its owner, or name another directory in CUTOVER_EMBEDDED_DIR"))
    }

    fn lock(&self) -> Result<File> {
        let path = self.dir.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|cause| cannot("open", &path).cause(cause))?;
        let started = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(cause)) => return Err(cannot("lock", &path).cause(cause)),
                Err(TryLockError::WouldBlock) if started.elapsed() > EMBEDDED_LOCK_WAIT => {
                    return Err(Error::new(
                        ErrorKind::Busy,
                        "another process has been starting or stopping the embedded server for minutes",
                    ));
                }
                Err(TryLockError::WouldBlock) => std::thread::sleep(POLL),
            }
        }
    }

    fn pg_ctl(&self, programs: &Programs, arguments: &[&str]) -> Result<std::process::Output> {
        let mut pg_ctl = command(&programs.path("pg_ctl"), &self.dir, &self.account);
        pg_ctl.args(arguments).args(["-D", DATA]);
        // pg_ctl keeps its own, shorter limit where it waits; this one is for a pg_ctl that hangs.
        run(pg_ctl, "", EMBEDDED_WAIT * 2)
    }

    /// `pg_ctl status` ends with 0 when the server of this directory runs (its manual page).
    fn is_up(&self, programs: &Programs) -> Result<bool> {
        Ok(self.pg_ctl(programs, &["status"])?.status.success())
    }

    fn launch(&self, programs: &Programs, options: &[(&str, &str)]) -> Result<()> {
        let log = self.dir.join(LOG).join("server.log");
        if std::fs::symlink_metadata(&log).is_ok_and(|found| found.len() > LOG_BYTES_MAX) {
            let _ = std::fs::remove_file(&log);
        }
        let socket_dir = self.socket_dir()?;
        let wait = EMBEDDED_WAIT.as_secs().to_string();
        for attempt in 1.. {
            let settings = server_options(&socket_dir, free_port()?, options);
            let log_before = std::fs::metadata(&log).map_or(0, |found| found.len());
            let arguments = ["start", "-w", "-t", &wait, "-l", "log/server.log", "-o", &settings];
            let output = self.pg_ctl(programs, &arguments)?;
            if output.status.success() {
                break;
            }
            let taken = port_was_taken(&std::fs::read(&log).unwrap_or_default(), log_before);
            if !taken || attempt == PORT_ATTEMPTS {
                let said = last_lines(&output.stderr, 3);
                return Err(Error::target_fault(format!(
                    "the embedded server did not start: {said}\nthe end of {}:\n{}",
                    log.display(),
                    self.log_end()
                )));
            }
        }
        Ok(())
    }

    fn log_end(&self) -> String {
        let log = std::fs::read(self.dir.join(LOG).join("server.log")).unwrap_or_default();
        last_lines(&log, 15)
    }

    /// The cluster's own directory for the socket, or a short one under /tmp where the path is too long for a socket.
    fn socket_dir(&self) -> Result<PathBuf> {
        let own = self.dir.join(RUN);
        if own.as_os_str().len() <= SOCKET_DIR_BYTES_MAX {
            return Ok(own);
        }
        self.forget_short_dir();
        let short = PathBuf::from(format!("{SHORT_PREFIX}{}", create::random_hex(8)?));
        create::make_private(&short, &self.account)?;
        let note = self.dir.join(SHORT_NOTE);
        std::fs::write(&note, short.to_string_lossy().as_bytes())
            .map_err(|cause| cannot("write", &note).cause(cause))?;
        Ok(short)
    }

    fn forget_short_dir(&self) {
        let note = self.dir.join(SHORT_NOTE);
        let Ok(short) = std::fs::read_to_string(&note) else { return };
        let tag = short.strip_prefix(SHORT_PREFIX).unwrap_or_default();
        if !tag.is_empty() && tag.chars().all(|c| c.is_ascii_hexdigit()) {
            let _ = std::fs::remove_dir_all(&short);
        }
        let _ = std::fs::remove_file(&note);
    }

    /// Waits until the server is ready and its socket answers.
    fn reach(&self, programs: &Programs) -> Result<Running> {
        let started = Instant::now();
        let pid_file = self.dir.join(DATA).join("postmaster.pid");
        while started.elapsed() < EMBEDDED_WAIT {
            let found = std::fs::read_to_string(&pid_file).ok().and_then(|text| parse_pid_file(&text));
            if let Some(found) = found.filter(answers) {
                return self.describe(found, programs);
            }
            std::thread::sleep(POLL);
        }
        Err(Error::target_fault(format!(
            "the embedded server does not answer; the end of its log:\n{}",
            self.log_end()
        ))
        .remedy(format!(
            "stop it with `cutover embedded stop`; if no such server runs, remove {}",
            pid_file.display()
        )))
    }

    fn describe(&self, found: PidFile, programs: &Programs) -> Result<Running> {
        Ok(Running {
            socket_dir: found.socket_dir,
            port: found.port,
            user: USER.to_owned(),
            database: DATABASE.to_owned(),
            password: create::password(&self.dir)?,
            passfile: self.dir.join(PASSFILE),
            psql: programs.psql(),
        })
    }
}

fn answers(found: &PidFile) -> bool {
    let socket = found.socket_dir.join(format!(".s.PGSQL.{}", found.port));
    found.ready && UnixStream::connect(socket).is_ok()
}

fn default_dir(read: impl Fn(&str) -> Option<OsString>, root: bool, macos: bool) -> Option<PathBuf> {
    if let Some(dir) = read("CUTOVER_EMBEDDED_DIR") {
        return Some(PathBuf::from(dir));
    }
    if root {
        return Some(PathBuf::from("/var/lib/cutover/embedded"));
    }
    let home = || read("HOME").map(PathBuf::from);
    let base = if macos {
        home()?.join("Library/Application Support")
    } else {
        // A relative path there is to be ignored (XDG Base Directory Specification).
        let xdg = read("XDG_DATA_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
        xdg.or_else(|| Some(home()?.join(".local/share")))?
    };
    Some(base.join("cutover/embedded"))
}

/// A port of the loopback that the system says is free now.
fn free_port() -> Result<u16> {
    TcpListener::bind(("127.0.0.1", 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|cause| Error::target_fault("no free port on 127.0.0.1").cause(cause))
}

/// The server's settings as one argument for `pg_ctl -o`, which hands them to a shell.
fn server_options(socket_dir: &Path, port: u16, options: &[(&str, &str)]) -> String {
    let port = port.to_string();
    // The setting is a list: one directory in double quotes, so that commas and blanks stay in it.
    let sockets = format!("\"{}\"", socket_dir.to_string_lossy().replace('"', "\"\""));
    let ours = [
        ("listen_addresses", "127.0.0.1"),
        ("port", port.as_str()),
        ("unix_socket_directories", sockets.as_str()),
        ("unix_socket_permissions", "0700"),
    ];
    let words = ours
        .iter()
        .chain(options)
        .map(|(name, value)| format!("-c {}", shell_word(&format!("{name}={value}"))));
    words.collect::<Vec<_>>().join(" ")
}

fn port_was_taken(log: &[u8], from: u64) -> bool {
    let from = usize::try_from(from).unwrap_or(0).min(log.len());
    String::from_utf8_lossy(&log[from..]).contains("Address already in use")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_place_follows_environment_and_system() {
        type Case<'a> = (&'a [(&'a str, &'a str)], bool, bool, Option<&'a str>);
        let cases: [Case<'_>; 8] = [
            (&[("CUTOVER_EMBEDDED_DIR", "/e"), ("HOME", "/h")], true, false, Some("/e")),
            (&[("HOME", "/root")], true, false, Some("/var/lib/cutover/embedded")),
            (&[("HOME", "/h")], false, false, Some("/h/.local/share/cutover/embedded")),
            (&[("HOME", "/h"), ("XDG_DATA_HOME", "/x")], false, false, Some("/x/cutover/embedded")),
            (
                &[("HOME", "/h"), ("XDG_DATA_HOME", "x")],
                false,
                false,
                Some("/h/.local/share/cutover/embedded"),
            ),
            (&[("HOME", "/h")], false, true, Some("/h/Library/Application Support/cutover/embedded")),
            (&[], false, false, None),
            (&[], false, true, None),
        ];
        for (variables, root, macos, expected) in cases {
            let read = |name: &str| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| OsString::from(value))
            };
            assert_eq!(default_dir(read, root, macos), expected.map(PathBuf::from), "{variables:?}");
        }
    }

    #[test]
    fn options_survive_the_shell() {
        assert_eq!(
            server_options(Path::new("/a b/\"c\""), 40001, &[("fsync", "off"), ("application_name", "it's")]),
            "-c listen_addresses=127.0.0.1 -c port=40001 -c 'unix_socket_directories=\"/a b/\"\"c\"\"\"' \
             -c unix_socket_permissions=0700 -c fsync=off -c 'application_name=it'\\''s'"
        );
    }

    #[test]
    fn only_this_starts_part_of_the_log_tells_about_the_port() {
        let log = b"Address already in use\nstarting\n";
        assert!(port_was_taken(log, 0));
        assert!(!port_was_taken(log, 23));
        assert!(!port_was_taken(log, 999));
    }

    #[test]
    fn a_path_that_postgresql_cannot_write_down_is_refused() {
        assert_eq!(Cluster::at(Path::new("/tmp/a\nb")).unwrap_err().kind(), ErrorKind::Usage);
    }

    #[test]
    fn a_cluster_that_was_never_made_is_not_running() {
        let dir = tempfile::tempdir().unwrap();
        let cluster = Cluster::at(&dir.path().join("none")).unwrap();
        assert!(cluster.status().unwrap().is_none());
        assert!(!cluster.stop().unwrap());
        assert!(!cluster.dir().exists(), "asking makes nothing");
    }
}
