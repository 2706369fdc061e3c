//! Pages in a headless Chromium, by `look.py`. Where Chromium, Python or playwright is not there, that is said.

use super::{HOSTILE, copy, hostile, made_up};
use crate::reports::Forms;
use crate::support::postgres::Server;
use cutover::outcome::RunReport;
use cutover::report::file;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a browser saw of pages; nothing where there is none.
fn looked_at(pages: &[&Path]) -> Option<Vec<Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reports/look.py");
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .flat_map(|dir| names.map(|name| dir.join(name)))
        .find(|file| file.is_file());
    let has_playwright = Command::new("python3").args(["-c", "import playwright.sync_api"]).output();
    let (Some(chromium), true) = (found, has_playwright.is_ok_and(|output| output.status.success())) else {
        eprintln!("skipped: no Chromium, or no Python with playwright: the page is looked at by no browser");
        return None;
    };
    let output = Command::new("python3").arg(script).arg(chromium).args(pages).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen = String::from_utf8(output.stdout).unwrap();
    Some(seen.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn written(home: &Path, name: &str, report: &RunReport) -> PathBuf {
    let path = home.join(name);
    file::write(report, &path).unwrap();
    path
}

/// It says nothing to the console, asks for nothing, fits the narrowest screen, and leads nowhere that is not there.
fn assert_calm(seen: &[Value], pages: usize) {
    assert_eq!(seen.len(), pages * 3);
    for one in seen {
        assert_eq!(one["said"], serde_json::json!([]), "{one}");
        assert!(one["width"].as_u64() <= one["asked"].as_u64(), "it scrolls to the side: {one}");
        assert_eq!(one["headings"].as_array().map(Vec::len), Some(1), "{one}");
        assert_eq!((one["unnamed"].as_u64(), one["format"].as_str()), (Some(0), Some("1")), "{one}");
        assert_eq!(one["dead"], serde_json::json!([]), "{one}");
        assert_eq!(one["folded"], 0, "everything is open when it is printed: {one}");
    }
    for three in seen.chunks(3) {
        // The style is there: its hash is the one that the page's policy names.
        assert_eq!(three[0]["background"], "rgb(246, 246, 244)", "light");
        assert_eq!(three[1]["background"], "rgb(18, 21, 24)", "dark");
    }
}

#[test]
fn a_page_of_a_run_opens_in_a_browser_and_has_its_figures() {
    let Some(server) = Server::available() else { return };
    let (source, database) = (hostile(), server.fresh_database());
    let forms = Forms::of(copy(source.path(), &database, "--migrate"), 0);
    let Some(seen) = looked_at(&[&forms.page]) else { return };
    assert_calm(&seen, 1);
    for one in &seen {
        let rows = one["tables"].as_array().unwrap();
        assert_eq!(rows.len(), HOSTILE.len());
        for table in forms.json["tables"].as_array().unwrap() {
            let source = table["source"].as_str().unwrap();
            // What is not seen, or would not stay on its line, is spelled out.
            let shown = source.replace('\n', r"\n").replace('\u{202e}', r"\u{202e}");
            let row = rows
                .iter()
                .find(|row| row["table"] == shown)
                .unwrap_or_else(|| panic!("{shown} is not in {rows:?}"));
            assert_eq!(row["rows"], table["rows"]["source"].to_string(), "{shown}");
            assert_eq!(row["copied"], table["rows"]["copied"].to_string(), "{shown}");
            assert_eq!(row["held"], table["rows"]["target"].to_string(), "{shown}");
            assert_eq!(
                (&row["bytes"], &row["verify"]),
                (&Value::from(table["bytes"].to_string()), &table["verify"])
            );
        }
    }
}

#[test]
fn huge_and_broken_off_runs_open_in_a_browser() {
    let home = tempfile::tempdir().unwrap();
    let huge = written(home.path(), "huge.html", &made_up::huge(1_000));
    let interrupted = written(home.path(), "interrupted.html", &made_up::interrupted());
    let Some(seen) = looked_at(&[&huge, &interrupted]) else { return };
    assert_calm(&seen, 2);
    assert_eq!(seen[0]["figures"]["tables"], "1000");
    assert!(seen[3]["headings"][0].as_str().unwrap().starts_with("It was interrupted after"), "{}", seen[3]);
}

#[test]
fn a_thousand_tables_are_a_page_that_can_be_sent() {
    let home = tempfile::tempdir().unwrap();
    for tables in [0, 1, 1_000, 5_000] {
        let report = made_up::huge(tables);
        let bytes = |name: &str| std::fs::metadata(written(home.path(), name, &report)).unwrap().len();
        let (page, markdown) = (bytes("r.html"), bytes("r.md"));
        assert!(page <= 2_000_000, "{tables} tables: a page of {page} bytes");
        assert!(markdown <= 65_536, "{tables} tables: Markdown of {markdown} bytes");
    }
}
