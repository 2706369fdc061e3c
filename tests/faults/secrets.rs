//! No password and no cell's value in anything that is told or left behind (design.md, promise 8; invariant F): marks are
//! planted, runs fail in many ways, and everything they said and left is searched.

// passwords typed into the command line
mod typed;

use crate::resume::hold::Hold;
use crate::resume::running::Running;
use crate::support::cli::{Cli, Done};
use crate::support::postgres::{Database, Server, query};
use crate::support::secrets::{assert_not_told, files_text, ledger_text, mark, streams};
use crate::support::sqlite::SqliteFile;
use std::path::PathBuf;
use tempfile::TempDir;

/// A source whose every cell is marked, a role whose password is, and a directory for all that is written.
pub(super) struct Marked {
    pub(super) database: Database,
    pub(super) source: SqliteFile,
    pub(super) password: String,
    role: String,
    cells: Vec<String>,
    left: TempDir,
    runs: std::cell::Cell<u32>,
}

impl Marked {
    pub(super) fn new() -> Option<Marked> {
        let server = Server::available()?;
        let (password, role) = (mark("pass"), mark("role"));
        let (text, blob, number) =
            (mark("text"), mark("blob"), uuid::Uuid::new_v4().as_u128() as u32 as u64 + 7_000_000_000_000);
        let database = server.fresh_database();
        database.execute(&format!("CREATE ROLE {role} LOGIN SUPERUSER PASSWORD '{password}'"));
        let source = SqliteFile::from_sql(&format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT, b BLOB, n INTEGER);
             INSERT INTO t VALUES (1, '{text}', CAST('{blob}' AS BLOB), {number}), (2, '{text}', NULL, {number});
             CREATE TABLE u (id INTEGER PRIMARY KEY, v TEXT);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) INSERT INTO u SELECT i, '{text}' FROM n;"
        ));
        let (cells, left, runs) =
            (vec![text, blob, number.to_string()], tempfile::tempdir().unwrap(), 0.into());
        Some(Marked { database, source, password, role, cells, left, runs })
    }

    /// The address, with the password in it.
    pub(super) fn url(&self) -> String {
        self.database.url_of(&self.role, &self.password)
    }

    /// The address without it.
    fn bare_url(&self) -> String {
        self.url().split(' ').filter(|word| !word.starts_with("password=")).collect::<Vec<_>>().join(" ")
    }

    /// The program with the password in its environment and a temporary directory that is searched.
    pub(super) fn cli(&self, words: &[&str]) -> Cli {
        let temporary = self.left.path().join("tmp");
        std::fs::create_dir_all(&temporary).unwrap();
        let cli = Cli::new()
            .env("PGPASSWORD", &self.password)
            .env("TMPDIR", &temporary)
            .env("HOME", self.left.path());
        cli.in_dir(self.left.path()).args(words)
    }

    fn report(&self) -> PathBuf {
        self.runs.set(self.runs.get() + 1);
        self.left.path().join(format!("report{}.json", self.runs.get()))
    }

    /// A run over source and target, which writes a report.
    fn run(&self, words: &[&str], more: &[&str]) -> Done {
        let cli =
            self.cli(words).args(["--from"]).args([self.source.path()]).args(["--to", &self.bare_url()]);
        cli.args(["--timing", "--report"]).args([self.report()]).args(more).run()
    }

    /// Nothing that was said, written down or left tells a mark.
    #[track_caller]
    pub(super) fn assert_kept(&self, done: &Done, case: &str) {
        eprintln!("{case}: {}", done.code);
        let (ledger, left) = (ledger_text(&self.database), files_text(self.left.path()));
        let mut texts = streams(done).to_vec();
        texts.extend([("ledger", ledger.as_str()), ("files", &left), ("case", case)]);
        let marks: Vec<&str> = self.cells.iter().chain([&self.password]).map(String::as_str).collect();
        assert_not_told(&marks, &texts);
        let temporary = self.left.path().join("tmp");
        let stays = std::fs::read_dir(temporary).map_or(0, Iterator::count);
        assert_eq!(stays, 0, "{case}: a temporary file stays");
    }

    #[track_caller]
    fn ends(&self, done: Done, code: i32, case: &str) -> Done {
        assert_eq!(done.code, code, "{case}: {done:?}");
        self.assert_kept(&done, case);
        done
    }
}

impl Drop for Marked {
    fn drop(&mut self) {
        let drop_role = format!("DROP ROLE IF EXISTS {}", self.role);
        let _ = self.database.try_execute(&drop_role);
    }
}

#[test]
fn runs_that_end_well_tell_nothing() {
    let Some(marked) = Marked::new() else { return };
    for progress in ["lines", "json", "bars"] {
        let done = marked.run(&["copy", "--validate"], &["--progress", progress]);
        marked.ends(done, 0, "validated");
    }
    let config = marked.left.path().join("decided.toml");
    let done = marked
        .run(&["copy", "--validate", "--infer", "content"], &["--write-config", config.to_str().unwrap()]);
    marked.ends(done, 0, "decisions written");
    std::fs::remove_file(config).unwrap();
    let done = marked.run(&["copy", "--migrate"], &["--progress", "json", "--retry-for", "1s"]);
    marked.ends(done, 0, "copied");
    let done = marked.run(&["verify"], &["--progress", "json"]);
    marked.ends(done, 0, "verified");
    for words in [
        &["status"][..],
        &["status", "--json"],
        &["status", "--set-aside", "--json"],
        &["schema", "diff", "--from", marked.source.path().to_str().unwrap()],
    ] {
        let done = marked.cli(words).args(["--to", &marked.bare_url()]).run();
        marked.assert_kept(&done, "looked at");
    }
    let done =
        marked.cli(&["schema", "show"]).args([marked.source.path()]).args(["--to", &marked.bare_url()]).run();
    marked.assert_kept(&done, "shown");
    let done = marked.cli(&["clean", "--to", &marked.bare_url()]).run();
    marked.ends(done, 0, "cleaned");
}

#[test]
fn values_that_cannot_be_copied_are_not_quoted() {
    let Some(marked) = Marked::new() else { return };
    marked.database.execute("CREATE TABLE t (id integer PRIMARY KEY, v uuid, b bytea, n smallint)");
    let done = marked.run(&["copy", "--migrate"], &[]);
    marked.ends(done, 3, "refused");
    let done = marked.run(&["copy", "--migrate", "--on-bad-value", "quarantine"], &[]);
    marked.ends(done, 8, "set aside");
    for words in [&["status", "--set-aside"][..], &["status", "--set-aside", "--json"]] {
        let done = marked.cli(words).args(["--to", &marked.bare_url()]).run();
        marked.ends(done, 0, "set aside, listed");
    }
}

/// What the server says of a row quotes it: in DETAIL, in CONTEXT, and in the message of a function, under any SQLSTATE.
/// Triggers on INSERT are refused, so that it is CHECKs that speak.
#[test]
fn servers_that_quote_rows_are_not_quoted() {
    let Some(marked) = Marked::new() else { return };
    let speaking = |how: &str| {
        format!(
            "DROP TABLE IF EXISTS t CASCADE; DROP FUNCTION IF EXISTS quotes;
             CREATE FUNCTION quotes (v text) RETURNS boolean LANGUAGE plpgsql AS $f$BEGIN {how} RETURN true; END$f$;
             CREATE TABLE t (id integer PRIMARY KEY, v text CHECK (quotes(v)), b bytea, n bigint);"
        )
    };
    let plain = |check: &str| {
        format!(
            "DROP TABLE IF EXISTS t; CREATE TABLE t (id integer PRIMARY KEY, v text {check}, b bytea, n bigint)"
        )
    };
    let targets = [
        ("a CHECK", plain("CHECK (v < 'a')"), ""),
        ("a UNIQUE", plain("UNIQUE"), ""),
        ("RAISE", speaking("RAISE EXCEPTION 'bad %', v USING DETAIL = v, HINT = v;"), "P0001"),
        (
            "RAISE with a code of the server's",
            speaking("RAISE EXCEPTION '%', v USING ERRCODE = '42P01';"),
            "42P01",
        ),
        (
            "RAISE with a code of its own",
            speaking("RAISE EXCEPTION '%', v USING ERRCODE = 'ZZ001';"),
            "ZZ001",
        ),
        ("RAISE of a lost connection", speaking("RAISE EXCEPTION '%', v USING ERRCODE = '08006';"), "08006"),
        ("RAISE WARNING", speaking("RAISE WARNING '%', v; PERFORM 1 / 0;"), "22012"),
        ("a cast", speaking("PERFORM v::integer;"), "22P02"),
        ("dynamic SQL", speaking("EXECUTE 'SELECT ' || v;"), "42703"),
    ];
    for (case, sql, sqlstate) in targets {
        marked.database.execute(&sql);
        marked.database.execute("DROP SCHEMA IF EXISTS cutover CASCADE; DROP TABLE IF EXISTS u");
        let done = marked.run(&["copy", "--migrate"], &["--progress", "json", "--retry-for", "1s"]);
        assert_ne!(done.code, 0, "{case}: {done:?}");
        assert!(done.said().contains(sqlstate), "{case}: it is what we look for that is said: {done:?}");
        marked.assert_kept(&done, case);
        let done = marked.cli(&["status", "--json", "--to", &marked.bare_url()]).run();
        marked.assert_kept(&done, case);
    }
}

#[test]
fn differences_are_told_without_values() {
    let Some(marked) = Marked::new() else { return };
    let done = marked.run(&["copy", "--migrate"], &[]);
    marked.ends(done, 0, "copied");
    marked.database.execute("UPDATE t SET v = 'another' WHERE id = 1; DELETE FROM u WHERE id = 7; UPDATE t SET n = 1 WHERE id = 2");
    for progress in ["lines", "json"] {
        let done = marked.run(&["verify"], &["--progress", progress]);
        marked.ends(done, 4, "differs");
    }
    let done = marked.run(&["verify"], &["--show-values"]);
    assert!(
        done.said().contains(&marked.cells[0]),
        "asked for, they are shown: the marks are where we look: {done:?}"
    );
}

#[test]
fn runs_that_are_killed_or_stopped_leave_nothing() {
    let Some(marked) = Marked::new() else { return };
    for signal in ["INT", "TERM", "KILL", "ABRT"] {
        let cli = marked.cli(&[
            "copy",
            "--migrate",
            "--restart",
            "--chunk-rows",
            "100",
            "--progress",
            "json",
            "--from",
        ]);
        let cli = cli
            .args([marked.source.path()])
            .args(["--to", &marked.bare_url(), "--report"])
            .args([marked.report()]);
        let run = Running::start(cli);
        let hold = Hold::chunk(&marked.database, "u", 4);
        hold.wait_until_held(1);
        run.signal(signal);
        let done = run.end();
        hold.release();
        assert_ne!(done.code, 0, "{signal}: {done:?}");
        marked.assert_kept(&done, signal);
        marked.database.execute("DROP SCHEMA cutover CASCADE; DROP TABLE t, u");
    }
}

#[test]
fn logins_that_fail_repeat_no_password() {
    let Some(marked) = Marked::new() else { return };
    let wrong = marked.database.url_of("postgres", &marked.password);
    let (nobody, port) = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        (format!("host=127.0.0.1 port={port} user=u dbname=d password={}", marked.password), port)
    };
    let password = &marked.password;
    let addresses = [
        ("wrong password", wrong.clone()),
        ("nobody there", nobody),
        ("a URL, nobody there", format!("postgres://u:{password}@127.0.0.1:{port}/d")),
        ("not encoded", format!("postgres://u:a/{password}@127.0.0.1:{port}/d")),
        ("an @ too many", format!("postgres://u:a@{password}@127.0.0.1:{port}/d")),
        ("a bad port", format!("postgres://127.0.0.1:{password}/d")),
        ("unknown host", format!("postgres://u:{password}@nobody.invalid/d")),
        ("TLS refused", format!("{wrong} sslmode=require")),
        ("not closed", format!("host=127.0.0.1 password='{password}")),
        ("blanks", format!("host=127.0.0.1 password=a {password}")),
        ("unknown parameter", format!("postgres://u:{password}@h/d?pasword={password}")),
        ("of another dialect", format!("mysql://u:{password}@h/d")),
        ("of a driver", format!("postgresql+psycopg2://u:{password}@h/d")),
        ("no address", format!("password {password}")),
    ];
    for (case, address) in &addresses {
        for words in [&["copy", "--migrate", "--from"][..], &["verify", "--progress", "json", "--from"]] {
            let done = marked.cli(words).args([marked.source.path()]).args(["--to", address]).run();
            assert_ne!(done.code, 0, "{case}: {done:?}");
            marked.assert_kept(&done, case);
        }
        for words in [
            &["status", "--to"][..],
            &["status", "--json", "--too"],
            &["clean", "--to"],
            &["schema", "diff", "--from", "x.db", "--to"],
        ] {
            let done = marked.cli(words).args([address]).run();
            assert_ne!(done.code, 0, "{case}: {done:?}");
            marked.assert_kept(&done, case);
        }
        let done = marked.cli(&["status"]).env("CUTOVER_TO", address).run();
        marked.assert_kept(&done, case);
    }
    let done = marked
        .cli(&["status", "--to", &marked.bare_url()])
        .env("PGPORT", password)
        .env("PGSSLMODE", password)
        .run();
    marked.assert_kept(&done, "in the wrong variable");
}

#[test]
fn settings_that_are_wrong_repeat_no_value() {
    let Some(marked) = Marked::new() else { return };
    let dir = tempfile::tempdir().unwrap();
    let (settings, variables) = (dir.path().join("settings.toml"), dir.path().join("variables.env"));
    let password = &marked.password;
    for text in [format!("[options]\nto = \"postgres://u:{password}@h/d\"\n"), format!("to = '{password}\n")]
    {
        std::fs::write(&settings, text).unwrap();
        let done = marked.run(&["copy", "--validate", "--config", settings.to_str().unwrap()], &[]);
        assert_eq!(done.code, 2, "{done:?}");
        marked.assert_kept(&done, "settings");
    }
    for text in [
        format!("PGPASSWORD={password}$x\n"),
        format!("PG PASSWORD={password}\n"),
        format!("PGPASSWORD='{password}\n"),
        password.clone(),
    ] {
        std::fs::write(&variables, text).unwrap();
        let done = marked.run(&["copy", "--validate", "--env-file", variables.to_str().unwrap()], &[]);
        assert_eq!(done.code, 2, "{done:?}");
        marked.assert_kept(&done, "variables");
    }
    std::fs::write(&variables, format!("PGPASSWORD='{password}'\n")).unwrap();
    let done = marked.run(&["copy", "--validate", "--env-file", variables.to_str().unwrap()], &[]);
    marked.ends(done, 0, "the file's password");
    let rows = query(&marked.url(), "SELECT 1").unwrap();
    assert_eq!(rows.len(), 1);
}
