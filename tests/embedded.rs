//! The embedded server with real server programs: made, started, logged in, stopped, asked for twice at once.

use crate::support::postgres::query;
use cutover::embedded::{Account, Cluster, Programs};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use tempfile::TempDir;

/// A cluster in a directory of its own, stopped when the test ends.
struct Fixture {
    cluster: Cluster,
    _dir: TempDir,
}

impl Fixture {
    fn new(below: &str) -> Option<Fixture> {
        if std::env::var_os("ALLOW_NO_POSTGRES").is_some_and(|value| value == "1")
            && Programs::find().is_err()
        {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("cutover-emb-").tempdir_in("/tmp").unwrap();
        // The server's account must be able to pass when the tests run as root.
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Some(Fixture { cluster: Cluster::at(&dir.path().join(below)).unwrap(), _dir: dir })
    }

    fn mode(&self, name: &str) -> u32 {
        std::fs::metadata(self.cluster.dir().join(name)).unwrap().permissions().mode() & 0o777
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = self.cluster.stop();
    }
}

fn value(url: &str, sql: &str) -> String {
    query(url, sql).unwrap()[0][0].clone().unwrap()
}

#[test]
fn a_cluster_lives_through_start_stop_and_start() {
    let Some(fixture) = Fixture::new("with 'odd $name") else { return };
    let cluster = &fixture.cluster;
    // What a killed initdb leaves must not be in the way.
    std::fs::create_dir_all(cluster.dir().join("data.new/base")).unwrap();

    let running = cluster.start_with(&[("work_mem", "5MB")]).unwrap();
    let url = running.url().0;
    assert_eq!(value(&url, "SELECT current_user || ' ' || current_database()"), "cutover cutover");
    assert_eq!(value(&url, "SHOW server_encoding"), "UTF8");
    assert_eq!(value(&url, "SHOW work_mem"), "5MB");
    assert_eq!(value(&url, "SHOW listen_addresses"), "127.0.0.1");
    assert_eq!(
        value(&url, "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules"),
        "scram-sha-256"
    );
    query(&url, "CREATE TABLE kept (a int); INSERT INTO kept VALUES (42)").unwrap();

    let tcp = format!("host=127.0.0.1 port={} user=cutover dbname=cutover", running.port);
    assert!(query(&tcp, "SELECT 1").is_err(), "without a password nobody comes in");
    let password = url.rsplit('=').next().unwrap();
    assert_eq!(value(&format!("{tcp} password={password}"), "SELECT 1"), "1");
    assert!(!running.psql_hint().contains(password));

    assert_eq!((fixture.mode("pgpass"), fixture.mode("data"), fixture.mode("run")), (0o600, 0o700, 0o700));
    let server_uid = std::fs::metadata(cluster.dir().join("data")).unwrap().uid();
    assert_eq!(server_uid, Account::current().unwrap().uid);
    assert_ne!(server_uid, 0);

    let again = cluster.start().unwrap();
    assert_eq!(
        (again.port, &again.socket_dir),
        (running.port, &running.socket_dir),
        "starting is idempotent"
    );
    assert_eq!(cluster.status().unwrap().unwrap().port, running.port);
    assert!(cluster.stop().unwrap());
    assert!(!cluster.stop().unwrap());
    assert!(cluster.status().unwrap().is_none());

    let refused = cluster.start_with(&[("shared_buffers", "nonsense")]).unwrap_err();
    assert!(refused.message().contains("shared_buffers"), "the log's end is shown: {refused}");
    let third = cluster.start().unwrap();
    assert_eq!(value(&third.url().0, "SELECT a FROM kept"), "42");
}

#[test]
fn four_at_once_make_one_cluster_and_a_long_path_has_a_short_socket() {
    let Some(fixture) = Fixture::new(&"long/".repeat(30)) else { return };
    let cluster = &fixture.cluster;
    let found: Vec<(PathBuf, u16)> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..4).map(|_| scope.spawn(|| cluster.start().unwrap())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).map(|r| (r.socket_dir, r.port)).collect()
    });
    assert!(found.iter().all(|one| *one == found[0]), "{found:?}");
    let socket_dir = &found[0].0;
    assert!(socket_dir.starts_with("/tmp") && socket_dir.as_os_str().len() < 40, "{socket_dir:?}");
    assert_eq!(std::fs::metadata(socket_dir).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(value(&cluster.start().unwrap().url().0, "SELECT 1"), "1");
    assert!(cluster.stop().unwrap());
    assert!(!socket_dir.exists(), "the short directory goes with the server");
}

#[test]
fn a_closed_directory_is_named_when_root_asks() {
    let account = Account::current().unwrap();
    if !account.switch {
        return;
    }
    let dir = tempfile::Builder::new().prefix("cutover-closed-").tempdir_in("/tmp").unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let error = Cluster::at(&dir.path().join("embedded")).unwrap().start().unwrap_err();
    assert!(error.message().contains(&dir.path().display().to_string()), "{error}");
    assert!(error.remedy_text().unwrap().contains("chmod o+x"));
}
