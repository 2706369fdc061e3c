//! Where the time of a run went, as tables for people: of the run, of each table's rows on their way there and back, and
//! of the steps after the data. Empty without `--timing`.

use crate::outcome::{RunReport, RunTiming, StageSeconds, TableTiming};
use crate::report::human;
use crate::report::summary::Width;
use crate::report::summary::tables::grid;
use std::cmp::Reverse;

/// Tables that are shown, those that took longest; the report has all.
const TABLES_MAX: usize = 20;

/// The kind of the steps that stand in a column of their own.
const VACUUM: &str = "vacuum";

/// The tables, with an empty line before each and a line break at the end.
pub fn text(report: &RunReport, width: Width) -> String {
    let Some(timing) = &report.timing else { return String::new() };
    let rows = rows(report, timing);
    let mut sections = vec![headline(timing), draw(run(timing), width)];
    if timing.total.seconds > 0.0 {
        let [there, back] = way(&timing.total);
        sections.push(draw(by_table("rows there", &rows, there), width));
        sections.push(draw(by_table("rows back, steps", &rows, back), width));
    }
    if !timing.total.steps.is_empty() {
        sections.push(draw(steps(timing), width));
    }
    sections.iter().map(|section| format!("\n{section}")).collect()
}

/// `time: 12 s on the clock, 4 connections, processors 9.1 s in cutover and 1.2 s in the kernel`.
fn headline(timing: &RunTiming) -> String {
    let wall = human::seconds(timing.wall_seconds);
    let mut line = format!("time: {wall} on the clock, {}", human::plural(timing.connections, "connection"));
    if let Some(cpu) = timing.cpu {
        let (user, system) = (human::seconds(cpu.user), human::seconds(cpu.system));
        line.push_str(&format!(", processors {user} in cutover and {system} in the kernel for it"));
    }
    line + "\n"
}

/// Heading and rows of one table.
type Drawn = (Vec<String>, Vec<Vec<String>>);

fn run(timing: &RunTiming) -> Drawn {
    let unaccounted = StageSeconds { stage: "unaccounted".to_owned(), seconds: timing.unaccounted_seconds };
    let stages = timing.stages.iter().filter(|stage| stage.seconds > 0.0).chain([&unaccounted]);
    let rows = stages.map(|stage| vec![stage.stage.clone(), figure(stage.seconds)]);
    (vec!["the run".to_owned(), "seconds".to_owned()], rows.collect())
}

fn steps(timing: &RunTiming) -> Drawn {
    let rows = timing.total.steps.iter();
    let rows = rows.map(|step| vec![step.kind.clone(), human::count(step.count), figure(step.seconds)]);
    (["steps", "number", "seconds"].map(str::to_owned).to_vec(), rows.collect())
}

/// The tables that took longest, the rest as one, and all together.
fn rows(report: &RunReport, timing: &RunTiming) -> Vec<(String, TableTiming)> {
    let tables = report.tables.iter();
    let mut rows: Vec<(String, TableTiming)> =
        tables.filter_map(|table| Some((human::name(&table.source), table.timing.clone()?))).collect();
    rows.sort_by_key(|(_, timing)| Reverse((timing.seconds * 1e6) as u64));
    let rest = rows.len().saturating_sub(TABLES_MAX);
    rows.truncate(TABLES_MAX);
    if timing.elsewhere.seconds > 0.0 {
        rows.push(("of no table".to_owned(), timing.elsewhere.clone()));
    }
    let all = match rest {
        0 => "all".to_owned(),
        rest => format!("all, with {} more", human::count(rest as u64)),
    };
    rows.push((all, timing.total.clone()));
    rows
}

/// One column: its heading, and what of a table it shows.
type Column = (String, Box<dyn Fn(&TableTiming) -> f64>);

/// The stages of the rows' way there, and those of the way back with the steps.
fn way(total: &TableTiming) -> [Vec<Column>; 2] {
    let column = |stage: &StageSeconds| -> Column {
        let name = stage.stage.clone();
        let of = move |timing: &TableTiming| {
            timing.stages.iter().filter(|stage| stage.stage == name).map(|stage| stage.seconds).sum()
        };
        (stage.stage.clone(), Box::new(of))
    };
    let back = total.stages.iter().position(|stage| stage.stage == crate::timing::Stage::ReadBack.name());
    let (there, back) = total.stages.split_at(back.unwrap_or(total.stages.len()));
    let mut back: Vec<Column> = back.iter().map(column).collect();
    back.push(("build".to_owned(), Box::new(|timing| step_seconds(timing, |kind| kind != VACUUM))));
    back.push((VACUUM.to_owned(), Box::new(|timing| step_seconds(timing, |kind| kind == VACUUM))));
    [there.iter().map(column).collect(), back]
}

fn step_seconds(timing: &TableTiming, is_meant: impl Fn(&str) -> bool) -> f64 {
    timing.steps.iter().filter(|step| is_meant(&step.kind)).map(|step| step.seconds).sum()
}

fn by_table(title: &str, rows: &[(String, TableTiming)], columns: Vec<Column>) -> Drawn {
    let head = std::iter::once(title.to_owned()).chain(columns.iter().map(|(name, _)| name.clone()));
    let cells = |(name, timing): &(String, TableTiming)| {
        let figures = columns.iter().map(|(_, of)| figure(of(timing)));
        std::iter::once(name.clone()).chain(figures).collect()
    };
    (head.collect(), rows.iter().map(cells).collect())
}

/// Seconds with two decimals; a dash for none at all.
fn figure(seconds: f64) -> String {
    if seconds > 0.0 { format!("{seconds:.2}") } else { "–".to_owned() }
}

fn draw((head, rows): Drawn, width: Width) -> String {
    grid(head, rows, width)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::outcome::{CpuSeconds, StepSeconds};
    use crate::report::summary::tests::example;
    use crate::timing::{RunStage, Stage};

    fn table(each: f64) -> TableTiming {
        let stage = |stage: Stage| StageSeconds { stage: stage.name().to_owned(), seconds: each };
        let step = |kind: &str, seconds| StepSeconds { kind: kind.to_owned(), count: 3, seconds };
        TableTiming {
            stages: Stage::ALL.map(stage).to_vec(),
            steps: vec![step("index", 7.0), step("primary key", 1.0), step(VACUUM, 0.5)],
            seconds: each * Stage::ALL.len() as f64 + 8.5,
        }
    }

    /// The example, measured.
    pub(in crate::report) fn measured() -> RunReport {
        let mut report = example();
        let stage = |stage: RunStage| StageSeconds { stage: stage.name().to_owned(), seconds: 0.25 };
        report.tables[0].timing = Some(table(0.5));
        report.tables[1].timing = Some(table(2.0));
        report.timing = Some(RunTiming {
            wall_seconds: 12.25,
            connections: 4,
            cpu: Some(CpuSeconds { user: 9.14, system: 1.2 }),
            stages: RunStage::ALL.map(stage).to_vec(),
            unaccounted_seconds: 0.0,
            elsewhere: TableTiming::default(),
            total: table(2.5),
        });
        report
    }

    #[test]
    fn nothing_is_said_of_what_was_not_measured() {
        assert_eq!(text(&example(), Width::Plain), "");
    }

    #[test]
    fn every_stage_is_named_and_the_slowest_table_comes_first() {
        let text = text(&measured(), Width::Plain);
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines: Vec<String> = text.lines().map(words).collect();
        for expected in [
            "time: 12 s on the clock, 4 connections, processors 9.1 s in cutover and 1.2 s in the kernel for it",
            "the run seconds",
            "page check 0.25",
            "unaccounted –",
            "rows there read encode hash wait begin idle send commit",
            "rows back, steps read back decode hash back locate build vacuum",
            "users 2.00 2.00 2.00 2.00 8.00 0.50",
            "all 2.50 2.50 2.50 2.50 2.50 2.50 2.50 2.50",
            "primary key 3 1.00",
        ] {
            assert!(lines.iter().any(|line| line == expected), "{expected:?} is not in\n{text}");
        }
        assert!(text.find("users") < text.find("orders"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
    }

    #[test]
    fn of_many_tables_the_slowest_are_shown() {
        let mut report = measured();
        let one = report.tables[1].clone();
        report
            .tables
            .extend((0..40).map(|i| crate::outcome::TableReport { source: format!("t{i}"), ..one.clone() }));
        let text = text(&report, Width::Plain);
        assert!(text.contains("all, with 22 more"), "{text}");
        assert!(!text.contains("orders"), "{text}");
    }
}
