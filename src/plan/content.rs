//! What the content of a column, its default or its name proves beyond its declared type (`--infer content`;
//! semantics.md §1.4–1.7). What they leave open stays as it is: nothing is guessed.

use super::choose::{Choice, Circumstances, Family, of_stamp};
use super::default::{Moment, moment};
use super::types::{Codec, Fraction, Level, PgType, Template, Zone};
use crate::catalog::Column;
use crate::catalog::affinity::Affinity;
use crate::catalog::profile::ColumnProfile;

/// How SQLite writes its present moment: `YYYY-MM-DD HH:MM:SS`.
const SQLITE_STAMP: Template =
    Template { separator: ' ', seconds: true, fraction: Fraction::Fixed(0), zone: Zone::None };

/// First words of a name that asks a question.
const QUESTIONS: [&str; 6] = ["is_", "has_", "was_", "can_", "did_", "should_"];

/// Words in a name that speak of a quantity, a place or a code rather than of yes and no, in the singular: `retry_count`
/// of 0 and 1 is a number however few retries there were, and so is a `status` of which only two were ever used.
const NUMBERS: &[&str] = &[
    "age", "amount", "attempt", "click", "code", "count", "counter", "day", "depth", "height", "hit", "hour",
    "id", "index", "kind", "length", "level", "minute", "mode", "month", "no", "num", "number", "offset",
    "order", "pos", "position", "priority", "qty", "quantity", "rank", "rate", "retries", "score", "second",
    "seq", "size", "sort", "stage", "state", "status", "step", "sum", "time", "token", "total", "tries",
    "type", "value", "version", "view", "weight", "width", "year",
];

/// The type that the content proves, if it proves one.
pub(super) fn choose(column: &Column, profile: &ColumnProfile, around: Circumstances) -> Option<Choice> {
    if around.joined {
        return None;
    }
    if profile.values() == 0 {
        return of_nothing(column);
    }
    if profile.only_flags() {
        return flag(column, profile, around.checked_flag);
    }
    if profile.values() == profile.texts && profile.texts_unfit() == 0 {
        return of_texts(column, profile, around);
    }
    None
}

/// No values: the default and the declared type are all there is, and nothing in the file speaks against them.
fn of_nothing(column: &Column) -> Option<Choice> {
    let by_default = column.default.as_deref().and_then(moment);
    let why = match by_default {
        Some(_) => "no values; its default is the present moment",
        None => "no values; by the declared type",
    };
    let choice = |pg, codec| Some(Choice::new(pg, codec, Level::E0, why));
    match (by_default, Family::of(&column.declared)) {
        (Some(Moment::Date), _) | (None, Family::Date) => choice(PgType::Date, Codec::Date),
        (Some(Moment::Stamp), _) | (None, Family::Stamp) => {
            choice(PgType::Timestamp(6), Codec::Stamp(SQLITE_STAMP))
        }
        (None, Family::Flag) => choice(PgType::Bool, Codec::Bool),
        (None, Family::Json) => {
            Some(Choice::new(PgType::Jsonb, Codec::Jsonb, Level::E2, "no values; by the declared type"))
        }
        _ => None,
    }
}

/// INTEGER of 0 and 1 alone: a flag where a CHECK keeps everything else out, or the name asks a question, or the default
/// is 0 or 1, both occur in default and values, and the name does not speak of a number.
fn flag(column: &Column, profile: &ColumnProfile, checked: bool) -> Option<Choice> {
    let default = column.default.as_deref().map(|text| text.trim().to_ascii_lowercase());
    let both = match default.as_deref() {
        Some("0" | "false") => profile.integers_one > 0,
        Some("1" | "true") => profile.integers_zero > 0,
        _ => false,
    };
    let why = if Family::of(&column.declared) == Family::Flag {
        "declared a flag, every value 0 or 1"
    } else if checked {
        "every value 0 or 1, and a CHECK keeps others out"
    } else if asks_question(&column.name) {
        "every value 0 or 1, and the name asks a question"
    } else if both && !speaks_of_number(&column.name) {
        "every value 0 or 1, and so is the default"
    } else {
        return None;
    };
    Some(Choice::new(PgType::Bool, Codec::Bool, Level::E0, why))
}

fn asks_question(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    QUESTIONS.iter().any(|question| name.starts_with(question))
}

fn speaks_of_number(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let is_number = |word: &str| NUMBERS.contains(&word);
    name.split('_').any(|word| is_number(word) || word.strip_suffix('s').is_some_and(is_number))
}

fn of_texts(column: &Column, profile: &ColumnProfile, around: Circumstances) -> Option<Choice> {
    let spelling = profile.spelling.as_ref().filter(|spelling| !spelling.sampled)?;
    if spelling.date {
        return Some(Choice::new(PgType::Date, Codec::Date, Level::E0, "every value is a date YYYY-MM-DD"));
    }
    if let Some(template) = &spelling.stamp {
        return Some(of_stamp(template));
    }
    let is_json = Family::of(&column.declared) == Family::Json || column.affinity == Affinity::Text;
    let why = "every value is a JSON object or array; the value is kept, not its spelling";
    (spelling.jsonb && spelling.container && is_json && !around.in_key)
        .then(|| Choice::new(PgType::Jsonb, Codec::Jsonb, Level::E2, why))
}

/// Whether one of these CHECKs says of `column` that it is 0 or 1 and nothing else.
pub(super) fn is_checked_flag(column: &str, checks: &[crate::catalog::ddl::Check]) -> bool {
    let name = column.to_ascii_lowercase();
    let forms = [
        format!("{name} in(0,1)"),
        format!("{name} in(1,0)"),
        format!("{name} in(false,true)"),
        format!("{name} in(true,false)"),
        format!("{name} between 0 and 1"),
        format!("{name}=0 or {name}=1"),
        format!("{name}=1 or {name}=0"),
    ];
    checks.iter().any(|check| forms.contains(&bare(&check.sql)))
}

/// A CHECK in lower case without quotes of names, outer parentheses and blanks that mean nothing.
fn bare(sql: &str) -> String {
    let lower: String =
        sql.to_ascii_lowercase().chars().filter(|c| !matches!(c, '"' | '`' | '[' | ']')).collect();
    let mut text = lower.split_whitespace().collect::<Vec<_>>().join(" ");
    while let Some(inner) = text.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        text = inner.trim().to_owned();
    }
    for (spaced, close) in
        [(" (", "("), ("( ", "("), (" )", ")"), (" ,", ","), (", ", ","), (" =", "="), ("= ", "=")]
    {
        text = text.replace(spaced, close);
    }
    text.replace("==", "=")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::ddl::Check;
    use crate::catalog::expr::Expr;
    use crate::catalog::spelling::Spelling;

    fn column(name: &str, declared: &str, default: Option<&str>) -> Column {
        Column {
            name: name.to_owned(),
            declared: declared.to_owned(),
            affinity: Affinity::of(declared, false),
            default: default.map(str::to_owned),
            ..Column::default()
        }
    }

    fn flags(zero: u64, one: u64) -> ColumnProfile {
        ColumnProfile {
            integers: zero + one,
            integers_zero: zero,
            integers_one: one,
            ..ColumnProfile::default()
        }
    }

    fn chosen(column: &Column, profile: &ColumnProfile, around: Circumstances) -> Option<PgType> {
        choose(column, profile, around).map(|choice| choice.mapping.pg)
    }

    #[test]
    fn a_flag_needs_more_than_two_values() {
        let free = Circumstances { content: true, ..Circumstances::default() };
        let checked = Circumstances { checked_flag: true, ..free };
        let table = [
            ("active", Some("1"), flags(3, 4), free, true),
            ("active", None, flags(3, 4), free, false),
            ("active", Some("1"), flags(0, 4), free, false),
            ("active", Some("0"), flags(0, 4), free, true),
            ("active", None, flags(0, 4), checked, true),
            ("was_correct", None, flags(1, 0), free, true),
            ("retry_count", Some("0"), flags(9, 1), free, false),
            ("input_tokens", Some("0"), flags(9, 1), free, false),
            ("status_id", Some("0"), flags(9, 1), free, false),
            ("status", Some("0"), flags(9, 1), free, false),
            ("tries", Some("0"), flags(9, 1), free, false),
            ("identity", Some("0"), flags(9, 1), free, true),
            ("active", Some("2"), flags(3, 4), free, false),
        ];
        for (name, default, profile, around, is_flag) in table {
            let found = chosen(&column(name, "INTEGER", default), &profile, around);
            assert_eq!(found, is_flag.then_some(PgType::Bool), "{name} {default:?} {profile:?}");
        }
        let joined = Circumstances { joined: true, ..checked };
        assert_eq!(chosen(&column("active", "INTEGER", Some("1")), &flags(3, 4), joined), None);
    }

    #[test]
    fn texts_are_typed_where_every_one_was_seen() {
        let free = Circumstances { content: true, ..Circumstances::default() };
        let with =
            |spelling| ColumnProfile { texts: 3, spelling: Some(spelling), ..ColumnProfile::default() };
        let text = column("c", "TEXT", None);
        let date = Spelling { date: true, ..Spelling::default() };
        assert_eq!(chosen(&text, &with(date.clone()), free), Some(PgType::Date));
        assert_eq!(chosen(&text, &with(Spelling { sampled: true, ..date }), free), None);
        let object = Spelling { json: true, jsonb: true, container: true, ..Spelling::default() };
        assert_eq!(chosen(&text, &with(object.clone()), free), Some(PgType::Jsonb));
        assert_eq!(chosen(&text, &with(object.clone()), Circumstances { in_key: true, ..free }), None);
        assert_eq!(chosen(&text, &with(Spelling { jsonb: false, ..object.clone() }), free), None);
        assert_eq!(chosen(&text, &with(Spelling { container: false, ..object }), free), None);
    }

    #[test]
    fn without_values_the_default_speaks() {
        let none = ColumnProfile::default();
        let free = Circumstances { content: true, ..Circumstances::default() };
        let table = [
            ("TEXT", Some("CURRENT_TIMESTAMP"), Some(PgType::Timestamp(6))),
            ("TEXT", Some("(datetime('now'))"), Some(PgType::Timestamp(6))),
            ("TEXT", Some("CURRENT_DATE"), Some(PgType::Date)),
            ("TEXT", None, None),
            ("DATETIME", None, Some(PgType::Timestamp(6))),
            ("BOOLEAN", Some("0"), Some(PgType::Bool)),
            ("INTEGER", Some("0"), None),
        ];
        for (declared, default, pg) in table {
            assert_eq!(chosen(&column("c", declared, default), &none, free), pg, "{declared} {default:?}");
        }
    }

    #[test]
    fn checks_of_flags_are_recognised() {
        let check = |sql: &str| [Check { name: None, sql: sql.to_owned(), expr: Expr::Null, column: None }];
        for sql in
            ["active IN (0, 1)", "(\"Active\" in (1,0))", "active = 0 OR active==1", "active BETWEEN 0 AND 1"]
        {
            assert!(is_checked_flag("active", &check(sql)), "{sql}");
        }
        for sql in
            ["active IN (0, 1, 2)", "inactive IN (0,1)", "active IN (0,1) OR b", "active BETWEEN 0 AND 10"]
        {
            assert!(!is_checked_flag("active", &check(sql)), "{sql}");
        }
    }
}
