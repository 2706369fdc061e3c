//! How fast the rows went, over time: one picture for rows and one for bytes, with an area for each phase.

use super::axis::{self, Tick};
use super::timeline::class_of;
use crate::outcome::{PhaseRate, RateSample, RunReport};
use crate::report::human;
use std::fmt::Write;

/// Fewer samples than this show a beginning and an end, and nothing between.
const SAMPLES_MIN: usize = 4;

/// Steps of one area: more of them are noise.
const STEPS_MAX: usize = 80;

/// The picture's own units; it is stretched to the width that there is.
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 100.0;

/// Pixels above the areas, and of the areas themselves.
const TOP: f64 = 8.0;
const PIXELS: f64 = 154.0;

/// One picture.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    /// what it shows, in sentences
    pub(super) told: String,
    pub(super) across: Vec<Tick>,
    pub(super) up: Vec<Tick>,
    pub(super) areas: Vec<Area>,
}

/// One phase in it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Area {
    pub(super) name: String,
    pub(super) class: &'static str,
    /// the area, closed along the foot of the picture
    pub(super) path: String,
    /// average and peak
    pub(super) told: String,
}

impl Chart {
    /// Pixels from the top to the label of a mark, just above its line.
    pub(super) fn label_at(&self, tick: &Tick) -> String {
        let at: f64 = tick.at.parse().unwrap_or(0.0);
        format!("{:.0}", TOP + PIXELS * (1.0 - at / 100.0) + 12.0)
    }
}

/// From when to when how much each second.
type Step = (f64, f64, f64);

pub(super) fn of(report: &RunReport) -> Vec<Chart> {
    let rows = |sample: &RateSample| sample.rows as f64;
    let bytes = |sample: &RateSample| sample.bytes as f64;
    let charts = [
        chart(report, "rate-rows", "Rows per second", rows, human::rows_per_second),
        chart(report, "rate-bytes", "Bytes per second", bytes, human::bytes_per_second),
    ];
    charts.into_iter().flatten().collect()
}

fn chart(
    report: &RunReport,
    id: &'static str,
    title: &'static str,
    amount: fn(&RateSample) -> f64,
    label: fn(f64) -> String,
) -> Option<Chart> {
    let shown = report.rate.iter().filter(|rate| rate.samples.len() >= SAMPLES_MIN);
    let series: Vec<(&PhaseRate, Vec<Step>)> =
        shown.map(|rate| (rate, steps(&rate.samples, amount))).collect();
    let most = series.iter().flat_map(|(_, steps)| steps).map(|step| step.2).fold(0.0, f64::max);
    if most <= 0.0 {
        return None;
    }
    let end = report.rate.iter().filter_map(|rate| rate.samples.last()).map(|sample| sample.seconds);
    let total = end.fold(report.run.seconds, f64::max);
    let (top, up) = axis::of_amount(most, |n| short(n, label));
    let area = |(rate, steps): &(&PhaseRate, Vec<Step>)| Area {
        name: word(&rate.phase),
        class: class_of(&rate.phase),
        path: path(steps, total, top),
        told: told(rate, steps, amount, label),
    };
    let areas: Vec<Area> = series.iter().map(area).collect();
    let told =
        areas.iter().map(|area| format!("{}: {}", area.name, area.told)).collect::<Vec<_>>().join(". ");
    Some(Chart { id, title, told, across: axis::of_time(total), up, areas })
}

/// A mark's label without its `rows/s`, which the title has.
fn short(n: f64, label: fn(f64) -> String) -> String {
    label(n).replace(" rows/s", "")
}

fn word(phase: &str) -> String {
    match phase {
        "profile" => "reading once".to_owned(),
        "copy" => "copying".to_owned(),
        "verify" => "comparing".to_owned(),
        other => crate::report::view::text::name(other, 40),
    }
}

/// What was done each second between samples; several of them together where there are many. Work that came to nothing is
/// no speed.
fn steps(samples: &[RateSample], amount: fn(&RateSample) -> f64) -> Vec<Step> {
    let together = samples.len().div_ceil(STEPS_MAX).max(1);
    let mut kept: Vec<&RateSample> = samples.iter().step_by(together).collect();
    if let Some(last) = samples.last()
        && kept.last().is_none_or(|kept| *kept != last)
    {
        kept.push(last);
    }
    let step = |pair: &[&RateSample]| {
        let took = pair[1].seconds - pair[0].seconds;
        let done = (amount(pair[1]) - amount(pair[0])).max(0.0);
        (took > 0.0).then(|| (pair[0].seconds, pair[1].seconds, done / took))
    };
    kept.windows(2).filter_map(step).collect()
}

fn path(steps: &[Step], total: f64, top: f64) -> String {
    let x = |seconds: f64| (seconds / total * WIDTH).clamp(0.0, WIDTH);
    let y = |rate: f64| (HEIGHT - rate / top * HEIGHT).clamp(0.0, HEIGHT);
    let mut path = String::new();
    let Some(first) = steps.first() else { return path };
    let _ = write!(path, "M{:.1} {HEIGHT}", x(first.0));
    for (from, to, rate) in steps {
        let _ = write!(path, "L{:.1} {:.2}L{:.1} {:.2}", x(*from), y(*rate), x(*to), y(*rate));
    }
    let last = steps.last().map_or(0.0, |step| step.1);
    let _ = write!(path, "L{:.1} {HEIGHT}Z", x(last));
    path
}

fn told(
    rate: &PhaseRate,
    steps: &[Step],
    amount: fn(&RateSample) -> f64,
    label: fn(f64) -> String,
) -> String {
    let (Some(first), Some(last)) = (rate.samples.first(), rate.samples.last()) else { return String::new() };
    let took = last.seconds - first.seconds;
    let average = if took > 0.0 { (amount(last) - amount(first)).max(0.0) / took } else { 0.0 };
    let peak = steps.iter().map(|step| step.2).fold(0.0, f64::max);
    format!("{} on average, {} at most", label(average), label(peak))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(seconds: f64, rows: u64) -> RateSample {
        RateSample { seconds, rows, bytes: rows * 10 }
    }

    #[test]
    fn an_area_has_the_height_of_its_rate() {
        let mut report = crate::outcome::tests::empty();
        report.run.seconds = 10.0;
        let samples =
            vec![sample(0.0, 0), sample(2.0, 200), sample(4.0, 200), sample(6.0, 150), sample(8.0, 550)];
        report.rate = vec![PhaseRate { phase: "copy".into(), samples }];
        let charts = of(&report);
        assert_eq!(charts.len(), 2);
        let area = &charts[0].areas[0];
        assert_eq!(area.told, "69 rows/s on average, 200 rows/s at most");
        // 100, 0, what was taken back, 200 of an axis that ends at 200; the run goes on to second 10.
        assert_eq!(
            area.path,
            "M0.0 100L0.0 50.00L200.0 50.00L200.0 100.00L400.0 100.00L400.0 100.00L600.0 100.00L600.0 0.00L800.0 0.00L800.0 100Z"
        );
        assert_eq!(charts[0].up.last().map(|tick| tick.label.as_str()), Some("200"));
    }

    #[test]
    fn what_shows_nothing_is_not_drawn() {
        let mut report = crate::outcome::tests::empty();
        assert_eq!(of(&report), []);
        let still = (0..9).map(|n| sample(f64::from(n), 0)).collect();
        report.rate = vec![PhaseRate { phase: "copy".into(), samples: still }];
        assert_eq!(of(&report), []);
        report.rate[0].samples = vec![sample(0.0, 0), sample(1.0, 9)];
        assert_eq!(of(&report), []);
    }

    #[test]
    fn many_samples_are_a_few_steps_to_the_same_end() {
        let samples: Vec<RateSample> = (0..240).map(|n| sample(n as f64, n * n)).collect();
        let steps = steps(&samples, |sample| sample.rows as f64);
        assert!(steps.len() <= STEPS_MAX + 1, "{}", steps.len());
        assert_eq!((steps[0].0, steps[steps.len() - 1].1), (0.0, 239.0));
    }
}
