//! Every pure operation against the interpreter.

mod codegen_support;

use adl_lang::ops::Const;
use adl_lang::prims::{Prim, Typing};
use adl_lang::types::DType;
use codegen_support::{agree, compare, read};
use adl_compiler::interp::Data;

fn types_of(prim: Prim) -> Vec<DType> {
    match prim.row().typing {
        Typing::Float => vec![DType::F64, DType::F32],
        Typing::Number => vec![DType::F64, DType::F32, DType::I64],
        Typing::Compare | Typing::Select => vec![DType::F64, DType::F32, DType::I64, DType::Bool],
        Typing::Logic => vec![DType::Bool],
    }
}

fn operand(prim: Prim, k: usize, dtype: DType) -> DType {
    if prim == Prim::Select && k == 0 { DType::Bool } else { dtype }
}

fn special(dtype: DType) -> Vec<Const> {
    let floats = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, 3.5, -7.25, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    match dtype {
        DType::Bool => vec![Const::Bool(false), Const::Bool(true)],
        DType::I64 => [0, 1, -1, 2, -3, 7, 63, i64::MAX, i64::MIN].map(Const::I64).to_vec(),
        DType::F32 | DType::F64 => floats.iter().map(|&x| Const::of(dtype, x)).collect(),
    }
}

/// Every primitive, on scalars and on arrays, on ordinary and special values.
#[test]
fn primitives() {
    for &prim in Prim::ALL {
        for dtype in types_of(prim) {
            let result = prim.result(&(0..prim.arity()).map(|k| operand(prim, k, dtype)).collect::<Vec<_>>()).unwrap();
            let args = |shape: &str| {
                let one = |k| format!("v{k}: {}{shape}", operand(prim, k, dtype).name());
                (0..prim.arity()).map(one).collect::<Vec<_>>().join(", ")
            };
            let names = (0..prim.arity()).map(|k| format!("v{k}")).collect::<Vec<_>>().join(" ");
            let array = format!(
                "func @0 f[n]({}) -> {}[n] {{\n  v9 = {} {names}\n  yield v9\n}}\n",
                args("[n]"),
                result.name(),
                prim.name()
            );
            agree(&array, &[&[0], &[1], &[3], &[9]], 0.0);
            let scalar = format!(
                "func @0 f[]({}) -> {} {{\n  v9 = {} {names}\n  yield v9\n}}\n",
                args(""),
                result.name(),
                prim.name()
            );
            read(&scalar);
            for &a in &special(operand(prim, 0, dtype)) {
                if prim.arity() == 1 {
                    compare(&scalar, &[], &[Data::scalar(a)], 0.0);
                    continue;
                }
                for &b in &special(operand(prim, 1, dtype)) {
                    let mut args = vec![Data::scalar(a), Data::scalar(b)];
                    if prim.arity() == 3 {
                        args.push(Data::scalar(special(dtype)[0]));
                    }
                    compare(&scalar, &[], &args, 0.0);
                }
            }
        }
    }
}
