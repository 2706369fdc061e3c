use super::*;
use proptest::prelude::*;

fn form(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    canonical(&mut out, text.as_bytes(), &mut JsonScratch::default()).map(|()| out)
}

#[test]
fn the_form_spelled_out() {
    let text = b" {\"b\" : [1.50, true ,{}], \"a\":\"\\u00e9\", \"b\":[null,false,-0]} ";
    let mut out = Vec::new();
    canonical(&mut out, text, &mut JsonScratch::default()).unwrap();
    let mut expected = b"{\"\0\0\0\0\0\0\0\x01a\"\0\0\0\0\0\0\0\x02\xc3\xa9".to_vec();
    expected.extend_from_slice(b"\"\0\0\0\0\0\0\0\x01b[nf#\0]}");
    assert_eq!(out, expected);
    assert_eq!(form("1.50").unwrap(), b"#\x01\xff\xff\xff\xff\0\0\0\x02\x01\x05");
    assert_eq!(form("[]").unwrap(), b"[]");
    assert_eq!(form("[[],{}]").unwrap(), b"[[]{}]");
}

#[test]
fn spellings_of_one_value() {
    // The right column is what PostgreSQL 15 makes of the left: select '…'::jsonb::text.
    let cases = [
        (r#"{"b":1,"a":1.0,"b":2}"#, r#"{"a": 1.0, "b": 2}"#),
        (r#"{"bb":1,"c":2,"a":{"y":1,"x":[1,2]}}"#, r#"{"a": {"x": [1, 2], "y": 1}, "c": 2, "bb": 1}"#),
        (r#"[1E2,-0,-0.0,1.50,1e-3]"#, r#"[100, 0, 0.0, 1.50, 0.001]"#),
        (r#""\/\u00e9\ud83d\ude00\"\\\b\f\n\r\t""#, "\"/é😀\\\"\\\\\\b\\f\\n\\r\\t\""),
        ("[1,\n\t2 ,\r3]", "[1, 2, 3]"),
        (r#"{"\u0061":1,"a":2}"#, r#"{"a": 2}"#),
        (r#"{"a":1,"a":2,"a":[{"z":0,"z":3}],"":4}"#, r#"{"": 4, "a": [{"z": 3}]}"#),
        ("[1e30]", "[1000000000000000000000000000000]"),
    ];
    for (source, target) in cases {
        assert_eq!(form(source).unwrap(), form(target).unwrap(), "{source}");
    }
}

#[test]
fn different_values_differ() {
    let values = [
        "null",
        "true",
        "false",
        "0",
        "1",
        "-1",
        "10",
        "0.1",
        "\"\"",
        "\"1\"",
        "\"a\"",
        "\"A\"",
        "\"a \"",
        "[]",
        "{}",
        "[[]]",
        "[[],[]]",
        "[[[]]]",
        "[1]",
        "[1,1]",
        "[\"a\",\"b\"]",
        "[\"ab\"]",
        "[\"b\",\"a\"]",
        r#"{"a":1}"#,
        r#"{"a":"1"}"#,
        r#"{"A":1}"#,
        r#"{"a":1,"b":1}"#,
        r#"{"a":{"b":1}}"#,
        r#"["a",1]"#,
        "[null]",
        "[{}]",
        r#"{"a":null}"#,
        "[12]",
        "[1,2]",
        "12345678901234567890",
        "12345678901234567891",
    ];
    for (place, one) in values.iter().enumerate() {
        for other in &values[place + 1..] {
            assert_ne!(form(one).unwrap(), form(other).unwrap(), "{one} and {other}");
        }
    }
}

#[test]
fn what_is_no_json() {
    let wrong = [
        "",
        " ",
        "nul",
        "nulll",
        "True",
        "NaN",
        "01",
        "-",
        "+1",
        "1.",
        ".5",
        "1e",
        "1e+",
        "1 2",
        "[",
        "]",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "{",
        "}",
        "{]",
        "{1:2}",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{\"a\":1]",
        "{,}",
        "\"",
        "\"a",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\n\"",
        "\"\\\u{1}\"",
        "\"\\ud800\"",
        "\"\\ud800\\u0041\"",
        "\"\\udc00\"",
        "\"\\ud800x\"",
        "\u{feff}1",
        "[1]x",
        "\u{b}1",
        "1e9999999999",
    ];
    for text in wrong {
        assert_eq!(form(text), None, "{text:?}");
    }
    assert_eq!(canonical(&mut Vec::new(), b"\"\xff\"", &mut JsonScratch::default()), None);
}

#[test]
fn no_nesting_exhausts_the_stack() {
    let deep = 1_000_000;
    assert_eq!(form(&"[".repeat(deep)), None);
    assert_eq!(form(&"{\"a\":".repeat(deep)), None);
    let arrays = "[".repeat(deep) + &"]".repeat(deep);
    assert_eq!(form(&arrays).unwrap(), arrays.as_bytes());
    let objects = "{\"b\":1,\"a\":".repeat(deep) + "1" + &"}".repeat(deep);
    assert!(form(&objects).is_some());
}

#[test]
fn scratch_is_reused_and_given_back() {
    let mut scratch = JsonScratch::default();
    let large = format!("[{}1]", "1,".repeat(500_000));
    canonical(&mut Vec::new(), large.as_bytes(), &mut scratch).unwrap();
    let mut out = Vec::new();
    canonical(&mut out, b"[\"\\n\"]", &mut scratch).unwrap();
    assert_eq!(Some(out), form("[\"\\n\"]"));
    assert!(scratch.nodes.capacity() * size_of::<Node>() <= KEPT_BYTES_MAX);
}

proptest! {
    #[test]
    fn no_text_panics(noise in "[\\[\\]{}\",:0-9eE.+\\\\u nultr-]{0,40}") {
        let _ = form(&noise);
    }

    #[test]
    fn order_of_members_does_not_matter(names in prop::collection::btree_set("[a-c]{0,3}", 0..40)) {
        let members: Vec<String> = names.iter().map(|name| format!("\"{name}\":\"{name}!\"")).collect();
        let turned: Vec<String> = members.iter().rev().cloned().collect();
        let one = form(&format!("{{{}}}", members.join(",")));
        prop_assert_eq!(one, form(&format!("{{{}}}", turned.join(", "))));
    }
}
