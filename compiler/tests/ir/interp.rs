//! The reference interpreter: numbers computed by hand.

mod arrays;
mod control;
mod limits;
mod scalars;

use adl_compiler::interp::{Data, Failure, FailureKind, Hooks, Limits, NoHooks, Piece, Stats, run, run_counted};
use adl_compiler::ir::FuncId;
use adl_compiler::ir::entity::Entity;
use adl_compiler::ir::func::Module;
use adl_compiler::ir::parse::parse;
use adl_compiler::ir::verify::verify;
use adl_lang::ops::{Const, Random};
use adl_lang::typed::BoundsOf;
use adl_lang::types::DType;

fn read(text: &str) -> Module {
    let module = parse(text).unwrap_or_else(|problem| panic!("{problem}\n{text}"));
    if let Err(broken) = verify(&module) {
        panic!("{broken}\n{text}");
    }
    module
}

fn attempt(text: &str, sizes: &[i64], args: Vec<Data>) -> Result<Vec<Data>, Failure> {
    run(&read(text), FuncId::new(0), sizes, args, &mut NoHooks)
}

fn eval(text: &str, sizes: &[i64], args: Vec<Data>) -> Vec<Data> {
    attempt(text, sizes, args).unwrap_or_else(|failure| panic!("{failure:?}\n{text}"))
}

fn fails(text: &str, sizes: &[i64], args: Vec<Data>) -> FailureKind {
    match attempt(text, sizes, args) {
        Ok(results) => panic!("{results:?}\n{text}"),
        Err(failure) => failure.kind,
    }
}

fn cost(text: &str, sizes: &[i64], args: Vec<Data>) -> Stats {
    let limits = Limits::default();
    let (results, stats) = run_counted(&read(text), FuncId::new(0), sizes, args, &mut NoHooks, limits);
    results.unwrap_or_else(|failure| panic!("{failure:?}\n{text}"));
    stats
}

fn real(x: f64) -> Data {
    Data::scalar(Const::F64(x))
}

fn int(i: i64) -> Data {
    Data::scalar(Const::I64(i))
}

fn truth(b: bool) -> Data {
    Data::scalar(Const::Bool(b))
}

fn single(x: f32) -> Data {
    Data::scalar(Const::F32(x))
}

/// 1, 2, 3, … in this shape.
fn counted(shape: &[usize]) -> Data {
    let elems: Vec<f64> = (1..=shape.iter().product::<usize>()).map(|k| k as f64).collect();
    Data::f64s(shape, &elems)
}

/// One line of IR with the parameters `params`; its result.
fn line(params: &str, ty: &str, line: &str, args: Vec<Data>) -> Data {
    let text = format!("func f[]({params}) -> {ty} {{\n  y = {line}\n  yield y\n}}\n");
    eval(&text, &[], args).remove(0)
}

fn line_fails(params: &str, ty: &str, line: &str, args: Vec<Data>) -> FailureKind {
    let text = format!("func f[]({params}) -> {ty} {{\n  y = {line}\n  yield y\n}}\n");
    fails(&text, &[], args)
}
