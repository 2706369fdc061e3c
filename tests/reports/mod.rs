//! Reports that people read: the page and the Markdown say what the JSON says, whatever the names in it are, and the page is
//! looked at in a browser where there is one.

mod browser;
mod made_up;
mod markup;

use crate::support::cli::{Cli, Done};
use crate::support::postgres::{Database, Server};
use crate::support::sqlite::SqliteFile;
use markup::{attribute, attributes};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Names that mean something in HTML, in Markdown, to a terminal or to the eye.
const HOSTILE: [&str; 7] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(2)>",
    "it's | a `pipe` & *star* _under_ @somebody #1",
    "two\nlines",
    "turned \u{202e}round",
    "שלום עולם",
    "👩\u{200d}🚀 日本語",
];

/// One run with all three forms of its report.
struct Forms {
    done: Done,
    json: Value,
    html: String,
    markdown: String,
    page: PathBuf,
    _home: TempDir,
}

impl Forms {
    #[track_caller]
    fn of(cli: Cli, code: i32) -> Forms {
        let home = tempfile::tempdir().unwrap();
        let path = |name: &str| home.path().join(name);
        let reports =
            ["r.json", "r.html", "r.md"].map(|name| ["--report".into(), path(name).into_os_string()]);
        let done = cli.args(["--progress", "off"]).args(reports.as_flattened()).run();
        assert_eq!(done.code, code, "{}\n{}", done.stdout, done.stderr);
        let read = |name: &str| std::fs::read_to_string(path(name)).unwrap();
        let json = serde_json::from_str(&read("r.json")).unwrap();
        Forms { json, html: read("r.html"), markdown: read("r.md"), page: path("r.html"), done, _home: home }
    }
}

fn copy(source: &Path, database: &Database, mode: &str) -> Cli {
    Cli::new().args(["copy", mode]).args([source]).args([database.url()])
}

/// The password in the address of a test's database.
fn password_of(database: &Database) -> String {
    let url = database.url();
    let value = url.split(' ').find_map(|pair| pair.strip_prefix("password=")).unwrap();
    value.trim_matches('\'').to_owned()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A table for each hostile name, with a column, a CHECK that is not carried and a value that look no better.
fn hostile() -> SqliteFile {
    let tables = HOSTILE.iter().enumerate().map(|(i, name)| {
        let (name, rows) = (quoted(name), i + 1);
        format!(
            "CREATE TABLE {name} (id INTEGER PRIMARY KEY, {name} TEXT, at DATETIME);
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})
             INSERT INTO {name} SELECT i, '<b>secret-value</b>', '2024-01-01' FROM n;
             CREATE TRIGGER {} AFTER INSERT ON {name} BEGIN SELECT '</pre><script>alert(3)</script>'; END;",
            quoted(&format!("on {i} </script>"))
        )
    });
    SqliteFile::from_sql(&tables.collect::<String>())
}

/// The page's rows of tables are those of the JSON report, figure by figure.
fn assert_same_tables(html: &str, json: &Value) {
    let rows = attributes(html, "data-table");
    let tables = json["tables"].as_array().unwrap();
    assert_eq!(rows.len(), tables.len());
    for row in &rows {
        let number = |name: &str| attribute(row, name).and_then(|text| text.parse::<u64>().ok());
        let same = tables.iter().find(|table| {
            (table["rows"]["source"].as_u64(), table["bytes"].as_u64())
                == (number("data-rows"), number("data-bytes"))
        });
        let table = same.unwrap_or_else(|| panic!("{row} is in no table of the JSON report"));
        assert_eq!(table["rows"]["copied"].as_u64(), number("data-copied"), "{row}");
        assert_eq!(table["rows"]["target"].as_u64(), number("data-held"), "{row}");
        assert_eq!(table["verify"].as_str().map(str::to_owned), attribute(row, "data-verify"), "{row}");
    }
    let sum = |part: &dyn Fn(&Value) -> u64| tables.iter().map(part).sum::<u64>();
    for (figure, expected) in [
        ("tables", tables.len() as u64),
        ("rows", sum(&|table| table["rows"]["copied"].as_u64().unwrap())),
        ("bytes", sum(&|table| table["bytes"].as_u64().unwrap())),
    ] {
        let shown = attributes(html, &format!("data-figure=\"{figure}\""));
        assert_eq!(shown.len(), 1, "{figure}");
        assert_eq!(attribute(&shown[0], "data-value"), Some(expected.to_string()), "{figure}");
    }
}

#[test]
fn the_three_forms_say_the_same_of_names_that_mean_something() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (hostile(), server.fresh_database());
    let forms = Forms::of(copy(source.path(), &database, "--migrate"), 0);
    assert_same_tables(&forms.html, &forms.json);
    let (html, markdown) = (&forms.html, &forms.markdown);
    assert_eq!(html.matches("<script").count(), 1, "the page's own");
    assert_eq!((html.matches("</script>").count(), html.matches("<img").count()), (1, 0), "the page's own");
    for text in [html, markdown] {
        assert!(!text.contains("secret-value"), "{text}");
        assert!(
            !text.contains('\u{202e}') && text.contains(r"\u{202e}round"),
            "what is not seen is spelled out"
        );
        assert!(text.contains("שלום עולם") && text.contains("👩\u{200d}🚀 日本語"));
    }
    assert_eq!(attributes(html, "data-not-carried").len(), HOSTILE.len());
    for line in markdown.lines().filter(|line| line.starts_with('|')) {
        let columns = line.replace("\\|", "").matches('|').count();
        assert!([3, 7].contains(&columns), "{line}");
    }
    assert!(markdown.contains("`<script>alert(1)</script>`"), "as code, which nobody runs:\n{markdown}");
}

#[test]
fn what_went_on_when_is_told_of_every_run() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (hostile(), server.fresh_database());
    let forms = Forms::of(copy(source.path(), &database, "--migrate"), 0);
    let run = &forms.json["run"];
    let seconds = run["seconds"].as_f64().unwrap() + 0.001;
    let phases = run["phases"].as_array().unwrap();
    for name in ["open", "profile", "plan", "prepare", "copy", "verify", "index", "maintain", "record"] {
        assert!(phases.iter().any(|phase| phase["name"] == name), "{name} is not in {phases:?}");
    }
    for phase in phases {
        let (started, took) = (phase["started"].as_f64().unwrap(), phase["seconds"].as_f64().unwrap());
        assert!(started >= 0.0 && took >= 0.0 && started + took <= seconds, "{phase}");
    }
    for table in forms.json["tables"].as_array().unwrap() {
        for work in ["copy", "verify", "index"] {
            let span = &table["spans"][work];
            let ends = (span["started"].as_f64().unwrap(), span["ended"].as_f64().unwrap());
            assert!(ends.0 <= ends.1 && ends.1 <= seconds, "{work}: {table}");
        }
    }
    let rates = forms.json["rate"].as_array().unwrap();
    let rows: u64 = (1..=HOSTILE.len() as u64).sum();
    for phase in ["profile", "copy", "verify"] {
        let rate = rates.iter().find(|rate| rate["phase"] == phase).unwrap();
        let samples = rate["samples"].as_array().unwrap();
        assert!(samples.len() >= 2 && samples.len() <= 240, "{rate}");
        assert_eq!(samples.last().unwrap()["rows"].as_u64(), Some(rows), "{rate}");
        assert!(samples.is_sorted_by_key(|sample| sample["seconds"].as_f64()), "{rate}");
    }
    assert!(forms.html.contains("Copying the rows") && forms.html.contains("<svg class=\"picture\""));
}

#[test]
fn the_command_that_verifies_again_runs_as_it_is_printed() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (
        SqliteFile::named("it's here.db", "CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)"),
        server.fresh_database(),
    );
    database.execute("CREATE SCHEMA \"Mine 2\"");
    let forms = Forms::of(copy(source.path(), &database, "--migrate").args(["--schema", "Mine 2"]), 0);
    let words: Vec<&str> =
        forms.json["run"]["verify_again"].as_array().unwrap().iter().map(|w| w.as_str().unwrap()).collect();
    assert_eq!(words[..2], ["cutover", "verify"]);
    let password = password_of(&database);
    let done = Cli::new().args(&words[1..]).env("PGPASSWORD", &password).run();
    assert_eq!(done.code, 0, "{}", done.stderr);
    // The page's own text, as a shell reads it.
    let line = markup::text_of(&forms.html, "<section id=\"again\">", "<pre><code>", "</code></pre>");
    let line = line.replacen("cutover", env!("CARGO_BIN_EXE_cutover"), 1);
    let done =
        std::process::Command::new("sh").args(["-c", &line]).env("PGPASSWORD", &password).output().unwrap();
    assert!(done.status.success(), "{line}\n{}", String::from_utf8_lossy(&done.stderr));
    assert!(forms.markdown.contains("it'\\''s here.db"), "{}", forms.markdown);
}

#[test]
fn no_password_is_in_any_form() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (SqliteFile::from_sql("CREATE TABLE t (a INTEGER)"), server.fresh_database());
    let forms = Forms::of(copy(source.path(), &database, "--migrate"), 0);
    let password = password_of(&database);
    assert!(password.len() > 5, "{password} is no secret");
    for text in
        [&forms.json.to_string(), &forms.html, &forms.markdown, &forms.done.stdout, &forms.done.stderr]
    {
        assert!(!text.contains(&password), "{text}");
    }
    assert!(forms.json["run"]["verify_again"].as_array().is_some_and(|words| words.len() > 4));
}

#[test]
fn a_refusal_and_a_difference_come_first() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (hostile(), server.fresh_database());
    database.execute("CREATE TABLE \"two\nlines\" (id int)");
    let refused = Forms::of(copy(source.path(), &database, "--validate"), 3);
    assert!(refused.html.contains("This migration would not work yet"), "{}", refused.html);
    let at =
        |forms: &Forms, id: &str| forms.html.find(&format!("<section id=\"{id}\">")).unwrap_or(usize::MAX);
    assert!(at(&refused, "findings") < at(&refused, "facts") && at(&refused, "again") == usize::MAX);
    assert_eq!(
        attributes(&refused.html, "data-finding").len(),
        refused.json["findings"].as_array().unwrap().len()
    );
    database.execute("DROP TABLE \"two\nlines\"");
    Forms::of(copy(source.path(), &database, "--migrate"), 0);
    database.execute(
        "UPDATE \"שלום עולם\" SET at = '2025-01-01' WHERE id = 2; DELETE FROM \"two\nlines\" WHERE id = 1",
    );
    let cli =
        Cli::new().args(["verify", "--from"]).args([source.path()]).args(["--to"]).args([database.url()]);
    let differs = Forms::of(cli, 4);
    assert!(differs.html.contains("2 of 7 tables differ"), "{}", differs.html);
    assert!(at(&differs, "differences") < at(&differs, "facts"));
    assert_eq!(attributes(&differs.html, "data-difference").len(), 2);
    assert!(differs.markdown.contains("### What differs"), "{}", differs.markdown);
}
