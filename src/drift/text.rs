//! What was found, for people: one line each, the worst first.

use super::{Found, Mend, Rank};

/// The report: ranks with their drifts, remarks, and the counts. `from` and `to` name the sides.
pub fn text(found: &Found, from: &str, to: &str) -> String {
    let mut text = String::new();
    for rank in Rank::ALL {
        let drifts: Vec<_> = found.drifts.iter().filter(|drift| drift.rank == rank).collect();
        if drifts.is_empty() {
            continue;
        }
        text += &format!("{} ({})\n", rank.name(), drifts.len());
        for drift in drifts {
            let by_hand = if matches!(drift.mend, Mend::Nothing(_)) { "" } else { " [--fix mends it]" };
            text += &plain(&format!("  {} {}: {}{by_hand}", drift.kind, drift.object, drift.message));
            text.push('\n');
        }
        text.push('\n');
    }
    for remark in &found.remarks {
        text += &plain(&format!("note: {remark}"));
        text.push('\n');
    }
    let verdict = match found.drifts.len() {
        0 => format!("equal: {to} has what {from} has"),
        _ => format!("drift from {from} to {to}: {}", counts(found)),
    };
    text + &plain(&verdict) + "\n"
}

fn counts(found: &Found) -> String {
    let count = |rank: Rank| found.drifts.iter().filter(|drift| drift.rank == rank).count();
    let words = Rank::ALL.iter().map(|&rank| (count(rank), rank));
    let words = words.filter(|(count, _)| *count > 0).map(|(count, rank)| format!("{count} {}", rank.name()));
    words.collect::<Vec<_>>().join(", ")
}

/// On one line, whatever names hold.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { plain.extend(c.escape_default()) } else { plain.push(c) }
    }
    plain
}
