//! From lines of results to the section of `docs/benchmarks.md`.
//!
//! A line is a round, a set, a step, a measure and a value, with tabs between. Round 0 is what holds for all rounds, and
//! the measure `note` is a sentence on why there is no number.

use super::{Result, ratios};
use std::fmt::Write as _;
use std::fs::{read_to_string, write as write_file};

/// What stands before and behind the section in the page.
const BEGIN: &str = "<!-- results: written by scripts/bench.sh -->";
const END: &str = "<!-- end of results -->";

/// The set under which facts about the machine are noted.
const MACHINE: &str = "machine";

/// One number, or one sentence.
struct Line {
    round: u32,
    set: String,
    step: String,
    measure: String,
    value: String,
}

/// All that was measured.
pub(crate) struct Results(Vec<Line>);

/// Several rounds of one number.
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
    pub(crate) count: usize,
}

impl Spread {
    /// None of nothing.
    pub(crate) fn of(mut values: Vec<f64>) -> Option<Spread> {
        values.sort_by(f64::total_cmp);
        let count = values.len();
        let (least, most) = (*values.first()?, *values.last()?);
        let median = (values[(count - 1) / 2] + values[count / 2]) / 2.0;
        Some(Spread { median, least, most, count })
    }
}

impl Results {
    fn parse(text: &str) -> Result<Results> {
        let line = |line: &str| -> Result<Line> {
            let fields: Vec<&str> = line.splitn(5, '\t').collect();
            let [round, set, step, measure, value] = fields[..] else {
                return Err(format!("this is no result: {line}").into());
            };
            let [set, step, measure, value] = [set, step, measure, value].map(str::to_owned);
            Ok(Line { round: round.parse()?, set, step, measure, value })
        };
        text.lines().map(line).collect::<Result<_>>().map(Results)
    }

    /// The sets in the order in which they were measured.
    pub(crate) fn sets(&self) -> Vec<&str> {
        distinct(self.0.iter().map(|line| line.set.as_str()).filter(|set| *set != MACHINE))
    }

    fn steps(&self, set: &str) -> Vec<&str> {
        distinct(self.0.iter().filter(|line| line.set == set).map(|line| line.step.as_str()))
    }

    /// A measure of a step, with its round.
    pub(crate) fn rounds(&self, set: &str, (step, measure): (&str, &str)) -> Vec<(u32, f64)> {
        let lines = self.0.iter().filter(|l| l.set == set && l.step == step && l.measure == measure);
        lines.filter_map(|line| Some((line.round, line.value.parse().ok()?))).collect()
    }

    /// Why a step has no number.
    pub(crate) fn why(&self, set: &str, step: &str) -> Option<&str> {
        let note = |line: &&Line| line.set == set && line.step == step && line.measure == "note";
        self.0.iter().find(note).map(|line| line.value.as_str())
    }

    fn spread(&self, set: &str, step: &str, measure: &str) -> Option<Spread> {
        Spread::of(self.rounds(set, (step, measure)).into_iter().map(|(_, value)| value).collect())
    }
}

fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut seen = Vec::new();
    for name in names {
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    seen
}

/// Puts the section of `results` into `page`, in place of the one that is there.
pub(crate) fn write(results: &str, page: &str) -> Result<()> {
    let results = Results::parse(&read_to_string(results)?)?;
    let old = read_to_string(page)?;
    let (before, rest) = old.split_once(BEGIN).ok_or("the page has no place for results")?;
    let (_, after) = rest.split_once(END).ok_or("the place for results has no end")?;
    let section = section(&results)?;
    write_file(page, format!("{before}{BEGIN}\n\n{section}\n{END}{after}"))?;
    Ok(())
}

fn section(results: &Results) -> Result<String> {
    let mut text = String::new();
    for line in results.0.iter().filter(|line| line.set == MACHINE) {
        writeln!(text, "- {}: {}", line.step, line.value)?;
    }
    writeln!(text, "\n### Ratios\n\n{}", ratios::table(results)?)?;
    for set in results.sets() {
        writeln!(text, "### {}\n\n{}", title(results, set), steps(results, set)?)?;
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    Ok(text)
}

fn title(results: &Results, set: &str) -> String {
    let of = |measure| results.rounds(set, ("data", measure)).first().map_or(0.0, |(_, value)| *value);
    format!("Set {set}: {:.0} MB, {} tables, {} rows", of("bytes") / 1e6, of("tables"), of("rows"))
}

/// Seconds of each step, and of its parts; CPU and memory are medians.
fn steps(results: &Results, set: &str) -> Result<String> {
    let mut text = String::from(
        "| step | median s | least | most | rounds | CPU s | CPU s of the machine | peak MiB |\n|---|---|---|---|---|---|---|---|\n",
    );
    for step in results.steps(set).into_iter().filter(|step| *step != "data") {
        let measures = results.0.iter().filter(|l| l.set == set && l.step == step);
        let parts = distinct(measures.map(|line| line.measure.as_str()));
        let parts = parts.into_iter().filter(|part| *part == "seconds" || part.contains('.'));
        for part in parts {
            let Some(Spread { median, least, most, count }) = results.spread(set, step, part) else {
                continue;
            };
            let name = if part == "seconds" {
                step.to_owned()
            } else {
                format!("– {step}: {}", part.replace('.', " "))
            };
            let rest = if part == "seconds" { resources(results, set, step) } else { "| | |".to_owned() };
            writeln!(text, "| {name} | {median:.2} | {least:.2} | {most:.2} | {count} | {rest}")?;
        }
        if let Some(why) = results.why(set, step) {
            writeln!(text, "| {step} | {why} | | | | | | |")?;
        }
    }
    Ok(text)
}

fn resources(results: &Results, set: &str, step: &str) -> String {
    let of = |measure, unit: f64, digits: usize| {
        let spread = results.spread(set, step, measure);
        spread.map_or_else(String::new, |spread| format!("{:.digits$}", spread.median / unit))
    };
    format!("{} | {} | {} |", of("cpu", 1.0, 2), of("machine_cpu", 1.0, 2), of("peak_kib", 1024.0, 0))
}
