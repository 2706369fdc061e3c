//! What is no number and no instant but has a place in PostgreSQL's types: NaN and the infinities, by their words.
//!
//! SQLite has no NaN and no endless time, so they come as TEXT. The words are those of PostgreSQL's own input functions, in
//! any case and with blanks around them.

use super::number;
use crate::plan::types::PgType;

/// The instants of `infinity` and `-infinity`, as PostgreSQL sends them in `timestamp`.
pub(super) const LATEST: i64 = i64::MAX;
pub(super) const EARLIEST: i64 = i64::MIN;

/// Writes the number that is meant by a word; `None` where it is none of the type.
pub(super) fn number_of_word(out: &mut Vec<u8>, text: &[u8], pg: PgType) -> Option<()> {
    let real = match lower(text)?.as_slice() {
        b"nan" => f64::NAN,
        // `numeric` knows no sign of it; what programs print of a C double may have one.
        b"+nan" | b"-nan" if !matches!(pg, PgType::Numeric(_)) => f64::NAN,
        b"infinity" | b"+infinity" | b"inf" | b"+inf" => f64::INFINITY,
        b"-infinity" | b"-inf" => f64::NEG_INFINITY,
        _ => return None,
    };
    if real.is_nan() {
        number::not_a_number(out);
        return Some(());
    }
    number::real_shortest(out, real)
}

/// The instant that is meant by a word.
pub(super) fn instant_of_word(text: &[u8]) -> Option<i64> {
    match lower(text)?.as_slice() {
        b"infinity" | b"+infinity" => Some(LATEST),
        b"-infinity" => Some(EARLIEST),
        _ => None,
    }
}

/// The words are short: of anything longer nothing is copied.
fn lower(text: &[u8]) -> Option<Vec<u8>> {
    const LONGEST: usize = b"+infinity".len();
    let text = text.trim_ascii();
    let is_word = text.len() <= LONGEST && text.last().is_some_and(u8::is_ascii_alphabetic);
    is_word.then(|| text.to_ascii_lowercase())
}
