//! Lowering: random programs with nested loops, branches and jumps do in the IR what the typed tree says.

#[path = "lower/programs.rs"]
mod programs;

use adl_compiler::ir::{self, Kind, Part};
use adl_compiler::lower::lower;
use adl_lang::ops::{Const, Op};
use adl_lang::prims::Prim;
use programs::{Programs, run};
use rustc_hash::FxHashMap;

#[test]
fn jumps_in_nested_loops() {
    let mut loops_left = 0;
    for seed in 0..4000 {
        let module = Programs::new(seed).module();
        let Some(expected) = run(&module) else {
            loops_left += 1;
            continue;
        };
        let lowered = lower(&module);
        let got = evaluate(&lowered);
        assert_eq!(got, expected, "seed {seed}\n{:#?}", module.funcs[0].body);
    }
    assert!(loops_left < 400, "{loops_left} programs do not end");
}

/// What a function without parameters prints and returns; whole numbers and truth values only.
fn evaluate(module: &ir::Module) -> Vec<i64> {
    let func = &module.funcs[module.funcs.keys().next().expect("a function")];
    let mut eval = Eval { func, values: FxHashMap::default(), out: Vec::new() };
    eval.block(func.body);
    let results = func.results().iter().map(|v| eval.values[v]).collect::<Vec<_>>();
    eval.out.extend(results);
    eval.out
}

struct Eval<'f> {
    func: &'f ir::Func,
    values: FxHashMap<ir::Value, i64>,
    out: Vec<i64>,
}

impl Eval<'_> {
    fn block(&mut self, block: ir::Block) -> Vec<i64> {
        let data = &self.func.blocks[block];
        for &inst in &data.insts {
            let inst = &self.func.insts[inst];
            let args: Vec<i64> = inst.args.iter().map(|a| self.values[a]).collect();
            let results = self.inst(&inst.kind, &args);
            self.values.extend(inst.results.iter().copied().zip(results));
        }
        data.yields.iter().map(|y| self.values[y]).collect()
    }

    fn with(&mut self, block: ir::Block, args: impl IntoIterator<Item = i64>) -> Vec<i64> {
        self.values.extend(self.func.blocks[block].params.iter().copied().zip(args));
        self.block(block)
    }

    fn inst(&mut self, kind: &Kind, args: &[i64]) -> Vec<i64> {
        match kind {
            Kind::Pure(Op::Const(Const::I64(c))) => vec![*c],
            Kind::Pure(Op::Const(Const::Bool(c))) => vec![i64::from(*c)],
            Kind::Pure(Op::Prim(prim)) => vec![match prim {
                Prim::Add => args[0].wrapping_add(args[1]),
                Prim::Lt => i64::from(args[0] < args[1]),
                Prim::And => args[0] & args[1],
                other => panic!("{other:?}"),
            }],
            Kind::If { then, otherwise } => self.block(if args[0] != 0 { *then } else { *otherwise }),
            Kind::For { body } => {
                let mut carries = args[1..].to_vec();
                for i in 0..args[0] {
                    carries = self.with(*body, std::iter::once(i).chain(carries));
                }
                carries
            }
            Kind::While { test, body } => {
                let mut carries = args.to_vec();
                while self.with(*test, carries.clone())[0] != 0 {
                    carries = self.with(*body, carries);
                }
                carries
            }
            Kind::Print(parts) => {
                let shown = parts.iter().filter_map(|p| if let Part::Arg(k, _) = p { Some(args[*k]) } else { None });
                self.out.extend(shown);
                Vec::new()
            }
            other => panic!("{other:?}"),
        }
    }
}
