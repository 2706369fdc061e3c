//! The report as a file: JSON, a page or Markdown; complete or not there at all.

use crate::error::{Error, Result};
use crate::failpoint::{self, REPORT_RENAME, REPORT_WRITE};
use crate::outcome::RunReport;
use crate::report::{markdown, page};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// What a report may look like. JSON is the master: the others are drawn from the same value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Page,
    Markdown,
}

impl Form {
    /// The form that the name of `path` asks for.
    fn of(path: &Path) -> Result<Form> {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        match extension.to_ascii_lowercase().as_str() {
            "json" => Ok(Form::Json),
            "html" | "htm" => Ok(Form::Page),
            "md" => Ok(Form::Markdown),
            _ => {
                let message = format!("the report {} has no supported form", path.display());
                let remedy = "name it with the extension .json (for programs), .html (for people) or .md (for a pull request)";
                Err(Error::usage(message).remedy(remedy))
            }
        }
    }

    fn draw(self, report: &RunReport) -> Result<Vec<u8>> {
        match self {
            Form::Json => {
                let mut json = serde_json::to_vec_pretty(report)
                    .map_err(|cause| Error::internal("the report cannot be put into JSON").cause(cause))?;
                json.push(b'\n');
                Ok(json)
            }
            Form::Page => page::html(report).map(String::into_bytes),
            Form::Markdown => markdown::text(report).map(String::into_bytes),
        }
    }
}

/// Whether a report can be written in the form that the name of `path` asks for.
///
/// # Errors
/// Usage, for every extension but `.json`, `.html`, `.htm` and `.md`.
pub fn supported(path: &Path) -> Result<()> {
    Form::of(path).map(|_| ())
}

/// Writes the report: into a new file beside `path`, flushed to disk, which then takes the place of `path`.
///
/// # Errors
/// Usage, where the form is not supported or the file cannot be written; `path` is then as it was.
pub fn write(report: &RunReport, path: &Path) -> Result<()> {
    let drawn = Form::of(path)?.draw(report)?;
    let failed = |cause: std::io::Error| {
        let message = format!("the report {} cannot be written", path.display());
        Error::usage(message)
            .cause(cause)
            .remedy("name a file in a directory that can be written, with room left")
    };
    let draft = beside(path, &report.run.id);
    let written = fill(&draft, &drawn)
        .and_then(|()| failpoint::io(REPORT_RENAME))
        .and_then(|()| fs::rename(&draft, path));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written.map_err(failed)
}

fn fill(draft: &Path, bytes: &[u8]) -> std::io::Result<()> {
    failpoint::io(REPORT_WRITE)?;
    let mut file: File = OpenOptions::new().write(true).create_new(true).open(draft)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// A name that no other run uses, in the same directory, since a rename across file systems is not atomic.
fn beside(path: &Path, run: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{run}.{}", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::outcome::{Outcome, Verify};
    use crate::report::summary::tests::example;
    use serde_json::{Value, json};

    #[test]
    fn the_name_says_the_form() {
        for (name, form) in [
            ("a.json", Some(Form::Json)),
            ("a.JSON", Some(Form::Json)),
            ("a.html", Some(Form::Page)),
            ("b.json.HTM", Some(Form::Page)),
            ("a.md", Some(Form::Markdown)),
            ("json", None),
            ("a.pdf", None),
            ("a.", None),
        ] {
            assert_eq!(Form::of(Path::new(name)).ok(), form, "{name}");
        }
        let error = write(&example(), Path::new("a.pdf")).unwrap_err();
        assert_eq!((error.kind(), Path::new("a.pdf").exists()), (ErrorKind::Usage, false));
        assert!(error.remedy_text().unwrap().contains(".html"));
    }

    #[test]
    fn each_form_begins_as_it_should() {
        let home = tempfile::tempdir().unwrap();
        for (name, beginning) in [("r.json", "{"), ("r.html", "<!doctype html>"), ("r.md", "## Migration")] {
            let path = home.path().join(name);
            write(&example(), &path).unwrap();
            assert!(fs::read_to_string(&path).unwrap().starts_with(beginning), "{name}");
        }
    }

    #[test]
    fn it_replaces_a_file_and_leaves_no_other() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("report.json");
        fs::write(&path, "old").unwrap();
        write(&example(), &path).unwrap();
        let read: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        assert_eq!((&read["outcome"], &read["tables"][0]["target"]), (&json!("done"), &json!("orders")));
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_cannot_be_written_leaves_what_was_there() {
        let home = tempfile::tempdir().unwrap();
        assert!(write(&example(), &home.path().join("no/such/report.json")).is_err());
        let path = home.path().join("report.json");
        fs::create_dir(&path).unwrap();
        let error = write(&example(), &path).unwrap_err();
        assert!(error.message().contains("report.json"), "{error}");
        assert_eq!(fs::read_dir(home.path()).unwrap().count(), 1);
    }

    /// Checks `value` against `schema` (types, enums, and that the keys are exactly the listed ones).
    fn check(schema: &Value, root: &Value, value: &Value, place: &str) {
        if let Some(reference) = schema["$ref"].as_str() {
            let target = root.pointer(reference.strip_prefix('#').unwrap());
            return check(target.unwrap_or_else(|| panic!("{reference}")), root, value, place);
        }
        if let Some(choices) = schema["anyOf"].as_array() {
            let wanted = if value.is_null() { 1 } else { 0 };
            return check(&choices[wanted], root, value, place);
        }
        if let Some(words) = schema["enum"].as_array() {
            assert!(words.contains(value), "{place}: {value} is none of {words:?}");
        }
        let fits = |name: &str| match name {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "integer" => value.is_u64() || value.is_i64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "null" => value.is_null(),
            other => panic!("{place}: the schema has an unknown type {other}"),
        };
        let named = match &schema["type"] {
            Value::String(name) => fits(name),
            Value::Array(names) => names.iter().any(|name| fits(name.as_str().unwrap())),
            _ => schema.get("const").is_some_and(|constant| constant == value),
        };
        assert!(named, "{place}: {value} does not fit {}", schema["type"]);
        if let Some(object) = value.as_object() {
            check_keys(schema, root, object, place);
        }
        for (index, item) in value.as_array().into_iter().flatten().enumerate() {
            check(&schema["items"], root, item, &format!("{place}[{index}]"));
        }
    }

    fn check_keys(schema: &Value, root: &Value, object: &serde_json::Map<String, Value>, place: &str) {
        let sorted = |mut names: Vec<String>| {
            names.sort();
            names
        };
        let properties = schema["properties"].as_object().unwrap();
        let has = sorted(object.keys().cloned().collect());
        assert_eq!(has, sorted(properties.keys().cloned().collect()), "{place}: properties");
        let required: Vec<String> = serde_json::from_value(schema["required"].clone()).unwrap();
        assert_eq!(has, sorted(required), "{place}: required");
        for (key, value) in object {
            assert!(properties[key]["description"].is_string(), "{place}.{key} has no description");
            check(&properties[key], root, value, &format!("{place}.{key}"));
        }
    }

    fn schema() -> Value {
        serde_json::from_str(include_str!("../../schema/report/v1.schema.json")).unwrap()
    }

    #[test]
    fn the_schema_lists_exactly_what_the_report_has() {
        let mut report = crate::report::timing::tests::measured();
        report.error = Some("the server went away".into());
        report.run.resumed_from = Some(3);
        report.tables[0].differing_chunks.push(crate::outcome::ChunkDifference {
            chunk: 0,
            range: "rowid 1 to 9".into(),
            source_rows: 9,
            target_rows: 8,
        });
        let (counts, row) = crate::report::summary::tests::one_changed_row();
        (report.tables[0].difference_counts, report.tables[0].differences) = (Some(counts), vec![row]);
        report.tables[0].set_aside.push(crate::outcome::SetAsideCount {
            rule: "E_RANGE".into(),
            column: "total".into(),
            rows: 2,
        });
        report.run.phases.push(crate::outcome::PhaseSpan { name: "copy".into(), started: 0.5, seconds: 1.0 });
        let span = Some(crate::outcome::Span { started: 0.5, ended: 1.5 });
        report.tables[0].spans = crate::outcome::TableSpans { copy: span, verify: span, index: span };
        let sample = crate::outcome::RateSample { seconds: 1.0, rows: 9, bytes: 99 };
        report.rate.push(crate::outcome::PhaseRate { phase: "copy".into(), samples: vec![sample] });
        report.prediction = Some(crate::report::prediction::tests::predicted());
        check(&schema(), &schema(), &serde_json::to_value(&report).unwrap(), "report");
        report.prediction = None;
        report.target = None;
        report.error = None;
        report.run.resumed_from = None;
        report.tables[0].rows.target = None;
        report.tables[0].digest = crate::outcome::Digests::default();
        (report.timing, report.tables[0].timing) = (None, None);
        check(&schema(), &schema(), &serde_json::to_value(&report).unwrap(), "report");
    }

    #[test]
    fn the_schema_knows_every_word() {
        use crate::finding::Severity;
        let outcomes = [
            Outcome::Done,
            Outcome::SetAside,
            Outcome::Refused,
            Outcome::Differs,
            Outcome::Failed,
            Outcome::Interrupted,
        ];
        let verdicts =
            [Verify::Match, Verify::Differs, Verify::Sampled, Verify::NotComparable, Verify::NotRun];
        use crate::outcome::DifferenceKind::{Changed, Extra, Missing, Multiplicity};
        let kinds = [Changed, Missing, Extra, Multiplicity];
        let severities = [Severity::Note, Severity::Warning, Severity::Refusal];
        let schema = schema();
        assert_eq!(schema["properties"]["outcome"]["enum"], json!(outcomes));
        assert_eq!(schema["$defs"]["table"]["properties"]["verify"]["enum"], json!(verdicts));
        assert_eq!(schema["$defs"]["difference"]["properties"]["kind"]["enum"], json!(kinds));
        assert_eq!(schema["$defs"]["finding"]["properties"]["severity"]["enum"], json!(severities));
        assert_eq!(schema["properties"]["format"]["const"], json!(crate::outcome::REPORT_FORMAT));
    }
}
