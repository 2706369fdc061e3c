//! A role without rights is told every missing one as a statement, and with these the copy succeeds.

use super::ways;
use crate::refusals::Role;
use crate::support::cli::Cli;
use crate::support::flow::Run;
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;

const FAMILY: &str = "CREATE TABLE parent (id INTEGER PRIMARY KEY, a TEXT); INSERT INTO parent VALUES (1, 'x');
    CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent); INSERT INTO child VALUES (1, 1);";

fn call(mode: &str, source: &SqliteFile, role: &Role<'_>, more: &[&str]) -> Run {
    Run::of(Cli::new().args(["copy", mode]).args([source.path()]).args([role.url()]).args(more))
}

/// Runs what is printed for the target, as often as there is something new.
fn granted(database: &Database, source: &SqliteFile, role: &Role<'_>, more: &[&str]) -> usize {
    let mut all = 0;
    for _ in 0..4 {
        let run = call("--validate", source, role, more);
        if run.done.code == 0 {
            return all;
        }
        let refusals = run.report["findings"].as_array().unwrap().iter();
        for finding in refusals.filter(|finding| finding["severity"] == "refusal") {
            let sql = ways(finding)[0].strip_prefix("in the target: ").unwrap_or_else(|| panic!("{finding}"));
            database.execute(sql);
            all += 1;
        }
    }
    panic!("{}", call("--validate", source, role, more).said());
}

#[test]
fn the_printed_grants_are_enough() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(FAMILY);
    let existing = "CREATE TABLE parent (id bigint PRIMARY KEY, a text);
        CREATE TABLE child (id bigint PRIMARY KEY, parent bigint REFERENCES parent);";
    // Target, options, statements at the least.
    let cases: [(&str, &[&str], usize); 5] = [
        ("", &[], 2),
        ("CREATE SCHEMA app", &["--schema", "app"], 2),
        ("REVOKE ALL ON SCHEMA public FROM public", &[], 2),
        ("", &["--schema", "fresh"], 1),
        (existing, &[], 3),
    ];
    for (target, more, least) in cases {
        let database = server.fresh_database();
        database.execute(&format!("SELECT 1; {target}"));
        let (owner, role) = (Role::new(&database), Role::new(&database));
        if target == existing {
            database.execute(&format!(
                "ALTER TABLE parent OWNER TO {0}; ALTER TABLE child OWNER TO {0}; GRANT ALL ON SCHEMA public TO {0}",
                owner.1
            ));
        }
        assert!(granted(&database, &source, &role, more) >= least, "{target}");
        call("--migrate", &source, &role, more).ends_with(0);
        database
            .execute("DROP SCHEMA IF EXISTS cutover, app, fresh CASCADE; DROP TABLE IF EXISTS child, parent");
    }
}

/// What an owner took away from itself, a schema that it may not look into, and a parent of others.
#[test]
fn rights_on_existing_tables_are_told_one_by_one() {
    let Some(server) = Server::available() else { return };
    let source = SqliteFile::from_sql(
        "CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER); INSERT INTO child VALUES (1, 1)",
    );
    let database = server.fresh_database();
    let role = Role::new(&database);
    database.execute(&format!(
        "CREATE SCHEMA app; CREATE SCHEMA others; CREATE TABLE others.parent (id bigint PRIMARY KEY); INSERT INTO others.parent VALUES (1);
         CREATE TABLE app.child (id bigint PRIMARY KEY, parent bigint REFERENCES others.parent);
         ALTER TABLE app.child OWNER TO {0}; REVOKE INSERT ON app.child FROM {0}; GRANT CREATE ON DATABASE {1} TO {0};
         GRANT USAGE ON SCHEMA others TO {0}; GRANT SELECT ON others.parent TO {0}",
        role.1, database.name
    ));
    let more = ["--schema", "app"];
    // USAGE of the schema first, then what can be seen with it.
    let said = call("--validate", &source, &role, &more).ends_with(3);
    assert!(ways(said.findings("E_RIGHTS")[0])[0].contains("GRANT USAGE ON SCHEMA"), "{}", said.said());
    assert!(granted(&database, &source, &role, &more) >= 3);
    call("--migrate", &source, &role, &more).ends_with(0);
    database.execute("DROP SCHEMA cutover, app, others CASCADE");
}
