//! Flags in words, UUIDs in one style, labels, tagged values, addresses, and parts of split columns.

use super::*;
use crate::plan::types::{Classes, UuidOrder, UuidStyle};

pub(super) fn style(upper: bool, hyphens: bool, braces: bool) -> Codec {
    Codec::UuidStyle(UuidStyle { upper, hyphens, braces })
}

fn flag() -> Codec {
    Codec::FlagText { yes: "Yes".to_owned(), no: "No".to_owned() }
}

fn labels() -> Codec {
    Codec::Label(vec!["small".to_owned(), "größer".to_owned()])
}

fn numbers(codec: Codec) -> Codec {
    Codec::Only(Classes { integer: true, real: true, ..Classes::default() }, Box::new(codec))
}

fn texts(codec: Codec) -> Codec {
    Codec::Only(Classes { text: true, ..Classes::default() }, Box::new(codec))
}

/// `network_send`, by hand.
fn network(head: [u8; 4], bytes: &[u8]) -> Vec<u8> {
    [&head, bytes].concat()
}

const LOCALHOST_6: [u8; 16] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
const ID_DOTNET: [u8; 16] =
    [0, 0x84, 0x0e, 0x55, 0x9b, 0xe2, 0xd4, 0x41, 0xa7, 0x16, 0x44, 0x66, 0x55, 0x44, 0, 0];

pub(super) fn pairs_of_ids() -> Vec<Pair<'static>> {
    use PgType::{Bool, Bytea, Cidr, Enum, Inet, Macaddr, Numeric, Uuid};
    let mapped = [&[0; 10][..], &[255, 255, 1, 2, 3, 4]].concat();
    vec![
        (Bool, flag(), Text(b"Yes"), vec![1]),
        (Bool, flag(), Text(b"No"), vec![0]),
        (Enum, labels(), Text("größer".as_bytes()), "größer".as_bytes().to_vec()),
        (Uuid, style(true, true, false), Text(b"550E8400-E29B-41D4-A716-446655440000"), ID.to_vec()),
        (Uuid, style(false, false, false), Text(b"550e8400e29b41d4a716446655440000"), ID.to_vec()),
        (Uuid, style(true, true, true), Text(b"{550E8400-E29B-41D4-A716-446655440000}"), ID.to_vec()),
        (Uuid, style(false, false, true), Text(b"{550e8400e29b41d4a716446655440000}"), ID.to_vec()),
        (Uuid, Codec::UuidBlob(UuidOrder::Rfc4122), Blob(&ID), ID.to_vec()),
        (Uuid, Codec::UuidBlob(UuidOrder::Dotnet), Blob(&ID_DOTNET), ID.to_vec()),
        (Bytea, Codec::Tagged, Integer(-2), b"\x01\xff\xff\xff\xff\xff\xff\xff\xfe".to_vec()),
        (Bytea, Codec::Tagged, Real(1.5), b"\x02\x3f\xf8\0\0\0\0\0\0".to_vec()),
        (Bytea, Codec::Tagged, Text(b""), b"\x03".to_vec()),
        (Bytea, Codec::Tagged, Text(b"\xff\0"), b"\x03\xff\0".to_vec()),
        (Bytea, Codec::Tagged, Blob(b"\x01"), b"\x04\x01".to_vec()),
        (Inet, Codec::Network, Text(b"192.168.1.226/24"), network([2, 24, 0, 4], &[192, 168, 1, 226])),
        (Inet, Codec::Network, Text(b"127.0.0.1"), network([2, 32, 0, 4], &[127, 0, 0, 1])),
        (Inet, Codec::Network, Text(b"::1"), network([3, 128, 0, 16], &LOCALHOST_6)),
        (Inet, Codec::Network, Text(b"0:0:0:0:0:0:0:1/128"), network([3, 128, 0, 16], &LOCALHOST_6)),
        (Inet, Codec::Network, Text(b"::FFFF:1.2.3.4/120"), network([3, 120, 0, 16], &mapped)),
        (Cidr, Codec::Network, Text(b"10.0.0.0/8"), network([2, 8, 1, 4], &[10, 0, 0, 0])),
        (Cidr, Codec::Network, Text(b"::1"), network([3, 128, 1, 16], &LOCALHOST_6)),
        (Macaddr, Codec::Network, Text(b"08:00:2B:01:02:ff"), vec![8, 0, 0x2b, 1, 2, 255]),
        (Numeric(None), numbers(Codec::Number), Real(-1.5), numeric(&[1, 5000], 0, 0x4000, 1)),
        (PgType::Text, texts(Codec::Text), Text(b"x"), b"x".to_vec()),
        (Inet, texts(Codec::Network), Text(b"::1"), network([3, 128, 0, 16], &LOCALHOST_6)),
        (Bool, texts(texts(flag())), Text(b"No"), vec![0]),
    ]
}

#[test]
fn tags_as_written_by_hand() {
    use PgType::{Bool, Bytea, Cidr, Enum, Inet, Macaddr, Uuid};
    let cases: Vec<(Value<'_>, PgType, Codec, &[u8])> = vec![
        (Text(b"No"), Bool, flag(), b"\x03\0\0\0\0\0\0\0\x02No"),
        (Text(b"small"), Enum, labels(), b"\x03\0\0\0\0\0\0\0\x05small"),
        (Integer(-2), Bytea, Codec::Tagged, b"\x01\xff\xff\xff\xff\xff\xff\xff\xfe"),
        (Text(b"x"), Bytea, Codec::Tagged, b"\x03\0\0\0\0\0\0\0\x01x"),
        (Blob(b"x"), Bytea, Codec::Tagged, b"\x04\0\0\0\0\0\0\0\x01x"),
        (Text(b"1.2.3.4/8"), Inet, Codec::Network, b"\x15\x04\x08\x01\x02\x03\x04"),
        (Text(b"1.2.3.4"), Cidr, Codec::Network, b"\x15\x04\x20\x01\x02\x03\x04"),
        (Text(b"::1"), Inet, Codec::Network, b"\x15\x06\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01"),
        (Text(b"08:00:2b:01:02:FF"), Macaddr, Codec::Network, b"\x15\x30\x30\x08\0\x2b\x01\x02\xff"),
        (Text(b"1.2.3"), Inet, Codec::Network, b"\xff\x01\x03\0\0\0\0\0\0\0\x051.2.3"),
        (Integer(5), PgType::Text, texts(Codec::Text), b"\0"),
        (Null, PgType::Text, texts(Codec::Text), b"\0"),
        (Text(b"x"), PgType::Int8, numbers(Codec::Int), b"\0"),
        (Blob(&ID), Uuid, texts(Codec::UuidAny), b"\0"),
        (Integer(1), PgType::Int8, numbers(Codec::Int), b"\x01\0\0\0\0\0\0\0\x01"),
    ];
    for (value, pg, codec, expected) in cases {
        let mapping = mapping(pg, codec);
        assert_eq!(source_bytes(value, &mapping), expected, "{value:?} as {mapping:?}");
    }
}

#[test]
fn fields_come_back_as_they_were() {
    let blob = [&b"\x04\0\0\0\0\0\0\0\x10"[..], &ID_DOTNET].concat();
    let dotnet = mapping(PgType::Uuid, Codec::UuidBlob(UuidOrder::Dotnet));
    assert_eq!(target_bytes(Some(&ID), &dotnet), blob);
    let upper = mapping(PgType::Uuid, style(true, true, true));
    let text = b"\x03\0\0\0\0\0\0\0\x26{550E8400-E29B-41D4-A716-446655440000}";
    assert_eq!(target_bytes(Some(&ID), &upper), text);
    let flag = mapping(PgType::Bool, flag());
    assert_eq!(target_bytes(Some(&[1]), &flag), b"\x03\0\0\0\0\0\0\0\x03Yes");
    let part = mapping(PgType::Bytea, texts(Codec::Tagged));
    assert_eq!(target_bytes(Some(b"\x03a"), &part), b"\x03\0\0\0\0\0\0\0\x01a");
    assert_eq!(target_bytes(None, &part), b"\0");
}

#[test]
fn what_is_no_such_field_is_undecodable() {
    let fields: [(PgType, Codec, &[u8]); 19] = [
        (PgType::Bool, flag(), &[2]),
        (PgType::Bool, flag(), &[]),
        (PgType::Bytea, Codec::Tagged, &[]),
        (PgType::Bytea, Codec::Tagged, b"\0x"),
        (PgType::Bytea, Codec::Tagged, b"\x05x"),
        (PgType::Bytea, Codec::Tagged, b"\x01\0\0\0\0\0\0\0"),
        (PgType::Bytea, Codec::Tagged, b"\x01\0\0\0\0\0\0\0\0\0"),
        (PgType::Bytea, Codec::Tagged, b"\x02\x7f\xf8\0\0\0\0\0\0"),
        (PgType::Uuid, style(true, true, true), &ID[1..]),
        (PgType::Inet, Codec::Network, &[2, 33, 0, 4, 1, 2, 3, 4]),
        (PgType::Inet, Codec::Network, &[2, 32, 1, 4, 1, 2, 3, 4]),
        (PgType::Cidr, Codec::Network, &[2, 32, 0, 4, 1, 2, 3, 4]),
        (PgType::Inet, Codec::Network, &[2, 32, 0, 4, 1, 2, 3]),
        (PgType::Inet, Codec::Network, &[2, 32, 0, 4, 1, 2, 3, 4, 5]),
        (PgType::Inet, Codec::Network, &[3, 32, 0, 4, 1, 2, 3, 4]),
        (PgType::Inet, Codec::Network, &[]),
        (PgType::Macaddr, Codec::Network, &[1, 2, 3, 4, 5]),
        (PgType::Macaddr, Codec::Network, &[1, 2, 3, 4, 5, 6, 7, 8]),
        (PgType::Text, Codec::Network, b"1.2.3.4"),
    ];
    for (pg, codec, field) in fields {
        let mapping = mapping(pg, codec);
        assert_eq!(target_bytes(Some(field), &mapping)[..2], [0xff, 2], "{field:?} as {mapping:?}");
    }
}

#[test]
fn near_misses_of_ids_differ() {
    let misses: Vec<Pair<'_>> = vec![
        (PgType::Bool, flag(), Text(b"yes"), vec![1]),
        (PgType::Bool, flag(), Text(b"Yes"), vec![0]),
        (PgType::Bool, flag(), Integer(1), vec![1]),
        (PgType::Enum, labels(), Text(b"Small"), b"small".to_vec()),
        (PgType::Uuid, style(true, true, false), Text(ID_TEXT), ID.to_vec()),
        (PgType::Uuid, Codec::UuidBlob(UuidOrder::Dotnet), Blob(&ID), ID.to_vec()),
        (PgType::Uuid, Codec::UuidBlob(UuidOrder::Rfc4122), Text(ID_TEXT), ID.to_vec()),
        (PgType::Bytea, Codec::Tagged, Text(b"x"), b"\x04x".to_vec()),
        (PgType::Bytea, Codec::Tagged, Blob(b"x"), b"x".to_vec()),
        (PgType::Bytea, Codec::Tagged, Integer(0), b"\x02\0\0\0\0\0\0\0\0".to_vec()),
        (PgType::Inet, Codec::Network, Text(b"1.2.3.4/24"), vec![2, 32, 0, 4, 1, 2, 3, 4]),
        (PgType::Inet, Codec::Network, Text(b"1.2.3.4/33"), vec![2, 33, 0, 4, 1, 2, 3, 4]),
        (PgType::Inet, Codec::Network, Text(b"::1.2.3.4"), vec![2, 32, 0, 4, 1, 2, 3, 4]),
        (PgType::Inet, Codec::Network, Blob(b"::1"), network([3, 128, 0, 16], &LOCALHOST_6)),
        (PgType::Macaddr, Codec::Network, Text(b"08-00-2b-01-02-03"), vec![8, 0, 0x2b, 1, 2, 3]),
        // a part that holds what belongs to another, or lacks what is its own
        (PgType::Text, texts(Codec::TextForm), Integer(1), b"1".to_vec()),
        (PgType::Int8, numbers(Codec::Int), Text(b"1"), vec![0; 8]),
    ];
    for (pg, codec, value, field) in misses {
        let mapping = mapping(pg, codec);
        let (source, target) = (source_hash(&[value], &mapping), target_hash(&[Some(&field)], &mapping));
        assert_ne!(source, target, "{value:?} as {mapping:?}");
    }
    let part = mapping(PgType::Text, texts(Codec::Text));
    assert_ne!(source_hash(&[Text(b"x")], &part), target_hash(&[None], &part));
    assert_eq!(source_hash(&[Integer(1)], &part), target_hash(&[None], &part));
}
