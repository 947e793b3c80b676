//! Whole numbers, floats, conversions.

use super::*;

fn ints(prim: &str, a: i64, b: i64) -> Data {
    line("a: i64, b: i64", "i64", &format!("{prim} a b"), vec![int(a), int(b)])
}

fn ints_fail(prim: &str, a: i64, b: i64) -> FailureKind {
    line_fails("a: i64, b: i64", "i64", &format!("{prim} a b"), vec![int(a), int(b)])
}

#[test]
fn whole_numbers() {
    for (a, b, quotient, rest) in [(7, 2, 3, 1), (-7, 2, -4, 1), (7, -2, -4, -1), (-7, -2, 3, -1), (6, -3, -2, 0)] {
        assert_eq!((ints("floordiv", a, b), ints("rem", a, b)), (int(quotient), int(rest)), "{a} by {b}");
    }
    assert_eq!(ints("pow", -3, 3), int(-27));
    assert_eq!(ints("pow", 0, 0), int(1));
    assert_eq!(ints("pow", -1, i64::MAX), int(-1));
    assert_eq!(ints("pow", -1, i64::MAX - 1), int(1));
    assert_eq!(ints("pow", 0, 5), int(0));
    assert_eq!(ints("pow", -2, 63), int(i64::MIN));
    assert_eq!(ints_fail("pow", 2, 63), FailureKind::IntOverflow);
    assert_eq!(ints_fail("pow", 2, i64::MAX), FailureKind::IntOverflow);
    assert_eq!(ints_fail("pow", 2, -1), FailureKind::NegativeExponent(-1));
    assert_eq!(ints_fail("floordiv", 1, 0), FailureKind::DivideByZero);
    assert_eq!(ints_fail("rem", 1, 0), FailureKind::DivideByZero);
    assert_eq!(ints_fail("floordiv", i64::MIN, -1), FailureKind::IntOverflow);
    assert_eq!(ints_fail("add", i64::MAX, 1), FailureKind::IntOverflow);
    assert_eq!(ints_fail("sub", i64::MIN, 1), FailureKind::IntOverflow);
    assert_eq!(ints_fail("mul", i64::MIN, -1), FailureKind::IntOverflow);
    assert_eq!(line_fails("a: i64", "i64", "neg a", vec![int(i64::MIN)]), FailureKind::IntOverflow);
    assert_eq!(line_fails("a: i64", "i64", "abs a", vec![int(i64::MIN)]), FailureKind::IntOverflow);
    assert_eq!(line("a: i64", "i64", "sign a", vec![int(-9)]), int(-1));
}

#[test]
fn floats() {
    let two = |prim: &str, a: f64, b: f64| {
        line("a: f64, b: f64", "f64", &format!("{prim} a b"), vec![real(a), real(b)]).to_f64s()[0]
    };
    assert!(two("min", f64::NAN, 1.0).is_nan() && two("max", 1.0, f64::NAN).is_nan());
    assert!(two("min", 0.0, -0.0).is_sign_negative() && two("max", -0.0, 0.0).is_sign_positive());
    assert_eq!((two("floordiv", -7.5, 2.0), two("rem", -7.5, 2.0)), (-4.0, 0.5));
    let one = |prim: &str, a: f64| line("a: f64", "f64", &format!("{prim} a"), vec![real(a)]).to_f64s()[0];
    assert_eq!((one("round", 2.5), one("round", -3.5), one("ceil", -0.5)), (2.0, -4.0, 0.0));
    assert!(one("sign", f64::NAN).is_nan() && one("sign", -0.0).is_sign_negative());
    assert_eq!(one("sign", f64::NEG_INFINITY), -1.0);
    // Single precision is computed as such: 1/3 rounded once.
    let third = line("a: f32, b: f32", "f32", "div a b", vec![single(1.0), single(3.0)]);
    assert_eq!(third, single(1.0 / 3.0));
    let sine = line("a: f32", "f32", "sin a", vec![single(0.5)]);
    assert_eq!(sine, single(0.5_f64.sin() as f32));
    let select = line("c: bool, a: f64, b: f64", "f64", "select c a b", vec![truth(false), real(f64::NAN), real(2.0)]);
    assert_eq!(select, real(2.0));
    assert_eq!(line("a: f64, b: f64", "bool", "ne a b", vec![real(f64::NAN), real(f64::NAN)]), truth(true));
    assert_eq!(line("a: f64, b: f64", "bool", "eq a b", vec![real(0.0), real(-0.0)]), truth(true));
    assert_eq!(line("a: bool, b: bool", "bool", "lt a b", vec![truth(false), truth(true)]), truth(true));
}

#[test]
fn conversions() {
    let to_int = |x: f64| line("a: f64", "i64", "convert i64 a", vec![real(x)]);
    assert_eq!((to_int(-2.9), to_int(2.9)), (int(-2), int(2)));
    assert_eq!(to_int(-9_223_372_036_854_775_808.0), int(i64::MIN));
    for x in [9_223_372_036_854_775_808.0, -1e19, f64::INFINITY] {
        let failure = line_fails("a: f64", "i64", "convert i64 a", vec![real(x)]);
        assert_eq!(failure, FailureKind::ConversionRange(x));
    }
    let nan = line_fails("a: f64", "i64", "convert i64 a", vec![real(f64::NAN)]);
    assert!(matches!(nan, FailureKind::ConversionRange(x) if x.is_nan()));
    assert_eq!(line("a: bool", "f64", "convert f64 a", vec![truth(true)]), real(1.0));
    assert_eq!(line("a: f64", "f32", "convert f32 a", vec![real(0.1)]), single(0.1));
    assert_eq!(line("a: i64", "f32", "convert f32 a", vec![int(16_777_217)]), single(16_777_216.0));
    assert_eq!(line("a: f64", "bool", "convert bool a", vec![real(f64::NAN)]), truth(true));
}
