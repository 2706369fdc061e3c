//! Flags in words, UUIDs in one style, labels, tagged values, addresses, and parts of split columns.

use super::*;
use crate::plan::types::{UuidOrder, UuidStyle};

const ID: [u8; 16] =
    [0x55, 0x0e, 0x84, 0, 0xe2, 0x9b, 0x41, 0xd4, 0xa7, 0x16, 0x44, 0x66, 0x55, 0x44, 0, 0x0f];

fn words(yes: &str, no: &str) -> Codec {
    Codec::FlagText { yes: yes.to_owned(), no: no.to_owned() }
}

fn style(upper: bool, hyphens: bool, braces: bool) -> UuidStyle {
    UuidStyle { upper, hyphens, braces }
}

#[test]
fn flags_are_two_words() {
    let flag = |v| field(&words("yes", "no"), PgType::Bool, v);
    assert_eq!(flag(Text(b"yes")), sized(&[1]));
    assert_eq!(flag(Text(b"no")), sized(&[0]));
    assert_eq!(flag(Null), Ok(vec![0xff; 4]));
    for other in ["Yes", "YES", "yes ", " no", "", "true", "1", "n"] {
        assert_eq!(flag(Text(other.as_bytes())), Err(K::Flag), "{other}");
    }
    assert_eq!(field(&words("", "x"), PgType::Bool, Text(b"")), sized(&[1]));
    assert_eq!(field(&words("t", "f"), PgType::Text, Text(b"t")), Err(K::Mapping(PgType::Text)));
}

#[test]
fn labels_are_sent_as_they_are() {
    let labels = Codec::Label(vec!["small".to_owned(), "größer".to_owned(), String::new()]);
    let label = |v: &str| field(&labels, PgType::Enum, Text(v.as_bytes()));
    assert_eq!(label("small"), sized(b"small"));
    assert_eq!(label("größer"), sized("größer".as_bytes()));
    assert_eq!(label(""), sized(b""));
    for other in ["Small", "small ", "smal", "größe", "x"] {
        assert_eq!(label(other), Err(K::Label), "{other}");
    }
    assert_eq!(field(&labels, PgType::Text, Text(b"small")), Err(K::Mapping(PgType::Text)));
    assert_eq!(field(&Codec::Label(Vec::new()), PgType::Enum, Text(b"small")), Err(K::Label));
}

/// Every spelling, and the only style that takes it.
const STYLES: [(&str, [bool; 3]); 8] = [
    ("550e8400-e29b-41d4-a716-44665544000f", [false, true, false]),
    ("550E8400-E29B-41D4-A716-44665544000F", [true, true, false]),
    ("550e8400e29b41d4a71644665544000f", [false, false, false]),
    ("550E8400E29B41D4A71644665544000F", [true, false, false]),
    ("{550e8400-e29b-41d4-a716-44665544000f}", [false, true, true]),
    ("{550E8400-E29B-41D4-A716-44665544000F}", [true, true, true]),
    ("{550e8400e29b41d4a71644665544000f}", [false, false, true]),
    ("{550E8400E29B41D4A71644665544000F}", [true, false, true]),
];

#[test]
fn a_style_takes_its_own_spelling_only() {
    for (text, [upper, hyphens, braces]) in STYLES {
        for (_, other) in STYLES {
            let codec = Codec::UuidStyle(style(other[0], other[1], other[2]));
            let expected = if other == [upper, hyphens, braces] { sized(&ID) } else { Err(K::UuidStyle) };
            assert_eq!(field(&codec, PgType::Uuid, Text(text.as_bytes())), expected, "{text} as {codec:?}");
        }
    }
    let digits = "01234567890123456789012345678901";
    for upper in [false, true] {
        let codec = Codec::UuidStyle(style(upper, false, false));
        assert!(field(&codec, PgType::Uuid, Text(digits.as_bytes())).is_ok(), "no letters, no case");
    }
    let plain = Codec::UuidStyle(style(false, true, false));
    for bad in [
        "550e8400-e29b-41d4-a716-44665544000F",
        "550e8400-e29b-41d4-a716-44665544000",
        "550e8400-e29b-41d4-a716-44665544000g",
        "550e8400-e29b-41d4a-716-44665544000f",
        "{550e8400-e29b-41d4-a716-44665544000f",
        "550e8400-e29b-41d4-a716-44665544000f}",
        " 550e8400-e29b-41d4-a716-44665544000f",
        "",
    ] {
        assert_eq!(field(&plain, PgType::Uuid, Text(bad.as_bytes())), Err(K::UuidStyle), "{bad}");
    }
    assert_eq!(field(&plain, PgType::Text, Text(STYLES[0].0.as_bytes())), Err(K::Mapping(PgType::Text)));
}

#[test]
fn a_blob_has_an_order() {
    let blob = |order, v| field(&Codec::UuidBlob(order), PgType::Uuid, Blob(v));
    assert_eq!(blob(UuidOrder::Rfc4122, &ID), sized(&ID));
    // .NET: new Guid("550e8400-e29b-41d4-a716-44665544000f").ToByteArray()
    let bytes = [0, 0x84, 0x0e, 0x55, 0x9b, 0xe2, 0xd4, 0x41, 0xa7, 0x16, 0x44, 0x66, 0x55, 0x44, 0, 0x0f];
    assert_eq!(blob(UuidOrder::Dotnet, &bytes), sized(&ID));
    for order in [UuidOrder::Rfc4122, UuidOrder::Dotnet] {
        assert_eq!(blob(order, &ID[1..]), Err(K::UuidBlob));
        assert_eq!(blob(order, &[0; 17]), Err(K::UuidBlob));
    }
}

#[test]
fn tagged_values_carry_their_class() {
    let tagged = |v| field(&Codec::Tagged, PgType::Bytea, v);
    assert_eq!(tagged(Null), Ok(vec![0xff; 4]));
    assert_eq!(tagged(Integer(-2)), sized(b"\x01\xff\xff\xff\xff\xff\xff\xff\xfe"));
    assert_eq!(tagged(Real(1.5)), sized(b"\x02\x3f\xf8\0\0\0\0\0\0"));
    assert_eq!(tagged(Real(-0.0)), sized(b"\x02\x80\0\0\0\0\0\0\0"));
    assert_eq!(tagged(Real(f64::NAN)), Err(K::Nan));
    assert_eq!(tagged(Text(b"a\0\xff")), sized(b"\x03a\0\xff"));
    assert_eq!(tagged(Text(b"")), sized(b"\x03"));
    assert_eq!(tagged(Blob(b"\0")), sized(b"\x04\0"));
    for v in [Integer(1), Real(1.0), Text(b""), Blob(b"")] {
        assert_eq!(field(&Codec::Tagged, PgType::Text, v), Err(K::Mapping(PgType::Text)));
    }
}

#[test]
fn a_large_tagged_value_is_not_copied() {
    let mapping = Mapping { pg: PgType::Bytea, codec: Codec::Tagged };
    let bytes = vec![7; LARGE_VALUE_BYTES + 1];
    for (v, class) in [(Text(&bytes), 3), (Blob(&bytes), 4)] {
        let payload = large_payload(v, &mapping).unwrap().unwrap();
        assert_eq!(payload.bytes.as_ptr(), bytes.as_ptr());
        let mut frames = FrameBuilder::new();
        let done: Result<(), ()> = frames.put_large(payload, |_| Ok(()));
        done.unwrap();
        let sent = frames.finish().bytes;
        assert_eq!(sent[19..24], [0, 4, 0, 2, class]);
        assert!(sent[24..sent.len() - 2] == bytes);
        assert_eq!(field(&mapping.codec, mapping.pg, v).unwrap(), sent[19..sent.len() - 2], "the same field");
    }
    assert_eq!(large_payload(Blob(&bytes[1..]), &mapping), Ok(None), "not above the limit");
    let zeros = vec![0; FIELD_BYTES_MAX];
    assert_eq!(large_payload(Blob(&zeros), &mapping).map_err(|m| m.kind), Err(K::FieldSize));
    assert!(
        large_payload(Blob(&zeros[1..]), &mapping).unwrap().is_some(),
        "with its class byte it just fits"
    );
}

#[test]
fn addresses_in_binary() {
    let send = |pg, v: &str| field(&Codec::Network, pg, Text(v.as_bytes()));
    let (inet, cidr, mac) = (PgType::Inet, PgType::Cidr, PgType::Macaddr);
    assert_eq!(send(inet, "192.168.1.226"), sized(&[2, 32, 0, 4, 192, 168, 1, 226]));
    assert_eq!(send(inet, "192.168.1.226/24"), sized(&[2, 24, 0, 4, 192, 168, 1, 226]));
    assert_eq!(send(inet, "0.0.0.0/0"), sized(&[2, 0, 0, 4, 0, 0, 0, 0]));
    assert_eq!(send(cidr, "10.1.0.0/16"), sized(&[2, 16, 1, 4, 10, 1, 0, 0]));
    assert_eq!(send(cidr, "10.1.2.3"), sized(&[2, 32, 1, 4, 10, 1, 2, 3]));
    let six = |bits, is, head: &[u8], tail: &[u8]| {
        let gap = vec![0; 16 - head.len() - tail.len()];
        sized(&[&[3, bits, is, 16], head, &gap, tail].concat())
    };
    assert_eq!(send(inet, "::1"), six(128, 0, &[], &[1]));
    assert_eq!(send(inet, "2001:DB8::ff/64"), six(64, 0, &[0x20, 1, 0x0d, 0xb8], &[0xff]));
    assert_eq!(send(inet, "::ffff:1.2.3.4"), six(128, 0, &[], &[0xff, 0xff, 1, 2, 3, 4]));
    assert_eq!(send(cidr, "2001:db8::/32"), six(32, 1, &[0x20, 1, 0x0d, 0xb8], &[]));
    assert_eq!(send(cidr, "::/0"), six(0, 1, &[], &[]));
    assert_eq!(send(mac, "08:00:2b:01:02:03"), sized(&[8, 0, 0x2b, 1, 2, 3]));
    assert_eq!(send(mac, "08:00:2B:01:02:FF"), sized(&[8, 0, 0x2b, 1, 2, 255]));
}

#[test]
fn addresses_are_not_completed() {
    let send = |pg, v: &str| field(&Codec::Network, pg, Text(v.as_bytes()));
    for bad in [
        "",
        "1.2.3",
        "10/8",
        "1.2.3.4/33",
        "1.2.3.4/08",
        "1.2.3.4/",
        "1.2.3.4/-1",
        "1.2.3.4/+8",
        "01.2.3.4",
        "1.2.3.256",
        "1.2.3.4.5",
        " 1.2.3.4",
        "1.2.3.4 ",
        "1.2.3.4/8/8",
        ":",
        ":::",
        "1::2::3",
        "::/129",
        "::g",
        "fe80::1%eth0",
        "12345::",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "1.2.3.4::",
        "[::1]",
        "localhost",
    ] {
        assert_eq!(send(PgType::Inet, bad), Err(K::Address), "{bad}");
        assert_eq!(send(PgType::Cidr, bad), Err(K::Address), "{bad}");
    }
    for hosts in ["10.1.2.3/8", "0.0.0.1/31", "128.0.0.0/0", "2001:db8::1/127", "8000::/0"] {
        assert_eq!(send(PgType::Cidr, hosts), Err(K::HostBits), "{hosts}");
        assert!(send(PgType::Inet, hosts).is_ok(), "{hosts}");
    }
    for bad in [
        "08:00:2b:01:02",
        "08:00:2b:01:02:03:04",
        "08-00-2b-01-02-03",
        "08002b:010203",
        "8:0:2b:1:2:3",
        "08:00:2b:01:02:0g",
        "",
    ] {
        assert_eq!(send(PgType::Macaddr, bad), Err(K::Macaddr), "{bad}");
    }
    assert_eq!(send(PgType::Text, "1.2.3.4"), Err(K::Mapping(PgType::Text)));
}

#[test]
fn a_part_has_null_for_the_other_classes() {
    let numbers = Classes { integer: true, real: true, ..Classes::default() };
    let only = |classes, codec| Codec::Only(classes, Box::new(codec));
    let part = only(numbers, Codec::Number);
    let numeric = PgType::Numeric(None);
    assert_eq!(field(&part, numeric, Integer(7)), field(&Codec::Number, numeric, Integer(7)));
    assert_eq!(field(&part, numeric, Real(1.5)), field(&Codec::Number, numeric, Real(1.5)));
    for other in [Null, Text(b"x"), Blob(b"x")] {
        assert_eq!(field(&part, numeric, other), Ok(vec![0xff; 4]), "{other:?}");
    }
    let texts = Classes { text: true, ..Classes::default() };
    assert_eq!(field(&only(texts, Codec::Text), PgType::Text, Text(b"x")), sized(b"x"));
    assert_eq!(field(&only(texts, Codec::Text), PgType::Text, Text(b"\0")), Err(K::Nul(0)));
    assert_eq!(field(&only(texts, Codec::Text), PgType::Text, Integer(1)), Ok(vec![0xff; 4]));
    let nested = only(texts, only(numbers, Codec::Number));
    assert_eq!(field(&nested, numeric, Integer(1)), Ok(vec![0xff; 4]), "of no class of both");
}

#[test]
fn a_part_of_large_values_is_not_copied() {
    let bytes = vec![b'x'; LARGE_VALUE_BYTES + 1];
    let blobs = Classes { blob: true, ..Classes::default() };
    let mapping = Mapping { pg: PgType::Bytea, codec: Codec::Only(blobs, Box::new(Codec::Blob)) };
    assert_eq!(large_payload(Blob(&bytes), &mapping), Ok(Some(LargePayload::plain(&bytes))));
    assert_eq!(large_payload(Text(&bytes), &mapping), Ok(None), "another part's, so it is NULL by `value`");
    assert_eq!(field(&mapping.codec, mapping.pg, Text(&bytes)), Ok(vec![0xff; 4]));
}

fn uuid_votes(texts: &[&str]) -> UuidVotes {
    let mut votes = UuidVotes::default();
    texts.iter().for_each(|text| votes.observe(text.as_bytes()));
    votes
}

#[test]
fn votes_for_uuid_styles() {
    let digits = "01234567890123456789012345678901";
    for (text, [upper, hyphens, braces]) in STYLES {
        assert_eq!(uuid_votes(&[text, text]).style(), Some(style(upper, hyphens, braces)), "{text}");
        for (other, _) in STYLES.iter().filter(|(other, _)| *other != text) {
            assert_eq!(uuid_votes(&[text, other]).style(), None, "{text} and {other}");
            let mut merged = uuid_votes(&[text]);
            merged.merge(&uuid_votes(&[other]));
            assert_eq!(merged.style(), None, "{text} merged with {other}");
        }
    }
    let upper = "550E8400E29B41D4A71644665544000F";
    assert_eq!(uuid_votes(&[digits]).style(), Some(style(false, false, false)), "no letters: lower");
    assert_eq!(uuid_votes(&[digits, upper]).style(), Some(style(true, false, false)));
    assert_eq!(uuid_votes(&[upper, digits]).style(), Some(style(true, false, false)));
    assert_eq!(uuid_votes(&[]).style(), None);
    assert_eq!(uuid_votes(&["550e8400E29B41D4A71644665544000F"]).style(), None, "mixed within one text");
    assert_eq!(uuid_votes(&[digits, "x", digits]).style(), None);
    let mut merged = uuid_votes(&[digits]);
    merged.merge(&uuid_votes(&[upper]));
    merged.merge(&UuidVotes::default());
    assert_eq!(merged.style(), Some(style(true, false, false)));
    merged.merge(&uuid_votes(&["x"]));
    assert_eq!(merged.style(), None);
}

#[test]
fn what_votes_tell_the_codec_takes() {
    for (text, _) in STYLES {
        let codec = Codec::UuidStyle(uuid_votes(&[text]).style().unwrap());
        assert_eq!(field(&codec, PgType::Uuid, Text(text.as_bytes())), sized(&ID));
    }
}

#[test]
fn votes_for_flags() {
    let pair = |texts: &[&str]| {
        let mut votes = FlagVotes::default();
        texts.iter().for_each(|text| votes.observe(text.as_bytes()));
        votes
    };
    let all = [
        ("t", "f"),
        ("T", "F"),
        ("true", "false"),
        ("TRUE", "FALSE"),
        ("True", "False"),
        ("yes", "no"),
        ("YES", "NO"),
        ("Yes", "No"),
        ("y", "n"),
        ("Y", "N"),
        ("on", "off"),
        ("ON", "OFF"),
        ("On", "Off"),
    ];
    for (yes, no) in all {
        for texts in [vec![yes], vec![no], vec![yes, no], vec![no, no, yes]] {
            assert_eq!(pair(&texts).pair(), Some((yes, no)), "{texts:?}");
        }
        for (other, _) in all.iter().filter(|(other, _)| *other != yes) {
            assert_eq!(pair(&[no, other]).pair(), None, "{no} and {other}");
            let mut merged = pair(&[no]);
            merged.merge(&pair(&[other]));
            assert_eq!(merged.pair(), None, "{no} merged with {other}");
        }
    }
    for texts in [&[][..], &[""], &["tRue"], &["t", "x"], &["x", "t"], &["t", "t "], &["1"], &["yes", "n"]] {
        assert_eq!(pair(texts).pair(), None, "{texts:?}");
    }
    let mut merged = FlagVotes::default();
    merged.merge(&pair(&["on"]));
    merged.merge(&pair(&["off"]));
    merged.merge(&FlagVotes::default());
    assert_eq!(merged.pair(), Some(("on", "off")));
    merged.merge(&pair(&["x"]));
    assert_eq!(merged.pair(), None);
}

/// What is sent of a large BLOB in slices is what is sent of it whole, and so is every refusal.
#[test]
fn a_blob_in_slices_is_the_blob_whole() {
    use crate::plan::types::{Classes, UuidOrder};
    let only =
        |blob| Codec::Only(Classes { blob, text: !blob, ..Classes::default() }, Box::new(Codec::BytesForm));
    let bytes: Vec<u8> = (0..LARGE_VALUE_BYTES + 7).map(|n| (n % 251) as u8).collect();
    let pairs = [
        (PgType::Bytea, Codec::Blob),
        (PgType::Bytea, Codec::BytesForm),
        (PgType::Bytea, Codec::Tagged),
        (PgType::Bytea, only(true)),
        (PgType::Bytea, only(false)),
        (PgType::Text, Codec::Blob),
        (PgType::Text, Codec::Tagged),
        (PgType::Text, Codec::Text),
        (PgType::Text, Codec::TextForm),
        (PgType::Int8, Codec::Int),
        (PgType::Jsonb, Codec::Jsonb),
        (PgType::Uuid, Codec::UuidAny),
        (PgType::Uuid, Codec::UuidBlob(UuidOrder::Dotnet)),
        (PgType::Int8, Codec::UuidAny),
        (PgType::Numeric(None), Codec::Number),
    ];
    for (pg, codec) in pairs {
        let whole = field(&codec, pg, Blob(&bytes));
        let head = large_blob(bytes.len() as u64, &Mapping { pg, codec: codec.clone() });
        let sliced = head.map_err(|misfit| misfit.kind).map(|head| {
            let mut frames = FrameBuilder::new();
            let begun = frames.buffer().len();
            frames.begin_large(head);
            for slice in bytes.chunks(100_003).filter(|_| head.is_some()) {
                frames.put_slice(slice, |_| Err("a frame was full")).unwrap();
            }
            frames.buffer().split_off(begun)
        });
        assert!(sliced == whole, "{pg} {codec:?}");
    }
    let too_long = large_blob(FIELD_BYTES_MAX as u64, &Mapping { pg: PgType::Bytea, codec: Codec::Tagged });
    assert_eq!(too_long.unwrap_err().kind, K::FieldSize);
}
