//! What the migration is expected to take, for people; empty where nobody has rehearsed it.

use crate::outcome::{Method, Outcome, Prediction, RunReport, TablePrediction};
use crate::report::human;
use crate::report::summary::Width;
use crate::report::summary::tables::grid;

/// The prediction, with an empty line before it and a line break at its end.
pub fn text(report: &RunReport, width: Width) -> String {
    let Some(prediction) = &report.prediction else { return hint(report).to_owned() };
    let mut text = format!("\n{}{}{}", window(prediction), needs(prediction), basis(prediction));
    if !prediction.tables.is_empty() {
        text.push('\n');
        text.push_str(&grid(
            ["largest tables", "rows", "size", "in the target", "of the work"].map(str::to_owned),
            prediction.tables.iter().map(cells),
            width,
        ));
    }
    for note in &prediction.notes {
        text.push_str(&format!("note: {}\n", human::text(note)));
    }
    text
}

/// A validation has written nothing, and so has measured nothing of writing.
fn hint(report: &RunReport) -> &'static str {
    match report.outcome {
        Outcome::Done if report.run.command == "validate" => {
            "how long it takes, and how much disk: `cutover copy --rehearse` measures that\n"
        }
        _ => "",
    }
}

fn window(prediction: &Prediction) -> String {
    let (p50, p90) = (human::seconds(prediction.seconds.p50), human::seconds(prediction.seconds.p90));
    let parts = prediction.phases.iter();
    let parts: Vec<String> =
        parts.map(|phase| format!("{} {}", phase.phase, human::seconds(phase.seconds))).collect();
    format!("expected: {p50}; in nine of ten cases no more than {p90}\n          ({})\n", parts.join(", "))
}

fn needs(prediction: &Prediction) -> String {
    let disk = prediction.disk;
    let wal = match prediction.wal_bytes {
        Some(bytes) => format!("{} of write-ahead log", human::bytes(bytes)),
        None => "the server does not tell how much write-ahead log".to_owned(),
    };
    format!(
        "disk:     {} in the target ({} rows, {} indexes), and {wal}\n",
        human::bytes(disk.total()),
        human::bytes(disk.heap_bytes),
        human::bytes(disk.index_bytes),
    )
}

fn basis(prediction: &Prediction) -> String {
    let on = &prediction.measured_on;
    let what = match prediction.method {
        Method::Embedded => "everything, in a scratch database of the embedded server".to_owned(),
        Method::Schema => "everything, in a scratch schema of the target".to_owned(),
        Method::Probe => format!("{} of the rows, in the target", human::bytes(on.bytes)),
    };
    let commit = on.commit_ms.map_or_else(String::new, |ms| format!(", commit {ms:.1} ms"));
    format!(
        "measured: {what}, in {}: PostgreSQL {}, {}, {}, round trip {:.1} ms{commit}\n",
        human::seconds(on.seconds),
        human::text(&on.server_version),
        human::plural(on.connections, "connection"),
        human::plural(on.cores, "core"),
        on.round_trip_ms,
    )
}

fn cells(table: &TablePrediction) -> Vec<String> {
    vec![
        human::name(&table.table),
        human::count(table.rows),
        human::bytes(table.bytes),
        human::bytes(table.disk.total()),
        format!("{:.0} %", table.share * 100.0),
    ]
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::outcome::{DiskNeed, MeasuredOn, PhaseSeconds, Window};

    pub(in crate::report) fn predicted() -> Prediction {
        let disk = DiskNeed { heap_bytes: 900_000_000, index_bytes: 100_000_000 };
        Prediction {
            method: Method::Embedded,
            measured_on: MeasuredOn {
                host: "/run".into(),
                server_version: "15.18".into(),
                connections: 2,
                cores: 2,
                seconds: 12.0,
                rows: 7,
                bytes: 1_000_000,
                round_trip_ms: 0.08,
                commit_ms: Some(4.0),
            },
            seconds: Window { p50: 12.0, p90: 13.5 },
            scatter: 0.1,
            phases: vec![PhaseSeconds { phase: "copy".into(), seconds: 12.0 }],
            rows: 7,
            bytes: 1_000_000,
            disk,
            wal_bytes: Some(1_200_000_000),
            tables: vec![TablePrediction {
                table: "orders".into(),
                rows: 7,
                bytes: 1_000_000,
                disk,
                seconds: 11.0,
                share: 1.0,
            }],
            notes: vec!["max_wal_size is 1GB here and 4GB there".into()],
        }
    }

    #[test]
    fn it_is_told_in_a_few_lines() {
        let mut report = crate::report::summary::tests::example();
        assert_eq!(text(&report, Width::Plain), "");
        report.run.command = "validate".into();
        assert!(text(&report, Width::Plain).contains("copy --rehearse"));
        report.prediction = Some(predicted());
        let said = text(&report, Width::Plain);
        for words in [
            "expected: 12 s; in nine of ten cases no more than 14 s",
            "(copy 12 s)",
            "disk:     1.0 GB in the target (900 MB rows, 100 MB indexes), and 1.2 GB of write-ahead log",
            "measured: everything, in a scratch database of the embedded server, in 12 s: PostgreSQL 15.18, 2 connections",
            "100 %",
            "note: max_wal_size is 1GB here and 4GB there",
        ] {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
}
