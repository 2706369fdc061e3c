//! `cutover verify` on copies that DuckDB made: by its extensions `sqlite` and `postgres`, where they are installed, and by
//! files, which needs neither.

use super::LOADED;
use super::judge::{self, has, of_judge, of_verify, url_of};
use crate::corpus::{copy_of, shared};
use crate::support::postgres::{Database, Server};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs the lines of stdin, and goes on where one fails, as DuckDB's own shell does.
const LINES: &str = "
import duckdb, sys
duck, failed = duckdb.connect(), False
for line in sys.stdin:
    try:
        duck.execute(line)
    except duckdb.Error as error:
        failed = True
        print(error, file=sys.stderr)
sys.exit(failed)";

/// LOAD takes what is installed; nothing is downloaded.
const EXTENSIONS: &str = "SET autoinstall_known_extensions = false;\nLOAD sqlite;\nLOAD postgres;\n";

/// DuckDB as a program and as a Python module: both take statements from stdin.
const DUCKS: [&[&str]; 2] = [&["duckdb"], &["python3", "-c", LINES]];

/// Runs statements, one on a line; false where one failed, or where there is no such DuckDB.
fn run(duck: &[&str], statements: &str) -> bool {
    let words = Command::new(duck[0])
        .args(&duck[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = words else { return false };
    // One that ends at the first failure reads no further.
    let _ = child.stdin.take().unwrap().write_all(statements.as_bytes());
    let output = child.wait_with_output().unwrap();
    output.status.success() && output.stderr.is_empty()
}

/// As people do it: every table as it comes, its types by DuckDB. What it refuses is not there.
fn attach(duck: &[&str], file: &Path, database: &Database) {
    let (from, to) = (file.display(), url_of(database));
    let mut statements = format!(
        "{EXTENSIONS}ATTACH '{from}' AS sq (TYPE sqlite, READ_ONLY);\nATTACH '{to}' AS pg (TYPE postgres);\n"
    );
    let source = rusqlite::Connection::open(file).unwrap();
    let mut tables = source
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
        )
        .unwrap();
    for name in tables.query_map([], |row| row.get::<_, String>(0)).unwrap() {
        let name = name.unwrap().replace('"', "\"\"");
        statements += &format!("CREATE TABLE pg.public.\"{name}\" AS FROM sq.\"{name}\";\n");
    }
    run(duck, &statements);
}

#[test]
fn what_duckdbs_extensions_lose_is_named_as_an_independent_judge_names_it() {
    let Some(judge) = judge::judge() else { return };
    let Some(duck) = DUCKS.into_iter().find(|duck| run(duck, EXTENSIONS)) else {
        eprintln!("skipped: no DuckDB with its extensions sqlite and postgres");
        return;
    };
    judge::is_agreed_with(&judge, LOADED, |file, database| attach(duck, file, database));
}

/// A copy by CSV files; the script says what it left out.
fn by_files(file: &Path, database: &Database) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/other_tools/duckdb_files.py");
    let output = Command::new("python3").arg(script).arg(file).arg(url_of(database)).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn has_module() -> bool {
    has("python3", &["-c", "import duckdb"])
}

#[test]
fn what_duckdb_loses_by_files_is_named_as_an_independent_judge_names_it() {
    let Some(judge) = judge::judge() else { return };
    if has_module() {
        judge::is_agreed_with(&judge, LOADED, by_files);
    }
}

#[test]
fn what_is_changed_in_duckdbs_copy_is_named_by_both() {
    let (Some(judge), Some(server), Some(shared)) = (judge::judge(), Server::available(), shared()) else {
        return;
    };
    if !has_module() {
        return;
    }
    let (_dir, file) = copy_of(&shared.join("corpus/chinook.sqlite"));
    let database = server.fresh_database();
    by_files(&file, &database);
    let both = || [of_verify(&file, &database), of_judge(&judge, &file, &database)];
    assert!(both().iter().all(|verdict| verdict.has_all_rows), "the rows of this file arrive as they are");
    database.execute(
        r#"UPDATE "Invoice" SET "Total" = "Total" + 0.01 WHERE "InvoiceId" = 7; DELETE FROM "Track" WHERE "TrackId" IN (3, 5);
           UPDATE "Artist" SET "Name" = NULL WHERE "ArtistId" = 1; ALTER TABLE "Customer" DROP COLUMN "Fax""#,
    );
    for verdict in both() {
        assert!(!verdict.has_all_rows && !verdict.is_whole, "{verdict:#?}");
        let lost = ["rows invoice", "rows track", "rows artist", "count track", "column customer.fax"];
        let said = lost.map(|what| verdict.losses.get(what).map_or("", String::as_str));
        assert_eq!(said, ["1", "2", "1", "3501 of 3503", "all"], "{verdict:#?}");
    }
}
