//! No point rots: a few small runs pass each of them.

use super::events::run_counted;
use super::small;
use crate::resume::world::Target;
use crate::support::cli::Cli;
use crate::support::postgres::Server;
use crate::support::sqlite::SqliteFile;
use std::collections::BTreeMap;

#[test]
fn every_point_is_passed() {
    let Some(faults) = small::by_chunk(Target::Empty) else { return };
    let (database, home) = (faults.database(), tempfile::tempdir().unwrap());
    let cli = faults.copy_to(&database.url()).args(["--report"]).args([home.path().join("r.json")]);
    let mut passed = counted(cli);
    // A BLOB that is read in slices.
    let source = SqliteFile::from_sql("CREATE TABLE t (b); INSERT INTO t VALUES (zeroblob(17000000))");
    let database = Server::shared().fresh_database();
    let cli = Cli::new().args(["copy", "--migrate", "--from"]).args([source.path()]);
    for (point, count) in counted(cli.args(["--to", &database.url()])) {
        *passed.entry(point).or_default() += count;
    }
    let missed: Vec<&&str> = cutover::failpoint::ALL.iter().filter(|point| passed[**point] == 0).collect();
    assert!(missed.is_empty(), "never passed: {missed:?}");
}

fn counted(cli: Cli) -> BTreeMap<String, u64> {
    let (done, counts) = run_counted(cli);
    assert_eq!(done.code, 0, "{done:?}");
    counts.expect("counts of a run that ended by itself")
}
