//! One part of a split column: which values of the source are its own, and by which codec both sides are read.

use crate::plan::types::{Codec, Mapping, PgType};
use crate::value::Value;

/// A type and a codec that is not [`Codec::Only`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) pg: PgType,
    pub(super) codec: &'a Codec,
}

impl<'a> Part<'a> {
    /// The part of a field: what it holds besides NULL is of the inner codec.
    pub(super) fn of_field(mapping: &'a Mapping) -> Part<'a> {
        let mut codec = &mapping.codec;
        while let Codec::Only(_, inner) = codec {
            codec = inner.as_ref();
        }
        Part { pg: mapping.pg, codec }
    }

    /// The part of a value, and the value: NULL where it belongs to another part.
    pub(super) fn of_value<'v>(mapping: &'a Mapping, value: Value<'v>) -> (Part<'a>, Value<'v>) {
        match &mapping.codec {
            Codec::Only(..) => (Part::of_field(mapping), own(&mapping.codec, value)),
            codec => (Part { pg: mapping.pg, codec }, value),
        }
    }
}

fn own<'v>(codec: &Codec, value: Value<'v>) -> Value<'v> {
    let Codec::Only(classes, inner) = codec else { return value };
    let is_own = match value {
        Value::Null => false,
        Value::Integer(_) => classes.integer,
        Value::Real(_) => classes.real,
        Value::Text(_) => classes.text,
        Value::Blob(_) => classes.blob,
    };
    if is_own { own(inner, value) } else { Value::Null }
}
