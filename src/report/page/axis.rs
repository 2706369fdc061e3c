//! Round numbers along an axis.

use crate::report::human;

/// One mark.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    /// per cent of the axis
    pub(super) at: String,
    pub(super) label: String,
    /// which side of the mark its label is on: `start`, `middle`, `end`
    pub(super) anchor: &'static str,
}

/// A place between 0 and 100 as it stands in a picture.
pub(super) fn percent(part: f64, of: f64) -> String {
    let share = if of > 0.0 { part / of * 100.0 } else { 0.0 };
    format!("{:.2}", share.clamp(0.0, 100.0))
}

/// Marks from 0 on, along `seconds` of time: four to six of them.
pub(super) fn of_time(seconds: f64) -> Vec<Tick> {
    const STEPS: [f64; 27] = [
        0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0,
        300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 14_400.0, 28_800.0, 86_400.0, 172_800.0,
    ];
    let step = STEPS.into_iter().find(|step| seconds / step <= 5.0).unwrap_or(seconds / 4.0);
    marks(seconds, step, moment)
}

/// Marks from 0 to at least `most`, and the number at the end of the axis.
pub(super) fn of_amount(most: f64, label: impl Fn(f64) -> String) -> (f64, Vec<Tick>) {
    let mut step = 1.0;
    while most / step > 5.0 {
        step *= if leading(step) == 2 { 2.5 } else { 2.0 };
    }
    let end = (most / step).ceil().max(1.0) * step;
    (end, marks(end, step, label))
}

/// The first digit of 1, 2, 5, 10, 20, …
fn leading(number: f64) -> u8 {
    let digit = number / 10f64.powf(number.log10().floor());
    digit.round() as u8
}

fn marks(end: f64, step: f64, label: impl Fn(f64) -> String) -> Vec<Tick> {
    let count = if step > 0.0 { (end / step + 1e-9).floor() as u32 } else { 0 };
    let mark = |i: u32| {
        let at = f64::from(i) * step;
        let anchor = match at / end {
            share if share < 0.04 => "start",
            share if share > 0.94 => "end",
            _ => "middle",
        };
        Tick { at: percent(at, end), label: label(at), anchor }
    };
    (0..=count).map(mark).collect()
}

/// A moment since the beginning: `0`, `0.5 s`, `1 min 30 s`.
fn moment(seconds: f64) -> String {
    match seconds {
        0.0 => "0".to_owned(),
        s if s < 1.0 => format!("{} s", (s * 1000.0).round() / 1000.0),
        s if s < 60.0 => format!("{} s", (s * 10.0).round() / 10.0),
        s if s % 60.0 == 0.0 && s < 3600.0 => format!("{} min", s / 60.0),
        s if s % 3600.0 == 0.0 => format!("{} h", s / 3600.0),
        s => human::seconds(s),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_few() {
        for (seconds, labels) in [
            (2.66, &["0", "1 s", "2 s"][..]),
            (0.34, &["0", "0.1 s", "0.2 s", "0.3 s"]),
            (60.0, &["0", "15 s", "30 s", "45 s", "1 min"]),
            (400.0, &["0", "2 min", "4 min", "6 min"]),
            (9000.0, &["0", "30 min", "1 h", "1 h 30 min", "2 h", "2 h 30 min"]),
        ] {
            let found: Vec<String> = of_time(seconds).into_iter().map(|tick| tick.label).collect();
            assert_eq!(found, labels, "{seconds}");
        }
        for seconds in [0.0, 1e-9, 0.5, 7.0, 61.0, 5000.0, 1e6, 1e9] {
            assert!(of_time(seconds).len() <= 6, "{seconds}");
        }
    }

    #[test]
    fn an_axis_reaches_over_the_highest_point() {
        for (most, end) in
            [(0.0, 1.0), (3.0, 3.0), (9.0, 10.0), (4_321.0, 5_000.0), (39_000_000.0, 40_000_000.0)]
        {
            let (found, ticks) = of_amount(most, |n| n.to_string());
            assert_eq!(found, end, "{most}");
            assert!((2..=6).contains(&ticks.len()), "{most}: {ticks:?}");
            assert_eq!(ticks.last().unwrap().at, "100.00");
        }
    }
}
