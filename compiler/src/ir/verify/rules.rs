//! Rule 14: the rules of a function fit it.

use super::{Broken, broken};
use crate::ir::entity::Entity;
use crate::ir::func::{Func, FuncId, Module, Type, Value};

pub(super) fn check(module: &Module, func: &Func) -> Result<(), Broken> {
    let types = |func: &Func, values: &[Value]| values.iter().map(|&v| func.ty(v).clone()).collect::<Vec<Type>>();
    let floats = |all: &[Type]| -> Vec<Type> {
        all.iter().filter(|ty| ty.data().is_some_and(|t| t.dtype.is_float())).cloned().collect()
    };
    let signature = |rule: FuncId| -> Result<(Vec<Type>, Vec<Type>), Broken> {
        if rule.index() >= module.funcs.len() {
            return broken(14, func, format!("its rule {rule} does not exist"));
        }
        let found = &module.funcs[rule];
        if found.sizes.len() != func.sizes.len() {
            return broken(14, func, format!("its rule {} has other sizes", found.name));
        }
        let (params, results) = (types(found, found.params()), types(found, found.results()));
        if params.contains(&Type::Tape) || results.contains(&Type::Tape) {
            return broken(14, func, format!("its rule {} has a tape", found.name));
        }
        Ok((params, results))
    };
    let (params, results) = (types(func, func.params()), types(func, func.results()));
    let (moving, moved) = (floats(&params), floats(&results));
    if let Some(rule) = func.rules.jvp
        && signature(rule)? != ([params.clone(), moving.clone()].concat(), [results.clone(), moved.clone()].concat())
    {
        return broken(14, func, "its forward rule has another signature");
    }
    if let Some((fwd, bwd)) = func.rules.vjp {
        let (given, kept) = signature(fwd)?;
        let (taken, back) = signature(bwd)?;
        let Some(residuals) = kept.strip_prefix(results.as_slice()) else {
            return broken(14, func, "the first function of its reverse rule gives other results");
        };
        if given != params || taken != [residuals.to_vec(), moved].concat() || back != moving {
            return broken(14, func, "its reverse rule has another signature");
        }
    }
    Ok(())
}
