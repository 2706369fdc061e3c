//! Booleans, integers, floating-point numbers, numeric, and the text forms of numbers.

use super::*;

#[test]
fn null_is_null_everywhere() {
    for (codec, pg) in
        [(Codec::Int, PgType::Int8), (Codec::Jsonb, PgType::Jsonb), (Codec::Bool, PgType::Bool)]
    {
        assert_eq!(field(&codec, pg, Null), Ok(vec![0xff; 4]));
    }
}

#[test]
fn integers_and_booleans() {
    use PgType::{Bool, Int2, Int4, Int8};
    let int = Codec::Int;
    assert_eq!(field(&int, Int8, Integer(i64::MAX)), sized(b"\x7f\xff\xff\xff\xff\xff\xff\xff"));
    assert_eq!(field(&int, Int8, Integer(i64::MIN)), sized(b"\x80\0\0\0\0\0\0\0"));
    assert_eq!(field(&int, Int8, Integer(-2)), sized(b"\xff\xff\xff\xff\xff\xff\xff\xfe"));
    assert_eq!(field(&int, Int4, Integer(2_147_483_647)), sized(b"\x7f\xff\xff\xff"));
    assert_eq!(field(&int, Int4, Integer(-2_147_483_648)), sized(b"\x80\0\0\0"));
    assert_eq!(field(&int, Int4, Integer(2_147_483_648)), Err(K::Range(Int4)));
    assert_eq!(field(&int, Int4, Integer(-2_147_483_649)), Err(K::Range(Int4)));
    assert_eq!(field(&int, Int2, Integer(-32_768)), sized(b"\x80\0"));
    assert_eq!(field(&int, Int2, Integer(32_768)), Err(K::Range(Int2)));
    assert_eq!(field(&Codec::Bool, Bool, Integer(0)), sized(b"\0"));
    assert_eq!(field(&Codec::Bool, Bool, Integer(1)), sized(b"\x01"));
    assert_eq!(field(&Codec::Bool, Bool, Integer(2)), Err(K::NotBool));
    assert_eq!(field(&Codec::Bool, Bool, Integer(-1)), Err(K::NotBool));
}

#[test]
fn floating_point() {
    use PgType::{Float4, Float8};
    let (float, number) = (Codec::Float, Codec::FloatNumber);
    assert_eq!(field(&float, Float8, Real(1.0)), sized(b"\x3f\xf0\0\0\0\0\0\0"));
    assert_eq!(field(&float, Float8, Real(-0.0)), sized(b"\x80\0\0\0\0\0\0\0"));
    assert_eq!(field(&float, Float8, Real(5e-324)), sized(b"\0\0\0\0\0\0\0\x01"));
    assert_eq!(field(&float, Float8, Real(f64::MAX)), sized(b"\x7f\xef\xff\xff\xff\xff\xff\xff"));
    assert_eq!(field(&float, Float8, Real(f64::INFINITY)), sized(b"\x7f\xf0\0\0\0\0\0\0"));
    assert_eq!(field(&float, Float8, Real(f64::NAN)), Err(K::Nan));
    assert_eq!(field(&float, Float4, Real(1.5)), sized(b"\x3f\xc0\0\0"));
    assert_eq!(field(&float, Float4, Real(-0.0)), sized(b"\x80\0\0\0"));
    assert_eq!(field(&float, Float4, Real(f64::NEG_INFINITY)), sized(b"\xff\x80\0\0"));
    for v in [0.1, 1e300, 5e-324, 16_777_217.0] {
        assert_eq!(field(&float, Float4, Real(v)), Err(K::Inexact(Float4)), "{v}");
    }
    assert_eq!(field(&float, Float8, Integer(1)), Err(K::Class(crate::value::Class::Integer, Float8)));
    assert_eq!(field(&number, Float8, Real(1.0)), sized(b"\x3f\xf0\0\0\0\0\0\0"));
    assert_eq!(field(&number, Float8, Integer(9_007_199_254_740_992)), sized(b"\x43\x40\0\0\0\0\0\0"));
    assert_eq!(field(&number, Float8, Integer(i64::MIN)), sized(b"\xc3\xe0\0\0\0\0\0\0"));
    assert_eq!(field(&number, Float8, Integer(9_007_199_254_740_993)), Err(K::Inexact(Float8)));
    assert_eq!(field(&number, Float8, Integer(i64::MAX)), Err(K::Inexact(Float8)));
    assert_eq!(field(&number, Float4, Integer(16_777_216)), sized(b"\x4b\x80\0\0"));
    assert_eq!(field(&number, Float4, Integer(16_777_217)), Err(K::Inexact(Float4)));
    assert_eq!(field(&number, Float4, Integer(i64::MAX)), Err(K::Inexact(Float4)));
}

#[test]
fn numeric_through_the_door() {
    let pg = PgType::Numeric(None);
    assert_eq!(field(&Codec::Number, pg, Integer(-12)), sized(b"\0\x01\0\0\x40\0\0\0\0\x0c"));
    assert_eq!(field(&Codec::Number, pg, Real(0.5)), sized(b"\0\x01\xff\xff\0\0\0\x01\x13\x88"));
    assert_eq!(field(&Codec::Number, pg, Real(2.0)), Err(K::IntegralReal));
    assert_eq!(field(&Codec::NumberByValue, pg, Real(2.0)), sized(b"\0\x01\0\0\0\0\0\0\0\x02"));
    assert_eq!(field(&Codec::NumberByValue, pg, Real(-0.0)), Err(K::NegativeZero));
    assert_eq!(field(&Codec::Number, pg, Real(f64::NAN)), Err(K::Nan));
    let narrow = PgType::Numeric(Some((10, 2)));
    assert_eq!(field(&Codec::Number, narrow, Real(1.239)), Err(K::Scale(10, 2)));
    assert_eq!(field(&Codec::Number, narrow, Integer(12)), sized(b"\0\x01\0\0\0\0\0\x02\0\x0c"));
}

#[test]
fn forms_of_numbers() {
    let form = |v| field(&Codec::TextForm, PgType::Text, v);
    assert_eq!(form(Integer(i64::MIN)), sized(b"-9223372036854775808"));
    assert_eq!(form(Real(1.0)), sized(b"1.0"));
    assert_eq!(form(Real(-0.0)), sized(b"-0.0"));
    assert_eq!(form(Real(1e300)), sized(b"1e300"));
    assert_eq!(form(Real(f64::NEG_INFINITY)), sized(b"-Infinity"));
    assert_eq!(form(Text(b"1.0")), sized(b"1.0"));
    assert_eq!(form(Blob(b"1")), Err(K::Class(crate::value::Class::Blob, PgType::Text)));
    let bytes = |v| field(&Codec::BytesForm, PgType::Bytea, v);
    assert_eq!(bytes(Blob(b"\0\xff")), sized(b"\0\xff"));
    assert_eq!(bytes(Text(b"a\0\xff")), sized(b"a\0\xff"));
    assert_eq!(bytes(Integer(7)), sized(b"7"));
    assert_eq!(bytes(Real(0.1 + 0.2)), sized(b"0.30000000000000004"));
    assert_eq!(bytes(Real(f64::INFINITY)), sized(b"Infinity"));
    assert_eq!(field(&Codec::Blob, PgType::Bytea, Blob(b"")), sized(b""));
}
