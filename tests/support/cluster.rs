//! A PostgreSQL cluster of a test's own: it may be stopped, killed, filled up and promoted as nobody else's may.
//!
//! Each is a copy of one template, made by initdb once per test process. A watchdog ends its server and removes its
//! directory (and unmounts its volume) when the handle is dropped, and also when the test process is killed.

use super::postgres::{Server, as_account, initdb, query};
use cutover::embedded::{Account, Programs};
use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Longer than a start with crash recovery takes on a busy machine: only a hang reaches it.
const LIMIT: Duration = Duration::from_secs(60);

/// Waits until our pipe closes, then ends what runs in the directory and removes it. `$1` the directory.
///
/// A pid file may be older than the process that has its number now: only one that was started with our directory
/// is ended. What initdb or a backup still writes when the test is killed is removed once more.
const WATCHDOG: &str = r#"
    dir=$1
    trap : INT HUP TERM
    read -r _
    pid=$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null)
    ours() { [ -n "$pid" ] && case "$(ps -o args= -p "$pid" 2>/dev/null)" in *"$dir"*) true ;; *) false ;; esac; }
    ours && kill -QUIT "$pid"
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        ours || break
        sleep 0.2
    done
    ours && kill -KILL "$pid"
    if [ -d "$dir/volume" ]; then umount -l "$dir/volume" 2>/dev/null; fi
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        rm -rf "$dir" && [ ! -e "$dir" ] && break
        sleep 0.3
    done
"#;

/// How a server is stopped (PostgreSQL manual, "Shutting Down the Server").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    /// waits for its clients to go
    Smart,
    /// ends their sessions
    Fast,
    /// as a crash: recovery follows
    Immediate,
}

/// What lies on a small file system of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Volume {
    /// the whole data directory, the WAL left out: what fills up is tables and temporary files
    Data,
    /// `pg_wal`, in segments of a megabyte; as by default no checkpoint comes before a gigabyte
    Wal,
}

/// The cluster; gone when dropped.
#[derive(Debug)]
pub(crate) struct Cluster {
    dir: PathBuf,
    port: u16,
    programs: Programs,
    account: Account,
    server: &'static Server,
    /// holds the pipe that the watchdog reads
    watchdog: Child,
}

impl Cluster {
    /// A running one with these settings (`name=value`); none, saying so, where there are no server programs and
    /// `ALLOW_NO_POSTGRES=1`.
    pub(crate) fn start(settings: &[&str]) -> Option<Cluster> {
        let cluster = Cluster::copy_of_template()?;
        cluster.configure(settings);
        cluster.start_again();
        Some(cluster)
    }

    /// One that shares nothing with the others, not even the system identifier that copies of a template have.
    pub(crate) fn of_its_own(settings: &[&str]) -> Option<Cluster> {
        let cluster = Cluster::empty()?;
        initdb(&cluster.programs, &cluster.account, &cluster.dir).expect("initdb");
        cluster.configure(&[]);
        cluster.configure(settings);
        cluster.start_again();
        Some(cluster)
    }

    /// One whose data or WAL lies on a tmpfs of so many MiB; none, saying so, where this process may not mount.
    pub(crate) fn on_volume(volume: Volume, mib: u64, settings: &[&str]) -> Option<Cluster> {
        let cluster = Cluster::copy_of_template()?;
        cluster.configure(settings);
        if let Err(why) = cluster.mount(mib) {
            eprintln!("skipped: no file system of its own: {why}");
            return None;
        }
        let (data, held) = (cluster.dir.join("data"), cluster.dir.join("volume/held"));
        let wal = cluster.dir.join("wal");
        match volume {
            Volume::Wal => {
                cluster.small_segments();
                cluster.shell("mv \"$1/pg_wal\" \"$2\" && ln -s \"$2\" \"$1/pg_wal\"", &[&data, &held]);
            }
            Volume::Data => {
                let script = "mv \"$1/pg_wal\" \"$3\" && mv \"$1\" \"$2\" && ln -s \"$3\" \"$2/pg_wal\" && ln -s \"$2\" \"$1\"";
                cluster.shell(script, &[&data, &held, &wal]);
            }
        }
        cluster.start_again();
        Some(cluster)
    }

    /// An asynchronous standby of this one, made by pg_basebackup, that answers queries.
    pub(crate) fn standby(&self, settings: &[&str]) -> Cluster {
        let standby = Cluster::empty().expect("what made the primary makes a standby");
        let (data, primary) = (standby.dir.join("data"), self.server.admin_url());
        let mut backup = as_account(Command::new(self.programs.path("pg_basebackup")), &self.account);
        backup.args(["-R", "-X", "stream", "--checkpoint=fast", "--no-sync", "-d", &primary, "-D"]).arg(data);
        run(&mut backup, &standby.dir);
        standby.configure(&[]);
        standby.configure(settings);
        standby.start_again();
        standby
    }

    /// Makes a standby the primary that it waits to be.
    pub(crate) fn promote(&self) {
        self.pg_ctl(&["promote", "-w", "-t", "60"]);
    }

    /// Its databases are made, asked and dropped as those of the shared server.
    pub(crate) fn server(&self) -> &'static Server {
        self.server
    }

    /// The directory of everything; the data is in `data`, what the server says in `log`.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where it listens by TCP.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// What the server has said since its first start.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    /// Adds settings (`name=value`), which count from the next start.
    pub(crate) fn configure(&self, settings: &[&str]) {
        let mut lines = match settings {
            [] => self.own_settings(),
            _ => String::new(),
        };
        for setting in settings {
            let (name, value) = setting.split_once('=').expect("name=value");
            let _ = writeln!(lines, "{name} = '{}'", value.replace('\'', "''"));
        }
        let path = self.dir.join("data/postgresql.conf");
        let before = std::fs::read_to_string(&path).expect("postgresql.conf");
        std::fs::write(&path, before + &lines).expect("postgresql.conf");
    }

    /// Replaces `pg_hba.conf`; counts from the next start or reload.
    pub(crate) fn hba(&self, lines: &str) {
        std::fs::write(self.dir.join("data/pg_hba.conf"), lines).expect("pg_hba.conf");
    }

    /// Starts it on the same port and directory, and waits until it answers.
    pub(crate) fn start_again(&self) {
        let log = self.dir.join("log");
        let started = Instant::now();
        // After kill -9 the backends take a moment to notice that their postmaster is gone: until then a new one
        // finds their shared memory in use and refuses. So it does until somebody has reaped the old one.
        let passes = |said: &str| said.contains("is still in use") || said.contains("Is another postmaster");
        while let Err(why) = self.try_pg_ctl(&["start", "-w", "-t", "60", "-l", &log.display().to_string()]) {
            let said = self.log();
            assert!(started.elapsed() < LIMIT && passes(&said), "{why}\n{said}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Stops it and waits until it has.
    pub(crate) fn stop(&self, how: Stop) {
        self.begin_to_stop(how);
        self.wait_until_stopped();
    }

    /// Asks it to stop, and goes on.
    pub(crate) fn begin_to_stop(&self, how: Stop) {
        let signal = match how {
            Stop::Smart => "TERM",
            Stop::Fast => "INT",
            Stop::Immediate => "QUIT",
        };
        self.signal(self.postmaster(), signal);
    }

    /// Waits until it has removed its pid file, the last thing that it does.
    pub(crate) fn wait_until_stopped(&self) {
        wait_for("the server to stop", || !self.dir.join("data/postmaster.pid").exists());
    }

    /// Stops it and starts it.
    pub(crate) fn restart(&self, how: Stop) {
        self.stop(how);
        self.start_again();
    }

    /// SIGKILL to the postmaster; its children end by themselves as they notice.
    pub(crate) fn kill_postmaster(&self) {
        self.signal(self.postmaster(), "KILL");
        // Its sessions may still answer; what asks for a new one is refused.
        let url = self.server.admin_url();
        wait_for("the postmaster to be gone", || query(&url, "SELECT 1").is_err());
    }

    /// SIGKILL to one backend: the server ends all others and recovers as after a crash, by itself.
    pub(crate) fn kill_backend(&self, pid: u32) {
        self.signal(pid, "KILL");
    }

    /// Waits until it answers again after a crash, and starts it where it could not recover by itself.
    pub(crate) fn wait_until_it_answers(&self) {
        let url = self.server.admin_url();
        wait_for("the server to answer", || {
            if !self.dir.join("data/postmaster.pid").exists() {
                self.start_again();
            }
            query(&url, "SELECT 1").is_ok()
        });
    }

    /// Gives the volume another size; what was full has room again.
    pub(crate) fn resize_volume(&self, mib: u64) {
        self.remount(mib * 1024);
    }

    /// Takes all but so many KiB of the volume's room away.
    pub(crate) fn leave_room(&self, kib: u64) {
        let asked = Command::new("df").args(["-Pk"]).arg(self.dir.join("volume")).output().expect("df");
        let said = String::from_utf8_lossy(&asked.stdout).into_owned();
        let used = said.lines().nth(1).and_then(|line| line.split_whitespace().nth(2));
        self.remount(used.and_then(|used| used.parse::<u64>().ok()).expect("KiB that are used") + kib);
    }

    fn remount(&self, kib: u64) {
        let option = format!("remount,size={kib}k");
        let done = Command::new("mount").args(["-o", &option]).arg(self.dir.join("volume")).status();
        assert!(done.expect("mount").success(), "remount with {kib} KiB");
    }

    /// The process that all others are children of.
    pub(crate) fn postmaster(&self) -> u32 {
        let file = std::fs::read_to_string(self.dir.join("data/postmaster.pid")).expect("a running server");
        file.lines().next().and_then(|line| line.trim().parse().ok()).expect("a pid")
    }

    fn copy_of_template() -> Option<Cluster> {
        let cluster = Cluster::empty()?;
        let from = template().expect("programs were there for the directory");
        // The account owns all of it, and cp keeps that where we are root.
        cluster.shell("cp -a \"$1\" \"$2\"", &[&from.join("data"), &cluster.dir.join("data")]);
        cluster.configure(&[]);
        Some(cluster)
    }

    /// A directory with a watchdog and no data yet.
    fn empty() -> Option<Cluster> {
        let may_lack = std::env::var_os("ALLOW_NO_POSTGRES").is_some_and(|value| value == "1");
        let programs = match Programs::find() {
            Ok(programs) => programs,
            Err(_) if may_lack => {
                eprintln!("skipped: no PostgreSQL server programs (ALLOW_NO_POSTGRES=1)");
                return None;
            }
            Err(why) => panic!("no PostgreSQL for the tests: {why}\n(ALLOW_NO_POSTGRES=1 skips them)"),
        };
        let account = Account::current().expect("an account for the server");
        let (dir, watchdog) = watched_directory(&account);
        let port = free_port();
        // A few words that a test process keeps, so that what stands on a server may stand on this one.
        let server = Box::leak(Box::new(Server::at(&dir, port)));
        Some(Cluster { dir, port, programs, account, server, watchdog })
    }

    fn own_settings(&self) -> String {
        let (dir, port) = (self.dir.display(), self.port);
        format!(
            "port = {port}\nunix_socket_directories = '{dir}'\nlisten_addresses = '127.0.0.1'\nfsync = off\n\
             full_page_writes = off\nautovacuum = off\nmax_connections = 40\nshared_buffers = '16MB'\n"
        )
    }

    /// WAL in segments of a megabyte, of which few are kept.
    fn small_segments(&self) {
        let mut reset = as_account(Command::new(self.programs.path("pg_resetwal")), &self.account);
        reset.arg("--wal-segsize=1").arg("-D").arg(self.dir.join("data"));
        run(&mut reset, &self.dir);
        self.configure(&["min_wal_size=2MB", "wal_recycle=off"]);
    }

    fn mount(&self, mib: u64) -> Result<(), String> {
        if !self.account.switch {
            return Err("only root may mount".to_owned());
        }
        let volume = self.dir.join("volume");
        std::fs::create_dir(&volume).map_err(|error| error.to_string())?;
        let option = format!("size={mib}m,mode=0700,uid={},gid={}", self.account.uid, self.account.gid);
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &option, "tmpfs"]).arg(&volume).output();
        match mounted {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    fn pg_ctl(&self, arguments: &[&str]) {
        self.try_pg_ctl(arguments)
            .unwrap_or_else(|why| panic!("pg_ctl {arguments:?}: {why}\n{}", self.log()));
    }

    fn try_pg_ctl(&self, arguments: &[&str]) -> Result<(), String> {
        let mut command = as_account(Command::new(self.programs.path("pg_ctl")), &self.account);
        command.args(arguments).arg("-D").arg(self.dir.join("data"));
        try_run(&mut command, &self.dir)
    }

    /// Runs `script` as ourselves with paths as `$1`, `$2`, ….
    fn shell(&self, script: &str, paths: &[&Path]) {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, "sh"]).args(paths);
        run(&mut command, &self.dir);
    }

    fn signal(&self, pid: u32, name: &str) {
        let sent = Command::new("/bin/sh")
            .args(["-c", "kill -s \"$1\" \"$2\"", "sh", name, &pid.to_string()])
            .status()
            .expect("a shell");
        assert!(sent.success(), "kill -s {name} {pid}\n{}", self.log());
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // The pipe closes, and the watchdog tidies up: when this returns, nothing is left.
        drop(self.watchdog.stdin.take());
        let _ = self.watchdog.wait();
    }
}

/// The directory that all clusters of this process are copied from.
fn template() -> Option<&'static Path> {
    static TEMPLATE: OnceLock<Option<(PathBuf, Child)>> = OnceLock::new();
    let made = TEMPLATE.get_or_init(|| {
        let programs = Programs::find().ok()?;
        let account = Account::current().expect("an account for the server");
        let (dir, watchdog) = watched_directory(&account);
        initdb(&programs, &account, &dir).expect("initdb");
        Some((dir, watchdog))
    });
    made.as_ref().map(|(dir, _)| dir.as_path())
}

/// A directory of the account, and the watchdog that removes it.
fn watched_directory(account: &Account) -> (PathBuf, Child) {
    // Not TMPDIR: a socket's path must be short, and the account must be able to reach it.
    let dir = tempfile::Builder::new().prefix("cutover-cluster-").tempdir_in("/tmp").expect("a directory");
    std::fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).expect("its mode");
    account.own(dir.path()).expect("its owner");
    let dir = dir.keep();
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", WATCHDOG, "sh"]).arg(&dir).current_dir("/");
    shell.process_group(0).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    (dir, shell.spawn().expect("a shell"))
}

/// A port that is free, below those that outgoing connections are given: it must be free again at a restart.
fn free_port() -> u16 {
    let ports = std::iter::repeat_with(|| 12_000 + (uuid::Uuid::new_v4().as_u128() % 18_000) as u16);
    let free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.take(100).find(free).expect("a free port")
}

fn wait_for(what: &str, mut answer: impl FnMut() -> bool) {
    let started = Instant::now();
    while !answer() {
        assert!(started.elapsed() < LIMIT, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn run(command: &mut Command, dir: &Path) {
    try_run(command, dir).unwrap_or_else(|why| panic!("{command:?}: {why}"));
}

/// Runs it with its words in a file: a server that it starts keeps what it inherits, and a pipe would never end.
fn try_run(command: &mut Command, dir: &Path) -> Result<(), String> {
    let said = dir.join(format!("said-{}", uuid::Uuid::new_v4().simple()));
    let file = std::fs::File::create(&said).map_err(|error| error.to_string())?;
    let copy = file.try_clone().map_err(|error| error.to_string())?;
    let status = command.stdin(Stdio::null()).stdout(copy).stderr(file).status();
    let words = std::fs::read_to_string(&said).unwrap_or_default();
    let _ = std::fs::remove_file(&said);
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{status}: {words}")),
        Err(error) => Err(error.to_string()),
    }
}

mod tests {
    use super::*;

    fn one(cluster: &Cluster, sql: &str) -> Result<String, String> {
        let mut rows = query(&cluster.server().admin_url(), sql)?;
        Ok(rows.pop().and_then(|mut row| row.pop()).flatten().unwrap_or_default())
    }

    #[test]
    fn a_cluster_comes_back_from_every_kind_of_stop() {
        let Some(cluster) = Cluster::start(&["wal_level=minimal", "max_wal_senders=0"]) else { return };
        assert_eq!(one(&cluster, "SHOW wal_level").unwrap(), "minimal");
        one(&cluster, "CREATE TABLE kept (n int)").unwrap();
        for how in [Stop::Smart, Stop::Fast, Stop::Immediate] {
            one(&cluster, "INSERT INTO kept VALUES (1)").unwrap();
            cluster.stop(how);
            assert!(one(&cluster, "SELECT 1").is_err(), "{how:?}");
            cluster.start_again();
        }
        one(&cluster, "INSERT INTO kept VALUES (1)").unwrap();
        cluster.kill_postmaster();
        cluster.start_again();
        assert_eq!(one(&cluster, "SELECT count(*) FROM kept").unwrap(), "4");
        let pid =
            one(&cluster, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'").unwrap();
        cluster.kill_backend(pid.parse().unwrap());
        cluster.wait_until_it_answers();
        assert!(cluster.log().contains("terminated by signal 9"), "{}", cluster.log());
        let nobody = format!("host=127.0.0.1 port={} user=postgres dbname=postgres", cluster.port());
        assert!(query(&nobody, "SELECT 1").is_err(), "a password is asked for");
        cluster.hba("local all all scram-sha-256\nhost all all 127.0.0.1/32 trust\n");
        cluster.restart(Stop::Fast);
        assert!(query(&nobody, "SELECT 1").is_ok());
        let dir = cluster.dir().to_owned();
        drop(cluster);
        assert!(!dir.exists(), "nothing is left");
    }

    #[test]
    fn a_standby_follows_and_is_promoted() {
        let Some(primary) = Cluster::start(&[]) else { return };
        let standby = primary.standby(&[]);
        assert_eq!(one(&standby, "SELECT pg_is_in_recovery()").unwrap(), "t");
        one(&primary, "CREATE TABLE kept AS SELECT 7 AS n").unwrap();
        wait_for("the standby to follow", || one(&standby, "SELECT n FROM kept").as_deref() == Ok("7"));
        primary.stop(Stop::Fast);
        standby.promote();
        one(&standby, "INSERT INTO kept VALUES (8)").unwrap();
        let other = Cluster::of_its_own(&[]).unwrap();
        let identity = "SELECT system_identifier FROM pg_control_system()";
        assert_ne!(one(&standby, identity), one(&other, identity));
    }

    #[test]
    fn a_volume_fills_up_and_is_given_room() {
        for (volume, words) in [(Volume::Data, "53100"), (Volume::Wal, "")] {
            let Some(cluster) = Cluster::on_volume(volume, 50, &["max_wal_size=1GB"]) else { return };
            one(&cluster, "CREATE TABLE kept (n int8, t text)").unwrap();
            let fill = "INSERT INTO kept SELECT n, repeat('x', 1000) FROM generate_series(1, 60000) AS n";
            let full = one(&cluster, fill).unwrap_err();
            assert!(full.contains(words), "{volume:?}: {full}");
            cluster.resize_volume(512);
            if volume == Volume::Wal {
                cluster.wait_until_it_answers();
                assert!(cluster.log().contains("PANIC"), "{}", cluster.log());
            }
            one(&cluster, fill).unwrap();
            assert_eq!(one(&cluster, "SELECT count(*) FROM kept").unwrap(), "60000");
        }
    }
}
