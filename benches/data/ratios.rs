//! The ratios that are told, and how each comes from what was measured.

use super::report::{Results, Spread};
use std::fmt::Write as _;

/// A step and what is measured of it.
type Measure = (&'static str, &'static str);

/// One time over another, of the same round.
struct Ratio {
    name: &'static str,
    above: Measure,
    below: Measure,
    sets: &'static [&'static str],
}

const WHOLE: Measure = ("whole", "seconds");
const UNVERIFIED: Measure = ("off", "seconds");
const RESTORE: Measure = ("restore", "seconds");
const ALL: &[&str] = &["three", "app", "many"];

const fn ratio(name: &'static str, above: Measure, below: Measure, sets: &'static [&'static str]) -> Ratio {
    Ratio { name, above, below, sets }
}

const RATIOS: [Ratio; 16] = [
    ratio(
        "copy phase, one connection ÷ raw binary COPY: narrow",
        ("jobs1", "table.narrow"),
        ("raw", "table.narrow"),
        &["three"],
    ),
    ratio(
        "copy phase, one connection ÷ raw binary COPY: wide",
        ("jobs1", "table.wide"),
        ("raw", "table.wide"),
        &["three"],
    ),
    ratio(
        "copy phase, one connection ÷ raw binary COPY: logs",
        ("jobs1", "table.logs"),
        ("raw", "table.logs"),
        &["three"],
    ),
    ratio("copy phase ÷ raw binary COPY, all tables", ("whole", "phase.copy"), ("raw", "seconds"), ALL),
    ratio("copy phase ÷ raw text COPY, all tables", ("whole", "phase.copy"), ("text", "seconds"), &["three"]),
    ratio("whole run ÷ `pg_restore -j 2`", WHOLE, RESTORE, ALL),
    ratio("whole run, `--verify off` ÷ `pg_restore -j 2`", UNVERIFIED, RESTORE, ALL),
    ratio("whole run ÷ pgloader, 5,000 rows at once", WHOLE, ("pgloader", "seconds"), &["three", "many"]),
    ratio("whole run ÷ pgloader as it comes", WHOLE, ("pgloader-defaults", "seconds"), &["three"]),
    ratio("whole run ÷ DuckDB, keys and indexes by psql", WHOLE, ("duckdb", "seconds"), &["three", "many"]),
    ratio("phase verify ÷ raw binary COPY TO", ("whole", "phase.verify"), ("copyto", "seconds"), ALL),
    ratio("`cutover verify` ÷ raw binary COPY TO", ("verify", "seconds"), ("copyto", "seconds"), ALL),
    ratio("`copy --validate` ÷ reading every cell", ("validate", "seconds"), ("read", "seconds"), ALL),
    ratio("with 1 ms latency ÷ without", ("latency-1", "seconds"), ("latency-0", "seconds"), &["app"]),
    ratio("with 10 ms latency ÷ without", ("latency-10", "seconds"), ("latency-0", "seconds"), &["app"]),
    ratio("with 50 ms latency ÷ without", ("latency-50", "seconds"), ("latency-0", "seconds"), &["app"]),
];

/// The table of all ratios; what was not measured says so, and why where that is known.
pub(crate) fn table(results: &Results) -> Result<String, std::fmt::Error> {
    let mut text = String::from("| | set | median | rounds |\n|---|---|---|---|\n");
    for ratio in &RATIOS {
        for set in ratio.sets {
            let told = told(results, set, ratio);
            writeln!(text, "| {} | {set} | {told} |", ratio.name)?;
        }
    }
    writeln!(
        text,
        "| milliseconds per table beyond `psql -1` of a plain dump | many | {} |",
        per_table(results)
    )?;
    let small = results.rounds("narrow:0.1", WHOLE);
    let large = results.rounds("narrow:1.6", WHOLE);
    let growth = spread(&small, &large, |small, large| large / small);
    writeln!(text, "| time of 16 times as many rows | narrow | {} |", growth.unwrap_or_else(unmeasured))?;
    for set in results.sets() {
        let peak = results.rounds(set, ("whole", "peak_kib")).iter().map(|(_, kib)| *kib).reduce(f64::max);
        let told = peak.map_or_else(unmeasured, |kib| format!("{:.0} MiB | the highest", kib / 1024.0));
        writeln!(text, "| peak memory of cutover | {set} | {told} |")?;
    }
    Ok(text)
}

fn told(results: &Results, set: &str, ratio: &Ratio) -> String {
    let (above, below) = (results.rounds(set, ratio.above), results.rounds(set, ratio.below));
    let why = results.why(set, ratio.below.0).or_else(|| results.why(set, ratio.above.0));
    spread(&above, &below, |above, below| above / below)
        .unwrap_or_else(|| why.map_or_else(unmeasured, |why| format!("{why} | 0")))
}

fn per_table(results: &Results) -> String {
    let (whole, script) = (results.rounds("many", WHOLE), results.rounds("many", ("script", "seconds")));
    let tables = results.rounds("many", ("data", "tables"));
    let Some((_, tables)) = tables.first() else { return unmeasured() };
    spread(&whole, &script, |whole, script| (whole - script) * 1000.0 / tables).unwrap_or_else(unmeasured)
}

/// What `join` makes of both measures in the rounds that have both.
fn spread(above: &[(u32, f64)], below: &[(u32, f64)], join: impl Fn(f64, f64) -> f64) -> Option<String> {
    let partner = |round: u32| below.iter().find(|(other, _)| *other == round).map(|(_, value)| *value);
    let joined = above.iter().filter_map(|(round, value)| Some(join(*value, partner(*round)?))).collect();
    let Spread { median, least, most, count } = Spread::of(joined)?;
    Some(format!("**{median:.2}** ({least:.2} – {most:.2}) | {count}"))
}

fn unmeasured() -> String {
    "not measured | 0".to_owned()
}
