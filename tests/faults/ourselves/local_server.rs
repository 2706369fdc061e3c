//! The embedded server listens to nobody but its user.

use crate::support::cli::Cli;
use crate::support::postgres::query;
use crate::support::secrets::files_text;
use cutover::embedded::{Cluster, Programs};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Addresses on which something listens at that port (proc(5), `/proc/net/tcp`: state 0A).
fn listeners(port: u16) -> Vec<String> {
    let table = |name: &str| std::fs::read_to_string(format!("/proc/net/{name}")).unwrap_or_default();
    let lines = format!("{}{}", table("tcp"), table("tcp6"));
    let ends = lines.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (address, at) = words.get(1)?.split_once(':')?;
        (words.get(3) == Some(&"0A") && u16::from_str_radix(at, 16) == Ok(port)).then(|| address.to_owned())
    });
    ends.collect()
}

#[test]
fn the_embedded_server_listens_to_nobody_else() {
    if std::env::var_os("ALLOW_NO_POSTGRES").is_some_and(|value| value == "1") && Programs::find().is_err() {
        return;
    }
    let dir = tempfile::Builder::new().prefix("cutover-alone-").tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let cluster = Cluster::at(&dir.path().join("embedded")).unwrap();
    let running = cluster.start().unwrap();
    let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let url = running.url().0;
        let password = url.rsplit('=').next().unwrap();
        assert_eq!(mode(&running.socket_dir), 0o700);
        assert_eq!(mode(&running.socket_dir.join(format!(".s.PGSQL.{}", running.port))), 0o700);
        assert_eq!((mode(&cluster.dir().join("data")), mode(&cluster.dir().join("pgpass"))), (0o700, 0o600));
        if Path::new("/proc/net/tcp").exists() {
            assert_eq!(listeners(running.port), ["0100007F"], "127.0.0.1 and nothing else");
        }
        let rules = query(
            &url,
            "SELECT DISTINCT auth_method, coalesce(address, 'local') FROM pg_hba_file_rules ORDER BY 2",
        )
        .unwrap();
        for rule in &rules {
            assert_eq!(rule[0].as_deref(), Some("scram-sha-256"), "{rules:?}");
            assert!(["127.0.0.1", "::1", "local"].contains(&rule[1].as_deref().unwrap()), "{rules:?}");
        }
        let guess =
            format!("host=127.0.0.1 port={} user=cutover dbname=cutover password=guess", running.port);
        assert!(query(&guess, "SELECT 1").unwrap_err().contains("28P01"));
        assert!(!files_text(&cluster.dir().join("log")).contains(password), "the server's log");
        assert_stranger_is_kept_out(&running.socket_dir, cluster.dir());
        let said = Cli::new().env("CUTOVER_EMBEDDED_DIR", cluster.dir()).args(["embedded", "status"]).run();
        assert!(said.code == 0 && !said.said().contains(password), "{said:?}");
    }));
    cluster.stop().unwrap();
    checked.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// Another user of the machine sees neither the socket nor the password. Only root can become one.
fn assert_stranger_is_kept_out(socket_dir: &Path, dir: &Path) {
    const STRANGER: u32 = 54_328;
    let as_stranger = |path: &Path| {
        let mut command = Command::new("/bin/cat");
        command.arg(path).uid(STRANGER).gid(STRANGER).current_dir("/");
        command.output()
    };
    let Ok(probe) = as_stranger(Path::new("/proc/self/comm")) else {
        eprintln!("not tried: only root can become another user");
        return;
    };
    assert!(probe.status.success(), "a stranger can read what is open: {probe:?}");
    for closed in ["pgpass", "data/PG_VERSION", "data/pg_hba.conf", "log/server.log"] {
        let tried = as_stranger(&dir.join(closed)).unwrap();
        assert!(!tried.status.success(), "{closed}: {tried:?}");
    }
    let mut listing = Command::new("/bin/ls");
    listing.arg(socket_dir).uid(STRANGER).gid(STRANGER).current_dir("/");
    assert!(!listing.output().unwrap().status.success());
}
