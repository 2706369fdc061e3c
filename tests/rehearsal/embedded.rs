//! `--rehearse`: in the embedded server, beside whatever is there.

#[cfg(feature = "failpoints")]
use super::interrupt;
use super::{SHOP, consistent, state, tells_its_whole_course};
use crate::support::cli::Cli;
use crate::support::flow::Run;
use crate::support::postgres::{Server, query};
use crate::support::sqlite::SqliteFile;
use cutover::embedded::{Cluster, Programs};
#[cfg(feature = "failpoints")]
use std::time::{Duration, Instant};
use tempfile::TempDir;

struct Embedded {
    cluster: Cluster,
    _dir: TempDir,
}

impl Embedded {
    fn new() -> Option<Embedded> {
        let may_lack = std::env::var_os("ALLOW_NO_POSTGRES").is_some_and(|value| value == "1");
        if may_lack && Programs::find().is_err() {
            return None;
        }
        let dir = tempfile::Builder::new().prefix("cutover-emb-").tempdir_in("/tmp").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(dir.path(), mode).unwrap();
        Some(Embedded { cluster: Cluster::at(&dir.path().join("e")).unwrap(), _dir: dir })
    }

    fn cli(&self, words: &[&str]) -> Cli {
        Cli::new().env("CUTOVER_EMBEDDED_DIR", self.cluster.dir()).args(words)
    }

    /// Databases of rehearsals, of a server that runs.
    fn left(&self) -> u64 {
        let url = self.cluster.status().unwrap().expect("it runs").url().0;
        let sql = "SELECT count(*)::text FROM pg_database WHERE datname LIKE 'cutover\\_rehearsal\\_%'";
        query(&url, sql).unwrap()[0][0].clone().unwrap().parse().unwrap()
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        let _ = self.cluster.stop();
    }
}

/// One server for all of it: making one takes longer than any of these.
#[test]
fn nothing_stays_in_it_nor_in_the_target() {
    let (Some(server), Some(embedded)) = (Server::available(), Embedded::new()) else { return };
    let source = SqliteFile::from_sql(SHOP);
    let file = source.path().to_str().unwrap();

    let run = Run::of(embedded.cli(&["copy", "--rehearse", file])).ends_with(0);
    consistent(&run, "embedded");
    tells_its_whole_course(&run);
    assert!(embedded.cluster.status().unwrap().is_none(), "it was started for this, and is stopped");

    embedded.cluster.start().unwrap();
    let database = server.fresh_database();
    database.execute("CREATE TABLE tags (tag text PRIMARY KEY, n bigint)");
    let before = state(&database);
    let run = Run::of(embedded.cli(&["copy", "--rehearse", file, &database.url()])).ends_with(0);
    consistent(&run, "embedded");
    tells_its_whole_course(&run);
    assert_eq!(run.report["target"]["database"], *database.name, "the plan is that of the target");
    assert_eq!((state(&database), embedded.left()), (before.clone(), 0));
    assert!(embedded.cluster.status().unwrap().is_some(), "others may need it");

    database.execute("INSERT INTO tags VALUES ('x', 1)");
    let run = Run::of(embedded.cli(&["copy", "--rehearse", file, &database.url()])).ends_with(3);
    assert_eq!(run.findings("E_TARGET_ROWS").len(), 1);
    assert_eq!(embedded.left(), 0);

    #[cfg(feature = "failpoints")]
    stopped(&embedded, file);
}

#[cfg(feature = "failpoints")]
fn stopped(embedded: &Embedded, file: &str) {
    let slow =
        embedded.cli(&["copy", "--rehearse", file]).env("CUTOVER_FAILPOINTS", "before_commit=delay:1500");
    let child = slow.spawn();
    let began = Instant::now();
    while embedded.left() == 0 {
        assert!(began.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    let done = interrupt(child);
    assert_eq!(done.code, 130, "{}", done.said());
    assert_eq!(embedded.left(), 0);

    let done =
        embedded.cli(&["copy", "--rehearse", file]).env("CUTOVER_FAILPOINTS", "before_commit=kill").run();
    assert!(done.code < 0, "{done:?}");
    assert_eq!(embedded.left(), 1);
    let run = Run::of(embedded.cli(&["copy", "--rehearse", file])).ends_with(0);
    assert!(run.done.stderr.contains("a rehearsal that was killed has left it"), "{}", run.done.stderr);
    assert_eq!(embedded.left(), 0);
}
