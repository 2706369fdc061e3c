//! What `verify --repair` has put right.

use crate::outcome::{RunReport, TableRepair};
use crate::report::human;
use std::fmt::Write;

/// Every table of which rows were copied again, what was made again, and sequences.
pub(super) fn text(report: &RunReport) -> String {
    let Some(repaired) = &report.repaired else { return String::new() };
    let mut text = String::new();
    repaired.tables.iter().for_each(|table| line(&mut text, table));
    for object in &repaired.objects {
        let _ = writeln!(text, "repaired: {} was gone and is made again", human::text(object));
    }
    for sequence in &repaired.sequences {
        let _ =
            writeln!(text, "repaired: the sequence of {} was behind and is mended", human::name(sequence));
    }
    match text.is_empty() {
        true => "repaired: nothing, since nothing differed that could be\n".to_owned(),
        false => text,
    }
}

fn line(text: &mut String, table: &TableRepair) {
    let (name, of) = (human::name(&table.table), human::plural(table.chunks_of, "chunk"));
    let (removed, copied) = (human::plural(table.rows_removed, "row"), human::count(table.rows_copied));
    let chunks = human::count(table.chunks);
    let _ = writeln!(text, "repaired: {name}: {chunks} of {of}; {removed} gave way to {copied}");
}
