//! Rules 1 to 4.

use super::*;

#[test]
fn rule_1_ownership() {
    let body =
        |func: &Func| func.insts.keys().find(|&i| matches!(func.insts[i].kind, Kind::For { .. })).expect("a loop");
    assert_eq!(mutated(LOOP, |f| f.blocks[f.body].insts.push(Inst::new(0))), 1);
    assert_eq!(mutated(LOOP, |f| f.blocks[f.body].insts.push(Inst::new(99))), 1);
    assert_eq!(mutated(LOOP, |f| f.blocks[f.body].yields[0] = Value::new(99)), 1);
    assert_eq!(
        mutated(LOOP, |f| {
            let owner = body(f);
            f.insts[owner].kind = Kind::For { body: f.body };
        }),
        1
    );
    assert_eq!(
        mutated(LOOP, |f| {
            let owner = body(f);
            f.insts[owner].kind = Kind::For { body: Block::new(99) };
        }),
        1
    );
}

#[test]
fn rule_2_definition() {
    assert_eq!(mutated(LOOP, |f| f.values[Value::new(0)].def = Def::Param(Block::new(0), 1)), 2);
    assert_eq!(
        mutated(LOOP, |f| {
            let y = f.results()[0];
            let body = f.body;
            f.blocks[body].params.push(y);
        }),
        2
    );
}

#[test]
fn rule_3_dominance() {
    let inner = "func f[](x: f64, c: bool) -> f64 {
  y = if c {
    a = sin x
    yield a
  } else {
    yield x
  }
  z = add a y
  yield z
}
";
    breaks(3, inner);
    // An operand that is defined later, or by the instruction itself.
    let straight = "func f[](x: f64) -> f64 {\n  a = sin x\n  b = cos a\n  yield b\n}\n";
    assert_eq!(mutated(straight, |f| f.blocks[f.body].insts.reverse()), 3);
    assert_eq!(
        mutated(straight, |f| {
            let own = f.insts[Inst::new(0)].results[0];
            f.insts[Inst::new(0)].args[0] = own;
        }),
        3
    );
    // A result of the owner is not there yet in its block.
    assert_eq!(
        mutated(LOOP, |f| {
            let (owner, result) = (f.blocks[f.body].insts[0], f.results()[0]);
            let body = f.insts[owner].kind.blocks().next().expect("a body");
            f.blocks[body].yields[0] = result;
        }),
        3
    );
}

#[test]
fn rule_4_sizes() {
    breaks(4, "func f[n](x: f64[n, s1]) -> f64 {\n  a = reduce sum [0, 1] x\n  yield a\n}\n");
    breaks(4, "func f[n](x: f64[n]) -> i64 {\n  a = size n + s7\n  yield a\n}\n");
    breaks(4, "func f[n](x: f64[n]) -> f64[n] {\n  nonnegative (s3 // 2)\n  yield x\n}\n");
    assert_eq!(mutated(LOOP, |f| f.sizes.clear()), 4);
}

#[test]
fn size_parameters_of_the_callee_are_checked_in_its_own_function() {
    let mut module = read(LOOP);
    module.funcs[FuncId::new(0)].values[Value::new(0)].ty =
        adl_compiler::ir::Type::Data(adl_lang::types::Ty::array(adl_lang::types::DType::F64, [Dim::sym(Sym(1))]));
    assert_eq!(refused(&module), (4, "s1 is no size parameter".to_string()));
}
