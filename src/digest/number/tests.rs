use super::*;
use proptest::prelude::*;

/// The form spelled out by hand.
fn form(sign: u8, exponent: i32, digits: &str) -> Vec<u8> {
    let mut bytes = vec![sign];
    bytes.extend_from_slice(&exponent.to_be_bytes());
    bytes.extend_from_slice(&(digits.len() as u32).to_be_bytes());
    bytes.extend(digits.bytes().map(|digit| digit - b'0'));
    bytes
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<Vec<u8>> {
    let mut out = vec![0xaa];
    write(&mut out).map(|()| out.split_off(1))
}

fn wire(groups: &[u16], weight: i16, sign: u16, dscale: u16) -> Vec<u8> {
    let mut field = (groups.len() as u16).to_be_bytes().to_vec();
    field.extend_from_slice(&weight.to_be_bytes());
    field.extend_from_slice(&sign.to_be_bytes());
    field.extend_from_slice(&dscale.to_be_bytes());
    groups.iter().for_each(|group| field.extend_from_slice(&group.to_be_bytes()));
    field
}

#[test]
fn decimals_by_value() {
    let cases = [
        ("0", vec![0]),
        ("-0.00e5", vec![0]),
        ("0e99999999999999999999", vec![0]),
        ("1", form(1, 0, "1")),
        ("-1.50", form(2, -1, "15")),
        ("15e-1", form(1, -1, "15")),
        ("0.00120", form(1, -4, "12")),
        ("1200", form(1, 2, "12")),
        ("1.2E+3", form(1, 2, "12")),
        ("10010", form(1, 1, "1001")),
        ("1e-7", form(1, -7, "1")),
        ("100e2147483645", form(1, i32::MAX, "1")),
    ];
    for (text, expected) in cases {
        assert_eq!(written(|out| decimal_text(out, text.as_bytes())), Some(expected), "{text}");
    }
    for text in ["1e2147483648", "1e-2147483649", "1e99999999999999999999", "x", "1..2", "1ex"] {
        assert_eq!(written(|out| decimal_text(out, text.as_bytes())), None, "{text}");
    }
}

#[test]
fn integers_and_reals() {
    assert_eq!(written(|out| integer(out, 0)), Some(vec![0]));
    assert_eq!(written(|out| integer(out, -1200)), Some(form(2, 2, "12")));
    assert_eq!(written(|out| integer(out, i64::MIN)), Some(form(2, 0, "9223372036854775808")));
    assert_eq!(written(|out| integer(out, i64::MAX)), Some(form(1, 0, "9223372036854775807")));
    for write in [real_shortest, real_exact] {
        assert_eq!(written(|out| write(out, -0.0)), Some(vec![0]));
        assert_eq!(written(|out| write(out, f64::INFINITY)), Some(vec![3]));
        assert_eq!(written(|out| write(out, f64::NEG_INFINITY)), Some(vec![4]));
        assert_eq!(written(|out| write(out, f64::NAN)), None);
        assert_eq!(written(|out| write(out, 0.1)), Some(form(1, -1, "1")));
        assert_eq!(written(|out| write(out, -1234.5)), Some(form(2, -1, "12345")));
        assert_eq!(written(|out| write(out, 5e-324)), Some(form(1, -324, "5")));
        assert_eq!(written(|out| write(out, f64::MAX)), Some(form(1, 292, "17976931348623157")));
        assert_eq!(written(|out| write(out, 2f64.powi(63))), Some(form(1, 3, "9223372036854776")));
    }
    let two_to_60 = 1_152_921_504_606_846_976.0;
    assert_eq!(written(|out| real_shortest(out, two_to_60)), Some(form(1, 3, "1152921504606847")));
    assert_eq!(written(|out| real_exact(out, two_to_60)), Some(form(1, 0, "1152921504606846976")));
    assert_eq!(written(|out| real_exact(out, -2f64.powi(63))), Some(form(2, 0, "9223372036854775808")));
}

/// What a wire form is, as integer, as real and by value.
type Known = (Vec<u8>, Option<i64>, Option<f64>, Vec<u8>);

#[test]
fn numerics_of_the_wire() {
    let huge = "9223372036854775808";
    let cases: Vec<Known> = vec![
        (wire(&[], 0, 0, 0), Some(0), None, vec![0]),
        (wire(&[], 0, 0, 5), Some(0), None, vec![0]),
        (wire(&[0, 0], 1, 0x4000, 0), Some(0), None, vec![0]),
        (wire(&[1], 0, 0, 0), Some(1), Some(1.0), form(1, 0, "1")),
        (wire(&[1, 5000], 0, 0x4000, 1), None, Some(-1.5), form(2, -1, "15")),
        (wire(&[1, 5000], 0, 0x4000, 9), None, Some(-1.5), form(2, -1, "15")),
        (wire(&[1000], -1, 0, 1), None, Some(0.1), form(1, -1, "1")),
        (wire(&[1], -1, 0, 4), None, Some(0.0001), form(1, -4, "1")),
        (wire(&[1], -2, 0, 8), None, Some(1e-8), form(1, -8, "1")),
        (wire(&[9999], 0, 0, 0), Some(9999), Some(9999.0), form(1, 0, "9999")),
        (wire(&[1], 1, 0, 0), Some(10_000), Some(1e4), form(1, 4, "1")),
        (wire(&[1], 2, 0, 0), Some(100_000_000), Some(1e8), form(1, 8, "1")),
        (wire(&[9999, 9999], 1, 0, 0), Some(99_999_999), Some(99_999_999.0), form(1, 0, "99999999")),
        (wire(&[1, 0, 1], 2, 0, 0), Some(100_000_001), Some(100_000_001.0), form(1, 0, "100000001")),
        (wire(&[0, 12, 0], 1, 0, 4), Some(12), Some(12.0), form(1, 0, "12")),
        (wire(&[5], -81, 0, 324), None, Some(5e-324), form(1, -324, "5")),
        (wire(&[1], 75, 0, 0), None, Some(1e300), form(1, 300, "1")),
        (wire(&[1], 100, 0, 0), None, None, form(1, 400, "1")),
        (wire(&[1], -100, 0, 400), None, None, form(1, -400, "1")),
        (
            wire(&[922, 3372, 368, 5477, 5807], 4, 0, 0),
            Some(i64::MAX),
            Some(2f64.powi(63)),
            form(1, 0, "9223372036854775807"),
        ),
        (wire(&[922, 3372, 368, 5477, 5808], 4, 0, 0), None, Some(2f64.powi(63)), form(1, 0, huge)),
        (
            wire(&[922, 3372, 368, 5477, 5808], 4, 0x4000, 0),
            Some(i64::MIN),
            Some(-2f64.powi(63)),
            form(2, 0, huge),
        ),
        (
            wire(&[922, 3372, 368, 5477, 5809], 4, 0x4000, 0),
            None,
            Some(-2f64.powi(63)),
            form(2, 0, "9223372036854775809"),
        ),
        (wire(&[], 0, 0xd000, 32), None, Some(f64::INFINITY), vec![3]),
        (wire(&[], 0, 0xf000, 0), None, Some(f64::NEG_INFINITY), vec![4]),
        (wire(&[1], 32767, 0, 0), None, None, form(1, 131_068, "1")),
    ];
    for (field, whole, real, value) in cases {
        let parsed = Wire::parse(&field).unwrap();
        assert_eq!(parsed.integer(), whole, "{field:?}");
        assert_eq!(parsed.real(&mut Vec::new()), real, "{field:?}");
        assert_eq!(written(|out| parsed.canonical(out)), Some(value), "{field:?}");
    }
}

#[test]
fn what_is_no_numeric() {
    let mut long = wire(&[1], 0, 0, 0);
    long.push(0);
    let mut short = wire(&[1], 0, 0, 0);
    short.pop();
    let wrong = [
        vec![],
        vec![0; 7],
        long,
        short,
        wire(&[], 0, 0xc000, 0),
        wire(&[1], 0, 0x1000, 0),
        wire(&[10_000], 0, 0, 0),
        wire(&[1], 0, 0xd000, 0),
    ];
    for field in wrong {
        assert!(Wire::parse(&field).is_none(), "{field:?}");
    }
}

proptest! {
    #[test]
    fn no_numeric_panics(groups in prop::collection::vec(0u16..10_000, 0..60), weight: i16, sign in 0u16..2) {
        let field = wire(&groups, weight, sign << 14, 0);
        let parsed = Wire::parse(&field).unwrap();
        let _ = (parsed.integer(), parsed.real(&mut Vec::new()));
        prop_assert!(written(|out| parsed.canonical(out)).is_some());
    }

    #[test]
    fn an_integer_is_itself_in_groups(value: i64) {
        let text = format!("{:020}", value.unsigned_abs());
        let groups: Vec<u16> = (0..5).map(|i| text[i * 4..i * 4 + 4].parse().unwrap()).collect();
        let field = wire(&groups, 4, if value < 0 { 0x4000 } else { 0 }, 0);
        let parsed = Wire::parse(&field).unwrap();
        prop_assert_eq!(parsed.integer(), Some(value));
        prop_assert_eq!(written(|out| parsed.canonical(out)), written(|out| integer(out, value)));
    }

    #[test]
    fn doubles_differ_unless_equal(bits: u64, flip in 0u32..64) {
        let (one, other) = (f64::from_bits(bits), f64::from_bits(bits ^ 1 << flip));
        prop_assume!(!one.is_nan() && !other.is_nan() && one != other);
        for write in [real_shortest, real_exact] {
            prop_assert_ne!(written(|out| write(out, one)), written(|out| write(out, other)));
        }
    }
}
