//! A throwaway PostgreSQL server: one per test process, gone when the process is gone, however it ends.
//!
//! `TEST_POSTGRES_URL` (a superuser of a server that may be played with) takes its place. Without server programs
//! the tests fail, unless `ALLOW_NO_POSTGRES=1`.

use cutover::embedded::{Account, Programs};
use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls, SimpleQueryMessage};

/// The password of the throwaway server's superuser: tests look for it where it must not appear.
pub(crate) const PASSWORD: &str = "throwaway-secret";

/// Runs the server, waits for our pipe to close, ends the server and removes its directory.
///
/// `$1` postgres, `$2` directory, the rest the server's arguments.
const WATCHDOG: &str = r#"
    program=$1 dir=$2; shift 2
    "$program" -D "$dir/data" "$@" >"$dir/log" 2>&1 </dev/null &
    pid=$!
    trap 'kill -QUIT $pid; wait $pid; rm -rf "$dir"; exit 1' TERM
    read -r _
    kill -QUIT $pid
    wait $pid
    rm -rf "$dir"
"#;

/// The server of this test process.
#[derive(Debug)]
pub(crate) struct Server {
    admin: Config,
    /// closes when this process ends; the watchdog reads the other end
    _pipe: Option<ChildStdin>,
}

impl Server {
    /// The server; fails the test where none can be had.
    pub(crate) fn shared() -> &'static Server {
        match server() {
            Ok(server) => server,
            Err(why) => panic!("no PostgreSQL for the tests: {why}\n(ALLOW_NO_POSTGRES=1 skips them)"),
        }
    }

    /// The server; none, saying so, where there are no programs and `ALLOW_NO_POSTGRES=1`.
    pub(crate) fn available() -> Option<&'static Server> {
        let may_lack = std::env::var_os("ALLOW_NO_POSTGRES").is_some_and(|value| value == "1");
        if may_lack && server().is_err() {
            eprintln!("skipped: no PostgreSQL server programs (ALLOW_NO_POSTGRES=1)");
            return None;
        }
        Some(Server::shared())
    }

    /// One that listens in `dir` and on `port`, and is somebody else's to start and to stop.
    pub(super) fn at(dir: &Path, port: u16) -> Server {
        Server { admin: superuser(dir, port), _pipe: None }
    }

    /// A server of the caller's own, by the address of its superuser; it is the caller's to end.
    pub(crate) fn by(address: &str) -> Server {
        Server { admin: address.parse().expect("an address"), _pipe: None }
    }

    /// The superuser's connection string.
    pub(crate) fn admin_url(&self) -> String {
        conninfo(&self.admin, self.admin.get_dbname().unwrap_or("postgres"), false)
    }

    /// A new, empty database of its own name, dropped with its handle.
    pub(crate) fn fresh_database(&self) -> Database {
        self.database_with("").expect("a fresh database")
    }

    /// A database that is there already: one that came over from another server.
    pub(crate) fn adopt(&self, name: &str) -> Database {
        Database { config: self.admin.clone(), admin: self.admin_url(), name: name.to_owned() }
    }

    /// The same as [`Server::fresh_database`] with what may follow the name in CREATE DATABASE; the server's message where it has no such thing.
    pub(crate) fn database_with(&self, options: &str) -> Result<Database, String> {
        let name = format!("t_{}", uuid::Uuid::new_v4().simple());
        let admin = self.admin_url();
        query(&admin, &format!("CREATE DATABASE {name} {options}"))?;
        Ok(Database { config: self.admin.clone(), admin, name })
    }
}

/// A database for one test.
#[derive(Debug)]
pub(crate) struct Database {
    config: Config,
    admin: String,
    /// its name
    pub(crate) name: String,
}

impl Database {
    /// Its `key=value` connection string, with the password.
    pub(crate) fn url(&self) -> String {
        conninfo(&self.config, &self.name, false)
    }

    /// The same by TCP where the server is ours.
    pub(crate) fn tcp_url(&self) -> String {
        conninfo(&self.config, &self.name, true)
    }

    /// Its connection string for another role.
    pub(crate) fn url_of(&self, user: &str, password: &str) -> String {
        let mut config = self.config.clone();
        config.user(user).password(password);
        conninfo(&config, &self.name, false)
    }

    /// The first value of the first row; NULL and no row are failures.
    pub(crate) fn query_one_text(&self, sql: &str) -> String {
        let rows = self.rows(sql);
        rows.into_iter().next().and_then(|row| row.into_iter().next()).flatten().expect("one value")
    }

    /// All rows as PostgreSQL prints them.
    pub(crate) fn rows(&self, sql: &str) -> Vec<Vec<Option<String>>> {
        query(&self.url(), sql).unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    /// Runs one or more statements.
    pub(crate) fn execute(&self, sql: &str) {
        self.rows(sql);
    }

    /// Runs statements that may fail; the server's message.
    pub(crate) fn try_execute(&self, sql: &str) -> Result<(), String> {
        query(&self.url(), sql).map(|_| ())
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let _ = query(&self.admin, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// Runs `sql` by the simple protocol on a connection of its own, on a thread of its own, so that it may be called
/// from a test that has a runtime already.
pub(crate) fn query(url: &str, sql: &str) -> Result<Vec<Vec<Option<String>>>, String> {
    std::thread::scope(|scope| scope.spawn(|| query_here(url, sql)).join().expect("the query's thread"))
}

fn query_here(url: &str, sql: &str) -> Result<Vec<Vec<Option<String>>>, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let messages = runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        let driver = tokio::spawn(connection);
        let messages = client.simple_query(sql).await;
        drop(client);
        let _ = driver.await;
        messages
    });
    let messages = messages.map_err(|error: tokio_postgres::Error| match error.as_db_error() {
        Some(told) => format!("{}: {}", told.code().code(), told.message()),
        None => error.to_string(),
    })?;
    let rows = messages.into_iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|i| row.get(i).map(str::to_owned)).collect()),
        _ => None,
    });
    Ok(rows.collect())
}

fn server() -> Result<&'static Server, &'static str> {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    let started = SERVER.get_or_init(|| match std::env::var("TEST_POSTGRES_URL") {
        Ok(url) => url
            .parse()
            .map(|admin| Server { admin, _pipe: None })
            .map_err(|error| format!("TEST_POSTGRES_URL: {error}")),
        Err(_) => start(),
    });
    started.as_ref().map_err(String::as_str)
}

fn start() -> Result<Server, String> {
    let programs = Programs::find().map_err(|error| error.to_string())?;
    let account = Account::current().map_err(|error| error.to_string())?;
    // Not TMPDIR: a socket's path must be short, and the account must be able to reach it.
    let dir =
        tempfile::Builder::new().prefix("cutover-test-").tempdir_in("/tmp").map_err(|e| e.to_string())?;
    std::fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).map_err(|e| e.to_string())?;
    account.own(dir.path()).map_err(|error| error.to_string())?;
    initdb(&programs, &account, dir.path())?;
    // From here the watchdog removes the directory.
    let dir = dir.keep();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .map_err(|e| e.to_string())?
        .port();
    let mut shell = as_account(Command::new("/bin/sh"), &account);
    shell.args(["-c", WATCHDOG, "sh"]).arg(programs.path("postgres")).arg(&dir);
    for setting in server_settings(&dir, port) {
        shell.args(["-c", &setting]);
    }
    // Ctrl-C is for the tests; the server goes when they are gone.
    shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = shell.spawn().map_err(|error| error.to_string())?;
    let pipe = child.stdin.take();
    wait_until_ready(&dir)?;
    Ok(Server { admin: superuser(&dir, port), _pipe: pipe })
}

fn superuser(dir: &Path, port: u16) -> Config {
    let mut admin = Config::new();
    admin.host_path(dir).port(port).user("postgres").password(PASSWORD).dbname("postgres");
    admin
}

fn server_settings(dir: &Path, port: u16) -> Vec<String> {
    let mut settings = vec![format!("port={port}"), format!("unix_socket_directories={}", dir.display())];
    settings.extend(
        [
            "listen_addresses=127.0.0.1",
            "max_connections=200",
            "fsync=off",
            "synchronous_commit=off",
            "full_page_writes=off",
            "autovacuum=off",
        ]
        .map(str::to_owned),
    );
    settings
}

pub(super) fn as_account(mut command: Command, account: &Account) -> Command {
    command
        .env_clear()
        .env("LC_ALL", "C")
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .current_dir("/");
    account.apply(&mut command);
    command
}

/// Makes `dir/data`.
pub(super) fn initdb(programs: &Programs, account: &Account, dir: &Path) -> Result<(), String> {
    let pwfile = dir.join("pw");
    std::fs::write(&pwfile, PASSWORD).map_err(|error| error.to_string())?;
    let mut initdb = as_account(Command::new(programs.path("initdb")), account);
    initdb.arg("-D").arg(dir.join("data")).args(["-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync"]);
    initdb.args(["-A", "scram-sha-256"]).arg("--pwfile").arg(&pwfile);
    let output = initdb.output().map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn wait_until_ready(dir: &Path) -> Result<(), String> {
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(60) {
        let pid_file = std::fs::read_to_string(dir.join("data/postmaster.pid")).unwrap_or_default();
        if pid_file.lines().nth(7).is_some_and(|status| status.trim() == "ready") {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Err(std::fs::read_to_string(dir.join("log")).unwrap_or_default())
}

/// A `key=value` string for database `name`, by socket where there is one, or by TCP on this machine.
fn conninfo(config: &Config, name: &str, tcp: bool) -> String {
    let mut text = String::new();
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        Some(Host::Unix(_)) if tcp => "127.0.0.1".to_owned(),
        Some(Host::Unix(dir)) => dir.display().to_string(),
        None => "127.0.0.1".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let _ = write!(text, "host={host} port={port} user={}", config.get_user().unwrap_or("postgres"));
    if let Some(password) = config.get_password() {
        let password = String::from_utf8_lossy(password).replace('\\', "\\\\").replace('\'', "\\'");
        let _ = write!(text, " password='{password}'");
    }
    let _ = write!(text, " dbname={name}");
    text
}
