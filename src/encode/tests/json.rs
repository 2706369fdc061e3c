//! The tables of semantics.md §1.7.

use super::*;

/// What is not JSON, and the byte where it stops being so.
const NOT_JSON: &[(&str, u32)] = &[
    ("", 0),
    (" ", 1),
    ("\u{feff}{}", 0),
    ("NaN", 0),
    ("Infinity", 0),
    ("01", 1),
    ("-01", 2),
    ("[1,]", 3),
    ("{\"a\":1,}", 7),
    ("{a:1}", 1),
    ("'a'", 0),
    ("[1] x", 4),
    ("\u{b}1", 0),
    ("\u{c}1", 0),
    ("\u{a0}1", 0),
    ("\"a\nb\"", 2),
    ("\"\t\"", 1),
    ("+1", 0),
    (".5", 0),
    ("5.", 2),
    ("1e", 2),
    ("1e+", 3),
    ("0x1", 1),
    ("--1", 1),
    ("-", 1),
    ("tru", 0),
    ("True", 0),
    ("nullx", 4),
    ("[1 2]", 3),
    ("[", 1),
    ("{", 1),
    ("{\"a\"}", 4),
    ("{\"a\":}", 5),
    ("{1:2}", 1),
    ("[}", 1),
    ("{]", 1),
    ("[1}", 2),
    ("]", 0),
    ("[,1]", 1),
    ("\"a", 2),
    ("\"\\x\"", 2),
    ("\"\\u12g4\"", 5),
    ("\"\\u123", 6),
    ("\"\\", 2),
    ("// c\n1", 0),
    ("[1]]", 3),
    ("{\"a\":1 \"b\":2}", 7),
];
#[test]
fn json_is_strict() {
    let good = [
        "{}",
        "[]",
        "null",
        "true",
        "false",
        "0",
        "-0",
        "\"\"",
        " [1 ,\t2\r\n] ",
        "{\"b\":1,\"a\":1.0,\"b\":2}",
        "[-0.0]",
        "[1E2]",
        "[1e999]",
        "[1e200000]",
        "\"\\u0000\"",
        "\"\\ud800\"",
        "\"\\/\"",
        "\"\\u00e9\"",
        "\"\u{7f}é😀\"",
        "1e+5",
        "{\"\":[{}]}",
        "[[],{}]",
        "\"\\\"\\\\\\b\\f\\n\\r\\t\"",
        "123456789012345678901234567890",
    ];
    for text in good {
        assert_eq!(
            field(&Codec::Json, PgType::Json, Text(text.as_bytes())),
            sized(text.as_bytes()),
            "{text}"
        );
        assert!(is_json(text.as_bytes()));
    }
    for &(text, at) in NOT_JSON {
        assert_eq!(field(&Codec::Json, PgType::Json, Text(text.as_bytes())), Err(K::Json(at)), "{text:?}");
        assert_eq!(field(&Codec::Jsonb, PgType::Jsonb, Text(text.as_bytes())), Err(K::Json(at)), "{text:?}");
        assert!(!is_json(text.as_bytes()));
    }
    assert_eq!(field(&Codec::Json, PgType::Json, Text(b"\"\xff\"")), Err(K::Utf8(1)));
    assert_eq!(field(&Codec::Json, PgType::Json, Text(b"1\0")), Err(K::Nul(1)));
    assert!(!is_json(b"\"\xff\"") && !is_json(b"1\0"));
}

#[test]
fn json_has_a_depth() {
    let nested =
        |open: &str, close: &str, depth| [open.repeat(depth), "1".to_owned(), close.repeat(depth)].concat();
    let put = |text: String| field(&Codec::Json, PgType::Json, Text(text.as_bytes())).map(|_| ());
    assert_eq!(put(nested("[", "]", 6000)), Ok(()));
    assert_eq!(put(nested("[", "]", 6001)), Err(K::JsonDepth));
    assert_eq!(put(nested("{\"a\":", "}", 6000)), Ok(()));
    assert_eq!(put("[{\"\":".repeat(3001)), Err(K::JsonDepth));
    assert_eq!(put("[".repeat(10_000_000)), Err(K::JsonDepth));
    assert_eq!(put(nested("[{\"a\":", "}]", 40)), Ok(()));
    assert_eq!(put(nested("[{\"a\":", "]}", 40)), Err(K::Json(241)));
}

#[test]
fn jsonb_refuses_what_it_cannot_hold() {
    let put = |text: &str| field(&Codec::Jsonb, PgType::Jsonb, Text(text.as_bytes()));
    for text in [
        "{\"a\": 1}",
        "\"\\ud83d\\ude00\"",
        "\"\\uD83D\\uDE00\"",
        "1e131071",
        "0e200000",
        "0.0001e131075",
        "1e-16383",
        "\"\\u0001\"",
    ] {
        assert_eq!(put(text), sized(format!("\u{1}{text}").as_bytes()), "{text}");
    }
    for (text, at) in [
        ("\"\\u0000\"", 1),
        ("\"a\\ud800\"", 2),
        ("\"\\ud800x\"", 1),
        ("\"\\ud800\\n\"", 1),
        ("\"\\ud800\\ud800\"", 1),
        ("{\"\\udc00\":1}", 2),
    ] {
        assert_eq!(put(text), Err(K::JsonbEscape(at)), "{text}");
    }
    for text in [
        "1e131072",
        "1e200000",
        "-10e131071",
        "0.001e131075",
        "1e-16384",
        "1.0e-16383",
        "0e-16384",
        "1e99999999999999999999",
        "0e1073741824",
    ] {
        assert_eq!(put(&format!("[{text}]")), Err(K::JsonbNumber(1)), "{text}");
    }
    assert_eq!(put(&format!("1{}", "0".repeat(131_072))), Err(K::JsonbNumber(0)));
    assert_eq!(put(&format!("0.{}", "0".repeat(16_384))), Err(K::JsonbNumber(0)));
    let long = format!("\"{}\"", "x".repeat(268_435_456));
    assert_eq!(put(&long).map(|_| ()), Err(K::JsonbString(0)));
}
