//! Files written and read back, files as NumPy writes them (spelt out byte by byte), and files that are damaged.

use adl_data::{Limits, decode, decode_within, encode, write};
use adl_runtime::{Array, Value};

fn array(value: &Value) -> &Array {
    value.as_array().expect("an array")
}

/// A `.npy` file with this header and these bytes.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend((header.len() as u16 + 1).to_le_bytes());
    out.extend(header.as_bytes());
    out.push(b'\n');
    out.extend(data);
    out
}

fn of(descr: &str, order: &str, shape: &str, data: &[u8]) -> Result<Value, String> {
    decode("x.npy", &npy(&format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}"), data), None)
}

#[test]
fn arrays_come_back_bit_by_bit() {
    let odd = [0.0, -0.0, f64::NAN, f64::from_bits(0xfff8_0000_0000_1234), f64::INFINITY, 5e-324, -1.5];
    let arrays = [
        Array::from(odd.as_slice()),
        Array::from(2.5),
        Array::from([[1.0, 2.0], [3.0, 4.0]]),
        Array::from([0.1_f32, f32::MIN_POSITIVE, -0.0].as_slice()),
        Array::from([i64::MIN, -1, 0, i64::MAX]),
        Array::from([true, false, true].as_slice()),
        Array::zeros(adl_runtime::DType::F64, &[0, 3]).unwrap(),
        Array::zeros(adl_runtime::DType::F32, &[2, 3, 4]).unwrap(),
    ];
    let record = Value::Tuple(
        arrays.iter().enumerate().map(|(k, a)| (Some(format!("a{k}")), Value::Array(a.clone()))).collect(),
    );
    let back = decode("all.npz", &encode("all.npz", &record).unwrap(), None).unwrap();
    for (k, a) in arrays.iter().enumerate() {
        let bytes = encode("x.npy", &Value::Array(a.clone())).unwrap();
        assert_eq!((bytes.len() - a.bytes().len()) % 64, 0, "the data begin at a multiple of 64");
        let b = decode("x.npy", &bytes, None).unwrap();
        for b in [array(&b), array(back.part(k).unwrap())] {
            assert_eq!((a.dtype(), a.shape(), a.bytes()), (b.dtype(), b.shape(), b.bytes()));
        }
    }
    assert_eq!(decode("none.npz", &encode("none.npz", &Value::None).unwrap(), None), Ok(Value::None));
}

#[test]
fn every_number_of_numpy_is_read() {
    let whole = |v: &Result<Value, String>| array(v.as_ref().unwrap()).as_i64().unwrap().to_vec();
    assert_eq!(whole(&of("|i1", "False", "(2,)", &[0xff, 0x7f])), [-1, 127]);
    assert_eq!(whole(&of("|u1", "False", "(2,)", &[0xff, 0x7f])), [255, 127]);
    assert_eq!(whole(&of("<i2", "False", "(1,)", &[0xfe, 0xff])), [-2]);
    assert_eq!(whole(&of(">i2", "False", "(1,)", &[0xff, 0xfe])), [-2]);
    assert_eq!(whole(&of(">u4", "False", "(1,)", &[0x80, 0, 0, 1])), [0x8000_0001]);
    assert_eq!(whole(&of("<u8", "False", "(1,)", &[1, 0, 0, 0, 0, 0, 0, 0])), [1]);
    assert_eq!(whole(&of("<i8", "False", "()", &(-5_i64).to_le_bytes())), [-5]);
    let float = of(">f8", "False", "(2,)", &[1.5_f64.to_be_bytes(), f64::MIN_POSITIVE.to_be_bytes()].concat());
    assert_eq!(array(&float.unwrap()).as_f64().unwrap(), [1.5, f64::MIN_POSITIVE]);
    let single = of(">f4", "False", "(1,)", &0.1_f32.to_be_bytes());
    assert_eq!(array(&single.unwrap()).as_f32().unwrap(), [0.1]);
    let halves: [u16; 8] = [0x3c00, 0xc000, 0x3555, 0x0001, 0x83ff, 0x7bff, 0xfc00, 0x7e01];
    let expected =
        [1.0, -2.0, 0.333_251_95, 2.0_f32.powi(-24), -1023.0 * 2.0_f32.powi(-24), 65504.0, f32::NEG_INFINITY];
    for (descr, data) in
        [("<f2", halves.map(u16::to_le_bytes).concat()), (">f2", halves.map(u16::to_be_bytes).concat())]
    {
        let value = of(descr, "False", "(8,)", &data).unwrap();
        let found = array(&value).as_f32().unwrap();
        assert!(found[..7] == expected && found[7].is_nan(), "{found:?}");
    }
    let bools = of("|b1", "False", "(3,)", &[1, 0, 7]).unwrap();
    assert_eq!(array(&bools).as_bool().unwrap(), [1, 0, 1]);
    assert!(of("<u8", "False", "(1,)", &[0xff; 8]).unwrap_err().contains("18446744073709551615 does not fit"));
}

#[test]
fn columns_become_rows() {
    // In Fortran order the first index runs fastest.
    let bytes: Vec<u8> = (0..24).collect();
    let value = of("|u1", "True", "(2, 3, 4)", &bytes).unwrap();
    let found = array(&value).as_i64().unwrap().to_vec();
    for (k, x) in found.iter().enumerate() {
        let (i, j, l) = (k / 12, k / 4 % 3, k % 4);
        assert_eq!(*x as usize, i + 2 * j + 6 * l);
    }
    assert_eq!(array(&of("<f8", "True", "(0, 3)", &[]).unwrap()).shape(), [0, 3]);
}

#[test]
fn what_is_no_array_of_numbers_is_refused_by_name() {
    let why = |descr: &str| of(descr, "False", "(1,)", &[0; 64]).unwrap_err();
    assert_eq!(why("<c16"), "it holds complex numbers; an array holds real numbers or truth values");
    assert!(why("<U5").contains("texts") && why("|O").contains("Python objects") && why("<M8[s]").contains("dates"));
    assert!(why("<f16").contains("astype(\"f8\")"));
    assert!(why("<q7").contains("`q7`, which is not known"));
    let records = npy("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (1,), }", &[0; 8]);
    assert!(decode("x.npy", &records, None).unwrap_err().contains("records"));
}

#[test]
fn damaged_files_are_told() {
    let good = encode("x.npy", &Value::from(vec![1.0; 10])).unwrap();
    let why = |bytes: &[u8]| decode("x.npy", bytes, None).unwrap_err();
    assert_eq!(why(b""), "it is no intact `.npy` file: it does not begin like one");
    assert_eq!(why(b"PK\x03\x04"), "it is no intact `.npy` file: it does not begin like one");
    assert_eq!(why(&good[..40]), "it is no intact `.npy` file: it ends in its header");
    assert_eq!(why(&good[..good.len() - 1]), "it is no intact `.npy` file: 79 bytes of data are there instead of 80");
    let huge = of("<f8", "False", "(4294967296, 4294967296)", &[]).unwrap_err();
    assert_eq!(huge, "it is no intact `.npy` file: it is larger than any memory");
    let hidden = of("<f8", "False", "(0, 9223372036854775807)", &[]).unwrap_err();
    assert_eq!(hidden, "it is no intact `.npy` file: it is larger than any memory");
    let long = of("<f8", "False", "(1000000000,)", &[0; 8]).unwrap_err();
    assert!(long.contains("8 bytes of data are there instead of 8000000000"), "nothing is reserved before: {long}");
    assert_eq!(decode("x.npy", &good, Some(79)).unwrap_err(), "it needs 80 bytes of memory, and the limit is 79");
    assert!(decode("x.npy", &good, Some(80)).is_ok());
    assert!(decode("x.npz", b"not a zip", None).unwrap_err().starts_with("it is no intact `.npz` file"));
    assert_eq!(decode("x.txt", b"", None).unwrap_err(), "its name ends in none of `.npy`, `.npz` and `.csv`");
}

/// Whatever the bytes are, reading ends with a value or a reason.
#[test]
fn random_damage_never_panics() {
    let table = Value::record([("x", [1.5, -2.0].into()), ("n", [1, 2].into())]);
    let mut state = 1u64;
    let mut next = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    for name in ["x.npy", "x.npz", "x.csv"] {
        let value = if name == "x.npy" { Value::from(vec![1.0, 2.0, 3.0]) } else { table.clone() };
        let good = encode(name, &value).unwrap();
        for _ in 0..4000 {
            let mut bytes = good.clone();
            for _ in 0..=next(4) {
                let at = next(bytes.len());
                match next(3) {
                    0 => bytes[at] = next(256) as u8,
                    1 => drop(bytes.drain(at..(at + next(9)).min(bytes.len()))),
                    _ => bytes.insert(at, next(256) as u8),
                }
                if bytes.is_empty() {
                    break;
                }
            }
            let _ = decode(name, &bytes, Some(1 << 20));
        }
    }
}

#[test]
fn tables_with_and_without_titles() {
    let text = "t,count,ok\n0.5, 1,true\n-1e-3,2,false\nnan,-3,true\n";
    let value = decode("t.csv", text.as_bytes(), None).unwrap();
    let t = array(value.field("t").unwrap()).as_f64().unwrap();
    assert!(t[0] == 0.5 && t[1] == -1e-3 && t[2].is_nan());
    assert_eq!(array(value.field("count").unwrap()).as_i64().unwrap(), [1, 2, -3]);
    assert_eq!(array(value.field("ok").unwrap()).as_bool().unwrap(), [1, 0, 1]);
    let matrix = decode("t.csv", b"1,2\r\n3,4.5\r\n", None).unwrap();
    assert_eq!(matrix, Value::from([[1.0, 2.0], [3.0, 4.5]]));
    assert_eq!(array(&decode("t.csv", b"1,2\n3,4\n", None).unwrap()).as_i64().unwrap(), [1, 2, 3, 4]);
    let titles = decode("t.csv", "\u{feff}\"petal length\",for,2nd,θ\n1,2,3,4\n".as_bytes(), None).unwrap();
    let names: Vec<&str> = match &titles {
        Value::Tuple(parts) => parts.iter().filter_map(|(name, _)| name.as_deref()).collect(),
        _ => Vec::new(),
    };
    assert_eq!(names, ["petal_length", "for_", "_2nd", "θ"]);
    assert_eq!(array(&decode("t.csv", b"", None).unwrap()).shape(), [0, 0]);
    assert_eq!(array(decode("t.csv", b"a,b\n", None).unwrap().field("b").unwrap()).shape(), [0]);
    // A whole number that no i64 holds is a float.
    let large = decode("t.csv", b"99999999999999999999\n1\n", None).unwrap();
    assert_eq!(array(&large).as_f64().unwrap(), [1e20, 1.0]);
}

#[test]
fn wrong_cells_are_told_by_line_and_column() {
    let why = |text: &str| decode("t.csv", text.as_bytes(), None).unwrap_err();
    assert_eq!(why("t,y\n1,2\n3,abc\n"), "line 3, column `y`: `abc` is no number");
    assert_eq!(why("1,2\n3,x\n"), "line 2, column 2: `x` is no number");
    assert_eq!(why("t,y\n1,2\n3\n"), "line 3 has 1 cell, and the first one has 2");
    assert_eq!(why("t,t\n1,2\n"), "two columns are called `t`");
    assert_eq!(why("t\n1\ntrue\n"), "line 3, column `t`: truth values and numbers do not mix");
    let parted = "cells are parted by commas, semicolons or tabs, the same in all lines";
    assert_eq!(why("t\n1;2\n"), format!("line 2, column `t`: `1;2` is no number; {parted}"));
    assert_eq!(why("t y\n1 2\n"), format!("line 2, column `t_y`: `1 2` is no number; {parted}"));
    assert_eq!(why("t;y\n1;2,5\n"), "line 2, column `y`: `2,5` is no number; decimals have a point");
    let empty = "line 3, column `b`: truth values and empty cells, which are NaN, do not mix";
    assert_eq!(why("a,b\n1,true\n2,\n"), empty);
    assert!(why("true,1\nfalse,2\n").contains("mix truth values and numbers"));
    assert_eq!(decode("t.csv", b"t\n1\n\xff\n", None).unwrap_err(), "line 3 is no UTF-8 text");
    let tall = "1,2\n".repeat(100);
    assert!(decode("t.csv", tall.as_bytes(), Some(800)).unwrap_err().contains("the limit is 800"));
}

#[test]
fn empty_cells_are_nan() {
    let value = decode("t.csv", b"t,n,gap\n0.5,1,\n, ,\n-1,3,\n", None).unwrap();
    let column = |name: &str| array(value.field(name).unwrap()).as_f64().unwrap().to_vec();
    assert!(column("t")[1].is_nan() && column("t")[2] == -1.0);
    assert!(column("n")[0] == 1.0 && column("n")[1].is_nan(), "whole numbers with a gap are floats");
    assert!(column("gap").iter().all(|x| x.is_nan()));
    let matrix = decode("t.csv", b",2\n3,\n", None).unwrap();
    assert!(array(&matrix).shape() == [2, 2] && array(&matrix).as_f64().unwrap()[0].is_nan(), "no row of titles");
    let index = decode("t.csv", b",a\n0,1.5\n1,2.5\n", None).unwrap();
    assert_eq!(array(index.field("column_1").unwrap()).as_i64().unwrap(), [0, 1]);
}

#[test]
fn separators_are_recognised() {
    let expected = Value::record([("a", [1, 3].into()), ("b", [0.5, 2.0].into())]);
    for text in ["a,b\n1,0.5\n3,2\n", "a;b\r\n1;0.5\r\n3;2\r\n", "a\tb\n1\t0.5\n3\t2", "\"a\"; \"b\"\n1; 0.5\n3; 2\n"] {
        assert_eq!(decode("t.csv", text.as_bytes(), None).as_ref(), Ok(&expected), "{text}");
    }
    assert_eq!(decode("t.csv", b"1;2\n3;4.5\n", None).unwrap(), Value::from([[1.0, 2.0], [3.0, 4.5]]));
}

#[test]
fn titles_may_stand_in_quotes() {
    let names = |text: &str| match decode("t.csv", text.as_bytes(), None).unwrap() {
        Value::Tuple(parts) => parts.into_iter().filter_map(|(name, _)| name).collect::<Vec<_>>().join(" "),
        other => panic!("{other:?}"),
    };
    assert_eq!(names("\"length, cm\",\"a \"\"b\"\"; c\"\n1,2\n"), "length__cm a__b___c");
    assert_eq!(names("\"two\nlines\"\ty\n1\t2\n"), "two_lines y");
    assert_eq!(names("\"2019\",\"2020\"\n1,2\n"), "_2019 _2020");
    assert_eq!(names("\u{feff}\"2019\";\"2020\"\n1;2\n"), "_2019 _2020");
    let quoted = decode("t.csv", b"\"1\",\"2\"\n\"3\",\"4\"\n", None).unwrap();
    assert_eq!(array(&quoted).as_i64().unwrap(), [1, 2, 3, 4], "all in quotes: no titles");
}

#[test]
fn numbers_in_tables_are_short_and_exact() {
    let value = Value::record([
        ("x", vec![0.1, 1.0, -0.0, 1e300, f64::INFINITY, 2.0_f64.powi(-1074)].into()),
        ("n", vec![1_i64, -2, i64::MAX, 0, 5, 6].into()),
        ("single", vec![0.1_f32, 1.5, 0.0, 1.0, 2.0, 3.0].into()),
    ]);
    let bytes = encode("t.csv", &value).unwrap();
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.starts_with("x,n,single\n0.1,1,0.1\n1.0,-2,1.5\n-0.0,"), "{text}");
    let back = decode("t.csv", &bytes, None).unwrap();
    let bits = |v: &Value| array(v).as_f64().unwrap().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    assert_eq!(bits(back.field("x").unwrap()), bits(value.field("x").unwrap()));
    assert_eq!(back.field("n"), value.field("n"));
    assert_eq!(encode("t.csv", &Value::from([[1.0, 2.0], [3.0, 4.0]])).unwrap(), b"1.0,2.0\n3.0,4.0\n");
    assert_eq!(encode("t.csv", &Value::from(vec![true, false])).unwrap(), b"true\nfalse\n");
}

#[test]
fn what_no_file_can_hold_is_refused() {
    let vector = Value::from(vec![1.0, 2.0]);
    let pair = Value::tuple([vector.clone(), vector.clone()]);
    let uneven = Value::record([("a", vector.clone()), ("b", Value::from(vec![1.0]))]);
    let cube = Value::Array(Array::zeros(adl_runtime::DType::F64, &[1, 1, 1]).unwrap());
    let why = |name: &str, value: &Value| encode(name, value).unwrap_err();
    assert!(why("x.npy", &pair).contains("one array"));
    assert!(why("x.npz", &vector).contains("goes into `.npy`") && why("x.npz", &pair).contains("each with a name"));
    assert_eq!(why("x.csv", &uneven), "`a` has 2 entries and `b` has 1; columns are of one length");
    assert_eq!(why("x.csv", &cube), "a table has two axes, and this array has 3");
    assert!(why("x.csv", &pair).contains("each with a name"));
}

/// Takes so many bytes and no more.
struct Short(usize);

impl std::io::Write for Short {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 = self.0.checked_sub(bytes.len()).ok_or_else(|| std::io::Error::other("interrupted"))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl std::io::Seek for Short {
    fn seek(&mut self, _: std::io::SeekFrom) -> std::io::Result<u64> {
        Ok(0)
    }
}

#[test]
fn writing_and_reading_end_when_they_are_to_stop() {
    let large = Value::from(vec![0.5; 1_000_000]);
    let record = Value::record([("x", large.clone())]);
    for (name, value) in [("x.npy", &large), ("x.npz", &record), ("x.csv", &large)] {
        let why = write(name, value, &mut Short(1 << 17)).unwrap_err();
        assert!(why.contains("interrupted"), "{why}");
        let bytes = encode(name, value).unwrap();
        if name != "x.npy" {
            let stopped = decode_within(name, &bytes, Limits { memory: None, stop: &|| true });
            assert_eq!(stopped.unwrap_err(), "interrupted");
        }
    }
}
