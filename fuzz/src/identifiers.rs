//! UUIDs, addresses, flags and labels: what votes for a spelling is sent in it, and what is sent comes back.

use super::sides::{apart, column, field, sent};
use cutover::encode::{FlagVotes, UuidVotes, is_uuid};
use cutover::plan::types::{Codec, PgType, UuidOrder, UuidStyle};
use cutover::value::Value;

/// The texts of one column, one on each line.
pub fn run(data: &[u8]) {
    let texts: Vec<&[u8]> = data.split(|byte| *byte == b'\n').take(8).collect();
    uuid_votes(&texts);
    flag_votes(&texts);
    let columns = columns();
    for (place, text) in texts.iter().enumerate() {
        uuid(text);
        for (pg, codec) in &columns {
            let mapping = column(*pg, codec.clone());
            if sent(Value::Text(text), &mapping).is_some() {
                texts[..place]
                    .iter()
                    .for_each(|other| apart(Value::Text(text), Value::Text(other), &mapping));
            }
        }
    }
    if let Some((first, rest)) = data.split_first_chunk::<16>() {
        let second = rest.first_chunk::<16>().unwrap_or(first);
        for codec in [Codec::UuidBlob(UuidOrder::Rfc4122), Codec::UuidBlob(UuidOrder::Dotnet), Codec::UuidAny]
        {
            let mapping = column(PgType::Uuid, codec);
            assert!(field(Value::Blob(first), &mapping).is_some());
            apart(Value::Blob(first), Value::Blob(second), &mapping);
        }
    }
}

fn columns() -> Vec<(PgType, Codec)> {
    let mut all = vec![(PgType::Uuid, Codec::Uuid), (PgType::Uuid, Codec::UuidAny)];
    for bits in 0..8 {
        let style = UuidStyle { upper: bits & 1 > 0, hyphens: bits & 2 > 0, braces: bits & 4 > 0 };
        all.push((PgType::Uuid, Codec::UuidStyle(style)));
    }
    all.extend([PgType::Inet, PgType::Cidr, PgType::Macaddr].map(|pg| (pg, Codec::Network)));
    for (yes, no) in [("t", "f"), ("TRUE", "FALSE"), ("ja", "")] {
        all.push((PgType::Bool, Codec::FlagText { yes: yes.to_owned(), no: no.to_owned() }));
    }
    let labels = ["", "new", "open", "Open", "größer"].map(str::to_owned).to_vec();
    all.push((PgType::Enum, Codec::Label(labels)));
    all
}

/// The strict spelling is one of the usual ones, and all mean what another reader reads.
fn uuid(text: &[u8]) {
    let value = Value::Text(text);
    let strict = field(value, &column(PgType::Uuid, Codec::Uuid));
    assert_eq!(strict.is_some(), is_uuid(text));
    let any = field(value, &column(PgType::Uuid, Codec::UuidAny));
    assert!(strict.is_none() || strict == any);
    if let Some(any) = any {
        // The other reader has no name for braces around 32 digits.
        let bare: String = String::from_utf8_lossy(text).replace(['{', '}'], "");
        let other = uuid::Uuid::parse_str(&bare).expect("a UUID to one reader only");
        assert_eq!(any, other.as_bytes());
    }
}

fn uuid_votes(texts: &[&[u8]]) {
    let (mut all, mut first, mut second) = (UuidVotes::default(), UuidVotes::default(), UuidVotes::default());
    for (place, text) in texts.iter().enumerate() {
        all.observe(text);
        if place % 2 == 0 { first.observe(text) } else { second.observe(text) }
    }
    second.merge(&first);
    assert_eq!(second.style(), all.style(), "votes depend on who counted them");
    if let Some(style) = all.style() {
        let mapping = column(PgType::Uuid, Codec::UuidStyle(style));
        texts.iter().for_each(|text| assert!(field(Value::Text(text), &mapping).is_some(), "{text:?}"));
    }
}

fn flag_votes(texts: &[&[u8]]) {
    let (mut all, mut first, mut second) = (FlagVotes::default(), FlagVotes::default(), FlagVotes::default());
    for (place, text) in texts.iter().enumerate() {
        all.observe(text);
        if place % 2 == 0 { first.observe(text) } else { second.observe(text) }
    }
    second.merge(&first);
    assert_eq!(second.pair(), all.pair(), "votes depend on who counted them");
    if let Some((yes, no)) = all.pair() {
        let mapping = column(PgType::Bool, Codec::FlagText { yes: yes.to_owned(), no: no.to_owned() });
        texts.iter().for_each(|text| assert!(field(Value::Text(text), &mapping).is_some(), "{text:?}"));
    }
}
