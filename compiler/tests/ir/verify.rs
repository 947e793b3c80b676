//! The rules of the verifier: what it lets pass, and for each rule something broken that it refuses.

mod linear;
mod structure;
mod types;

use adl_compiler::ir::entity::Entity;
use adl_compiler::ir::func::{Block, Def, Func, FuncId, Inst, Kind, Module, Value};
use adl_compiler::ir::parse::parse;
use adl_compiler::ir::verify::verify;
use adl_lang::types::{Dim, Sym};

fn read(text: &str) -> Module {
    parse(text).unwrap_or_else(|problem| panic!("{problem}\n{text}"))
}

fn passes(text: &str) {
    if let Err(broken) = verify(&read(text)) {
        panic!("{broken}\n{text}");
    }
}

/// The rule that is broken, and what is said about it.
fn refused(module: &Module) -> (u8, String) {
    match verify(module) {
        Ok(_) => panic!("nobody objects\n{module}"),
        Err(broken) => (broken.rule, broken.message),
    }
}

fn breaks(rule: u8, text: &str) -> String {
    let (found, message) = refused(&read(text));
    assert_eq!(found, rule, "{message}\n{text}");
    message
}

/// A sound function, changed by hand.
fn mutated(text: &str, change: impl FnOnce(&mut Func)) -> u8 {
    passes(text);
    let mut module = read(text);
    change(&mut module.funcs[FuncId::new(0)]);
    refused(&module).0
}

const LOOP: &str = "func f[n](x: f64[n], k: i64) -> f64[n] {
  y = for k (x) { (i: i64, c: f64[n])
    d = sin c
    yield d
  }
  yield y
}
";
