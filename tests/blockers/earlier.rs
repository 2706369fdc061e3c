//! What an earlier copy has left, and what an address leads to.

use crate::support::cli::Cli;
use crate::support::flow::{Run, migrate, shape, validate};
use crate::support::postgres::{Database, Server};
use crate::support::psql::psql;
use crate::support::sqlite::SqliteFile;

const TWO: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE TABLE u (id INTEGER PRIMARY KEY);
    INSERT INTO t VALUES (1, 'x'), (2, 'y'); INSERT INTO u VALUES (1)";

/// The first way of that kind that a refusal of that code prints.
#[track_caller]
fn way(run: &Run, code: &str, prefix: &str) -> String {
    assert_eq!(run.done.code, 3, "{}", run.said());
    let found = run.findings(code);
    let fix = found.first().map(|finding| finding["fix"].as_str().unwrap_or_default()).unwrap_or_default();
    let way = fix.lines().find_map(|line| line.strip_prefix(prefix));
    way.unwrap_or_else(|| panic!("{code}: no such way in {fix:?}: {}", run.said())).to_owned()
}

/// A finished copy that `spoil` changes: refused with the code; with the option that is printed, it is not.
fn spoilt(code: &str, more: &[&str], again: &[&str], spoil: impl Fn(&SqliteFile, &Database)) {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql(TWO), server.fresh_database());
    migrate(source.path(), &database, more).ends_with(0);
    spoil(&source, &database);
    let before = shape(&database);
    let found = validate(source.path(), &database, again);
    let option = way(&found, code, "option: ");
    assert_eq!(shape(&database), before, "--validate writes nothing");
    assert_ne!(migrate(source.path(), &database, again).done.code, 0, "{code}");
    let mut options = again.to_vec();
    options.extend(option.split(' '));
    validate(source.path(), &database, &options).ends_with(0);
    migrate(source.path(), &database, &options).ends_with(0);
}

#[test]
fn an_earlier_copy_that_cannot_be_gone_on_with() {
    let nothing = |_: &SqliteFile, _: &Database| ();
    spoilt("E_OTHER_OPTIONS", &[], &["--names", "lower"], nothing);
    spoilt("E_NOT_SELECTED", &["--table", "t"], &[], nothing);
    spoilt("E_SOURCE_CHANGED", &[], &[], |source, _| {
        source.connection().execute_batch("INSERT INTO t VALUES (3, 'z')").unwrap();
    });
    spoilt("E_LEDGER_DAMAGED", &[], &[], |_, database| {
        database.execute("UPDATE cutover.chunk SET digest = NULL WHERE table_name = 't'");
    });
}

#[test]
fn an_earlier_copy_that_is_gone() {
    spoilt("E_COPY_GONE", &[], &[], |_, database| database.execute("DELETE FROM t"));
    spoilt("E_COPY_GONE", &[], &[], |_, database| database.execute("DROP TABLE t"));
}

#[test]
fn a_database_of_another_encoding() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(TWO);
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let options = format!("ENCODING {encoding} LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        let database = server.database_with(&options).unwrap();
        let create = way(&validate(source.path(), &database, &[]), "E_ENCODING", "in the target: ");
        psql(&database, &create).unwrap();
        let other = server.adopt(&format!("{}_utf8", database.name));
        for mode in ["--validate", "--migrate"] {
            Run::of(Cli::new().args(["copy", mode]).args([source.path()]).args([other.url()])).ends_with(0);
        }
    }
}
