//! What a copy lacks, in the words of `cutover verify` and in those of an independent judge, `tools/check.py` of what is
//! shared beside the project.

use crate::corpus::{copy_of, shared};
use crate::support::flow::{Run, four_at_once, verify};
use crate::support::postgres::{Database, Server};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(super) fn has(program: &str, words: &[&str]) -> bool {
    let found = Command::new(program).args(words).output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: no {program} {}", words.join(" "));
    }
    found
}

/// `postgresql://…` of a database, by TCP: what other programs understand.
pub(super) fn url_of(database: &Database) -> String {
    let text = database.tcp_url();
    let part = |name: &str| {
        let rest = text.split_once(&format!("{name}=")).map_or("", |(_, rest)| rest);
        rest.split(' ').next().unwrap_or_default().trim_matches('\'').to_owned()
    };
    let password = part("password");
    let between = if password.is_empty() { String::new() } else { format!(":{password}") };
    format!("postgresql://{}{between}@{}:{}/{}", part("user"), part("host"), part("port"), part("dbname"))
}

/// What one of the two finds of a copy.
#[derive(Debug)]
pub(super) struct Verdict {
    /// what it names
    pub(super) losses: Losses,
    /// nothing is lost, neither rows nor what guards them
    pub(super) is_whole: bool,
    /// no row, column or table is lost
    pub(super) has_all_rows: bool,
}

/// The judge; none, saying so, where it is not there or cannot run.
pub(super) fn judge() -> Option<PathBuf> {
    let judge = shared()?.join("tools/check.py");
    if !judge.is_file() {
        eprintln!("skipped: no {}", judge.display());
        return None;
    }
    has("python3", &["-c", "import psycopg"]).then_some(judge)
}

/// Has files of the corpus copied, and fails the test where `cutover verify` and the judge do not find the same in a copy.
pub(super) fn is_agreed_with(judge: &Path, names: [&str; 10], copy: impl Fn(&Path, &Database) + Sync) {
    let (Some(server), Some(shared)) = (Server::available(), shared()) else { return };
    let wrong = four_at_once(names.to_vec(), |name| {
        let (_dir, file) = copy_of(&shared.join(format!("corpus/{name}.sqlite")));
        let database = server.fresh_database();
        copy(&file, &database);
        let (told, judged) = (of_verify(&file, &database), of_judge(judge, &file, &database));
        let is_same = same(&told.losses, &judged.losses)
            && (told.is_whole, told.has_all_rows) == (judged.is_whole, judged.has_all_rows);
        (!is_same).then(|| format!("{name}\nverify: {told:#?}\njudge: {judged:#?}"))
    });
    let wrong: Vec<String> = wrong.into_iter().flatten().collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What `cutover verify` finds: exit code 0 is no loss and 4 is one, and no other will do.
pub(super) fn of_verify(file: &Path, database: &Database) -> Verdict {
    let is_equal = |run: &Run| match run.done.code {
        0 => true,
        4 => false,
        code => panic!("{}: exit {code}: {}", file.display(), run.said()),
    };
    let run = verify(file, database, &[]);
    let rows = verify(file, database, &["--objects", "off"]);
    Verdict { losses: losses(&run), is_whole: is_equal(&run), has_all_rows: is_equal(&rows) }
}

/// What is lost, and how much of it, as words; in lower case, for pgloader writes so.
pub(super) type Losses = BTreeMap<String, String>;

/// Objects are compared by their number, where no table is lost as a whole with all that belongs to it.
fn same(told: &Losses, judged: &Losses) -> bool {
    let has_lost_table = judged.iter().any(|(what, _)| what.starts_with("table "));
    let counts = |losses: &Losses| -> Losses {
        let of_rows = |what: &String| !has_lost_table || !what.starts_with("objects ");
        losses
            .iter()
            .filter(|(what, lost)| of_rows(what) && *lost != "0")
            .map(|(a, b)| (a.clone(), b.clone()))
            .collect()
    };
    counts(told) == counts(judged)
}

fn losses(run: &Run) -> Losses {
    let mut losses = Losses::new();
    for table in run.report["tables"].as_array().unwrap() {
        let name = table["source"].as_str().unwrap().to_lowercase();
        let counts = &table["difference_counts"];
        let of = |kind: &str| counts[kind].as_u64().unwrap_or(0);
        let rows = of("missing") + of("changed");
        if table["rows"]["target"].is_null() {
            losses.insert(format!("table {name}"), "all".to_owned());
        } else {
            losses.insert(format!("rows {name}"), rows.to_string());
            losses.insert(
                format!("count {name}"),
                format!("{} of {}", table["rows"]["target"], table["rows"]["source"]),
            );
        }
        // It may differ without a row that does, where its sequence is behind.
        let is_equal = rows + of("extra") + of("multiplicity") == 0;
        assert!(is_equal || table["verify"] == "differs", "{table}");
    }
    for finding in run.findings("E_COLUMN_MISSING") {
        losses.insert(
            format!("column {}", finding["object"].as_str().unwrap().to_lowercase()),
            "all".to_owned(),
        );
    }
    for (kind, code) in OBJECTS {
        losses.insert(format!("objects {kind}"), run.findings(code).len().to_string());
    }
    let sequences = ["E_SEQUENCE_MISSING", "E_SEQUENCE_BEHIND"].map(|code| run.findings(code));
    for finding in sequences.iter().flatten() {
        let table = finding["object"].as_str().unwrap().rsplit_once('.').unwrap().0.to_lowercase();
        losses.insert(format!("sequence {table}"), "bad".to_owned());
    }
    losses
}

/// What the judge counts on both sides in a way that leaves no doubt. (Unique constraints that became indexes, and defaults
/// that pgloader adds, make its other counts no measure.)
const OBJECTS: [(&str, &str); 6] = [
    ("pk", "E_PRIMARY_KEY_MISSING"),
    ("fk", "E_FOREIGN_KEY_MISSING"),
    ("check", "E_CHECK_MISSING"),
    ("not_null", "E_NOT_NULL_MISSING"),
    ("view", "E_VIEW_MISSING"),
    ("trigger", "E_TRIGGER_MISSING"),
];

/// What the judge finds.
pub(super) fn of_judge(judge: &Path, file: &Path, database: &Database) -> Verdict {
    let output = Command::new("python3")
        .arg(judge)
        .args([file.as_os_str(), url_of(database).as_ref()])
        .args(["--json", "--objects"])
        .output()
        .unwrap();
    let said: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let has_all_rows = output.status.success();
    let lacks = |both: &Value| both[0].as_u64() > both[1].as_u64();
    let is_guarded = said["sequences_bad"].as_array().unwrap().is_empty()
        && !said["objects"].as_object().unwrap().values().any(lacks);
    Verdict { losses: judged(&said), is_whole: has_all_rows && is_guarded, has_all_rows }
}

fn judged(said: &Value) -> Losses {
    let mut losses = Losses::new();
    for table in said["tables"].as_array().unwrap() {
        let name = table["table"].as_str().unwrap().to_lowercase();
        if table["target"].is_null() {
            losses.insert(format!("table {name}"), "all".to_owned());
            continue;
        }
        losses.insert(format!("rows {name}"), table["missing_rows"].as_u64().unwrap_or(0).to_string());
        losses
            .insert(format!("count {name}"), format!("{} of {}", table["target_rows"], table["source_rows"]));
        for column in table["lost_columns"].as_array().into_iter().flatten() {
            let column = column.as_str().unwrap().to_lowercase();
            losses.insert(format!("column {name}.{column}"), "all".to_owned());
        }
    }
    for (kind, _) in OBJECTS {
        let both = said["objects"][kind].as_array().unwrap();
        let lost = both[0].as_u64().unwrap().saturating_sub(both[1].as_u64().unwrap());
        losses.insert(format!("objects {kind}"), lost.to_string());
    }
    for bad in said["sequences_bad"].as_array().unwrap() {
        losses.insert(format!("sequence {}", bad[0].as_str().unwrap().to_lowercase()), "bad".to_owned());
    }
    losses
}
