//! What holds for every value in every column: a field is whole, a misfit leaves nothing, and both sides of the digest
//! agree on what was sent.

use cutover::digest::{RowHash, RowHasher};
use cutover::encode;
use cutover::plan::types::{Codec, Domain, Mapping, PgType};
use cutover::value::Value;
use std::cell::RefCell;

const KEY: [u8; 32] = [7; 32];

/// A column.
pub fn column(pg: PgType, codec: Codec) -> Mapping {
    Mapping { pg, codec }
}

/// Encodes the value and proves the field by the digest. `None` is a misfit, `Some(None)` a NULL.
pub fn sent(value: Value<'_>, mapping: &Mapping) -> Option<Option<Vec<u8>>> {
    const BEFORE: &[u8] = b"what stood there before";
    let mut out = BEFORE.to_vec();
    if encode::value(value, mapping, &mut out).is_err() {
        assert_eq!(out, BEFORE, "a misfit appended something");
        return None;
    }
    let written = out.strip_prefix(BEFORE).expect("the encoder changed what stood there before");
    let (length, payload) = written.split_first_chunk::<4>().expect("a field without a length");
    let field = match i32::from_be_bytes(*length) {
        -1 => None,
        length => Some(payload[..usize::try_from(length).expect("a length below −1")].to_vec()),
    };
    assert_eq!(payload.len(), field.as_ref().map_or(0, Vec::len), "bytes beyond the field");
    assert_eq!(
        of_source(value, mapping),
        of_field(field.as_deref(), mapping),
        "sent, and not proved: {value:?} in {mapping:?} as {field:?}"
    );
    Some(field)
}

/// As [`sent`], for a value that is not NULL in a column that is not a part of one.
pub fn field(value: Value<'_>, mapping: &Mapping) -> Option<Vec<u8>> {
    sent(value, mapping).map(|field| field.expect("a value was sent as NULL"))
}

/// In an exact column two different values never become the same field; where the meaning is compared, two different
/// fields never have the same hash.
pub fn apart(one: Value<'_>, other: Value<'_>, mapping: &Mapping) {
    // A value of another part of a split column is NULL here, and exact there.
    let (Some(Some(a)), Some(Some(b))) = (sent(one, mapping), sent(other, mapping)) else { return };
    let is_by_meaning = matches!(
        mapping.codec.domain(),
        Domain::Exact | Domain::Instant | Domain::Interval | Domain::Network | Domain::Uuid
    );
    let is_different = match mapping.codec.domain() {
        Domain::Exact => !is_same(one, other),
        _ => a != b,
    };
    if is_by_meaning && is_different {
        assert_ne!(a, b, "{one:?} and {other:?} in {mapping:?}");
        assert_ne!(
            of_source(one, mapping),
            of_source(other, mapping),
            "{one:?} and {other:?} in {mapping:?}"
        );
    }
}

fn is_same(one: Value<'_>, other: Value<'_>) -> bool {
    match (one, other) {
        (Value::Real(a), Value::Real(b)) => a.to_bits() == b.to_bits(),
        _ => one == other,
    }
}

thread_local! {
    /// One for all rows, as a run has one for all rows of a table: making it takes longer than a hash.
    static HASHER: RefCell<RowHasher> = RefCell::new(RowHasher::new(KEY));
}

/// The hash of a row of this one value.
pub fn of_source(value: Value<'_>, mapping: &Mapping) -> RowHash {
    HASHER.with_borrow_mut(|hasher| {
        hasher.source_value(value, mapping);
        hasher.finish()
    })
}

/// The hash of a row of this one field.
pub fn of_field(field: Option<&[u8]>, mapping: &Mapping) -> RowHash {
    HASHER.with_borrow_mut(|hasher| {
        hasher.target_field(field, mapping);
        hasher.finish()
    })
}
