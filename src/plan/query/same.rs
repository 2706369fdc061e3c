//! Whether PostgreSQL finds the same values equal, and puts them into the same order, as SQLite does.

use crate::catalog::spelling::{Fraction, Zone};
use crate::plan::translate::Reason;
use crate::plan::types::{Codec, Mapping, PgType, UuidOrder};

/// Whether two values of such a column are equal on both sides or on neither. What groups, makes distinct and unites rests
/// on it.
///
/// # Errors
/// The reason why it is not so.
pub(super) fn equality(mapping: &Mapping, collation: &str) -> Result<(), Reason> {
    let differs = |what: &str| Err(format!("{what} are not equal to PostgreSQL where they are to SQLite"));
    match &mapping.codec {
        Codec::Text if matches!(mapping.pg, PgType::Citext | PgType::Char(_)) => {
            differs(&format!("values of the type {}", mapping.pg))
        }
        Codec::Text if collation != "BINARY" => {
            Err(format!("texts of the collation {collation} that are equal are not the same text"))
        }
        Codec::Bool | Codec::Int | Codec::Float | Codec::FloatNumber | Codec::Number => Ok(()),
        Codec::NumberByValue | Codec::Text | Codec::Blob => Ok(()),
        Codec::Uuid | Codec::UuidStyle(_) | Codec::UuidBlob(_) | Codec::FlagText { .. } => plain(collation),
        Codec::Date | Codec::Stamp(_) | Codec::TimeOfDay(_) => plain(collation),
        Codec::Epoch(_) | Codec::EpochReal | Codec::Julian | Codec::DayNumber => Ok(()),
        Codec::Label(_) => plain(collation),
        _ => differs(&format!("values that became {}", mapping.pg)),
    }
}

/// Texts of one spelling are as distinct without regard to case as with it only where case cannot differ; that is not known
/// here.
fn plain(collation: &str) -> Result<(), Reason> {
    if collation == "BINARY" { Ok(()) } else { Err(format!("the column has the collation {collation}")) }
}

/// The same where the order itself is seen. A UTF-16 file orders texts by its own bytes (semantics.md §3.4); NOCASE and RTRIM
/// look at UTF-8 in any file.
///
/// # Errors
/// The reason why there is no such thing.
pub(super) fn order_key(
    utf16: bool,
    sql: &str,
    mapping: &Mapping,
    collation: &str,
) -> Result<String, Reason> {
    if utf16 && collation == "BINARY" && matches!(mapping.codec, Codec::Text) {
        return Err("the order of texts, which in a UTF-16 file is that of other bytes".to_owned());
    }
    sort_key(sql, mapping, collation)
}

/// What to sort by so that the order is SQLite's: `sql`, with the collation that it needs.
///
/// # Errors
/// The reason why there is no such thing.
pub(super) fn sort_key(sql: &str, mapping: &Mapping, collation: &str) -> Result<String, Reason> {
    let differs = || Err(format!("PostgreSQL sorts values that became {} in another way", mapping.pg));
    match &mapping.codec {
        Codec::Text if matches!(mapping.pg, PgType::Text | PgType::Varchar(_)) => match collation {
            "BINARY" => Ok(format!("{sql} COLLATE \"C\"")),
            // In this collation, lower() knows the letters of ASCII alone, as NOCASE does.
            "NOCASE" => Ok(format!("lower({sql} COLLATE \"C\")")),
            "RTRIM" => Ok(format!("rtrim({sql}, ' ') COLLATE \"C\"")),
            other => Err(format!("the collation {other} is the application's own")),
        },
        Codec::Bool | Codec::Int | Codec::Float | Codec::FloatNumber | Codec::Number => Ok(sql.to_owned()),
        Codec::NumberByValue | Codec::Blob | Codec::DayNumber => Ok(sql.to_owned()),
        Codec::Epoch(_) | Codec::EpochReal | Codec::Julian => Ok(sql.to_owned()),
        Codec::UuidBlob(UuidOrder::Rfc4122) => Ok(sql.to_owned()),
        Codec::Date | Codec::Uuid if collation == "BINARY" => Ok(sql.to_owned()),
        // A fraction that comes and goes is in order only where nothing follows it.
        Codec::Stamp(template) if collation == "BINARY" => match (&template.zone, template.fraction) {
            (Zone::None, _) | (_, Fraction::Fixed(_)) => Ok(sql.to_owned()),
            _ => differs(),
        },
        Codec::TimeOfDay(_) if collation == "BINARY" => Ok(sql.to_owned()),
        _ => differs(),
    }
}
