//! PgBouncer itself, where this machine has it.

use crate::resume::running::wait_for;
use crate::support::postgres::{Database, PASSWORD, query};
use cutover::embedded::Account;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

/// Ends it when our pipe closes.
const WATCHDOG: &str = "\"$1\" -q \"$2\" & pid=$!; read -r _; kill -KILL $pid";

/// Before one database; ends with its handle.
pub(super) struct Bouncer {
    port: u16,
    watchdog: Child,
    _dir: tempfile::TempDir,
}

impl Bouncer {
    /// None, saying so, where there is no such program.
    pub(super) fn before(database: &Database, mode: &str) -> Option<Bouncer> {
        let Some(program) = program() else {
            eprintln!("skipped: no pgbouncer (CUTOVER_TEST_PGBOUNCER=path names one)");
            return None;
        };
        let dir =
            tempfile::Builder::new().prefix("cutover-bouncer-").tempdir_in("/tmp").expect("a directory");
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).expect("its mode");
        let account = Account::current().expect("an account");
        account.own(dir.path()).expect("its owner");
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
        let settings = dir.path().join("settings.ini");
        std::fs::write(&settings, ini(database, mode, port)).expect("the settings");
        account.own(&settings).expect("their owner");
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", WATCHDOG, "sh"]).arg(program).arg(&settings).current_dir("/").process_group(0);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        account.apply(&mut shell);
        let watchdog = shell.spawn().expect("a shell");
        let url = super::through(database, port);
        wait_for("the pooler", || query(&url, "SELECT 1").is_ok().then_some(()));
        Some(Bouncer { port, watchdog, _dir: dir })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Bouncer {
    fn drop(&mut self) {
        drop(self.watchdog.stdin.take());
        let _ = self.watchdog.wait();
    }
}

fn program() -> Option<PathBuf> {
    let named = std::env::var_os("CUTOVER_TEST_PGBOUNCER").map(PathBuf::from);
    let usual = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer"].map(PathBuf::from);
    named.into_iter().chain(usual).find(|path| path.is_file())
}

fn ini(database: &Database, mode: &str, port: u16) -> String {
    let url = database.tcp_url();
    let server = url.split("port=").nth(1).and_then(|rest| rest.split(' ').next()).expect("a port");
    format!(
        "[databases]\n* = host=127.0.0.1 port={server} user=postgres password='{PASSWORD}'\n\
         [pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n\
         pool_mode = {mode}\nmax_client_conn = 50\n"
    )
}
