//! What the migration is expected to take, for people; empty where nobody has rehearsed it.

use crate::outcome::{Method, Prediction, RunReport, TablePrediction};
use crate::report::human;
use crate::report::summary::Width;
use crate::report::summary::tables::grid;

/// The prediction, with an empty line before it and a line break at its end.
pub fn text(report: &RunReport, width: Width) -> String {
    let Some(prediction) = &report.prediction else { return String::new() };
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
