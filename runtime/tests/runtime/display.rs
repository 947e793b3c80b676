//! How values are written.

use adl_runtime::display::{float_text, formatted};
use adl_runtime::{Array, DType, Format, FormatStyle, Value};

fn plain(x: f64) -> String {
    float_text(x, false, Format::default())
}

fn format(width: Option<u16>, precision: Option<u16>, style: FormatStyle) -> Format {
    Format { width, precision, style }
}

#[test]
fn floats_read_back_the_same() {
    let cases = [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (-2.5, "-2.5"),
        (0.1 + 0.2, "0.30000000000000004"),
        (100.0, "100.0"),
        (1e15, "1000000000000000.0"),
        (9999999999999998.0, "9999999999999998.0"),
        (1e16, "1e+16"),
        (1.5e300, "1.5e+300"),
        (1e-4, "0.0001"),
        (1e-5, "1e-05"),
        (1.25e-10, "1.25e-10"),
        (5e-324, "5e-324"),
        (f64::MAX, "1.7976931348623157e+308"),
        (f64::INFINITY, "inf"),
        (f64::NEG_INFINITY, "-inf"),
        (f64::NAN, "nan"),
    ];
    for (x, text) in cases {
        assert_eq!(plain(x), text);
        let back: f64 = text.parse().unwrap();
        assert!(back.to_bits() == x.to_bits() || x.is_nan(), "{text}");
    }
}

#[test]
fn single_precision_has_its_own_digits() {
    assert_eq!(Array::from(0.1f32).to_string(), "0.1");
    assert_eq!(Array::from(16777216.0f32).to_string(), "16777216.0");
    assert_eq!(Array::from(1e-7f32).to_string(), "1e-07");
    assert_eq!(Array::from(3.4028235e38f32).to_string(), "3.4028235e+38");
}

#[test]
fn formats_follow_python() {
    use FormatStyle::*;
    let cases = [
        (0.031, format(None, Some(3), Exponent), "3.100e-02"),
        (1.0, format(None, None, Exponent), "1.000000e+00"),
        (1.5e120, format(None, Some(0), Exponent), "2e+120"),
        (0.1234, format(None, Some(1), Percent), "12.3%"),
        (2.5, format(None, Some(0), Fixed), "2"),
        (2.71528, format(Some(8), Some(2), Fixed), "    2.72"),
        (2.71528, format(None, Some(2), Plain), "2.72"),
        (-1.5, format(Some(7), None, Plain), "   -1.5"),
        (1234567.0, format(None, None, General), "1.23457e+06"),
        (0.0001, format(None, None, General), "0.0001"),
        (0.00001, format(None, None, General), "1e-05"),
        (100.0, format(None, Some(3), General), "100"),
        (999.9, format(None, Some(3), General), "1e+03"),
        (1.0, format(None, Some(0), General), "1"),
        (0.0, format(None, None, General), "0"),
        (2.5, format(None, None, Integer), "2"),
        (-0.4, format(None, None, Integer), "0"),
        (f64::NAN, format(Some(5), Some(2), Fixed), "  nan"),
        (f64::NEG_INFINITY, format(None, None, Percent), "-inf%"),
    ];
    for (x, format, text) in cases {
        assert_eq!(formatted(&Value::from(x), format), text, "{format:?}");
    }
    assert_eq!(formatted(&Value::from(42), format(Some(5), None, Plain)), "   42");
    assert_eq!(formatted(&Value::from(42), format(None, Some(2), Plain)), "42.00");
    assert_eq!(formatted(&Value::from(i64::MIN), format(None, None, Integer)), i64::MIN.to_string());
    assert_eq!(formatted(&Value::from([1.0, 0.5]), format(Some(6), Some(1), Percent)), "[100.0%,  50.0%]");
    assert_eq!(formatted(&Value::from(1.0), format(None, Some(u16::MAX), Fixed)).len(), 65537);
}

#[test]
fn arrays_nest() {
    assert_eq!(Array::from([1.0, 2.0]).to_string(), "[1.0, 2.0]");
    assert_eq!(Array::from([[1.0, 2.0], [3.0, 4.0]]).to_string(), "[[1.0, 2.0], [3.0, 4.0]]");
    assert_eq!(Array::from(vec![true, false]).to_string(), "[true, false]");
    assert_eq!(Array::from([1, -2]).to_string(), "[1, -2]");
    assert_eq!(Array::from(true).to_string(), "true");
    assert_eq!(Array::zeros(DType::F64, &[0]).unwrap().to_string(), "[]");
    assert_eq!(Array::zeros(DType::F64, &[2, 0]).unwrap().to_string(), "[[], []]");
    assert_eq!(Array::zeros(DType::I64, &[2, 1, 2]).unwrap().to_string(), "[[[0, 0]], [[0, 0]]]");
}

#[test]
fn long_arrays_are_elided() {
    let thousand: Vec<i64> = (0..1000).collect();
    assert!(!Array::from(thousand).to_string().contains("..."));
    let more: Vec<i64> = (0..1001).collect();
    assert_eq!(Array::from(more).to_string(), "[0, 1, 2, ..., 998, 999, 1000]");
    let square: Vec<i64> = (0..2000).collect();
    let wide = Array::from_slice(&[2, 1000], &square).unwrap().to_string();
    assert_eq!(wide, "[[0, 1, 2, ..., 997, 998, 999], [1000, 1001, 1002, ..., 1997, 1998, 1999]]");
    let empty = Array::zeros(DType::F64, &[1_000_000_000, 0]).unwrap();
    assert_eq!(empty.to_string(), "[[], [], [], ..., [], [], []]");
}

#[test]
fn tuples_and_records() {
    let record = Value::record([("w", Value::from([1.0])), ("b", Value::from(2.0))]);
    assert_eq!(record.to_string(), "(w: [1.0], b: 2.0)");
    assert_eq!(Value::record([("w", Value::None)]).to_string(), "(w: none)");
    assert_eq!(Value::tuple([Value::from(1.0), Value::from(2.0)]).to_string(), "(1.0, 2.0)");
    assert_eq!(Value::tuple([Value::from(1.0)]).to_string(), "(1.0,)");
    assert_eq!(Value::tuple([]).to_string(), "()");
    assert_eq!(Value::None.to_string(), "none");
    let nested = Value::tuple([record.clone(), Value::from(3)]);
    assert_eq!(
        formatted(&nested, format(None, Some(1), FormatStyle::Exponent)),
        "((w: [1.0e+00], b: 2.0e+00), 3.0e+00)"
    );
    assert_eq!(nested.leaves().len(), 3);
    assert_eq!(record.field("b"), Some(&Value::from(2.0)));
    assert_eq!(nested.part(1), Some(&Value::from(3)));
}

/// Values as they are shown at a prompt.
mod aligned {
    use adl_runtime::display::aligned::{aligned, type_text};
    use adl_runtime::{Array, Value};

    fn array(shape: &[usize], numbers: &[f64]) -> Value {
        Value::Array(Array::from_slice(shape, numbers).expect("an array"))
    }

    #[test]
    fn types() {
        let record = Value::record([("w", array(&[2, 3], &[0.0; 6])), ("b", Value::from(1i64))]);
        assert_eq!(type_text(&record), "(w: f64[2, 3], b: i64)");
        assert_eq!(type_text(&Value::tuple([Value::None])), "(none,)");
        assert_eq!(type_text(&Value::from(1.5f32)), "f32");
    }

    #[test]
    fn points_stand_under_one_another() {
        let text = aligned(&array(&[2, 2], &[1.0, -2.5, 100.25, f64::NAN]), 80);
        assert_eq!(text, "[[  1.0 , -2.5],\n [100.25,  nan]]");
        assert_eq!(aligned(&array(&[2, 0], &[]), 80), "[[],\n []]");
        assert_eq!(aligned(&array(&[0, 2], &[]), 80), "[]");
        assert_eq!(aligned(&array(&[1, 1, 2], &[1.0, 2.0]), 80), "[[[1.0, 2.0]]]");
    }

    #[test]
    fn long_ones_are_broken_and_elided() {
        let numbers: Vec<f64> = (0..200).map(f64::from).collect();
        assert_eq!(aligned(&array(&[200], &numbers), 80), "[0.0, 1.0, 2.0, ..., 197.0, 198.0, 199.0]");
        assert_eq!(aligned(&array(&[5], &numbers[..5]), 16), "[0.0, 1.0, 2.0,\n 3.0, 4.0]");
        let text = aligned(&array(&[100, 2], &numbers), 80);
        assert_eq!(text.lines().count(), 7);
        assert!(text.contains("\n ...,\n") && text.ends_with("[198.0, 199.0]]"), "{text}");
    }

    #[test]
    fn entries_have_six_digits_and_numbers_all() {
        assert_eq!(aligned(&Value::from(1.0 / 3.0), 80), "0.3333333333333333");
        assert_eq!(aligned(&array(&[3], &[1.0 / 3.0, 2e6 / 3.0, 1234567.0]), 80), "[0.333333, 666667.0, 1.23457e+06]");
    }

    #[test]
    fn tuples_on_one_line_or_on_many() {
        let short = Value::record([("a", Value::from(1i64)), ("b", array(&[2], &[1.0, 2.0]))]);
        assert_eq!(aligned(&short, 80), "(a: 1, b: [1.0, 2.0])");
        let matrix = Value::tuple([array(&[2, 1], &[1.0, 2.0]), Value::from(true_())]);
        assert_eq!(aligned(&matrix, 80), "([[1.0],\n  [2.0]],\n true)");
    }

    fn true_() -> Array {
        Array::from_bools(&[], &[true]).expect("a truth value")
    }
}
