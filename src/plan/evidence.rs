//! What the decision for a column rests on, and what would change it: for people, in the plan, the report and the
//! configuration that `--write-config` writes. Nothing here decides anything.

use super::Evidence;
use super::choose::{Choice, Family, PLAIN_UUID};
use super::types::{Codec, Level, PgType};
use crate::catalog::Column;
use crate::catalog::profile::ColumnProfile;
use crate::catalog::spelling::Spelling;
use crate::value::Class;

/// The evidence for `choice`, made for a column with these facts.
pub(super) fn evidence(column: &Column, facts: &ColumnProfile, choice: &Choice) -> Evidence {
    Evidence {
        nulls: facts.nulls,
        integers: facts.integers,
        reals: facts.reals,
        texts: facts.texts,
        blobs: facts.blobs,
        against: against(facts, choice),
        change: change(column, facts, choice),
    }
}

/// Keys of the first values that stand in the way of a narrower type: odd texts, the text that broke the column's
/// spelling, or the first values of the classes that are fewer.
fn against(facts: &ColumnProfile, choice: &Choice) -> Vec<String> {
    if !facts.odd_texts.is_empty() {
        return facts.odd_texts.clone();
    }
    if matches!(choice.mapping.codec, Codec::Text) {
        return facts.broke.iter().cloned().collect();
    }
    let widened = matches!(choice.mapping.codec, Codec::TextForm | Codec::BytesForm | Codec::NumberByValue);
    if !widened {
        return Vec::new();
    }
    let most = most_frequent(facts);
    facts.first.iter().filter(|(class, _)| *class != most).map(|(_, key)| key.clone()).collect()
}

/// The class that most values have.
pub(super) fn most_frequent(facts: &ColumnProfile) -> Class {
    let counts = [
        (facts.integers, Class::Integer),
        (facts.reals, Class::Real),
        (facts.texts, Class::Text),
        (facts.blobs, Class::Blob),
    ];
    counts.into_iter().rev().max_by_key(|(count, _)| *count).map_or(Class::Null, |(_, class)| class)
}

fn change(column: &Column, facts: &ColumnProfile, choice: &Choice) -> String {
    match choice.mapping.codec {
        Codec::TextForm | Codec::BytesForm if facts.texts_unfit() > 0 => {
            "nul = \"strip|replace|escape\" or invalid_utf8 = \"replace|latin1\" would make it text, and lose something"
                .to_owned()
        }
        Codec::TextForm | Codec::BytesForm if choice.level != Level::Loss => {
            "--mixed tagged, split or quarantine; or one class in every row".to_owned()
        }
        Codec::Text => of_text(column, facts),
        Codec::Int => of_integers(column, facts),
        Codec::Float => of_reals(column),
        Codec::Blob if facts.blobs > 0 && facts.blobs_of_16 == facts.blobs => {
            "type = \"uuid\" with encoding = \"rfc4122\" or \"dotnet\", if these 16 bytes are UUIDs".to_owned()
        }
        Codec::Blob if facts.blobs > 0 && facts.blobs_text == facts.blobs => {
            "type = \"text\": every BLOB is valid UTF-8; the storage class would be lost".to_owned()
        }
        Codec::Json => "type = \"jsonb\": the values stay, their spelling does not".to_owned(),
        _ => String::new(),
    }
}

fn of_text(column: &Column, facts: &ColumnProfile) -> String {
    let Some(spelling) = &facts.spelling else { return String::new() };
    if let Some(pg) = by_content(spelling) {
        let seen = if spelling.sampled { "the first values look so" } else { "every value proves it" };
        return format!("--infer content would make it {pg}: {seen}");
    }
    if let Some((yes, no)) = &spelling.flag {
        return format!("type = \"boolean\" with encoding = \"{yes}/{no}\" would make it boolean");
    }
    match spelling.uuid {
        Some(style) if style == PLAIN_UUID => "type = \"uuid\": every value is a UUID".to_owned(),
        Some(_) => "type = \"uuid\": every value is a UUID in one other style".to_owned(),
        None if spelling.json => "type = \"json\" or \"jsonb\": every value is JSON".to_owned(),
        None if facts.broke.is_some() => {
            let hoped = hoped(Family::of(&column.declared));
            format!("with one spelling in every row it would be {hoped}; type = \"{hoped}\" takes several")
        }
        None => String::new(),
    }
}

fn by_content(spelling: &Spelling) -> Option<PgType> {
    if spelling.date {
        return Some(PgType::Date);
    }
    if let Some(template) = &spelling.stamp {
        return Some(super::choose::of_stamp(template).mapping.pg);
    }
    (spelling.container && spelling.jsonb).then_some(PgType::Jsonb)
}

fn hoped(family: Family) -> &'static str {
    match family {
        Family::Date => "date",
        Family::Stamp => "timestamp",
        Family::Time => "time",
        Family::Json => "json",
        Family::Uuid => "uuid",
        _ => "text",
    }
}

fn of_integers(column: &Column, facts: &ColumnProfile) -> String {
    match Family::of(&column.declared) {
        Family::Stamp | Family::Date if facts.integers > 0 => {
            "encoding = \"epoch_s\", \"epoch_ms\", \"epoch_us\" or \"yyyymmdd\" says what the numbers mean"
                .to_owned()
        }
        Family::Flag if facts.integers > 0 => "0 and 1 alone would make it boolean".to_owned(),
        _ if facts.only_flags() => "type = \"boolean\", if 0 and 1 are a flag here".to_owned(),
        _ => String::new(),
    }
}

fn of_reals(column: &Column) -> String {
    match Family::of(&column.declared) {
        Family::Stamp | Family::Date => {
            "encoding = \"julian\" or \"epoch_s_real\" says what the numbers mean".to_owned()
        }
        _ => String::new(),
    }
}
