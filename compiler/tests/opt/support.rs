//! What the tests of the optimizer share.

use adl_compiler::ir::entity::Entity;
use adl_compiler::ir::parse::parse;
use adl_compiler::ir::verify::verify;
use adl_compiler::ir::{Func, FuncId, Module};
use adl_compiler::opt::effects::Effects;

/// Reads a module and verifies it.
pub fn read(text: &str) -> Module {
    let module = parse(text).unwrap_or_else(|problem| panic!("{problem}\n{text}"));
    checked("the test", &module);
    module
}

/// Verifies a module after a pass.
pub fn checked(pass: &str, module: &Module) {
    if let Err(broken) = verify(module) {
        panic!("after {pass}: {broken}\n{module}");
    }
}

/// The module after a pass over every function.
pub fn after(text: &str, pass: fn(&mut Func, &Effects)) -> Module {
    let mut module = read(text);
    for id in module.funcs.keys().collect::<Vec<_>>() {
        pass(&mut module.funcs[id], &Effects::unknown());
    }
    checked("the pass", &module);
    module
}

/// `input => expected`, both as functions.
pub fn becomes(pass: fn(&mut Func, &Effects), input: &str, expected: &str) {
    let found = after(input, pass).to_string();
    let expected = read(expected).to_string();
    assert_eq!(found, expected, "\nfound:\n{found}\nexpected:\n{expected}");
}

/// The first function.
pub fn main() -> FuncId {
    FuncId::new(0)
}
