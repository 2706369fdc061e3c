//! A newcomer's first steps: the quick start of the README and every example of every help text, run as they are printed.

use crate::support::cli::{Cli, Done};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::TempDir;

const APP: &str = "
    CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customers (id), total REAL);
    INSERT INTO customers VALUES (1, 'a'), (2, 'b');
    INSERT INTO orders VALUES (1, 1, 1.5), (2, 2, 2.5)";

/// A folder as the examples expect it: a file, migrations, a database, and no server of its own yet.
struct Folder {
    dir: TempDir,
    database: Option<Database>,
}

impl Folder {
    fn new() -> Option<Folder> {
        let server = Server::available()?;
        // The private server runs under another account where the tests are root's, which must be able to pass.
        let dir = tempfile::Builder::new().prefix("cutover-new-").tempdir_in("/tmp").unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let app = SqliteFile::from_sql(APP);
        std::fs::copy(app.path(), dir.path().join("app.db")).unwrap();
        let migrations = dir.path().join("migrations");
        std::fs::create_dir(&migrations).unwrap();
        let create = "CREATE TABLE orders (id INTEGER PRIMARY KEY);\n";
        std::fs::write(migrations.join("001_orders.sql"), create).unwrap();
        std::fs::write(migrations.join("001_orders_postgres.sql"), create.replace("INTEGER", "bigint"))
            .unwrap();
        Some(Folder { dir, database: Some(server.fresh_database()) })
    }

    /// Runs one line in a shell of this folder.
    fn run(&self, line: &str) -> Done {
        let bin = Path::new(env!("CARGO_BIN_EXE_cutover")).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let url = self.database.as_ref().map(Database::url).unwrap_or_default();
        // `wrapper` gets the program as its last argument, which `sh -c` takes for its name.
        Cli::under(&["/bin/sh", "-c", line])
            .in_dir(self.dir.path())
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("DATABASE_URL", url)
            .env("CUTOVER_EMBEDDED_DIR", self.dir.path().join("data"))
            .run()
    }

    fn works(&self, line: &str) {
        let done = self.run(line);
        assert_eq!(done.code, 0, "{line}: {done:?}");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.dir.path().join("data").is_dir() {
            self.run("cutover embedded stop");
        }
    }
}

fn help(path: &[&str], flag: &str) -> String {
    let done = Cli::new().args(path).args([flag]).run();
    assert_eq!(done.code, 0, "{path:?}: {done:?}");
    done.stdout
}

/// The lines below `Examples:`.
fn examples(path: &[&str]) -> Vec<String> {
    let help = help(path, "--help");
    let below = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    let lines: Vec<&str> = below.take_while(|line| line.starts_with("  ")).collect();
    for line in &lines {
        assert!(line.len() < 80, "{path:?}: wider than 79 columns: {line}");
        assert!(line.starts_with("  cutover "), "{path:?}: {line}");
    }
    lines.iter().map(|line| line.trim().to_owned()).collect()
}

/// Every command, found in the help of the one above it.
fn commands() -> Vec<Vec<String>> {
    let mut found = vec![Vec::new()];
    let mut next = 0;
    while next < found.len() {
        let path: Vec<String> = found[next].clone();
        let help = help(&path.iter().map(String::as_str).collect::<Vec<_>>(), "-h");
        let below = help.lines().skip_while(|line| *line != "Commands:").skip(1);
        let named = below.take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
        for name in named.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help") {
            found.push(path.iter().cloned().chain([name.to_owned()]).collect());
        }
        next += 1;
    }
    found
}

/// Runs the examples of these commands, each command's in a folder of its own, after `before`.
fn all_work(paths: &[&[&str]], before: &[&str]) {
    for path in paths {
        let Some(folder) = Folder::new() else { return };
        before.iter().for_each(|line| folder.works(line));
        examples(path).iter().for_each(|line| folder.works(line));
    }
}

const COPY: &str = "cutover copy --migrate app.db \"$DATABASE_URL\"";

/// The commands whose examples are run, by the test that does.
const ALONE: [&[&str]; 5] =
    [&["copy"], &["schema", "show"], &["schema", "translate"], &["schema", "check"], &["completions"]];
const COPIED: [&[&str]; 5] = [&["verify"], &["status"], &["clean"], &["schema"], &["schema", "diff"]];
const EMBEDDED: [&[&str]; 1] = [&["embedded"]];
const STARTED: [&[&str]; 4] = [&[], &["embedded", "start"], &["embedded", "status"], &["embedded", "stop"]];
const OTHER: [&[&str]; 1] = [&["man"]];

#[test]
fn every_command_has_examples_and_all_are_run() {
    let run: Vec<Vec<String>> = [&ALONE[..], &COPIED, &EMBEDDED, &STARTED, &OTHER]
        .concat()
        .into_iter()
        .map(|path| path.iter().map(|name| (*name).to_owned()).collect())
        .collect();
    for path in commands() {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let count = examples(&names).len();
        assert!((2..=4).contains(&count), "{path:?} has {count} examples");
        assert!(run.contains(&path), "no test runs the examples of {path:?}");
        assert!(!help(&names, "-h").contains("Examples:"), "{path:?}: the short help is short");
    }
}

#[test]
fn examples_that_need_nothing_work() {
    all_work(&ALONE, &[]);
    all_work(&OTHER, &[]);
}

#[test]
fn examples_that_need_a_copy_work() {
    all_work(&COPIED, &[COPY]);
}

/// One server of its own for all of them: making it is what takes time.
#[test]
fn examples_with_the_private_server_work() {
    let Some(folder) = Folder::new() else { return };
    for path in EMBEDDED.iter().chain(&STARTED) {
        if *path == ["embedded", "status"] {
            folder.works("cutover embedded start");
        }
        examples(path).iter().for_each(|line| folder.works(line));
    }
}

/// The block of the README below `To use it on your own data:`.
fn quick_start() -> Vec<String> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let below = readme.lines().skip_while(|line| *line != "To use it on your own data:");
    let block = below.skip_while(|line| *line != "```").skip(1).take_while(|line| *line != "```");
    block.map(str::to_owned).collect()
}

#[test]
fn the_quick_start_works_as_written() {
    let Some(folder) = Folder::new() else { return };
    let lines = quick_start();
    assert!(lines[0].starts_with("make build"), "{lines:?}");
    assert!(lines[1].starts_with("export DATABASE_URL="), "the reader's own server: {lines:?}");
    assert!(lines.len() >= 5, "{lines:?}");
    for line in &lines[2..] {
        assert!(line.starts_with("cutover "), "{line}");
        folder.works(line);
    }
}

/// The check itself must be able to fail.
#[test]
fn an_example_that_does_not_work_is_seen() {
    let Some(folder) = Folder::new() else { return };
    assert_ne!(folder.run("cutover copy --migrate missing.db \"$DATABASE_URL\"").code, 0);
    assert_ne!(folder.run("cutover copy --migrat app.db").code, 0);
    assert_eq!(folder.run("cutover --version").code, 0);
}
