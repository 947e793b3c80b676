//! Once all derivatives are taken, primitives that stand for a formula make way for it.
//!
//! ```text
//! v1 = _atanh_slope v0      =>      v2 = const 1.0 ; v3 = sub v2 v0 ; v4 = add v2 v0 ; v5 = mul v3 v4 ; v1 = div v2 v5
//! ```

use crate::ir::{Builder, Func, Kind};
use adl_lang::ops::Op;
use adl_lang::prims::formula::{Formula, Node};

/// Writes the formulas of a function out.
pub(super) fn define(func: &mut Func) {
    for block in func.blocks.keys() {
        let defined = |inst| matches!(func.insts[inst].kind, Kind::Pure(Op::Prim(p)) if p.definition().is_some());
        if !func.blocks[block].insts.iter().any(|&inst| defined(inst)) {
            continue;
        }
        for inst in std::mem::take(&mut func.blocks[block].insts) {
            let data = &func.insts[inst];
            if let Kind::Pure(Op::Prim(prim)) = data.kind
                && let Some(Formula::Apply(root, operands)) = prim.definition()
            {
                let (args, result, place) = (data.args.clone(), data.results[0], data.place);
                let ty = func.data(result).clone();
                let to = &mut Builder { func, block, place };
                let make = &mut |node: Node<'_, _>| match node {
                    Node::Const(number) => to.full(&ty, number),
                    Node::Apply(prim, operands) => to.prim(prim, operands),
                };
                // A definition does not name its result.
                let operands = operands.iter().map(|part| part.fold(&args, &result, make)).collect();
                let data = &mut func.insts[inst];
                (data.kind, data.args) = (Kind::Pure(Op::Prim(*root)), operands);
            }
            func.blocks[block].insts.push(inst);
        }
    }
}
