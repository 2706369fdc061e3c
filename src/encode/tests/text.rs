//! Text, its lengths, and payloads that are large or too large.

use super::*;

#[test]
fn text_is_utf8_without_nul() {
    let good = ["", "abc", "é", "😀 and \u{ffff}", "\u{feff}bom", "e\u{301}", "\u{80}", "\x01\x7f"];
    for text in good {
        assert_eq!(field(&Codec::Text, PgType::Text, Text(text.as_bytes())), sized(text.as_bytes()));
        assert_eq!(field(&Codec::Text, PgType::Citext, Text(text.as_bytes())), sized(text.as_bytes()));
    }
    let bad: [(&[u8], MisfitKind); 12] = [
        (b"caf\xe9", K::Utf8(3)),
        (b"\xff\xfe", K::Utf8(0)),
        (b"abc\xe2\x82", K::Utf8(3)),
        (b"\xc0\x80", K::Utf8(0)),
        (b"\xed\xa0\x80", K::Utf8(0)),
        (b"\xed\xa0\xbd\xed\xb8\x80", K::Utf8(0)),
        (b"\xf4\x90\x80\x80", K::Utf8(0)),
        (b"a\0b", K::Nul(1)),
        (b"\0", K::Nul(0)),
        (b"\x80", K::Utf8(0)),
        (b"\x81", K::Utf8(0)),
        ("é\0".as_bytes(), K::Nul(2)),
    ];
    for (bytes, kind) in bad {
        assert_eq!(field(&Codec::Text, PgType::Text, Text(bytes)), Err(kind));
        assert_eq!(field(&Codec::TextForm, PgType::Text, Text(bytes)), Err(kind));
    }
}

#[test]
fn text_is_no_longer_than_its_column() {
    let text = |pg, v: &str| field(&Codec::Text, pg, Text(v.as_bytes()));
    let (varchar, char) = (PgType::Varchar(Some(3)), PgType::Char(3));
    assert_eq!(text(varchar, "äöü"), sized("äöü".as_bytes()));
    assert_eq!(text(varchar, "äöü "), Err(K::Length(4, 3)));
    assert_eq!(text(varchar, "ab "), sized(b"ab "));
    assert_eq!(text(varchar, "twelve chars"), Err(K::Length(12, 3)));
    assert_eq!(text(PgType::Varchar(None), "twelve chars"), sized(b"twelve chars"));
    assert_eq!(text(char, "ab"), sized(b"ab"));
    assert_eq!(text(char, ""), sized(b""));
    assert_eq!(text(char, "ab "), Err(K::TrailingSpace));
    assert_eq!(text(char, "abcd"), Err(K::Length(4, 3)));
    let form = |pg, v| field(&Codec::TextForm, pg, v);
    assert_eq!(form(varchar, Integer(-12)), sized(b"-12"));
    assert_eq!(form(varchar, Integer(1234)), Err(K::Length(4, 3)));
    assert_eq!(form(char, Integer(1)), Err(K::Mapping(char)));
}

#[test]
fn large_payloads_are_the_values_own_bytes() {
    let text = vec![b'x'; LARGE_VALUE_BYTES + 1];
    let json = [b"\"", &text[..], b"\""].concat();
    let large = |codec: Codec, pg, v| {
        large_payload(v, &Mapping { pg, codec })
            .map_err(|misfit| misfit.kind)
            .map(|own| own.map(|own| own.bytes.as_ptr()))
    };
    let own = |bytes: &Vec<u8>| Ok(Some(bytes.as_ptr()));
    assert_eq!(large(Codec::Text, PgType::Text, Text(&text)), own(&text));
    assert_eq!(large(Codec::TextForm, PgType::Text, Text(&text)), own(&text));
    assert_eq!(large(Codec::Blob, PgType::Bytea, Blob(&text)), own(&text));
    assert_eq!(large(Codec::BytesForm, PgType::Bytea, Blob(&text)), own(&text));
    assert_eq!(large(Codec::BytesForm, PgType::Bytea, Text(&text)), own(&text));
    assert_eq!(large(Codec::Json, PgType::Json, Text(&json)), own(&json));
    assert_eq!(large(Codec::Jsonb, PgType::Jsonb, Text(&json)), Ok(None));
    assert_eq!(large(Codec::Text, PgType::Text, Text(&text[1..])), Ok(None), "not above the limit");
    assert_eq!(large(Codec::Int, PgType::Int8, Integer(1)), Ok(None));
    assert_eq!(large(Codec::Json, PgType::Json, Text(&text)), Err(K::Json(0)));
    assert_eq!(large(Codec::Text, PgType::Varchar(Some(9)), Text(&text)), Err(K::Length(262_145, 9)));
    let mut bad = text.clone();
    bad[200_000] = 0;
    assert_eq!(large(Codec::Text, PgType::Text, Text(&bad)), Err(K::Nul(200_000)));
}

#[test]
fn no_field_is_longer_than_the_server_takes() {
    let zeros = vec![0; FIELD_BYTES_MAX + 1];
    let too_much = |codec: Codec, pg, v| {
        assert_eq!(large_payload(v, &Mapping { pg, codec }).map_err(|m| m.kind), Err(K::FieldSize));
    };
    too_much(Codec::Blob, PgType::Bytea, Blob(&zeros));
    too_much(Codec::BytesForm, PgType::Bytea, Text(&zeros));
    too_much(Codec::Text, PgType::Text, Text(&zeros));
    too_much(Codec::Json, PgType::Json, Text(&zeros));
    assert_eq!(field(&Codec::Jsonb, PgType::Jsonb, Text(&zeros)), Err(K::FieldSize));
    let most = Mapping { pg: PgType::Bytea, codec: Codec::Blob };
    assert!(large_payload(Blob(&zeros[1..]), &most).unwrap().is_some());
}
