//! Hand-written expected fields of every type, and every misfit, through the room's own door.

mod count;
mod exact;
mod interval;
mod json;
mod local;
mod numbers;
mod pairs;
mod temporal;
mod text;
mod votes;

use super::*;
use crate::limits::{FIELD_BYTES_MAX, LARGE_VALUE_BYTES};
use crate::plan::types::{Fraction, Template, TimeTemplate, Unit, Zone};
use MisfitKind as K;
use Value::{Blob, Integer, Null, Real, Text};

fn field(codec: &Codec, pg: PgType, v: Value<'_>) -> Result<Vec<u8>, MisfitKind> {
    let mut out = b"before".to_vec();
    let done = value(v, &Mapping { pg, codec: codec.clone() }, &mut out);
    assert!(out.starts_with(b"before"));
    assert!(done.is_ok() || out.len() == 6, "a misfit appends nothing");
    done.map(|()| out.split_off(6)).map_err(|misfit| misfit.kind)
}

/// A payload with its length in front.
fn sized(payload: &[u8]) -> Result<Vec<u8>, MisfitKind> {
    Ok([&(payload.len() as i32).to_be_bytes(), payload].concat())
}

fn micros(v: i64) -> Result<Vec<u8>, MisfitKind> {
    sized(&v.to_be_bytes())
}

fn template(separator: char, seconds: bool, fraction: Fraction, zone: Zone) -> Codec {
    Codec::Stamp(Template { separator, seconds, fraction, zone })
}

fn offset(text: &str, seconds: i32) -> Zone {
    Zone::Offset { text: text.to_owned(), seconds }
}
