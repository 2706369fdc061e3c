//! Texts that are one of a few words: the two spellings of a flag, the labels of an enumerated type.

use super::misfit::MisfitKind;
use super::wrong_pair;
use crate::plan::types::PgType;

/// TEXT that is one of two spellings, byte for byte → boolean.
pub(super) fn flag(
    text: &[u8],
    yes: &str,
    no: &str,
    pg: PgType,
    out: &mut Vec<u8>,
) -> Result<(), MisfitKind> {
    if pg != PgType::Bool {
        return Err(wrong_pair(pg));
    }
    if text == yes.as_bytes() {
        out.extend_from_slice(&[0, 0, 0, 1, 1]);
    } else if text == no.as_bytes() {
        out.extend_from_slice(&[0, 0, 0, 1, 0]);
    } else {
        return Err(MisfitKind::Flag);
    }
    Ok(())
}

/// TEXT that is one of the labels, checked: the field of an enumerated type is the label itself.
pub(super) fn label<'a>(text: &'a [u8], labels: &[String], pg: PgType) -> Result<&'a [u8], MisfitKind> {
    if pg != PgType::Enum {
        return Err(wrong_pair(pg));
    }
    if labels.iter().any(|label| label.as_bytes() == text) { Ok(text) } else { Err(MisfitKind::Label) }
}
