//! Numbers: what is sent comes back, and a field that no encoder of ours made is read without harm.

use super::sides::{apart, column, of_field, of_source, sent};
use cutover::digest::RowHash;
use cutover::plan::types::{Codec, Mapping, PgType};
use cutover::value::Value;

/// Two numbers of eight bytes, by value and by bits; the whole as a field of the server.
pub fn run(data: &[u8]) {
    wire(data);
    let Some((first, rest)) = data.split_first_chunk::<8>() else { return };
    let second = rest.first_chunk::<8>().copied().unwrap_or_default();
    let values = [
        Value::Integer(i64::from_be_bytes(*first)),
        Value::Integer(i64::from_be_bytes(second)),
        real(f64::from_bits(u64::from_be_bytes(*first))),
        real(f64::from_bits(u64::from_be_bytes(second))),
        real(i64::from_be_bytes(*first) as f64),
        real(i64::from_be_bytes(second) as f64 / 100.0),
        real(f64::from(f32::from_bits(u32::from_be_bytes([first[0], first[1], first[2], first[3]])))),
    ];
    for mapping in columns() {
        for (place, value) in values.iter().enumerate() {
            if sent(*value, &mapping).is_some() {
                values[..place].last().into_iter().for_each(|other| apart(*value, *other, &mapping));
            }
        }
    }
}

/// SQLite has no NaN.
fn real(value: f64) -> Value<'static> {
    Value::Real(if value.is_nan() { 0.5 } else { value })
}

fn columns() -> Vec<Mapping> {
    let numerics = [None, Some((10, 2)), Some((38, 10)), Some((5, 0)), Some((3, -2)), Some((1000, 1000))];
    let mut all: Vec<Mapping> = Vec::new();
    for shape in numerics {
        all.push(column(PgType::Numeric(shape), Codec::Number));
        all.push(column(PgType::Numeric(shape), Codec::NumberByValue));
    }
    all.extend([PgType::Int2, PgType::Int4, PgType::Int8].map(|pg| column(pg, Codec::Int)));
    for pg in [PgType::Float4, PgType::Float8] {
        all.push(column(pg, Codec::Float));
        all.push(column(pg, Codec::FloatNumber));
    }
    all.push(column(PgType::Bool, Codec::Bool));
    all.push(column(PgType::Text, Codec::TextForm));
    all.push(column(PgType::Bytea, Codec::BytesForm));
    all.push(column(PgType::Bytea, Codec::Tagged));
    all
}

/// Any bytes may come from the server: they hash, and never like NULL.
fn wire(field: &[u8]) {
    for mapping in columns() {
        assert_ne!(of_field(Some(field), &mapping), of_field(None, &mapping), "{mapping:?}");
    }
    let by_value = column(PgType::Numeric(None), Codec::NumberByValue);
    let hash = of_field(Some(field), &by_value);
    let Some(number) = Numeric::read(field) else { return };
    // A group of zeros at the end and the display scale say nothing about the value.
    let mut longer = number.clone();
    longer.groups.push(0);
    longer.scale ^= 1;
    assert_eq!(of_wire(&longer, &by_value), hash, "{number:?}");
    // Another digit does, whatever the sign and the place of the point.
    if let Some(group) = longer.groups.first_mut() {
        *group = if *group == 0 { 1 } else { *group - 1 };
        if number.groups.iter().any(|group| *group != 0) || longer.groups.iter().any(|group| *group != 0) {
            assert_ne!(of_wire(&longer, &by_value), hash, "{number:?}");
        }
    }
    whole(&number, field);
}

/// An integer of 64 bits is that INTEGER, by whatever arithmetic it is found.
fn whole(number: &Numeric, field: &[u8]) {
    let mut sum = Some(0i128);
    for place in 0..number.groups.len() {
        let power = i64::from(number.weight) - place as i64;
        let group = i128::from(number.groups[place]);
        sum = match (group, u32::try_from(power)) {
            (0, _) => sum,
            (_, Ok(power)) => sum
                .zip(10_000i128.checked_pow(power).and_then(|unit| unit.checked_mul(group)))
                .and_then(|(sum, part)| sum.checked_add(part)),
            (_, Err(_)) => None,
        };
    }
    let signed = sum.map(|sum| if number.negative { -sum } else { sum });
    let Some(integer) = signed.and_then(|whole| i64::try_from(whole).ok()) else { return };
    for codec in [Codec::Number, Codec::NumberByValue] {
        let mapping = column(PgType::Numeric(None), codec);
        assert_eq!(
            of_field(Some(field), &mapping),
            of_source(Value::Integer(integer), &mapping),
            "{integer}"
        );
    }
}

#[derive(Debug, Clone)]
struct Numeric {
    groups: Vec<u16>,
    weight: i16,
    negative: bool,
    scale: u16,
}

impl Numeric {
    /// A finite `numeric` as the server writes it.
    fn read(field: &[u8]) -> Option<Numeric> {
        let (head, rest) = field.split_first_chunk::<8>()?;
        let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
        let groups: Vec<u16> =
            rest.chunks(2).map(|pair| pair.try_into().map(u16::from_be_bytes).ok()).collect::<Option<_>>()?;
        let fits = groups.len() == usize::from(word(0)) && groups.iter().all(|group| *group < 10_000);
        let negative = word(4) == 0x4000;
        (fits && (negative || word(4) == 0)).then(|| Numeric {
            groups,
            weight: word(2).cast_signed(),
            negative,
            scale: word(6),
        })
    }

    fn write(&self) -> Vec<u8> {
        let sign = if self.negative { 0x4000 } else { 0 };
        let mut field = (self.groups.len() as u16).to_be_bytes().to_vec();
        for word in [self.weight.cast_unsigned(), sign, self.scale].iter().chain(&self.groups) {
            field.extend_from_slice(&word.to_be_bytes());
        }
        field
    }
}

fn of_wire(number: &Numeric, mapping: &Mapping) -> RowHash {
    of_field(Some(&number.write()), mapping)
}
