//! Date-times without a zone on their way into an existing `timestamptz`: they are read as UTC, and that is said
//! (semantics.md §1.6). A column that we create gets no zone that nobody named: there they stand against the plan.

use crate::encode;
use crate::finding::{Finding, Severity, Way};
use crate::limits::EXAMPLES_MAX;
use crate::plan::types::{Codec, Mapping, PgType};
use crate::plan::{TableMode, TablePlan};
use crate::value::Value;

/// Takes exactly the date-times that name no zone: their own encoder is who tells them apart.
const NAIVE: Mapping = Mapping { pg: PgType::Timestamp(6), codec: Codec::AnyTimestamp };

/// What was seen of the columns in which the zone is open, per column of the table.
pub(super) struct Zones {
    columns: Vec<Option<Seen>>,
    scratch: Vec<u8>,
}

#[derive(Clone, Default)]
struct Seen {
    naive: u64,
    zoned: u64,
    keys: Vec<String>,
}

impl Zones {
    /// Watches the columns of `table` whose text is read as UTC where it names no zone.
    pub(super) fn of(table: &TablePlan) -> Zones {
        let is_open = |codec: &Codec| *codec == Codec::AnyTimestamptz;
        let columns = table.columns.iter();
        let columns = columns.map(|column| is_open(&column.mapping.codec).then(Seen::default));
        Zones { columns: columns.collect(), scratch: Vec::new() }
    }

    /// A value that its column can hold.
    pub(super) fn see(&mut self, column: usize, value: Value<'_>, key: impl FnOnce() -> String) {
        let Some(Some(seen)) = self.columns.get_mut(column) else { return };
        if value == Value::Null {
            return;
        }
        self.scratch.clear();
        if encode::value(value, &NAIVE, &mut self.scratch).is_err() {
            seen.zoned += 1;
            return;
        }
        seen.naive += 1;
        if seen.keys.len() < EXAMPLES_MAX {
            seen.keys.push(key());
        }
    }

    /// One finding for each column with such values; a warning where others do name a zone.
    pub(super) fn findings(self, table: &TablePlan) -> Vec<Finding> {
        let columns = self.columns.into_iter().zip(&table.columns);
        let with_naive =
            columns.filter_map(|(seen, column)| Some((seen.filter(|seen| seen.naive > 0)?, column)));
        with_naive
            .map(|(seen, column)| {
                let object = format!("{}.{}", table.source, column.source);
                let finding = if table.mode == TableMode::Create {
                    let message =
                        "of its date-times, some name no time zone, and the configured type needs one";
                    Finding::new("E_CHOICE", Severity::Refusal, object, message)
                } else if seen.zoned > 0 {
                    let message = format!(
                        "of its date-times, {} without a time zone (read as UTC), {} with one",
                        seen.naive, seen.zoned
                    );
                    Finding::new("W_NAIVE_UTC", Severity::Warning, object, message)
                } else {
                    let message = "its date-times name no time zone and are read as UTC";
                    Finding::new("W_NAIVE_UTC", Severity::Note, object, message)
                };
                finding
                    .count(seen.naive)
                    .examples(seen.keys)
                    .way(Way::of_column(&table.source, &column.source, "time_zone", "\"UTC\""))
                    .way(Way::option("naive-tz", "UTC"))
                    .or("another zone by its IANA name (Europe/Berlin), if the values are of it")
            })
            .collect()
    }
}
