//! What a copy tells of its own parts: seconds of each phase, and of each table where there are few.

use super::Result;
use serde_json::Value;
use std::fs::read_to_string;

/// Tables of whose own times somebody may want to know; those of many small ones would only fill the results.
const TABLES: usize = 5;

/// Prints lines of a name, a tab and seconds: `phase.copy`, `table.narrow`.
pub(crate) fn print(report: &str, events: &str) -> Result<()> {
    for line in read_to_string(events)?.lines() {
        let Ok(event) = serde_json::from_str::<Value>(line) else { continue };
        if event["event"] == "phase_finished" {
            println!("phase.{}\t{}", event["phase"].as_str().unwrap_or_default(), event["seconds"]);
        }
    }
    let report: Value = serde_json::from_str(&read_to_string(report)?)?;
    let tables = report["tables"].as_array().ok_or("the report has no tables")?;
    for table in tables.iter().filter(|_| tables.len() <= TABLES) {
        println!("table.{}\t{}", table["source"].as_str().unwrap_or_default(), table["seconds"]["copy"]);
    }
    Ok(())
}
