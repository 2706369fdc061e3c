//! Parts of the report that have no picture of their own, such as what was measured of the surroundings: shown by the names that
//! they have in the JSON report. So nothing that is in the report is missing on the page, whoever added it.

use super::Bounds;
use super::text::{name, sentence};
use crate::error::{Error, Result};
use crate::outcome::RunReport;
use crate::report::human;
use serde_json::{Map, Value};

/// Parts of the report that are shown elsewhere.
const SHOWN_ELSEWHERE: [&str; 15] = [
    "format",
    "tool",
    "outcome",
    "exit_code",
    "run",
    "source",
    "target",
    "plan_hash",
    "tables",
    "objects",
    "not_carried",
    "findings",
    "error",
    "timing",
    "rate",
];

/// One part.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::report) struct Extra {
    /// its name in the JSON report
    pub(in crate::report) key: String,
    /// its title
    pub(in crate::report) title: String,
    pub(in crate::report) pairs: Vec<(String, String)>,
    pub(in crate::report) grids: Vec<Grid>,
}

/// A list of things with the same properties.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct Grid {
    pub(in crate::report) title: String,
    pub(in crate::report) head: Vec<String>,
    pub(in crate::report) rows: Vec<Vec<String>>,
    pub(in crate::report) more: u64,
}

/// The parts that are there and hold something.
pub(super) fn of(report: &RunReport, bounds: &Bounds) -> Result<Vec<Extra>> {
    let json = serde_json::to_value(report)
        .map_err(|cause| Error::internal("the report cannot be put into JSON").cause(cause))?;
    let Value::Object(parts) = json else { return Ok(Vec::new()) };
    let unknown = parts.iter().filter(|(key, _)| !SHOWN_ELSEWHERE.contains(&key.as_str()));
    let told = unknown.map(|(key, value)| part(key, value, bounds));
    Ok(told.filter(|extra| !extra.pairs.is_empty() || !extra.grids.is_empty()).collect())
}

fn part(key: &str, value: &Value, bounds: &Bounds) -> Extra {
    let mut extra = Extra { key: key.to_owned(), title: title(key, bounds), ..Extra::default() };
    add(&mut extra, "", key, value, bounds);
    extra
}

/// Adds what `value` holds; `path` is where in the part it stands.
fn add(extra: &mut Extra, path: &str, key: &str, value: &Value, bounds: &Bounds) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (key, value) in fields {
                let path = if path.is_empty() {
                    label(key, bounds)
                } else {
                    format!("{path}: {}", label(key, bounds))
                };
                add(extra, &path, key, value, bounds);
            }
        }
        Value::Array(items) if items.is_empty() => {}
        Value::Array(items) if items.iter().all(Value::is_object) => {
            extra.grids.push(grid(path, items, bounds))
        }
        _ => {
            let path = if path.is_empty() { label(key, bounds) } else { path.to_owned() };
            extra.pairs.push((path, plain(key, value, bounds)));
        }
    }
}

fn grid(title: &str, items: &[Value], bounds: &Bounds) -> Grid {
    let flat: Vec<Vec<(String, String)>> =
        items.iter().take(bounds.extra).map(|item| flatten(item, bounds)).collect();
    let mut head: Vec<String> = Vec::new();
    for (key, _) in flat.iter().flatten() {
        if !head.contains(key) {
            head.push(key.clone());
        }
    }
    let cell = |row: &Vec<(String, String)>, key: &String| {
        row.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    Grid {
        title: title.to_owned(),
        rows: flat.iter().map(|row| head.iter().map(|key| cell(row, key)).collect()).collect(),
        head,
        more: items.len().saturating_sub(bounds.extra) as u64,
    }
}

/// The fields of an object, those of objects in it among them.
fn flatten(item: &Value, bounds: &Bounds) -> Vec<(String, String)> {
    let empty = Map::new();
    let mut flat = Vec::new();
    for (key, value) in item.as_object().unwrap_or(&empty) {
        match value {
            Value::Null => flat.push((label(key, bounds), "—".to_owned())),
            Value::Object(_) => {
                let inner = flatten(value, bounds).into_iter();
                flat.extend(inner.map(|(name, value)| (format!("{}: {name}", label(key, bounds)), value)));
            }
            _ => flat.push((label(key, bounds), plain(key, value, bounds))),
        }
    }
    flat
}

/// A value as it is read; what a number means, its name tells.
fn plain(key: &str, value: &Value, bounds: &Bounds) -> String {
    match value {
        Value::Null => "—".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::String(text) => sentence(text, bounds.text_chars),
        Value::Number(number) => amount(key, number),
        Value::Array(items) => {
            let shown = items.iter().take(bounds.extra).map(|item| plain(key, item, bounds));
            let more = items.len().saturating_sub(bounds.extra) as u64;
            let rest = if more == 0 { String::new() } else { format!("; and {} more", human::count(more)) };
            shown.collect::<Vec<_>>().join("; ") + &rest
        }
        Value::Object(_) => {
            let pairs = flatten(value, bounds).into_iter();
            pairs.map(|(key, value)| format!("{key} {value}")).collect::<Vec<_>>().join(", ")
        }
    }
}

fn amount(key: &str, number: &serde_json::Number) -> String {
    let is = |unit: &str| key == unit || key.ends_with(&format!("_{unit}"));
    match (number.as_u64(), number.as_f64()) {
        (Some(bytes), _) if is("bytes") => human::bytes(bytes),
        (_, Some(seconds)) if is("seconds") || matches!(key, "p50" | "p90") => human::seconds(seconds),
        (_, Some(ms)) if is("ms") => format!("{ms:.1} ms"),
        (Some(count), _) => human::count(count),
        (None, Some(fraction)) if number.is_f64() => format!("{fraction:.3}"),
        _ => number.to_string(),
    }
}

/// `wal_bytes` as `wal bytes`.
fn label(key: &str, bounds: &Bounds) -> String {
    let without_unit = ["_bytes", "_seconds", "_ms"].iter().find_map(|unit| key.strip_suffix(unit));
    name(&without_unit.unwrap_or(key).replace('_', " "), bounds.name_chars)
}

fn title(key: &str, bounds: &Bounds) -> String {
    let label = label(key, bounds);
    let mut letters = label.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_part_nobody_knows_is_shown_by_its_own_names() {
        let value = json!({
            "method": "probe",
            "seconds": {"p50": 41.2, "p90": 61.0},
            "wal_bytes": 5_000_000,
            "round_trip_ms": 0.25,
            "scatter": 0.125,
            "exact": false,
            "nothing": null,
            "notes": ["a", "b"],
            "tables": [{"table": "t", "rows": 1234, "disk": {"heap_bytes": 99}}, {"table": "<b>", "extra": null}],
        });
        let told = part("the_prediction", &value, &Bounds::page());
        assert_eq!(told.title, "The prediction");
        let pairs: Vec<(&str, &str)> = told.pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        for pair in [
            ("method", "probe"),
            ("seconds: p50", "41 s"),
            ("wal", "5.0 MB"),
            ("round trip", "0.2 ms"),
            ("scatter", "0.125"),
            ("exact", "no"),
            ("notes", "a; b"),
        ] {
            assert!(pairs.contains(&pair), "{pair:?} is not in {pairs:?}");
        }
        assert_eq!(told.pairs.len(), 8);
        let grid = &told.grids[0];
        assert_eq!(grid.title, "tables");
        let table = grid.head.iter().position(|head| head == "table").unwrap();
        let heap = grid.head.iter().position(|head| head == "disk: heap").unwrap();
        assert_eq!((grid.rows[0][table].as_str(), grid.rows[0][heap].as_str()), ("t", "99 B"));
        assert_eq!((grid.rows[1][table].as_str(), grid.rows[1][heap].as_str()), ("<b>", ""));
    }

    #[test]
    fn what_has_a_place_of_its_own_is_not_shown_twice() {
        let report = crate::outcome::tests::empty();
        assert_eq!(of(&report, &Bounds::page()).unwrap(), []);
        let json = serde_json::to_value(&report).unwrap();
        for key in SHOWN_ELSEWHERE {
            assert!(json.get(key).is_some(), "{key} is no part of the report");
        }
    }
}
