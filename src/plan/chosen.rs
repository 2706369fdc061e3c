//! What the configuration says of one column → type, codec and level (semantics.md §1.4–1.8, the columns "opt-in").
//!
//! A wish is checked against what the column holds: where none of its values can be read that way, it is refused here.
//! Single values that cannot are found by the trial, before anything is written.

use super::choose::{Choice, Circumstances, PLAIN_UUID, mixture};
use super::type_text::{self, Wanted};
use super::types::{Classes, Codec, Level, Mapping, PgType, Unit, UuidOrder, Zone};
use super::zone::is_utc;
use crate::catalog::Column;
use crate::catalog::affinity::Affinity;
use crate::catalog::profile::ColumnProfile;
use crate::catalog::spelling::Spelling;
use crate::config::{Cleanse, ColumnChoice, InvalidPolicy, flag_spellings};

/// The column's type or the reading of its values is settled by the configuration.
pub(super) fn is_chosen(choice: &ColumnChoice) -> bool {
    choice.pg_type.is_some() || choice.encoding.is_some() || choice.time_zone.is_some()
}

/// What a column that we create becomes; `naive_tz` is the zone where the column names none.
pub(super) fn created(
    column: &Column,
    profile: &ColumnProfile,
    around: Circumstances,
    choice: &ColumnChoice,
    naive_tz: Option<&str>,
) -> Result<Choice, String> {
    let pg = match wanted(choice)? {
        Some(Wanted::Tagged) => return tagged(choice, PgType::Bytea),
        Some(Wanted::Pg(pg)) => pg,
        None => type_of_reading(choice)?,
    };
    let zone = choice.time_zone.as_deref().or(naive_tz);
    let (codec, level) = match choice.encoding.as_deref() {
        Some(encoding) => by_encoding(encoding, pg, zone)?,
        None => by_type(pg, column, profile, zone)?,
    };
    if pg == PgType::Json && around.in_key {
        return Err(
            "json has no equality, and the column is in a key or an index: use jsonb or text".to_owned()
        );
    }
    check_zone_is_used(choice, &codec)?;
    settle(choice, pg, codec, level, profile)
}

/// How the values of an existing column of type `pg` are read, where the configuration says so.
pub(super) fn existing(
    profile: &ColumnProfile,
    choice: &ColumnChoice,
    naive_tz: Option<&str>,
    pg: PgType,
) -> Result<Option<Choice>, String> {
    match wanted(choice)? {
        Some(Wanted::Tagged) if pg == PgType::Bytea => return tagged(choice, pg).map(Some),
        Some(Wanted::Pg(wanted)) if wanted == pg => {}
        None => {}
        Some(Wanted::Tagged) => return Err(format!("tagged needs bytea, and the existing column is {pg}")),
        Some(Wanted::Pg(wanted)) => {
            return Err(format!("the configuration says {wanted}, and the existing column is {pg}"));
        }
    }
    let zone = choice.time_zone.as_deref().or(naive_tz);
    let (codec, level) = match (choice.encoding.as_deref(), zone, pg) {
        (Some(encoding), _, _) => by_encoding(encoding, pg, zone)?,
        (None, Some(zone), PgType::Timestamptz(_)) => (Codec::LocalTime(zone.to_owned()), Level::E2),
        (None, _, _) if choice.time_zone.is_some() => {
            return Err(format!("time_zone is for timestamptz, and the existing column is {pg}"));
        }
        _ => return Ok(None),
    };
    check_zone_is_used(choice, &codec)?;
    settle(choice, pg, codec, level, profile).map(Some)
}

/// The facts as they are once the changes are made that the configuration asks for.
pub(super) fn cleansed(profile: &ColumnProfile, cleanse: &Cleanse) -> ColumnProfile {
    let mut facts = profile.clone();
    if matches!(cleanse.invalid_utf8, Some(InvalidPolicy::Replace | InvalidPolicy::Latin1)) {
        facts.texts_invalid = 0;
    }
    // As bytes, texts are kept with their NULs.
    if cleanse.nul.is_some() && cleanse.invalid_utf8 != Some(InvalidPolicy::Bytea) {
        facts.texts_nul = 0;
    }
    if facts.texts_unfit() == 0 {
        facts.odd_texts.clear();
    }
    facts
}

fn wanted(choice: &ColumnChoice) -> Result<Option<Wanted>, String> {
    choice.pg_type.as_deref().map(type_text::parse).transpose()
}

fn tagged(choice: &ColumnChoice, pg: PgType) -> Result<Choice, String> {
    if let Some(encoding) = &choice.encoding {
        return Err(format!("tagged keeps every value as it is: the encoding {encoding} has no place there"));
    }
    let why = format!("{}: class byte and value", why(choice));
    Ok(Choice { mapping: Mapping { pg, codec: Codec::Tagged }, level: Level::E0, why })
}

/// The type that an encoding or a zone alone asks for.
fn type_of_reading(choice: &ColumnChoice) -> Result<PgType, String> {
    Ok(match choice.encoding.as_deref() {
        Some("julian") => PgType::Timestamp(6),
        Some("epoch_s" | "epoch_ms" | "epoch_us" | "epoch_s_real" | "local") | None => PgType::Timestamptz(6),
        Some("yyyymmdd") => PgType::Date,
        Some("rfc4122" | "dotnet") => PgType::Uuid,
        Some("microseconds" | "milliseconds" | "seconds" | "since_1970") => PgType::Interval(6),
        Some(pair) if flag_spellings(pair).is_some() => PgType::Bool,
        Some(encoding) => return Err(format!("the encoding {encoding} needs a type beside it")),
    })
}

fn by_encoding(encoding: &str, pg: PgType, zone: Option<&str>) -> Result<(Codec, Level), String> {
    let is_stamp = matches!(pg, PgType::Timestamp(_) | PgType::Timestamptz(_));
    let is_interval = matches!(pg, PgType::Interval(_));
    let only_for = |fits: bool, types: &str, codec: Codec, level: Level| match fits {
        true => Ok((codec, level)),
        false => Err(format!("the encoding {encoding} is for {types}, not for {pg}")),
    };
    let stamp = |codec| only_for(is_stamp, "timestamptz and timestamp", codec, Level::E0);
    let interval = |unit| only_for(is_interval, "interval", Codec::IntervalUnits(unit), Level::E0);
    let uuid = |order| only_for(pg == PgType::Uuid, "uuid", Codec::UuidBlob(order), Level::E0);
    match encoding {
        "epoch_s" => stamp(Codec::Epoch(Unit::Seconds)),
        "epoch_ms" => stamp(Codec::Epoch(Unit::Millis)),
        "epoch_us" => stamp(Codec::Epoch(Unit::Micros)),
        "epoch_s_real" => stamp(Codec::EpochReal),
        "julian" => stamp(Codec::Julian),
        "local" => {
            let zone = zone.ok_or("the encoding local needs time_zone, or --naive-tz")?;
            let fits = matches!(pg, PgType::Timestamptz(_));
            only_for(fits, "timestamptz", Codec::LocalTime(zone.to_owned()), Level::E2)
        }
        "yyyymmdd" => only_for(pg == PgType::Date, "date", Codec::DayNumber, Level::E0),
        "rfc4122" => uuid(UuidOrder::Rfc4122),
        "dotnet" => uuid(UuidOrder::Dotnet),
        "microseconds" => interval(Unit::Micros),
        "milliseconds" => interval(Unit::Millis),
        "seconds" => interval(Unit::Seconds),
        "since_1970" => only_for(is_interval, "interval", Codec::IntervalSince1970, Level::E2),
        "text" => only_for(is_interval, "interval", Codec::Interval, Level::E2),
        pair => {
            let (yes, no) =
                flag_spellings(pair).ok_or_else(|| format!("`{pair}` is no pair of spellings"))?;
            let codec = Codec::FlagText { yes: yes.to_owned(), no: no.to_owned() };
            only_for(pg == PgType::Bool, "boolean", codec, Level::E0)
        }
    }
}

fn by_type(
    pg: PgType,
    column: &Column,
    profile: &ColumnProfile,
    zone: Option<&str>,
) -> Result<(Codec, Level), String> {
    let numbers = profile.integers + profile.reals;
    Ok(match pg {
        PgType::Bool => (Codec::Bool, Level::E0),
        PgType::Int2 | PgType::Int4 | PgType::Int8 => (Codec::Int, Level::E0),
        PgType::Float4 | PgType::Float8 if profile.integers > 0 => (Codec::FloatNumber, Level::E1),
        PgType::Float4 | PgType::Float8 => (Codec::Float, Level::E0),
        PgType::Numeric(_) => number(column, profile),
        PgType::Text | PgType::Varchar(_) if numbers > 0 => {
            let exact = column.affinity.converts_numbers() || profile.texts_numeric == 0;
            (Codec::TextForm, if exact { Level::E0 } else { Level::B })
        }
        PgType::Text | PgType::Varchar(_) => (Codec::Text, Level::E0),
        PgType::Bytea if numbers + profile.texts > 0 => (Codec::BytesForm, Level::B),
        PgType::Bytea => (Codec::Blob, Level::E0),
        PgType::Json => (Codec::Json, Level::E0),
        PgType::Jsonb => (Codec::Jsonb, Level::E2),
        PgType::Uuid => uuid(profile),
        PgType::Date => (Codec::Date, Level::E0),
        PgType::Time(_) => time(profile),
        PgType::Timestamp(_) | PgType::Timestamptz(_) => stamp(pg, profile, zone)?,
        PgType::Interval(_) => (Codec::Interval, Level::E2),
        PgType::Inet | PgType::Cidr | PgType::Macaddr => (Codec::Network, Level::E2),
        PgType::Char(_) => {
            return Err(format!("{pg} pads with blanks what is shorter: use varchar or text"));
        }
        PgType::Citext => {
            return Err("citext is of an extension: create the table first, or use text".to_owned());
        }
        PgType::Enum => return Err("an enumerated type must exist in the target".to_owned()),
    })
}

/// As for columns that nothing is said of: exact where the class can be told from the number (semantics.md §1.5).
fn number(column: &Column, profile: &ColumnProfile) -> (Codec, Level) {
    let by_affinity = matches!(column.affinity, Affinity::Integer | Affinity::Numeric);
    if by_affinity || profile.reals_integral == 0 {
        (Codec::Number, Level::E0)
    } else {
        (Codec::NumberByValue, Level::E1)
    }
}

/// What all texts have in common, where that was looked for in every one of them.
fn proved(profile: &ColumnProfile) -> Option<&Spelling> {
    profile.spelling.as_ref().filter(|spelling| !spelling.sampled)
}

fn uuid(profile: &ColumnProfile) -> (Codec, Level) {
    match proved(profile).and_then(|spelling| spelling.uuid).filter(|_| profile.blobs == 0) {
        Some(style) if style == PLAIN_UUID => (Codec::Uuid, Level::E0),
        Some(style) => (Codec::UuidStyle(style), Level::E0),
        None => (Codec::UuidAny, Level::E2),
    }
}

fn time(profile: &ColumnProfile) -> (Codec, Level) {
    match proved(profile).and_then(|spelling| spelling.time) {
        Some(template) => (Codec::TimeOfDay(template), Level::E0),
        None => (Codec::AnyTime, Level::E2),
    }
}

/// Date-times in text: by the one template that every value has, else by what they mean (semantics.md §1.6).
fn stamp(pg: PgType, profile: &ColumnProfile, zone: Option<&str>) -> Result<(Codec, Level), String> {
    let only_dates = proved(profile).is_some_and(|spelling| spelling.date);
    let proved = proved(profile).and_then(|spelling| spelling.stamp.clone());
    let is_tz = matches!(pg, PgType::Timestamptz(_));
    Ok(match (is_tz, proved, zone) {
        (false, Some(template), _) if template.zone == Zone::None => (Codec::Stamp(template), Level::E0),
        (false, Some(_), _) => {
            return Err("its values name a zone, which timestamp would drop: use timestamptz".to_owned());
        }
        (false, None, _) => (Codec::AnyTimestamp, Level::E2),
        (true, Some(template), _) if template.zone != Zone::None => (Codec::Stamp(template), Level::E0),
        (true, _, Some(zone)) => (Codec::LocalTime(zone.to_owned()), Level::E2),
        (true, Some(_), None) => return Err(NEEDS_ZONE.to_owned()),
        (true, None, None) if only_dates => return Err(NEEDS_ZONE.to_owned()),
        // Some may name a zone and some not: the trial looks at each.
        (true, None, None) => (Codec::AnyTimestamptz, Level::E2),
    })
}

const NEEDS_ZONE: &str =
    "its values name no zone: say time_zone = \"UTC\" or another, or --naive-tz, or use timestamp";

fn check_zone_is_used(choice: &ColumnChoice, codec: &Codec) -> Result<(), String> {
    let names_zones = matches!(codec, Codec::LocalTime(_) | Codec::AnyTimestamptz | Codec::Stamp(_));
    match &choice.time_zone {
        Some(zone) if !names_zones && !is_utc(zone) => {
            Err(format!("time_zone {zone} has no meaning for {}", reads(codec)))
        }
        _ => Ok(()),
    }
}

/// Checks the codec against the classes that occur.
fn settle(
    choice: &ColumnChoice,
    pg: PgType,
    codec: Codec,
    level: Level,
    profile: &ColumnProfile,
) -> Result<Choice, String> {
    let takes = takes(&codec);
    let fitting = [
        (takes.integer, profile.integers),
        (takes.real, profile.reals),
        (takes.text, profile.texts),
        (takes.blob, profile.blobs),
    ];
    let fitting: u64 = fitting.into_iter().filter(|(takes, _)| *takes).map(|(_, count)| count).sum();
    if profile.values() > 0 && fitting == 0 {
        return Err(format!("{} becomes {pg}, and the column holds {}", reads(&codec), mixture(profile)));
    }
    let held = if profile.values() == 0 { "no values".to_owned() } else { mixture(profile) };
    Ok(Choice { mapping: Mapping { pg, codec }, level, why: format!("{}; {held}", why(choice)) })
}

fn why(choice: &ColumnChoice) -> String {
    match &choice.encoding {
        Some(encoding) => format!("as configured, {encoding}"),
        None => "as configured".to_owned(),
    }
}

/// The classes that a codec accepts, after its own description.
fn takes(codec: &Codec) -> Classes {
    let none = Classes::default();
    let (integer, real) = (Classes { integer: true, ..none }, Classes { real: true, ..none });
    let (text, blob) = (Classes { text: true, ..none }, Classes { blob: true, ..none });
    let numbers = Classes { real: true, ..integer };
    match codec {
        Codec::Bool | Codec::Int | Codec::Epoch(_) | Codec::DayNumber | Codec::IntervalUnits(_) => integer,
        Codec::Float | Codec::EpochReal | Codec::Julian => real,
        Codec::FloatNumber | Codec::Number | Codec::NumberByValue => numbers,
        Codec::TextForm => Classes { text: true, ..numbers },
        // It reads everything and sends nothing.
        Codec::Meaning(_) => none,
        Codec::Blob | Codec::UuidBlob(_) => blob,
        Codec::BytesForm | Codec::Tagged => Classes { text: true, blob: true, ..numbers },
        Codec::UuidAny => Classes { blob: true, ..text },
        Codec::Only(classes, _) => *classes,
        Codec::Text | Codec::Json | Codec::Jsonb | Codec::Uuid | Codec::Date | Codec::Stamp(_) => text,
        Codec::AnyTimestamp | Codec::AnyTimestamptz | Codec::AnyTime | Codec::TimeOfDay(_) => text,
        Codec::LocalTime(_)
        | Codec::Interval
        | Codec::IntervalSince1970
        | Codec::Network
        | Codec::FlagText { .. } => text,
        Codec::UuidStyle(_) | Codec::Label(_) => text,
    }
}

/// The classes that a codec reads, in words.
fn reads(codec: &Codec) -> String {
    let takes = takes(codec);
    let words =
        [(takes.integer, "INTEGER"), (takes.real, "REAL"), (takes.text, "TEXT"), (takes.blob, "BLOB")];
    words.iter().filter(|(takes, _)| *takes).map(|(_, word)| *word).collect::<Vec<_>>().join(" or ")
}

#[cfg(test)]
#[path = "chosen_tests.rs"]
mod tests;
